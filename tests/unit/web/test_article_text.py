"""The main text of a page, and pages that show none."""

from __future__ import annotations

import itertools
import logging
import time
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.errors import SourceRefused
from workers.web.article import MAX_ELEMENTS, MAX_HTML_CHARS, MAX_TEXT_CHARS, text

URL = "https://news.example/2026/bees?token=secret"
SENTENCES = [f"Sentence number {n} tells how the bees of valley {n * 7} found their way home." for n in range(400)]


def page(paragraphs: list[str], head: str = "", lang: str = ' lang="en-GB"') -> str:
    body = "".join(f"<p>{one}</p>" for one in paragraphs)
    return (
        f"<!doctype html><html{lang}><head><title>Bees come home</title>{head}</head><body>"
        "<nav><a href=/>Home</a> <a href=/s>Subscribe now</a></nav>"
        f"<article><h1>Bees come home</h1>{body}</article>"
        "<footer>Copyright, cookies and more</footer></body></html>"
    )


def refused(html: str) -> str:
    with pytest.raises(SourceRefused) as told:
        text(html, URL)
    return told.value.code


def test_an_article_is_its_main_text_without_what_stands_around_it() -> None:
    head = '<meta name="author" content="Ada Byron"><meta property="article:published_time" content="2026-03-01T10:00:00Z">'
    found = text(page(SENTENCES[:10], head), URL)

    assert (found.title, found.author, found.published, found.language) == (
        "Bees come home", "Ada Byron", date(2026, 3, 1), "en-GB",
    )  # fmt: skip
    assert all(sentence in found.text for sentence in SENTENCES[:10])
    assert "Subscribe" not in found.text
    assert "cookies" not in found.text


def test_author_and_date_are_read_from_json_ld() -> None:
    head = (
        '<script type="application/ld+json">{"@context":"https://schema.org","@type":"NewsArticle",'
        '"author":{"@type":"Person","name":"Ada Byron"},"datePublished":"2026-03-01"}</script>'
    )
    found = text(page(SENTENCES[:10], head), URL)
    assert (found.author, found.published) == ("Ada Byron", date(2026, 3, 1))


@pytest.mark.parametrize(
    ("head", "url"),
    [("", "https://news.example/2026/03/01/bees"), ("<time datetime='2026-03-01T10:00'>today</time>", URL)],
)
def test_a_date_is_read_from_the_address_or_an_element_for_dates(head: str, url: str) -> None:
    assert text(page([head, *SENTENCES[:10]]), url).published == date(2026, 3, 1)


def test_what_a_page_does_not_say_is_none() -> None:
    found = text(page([*SENTENCES[:10], "It was built in 1999, on 2001-02-03."], lang=""), URL)
    assert (found.author, found.published, found.language) == (None, None, None)


def test_a_text_in_another_script_is_kept_whole() -> None:
    found = text(page([f"یہ جملہ نمبر {n} ہے اور شہد کی مکھیوں کے بارے میں ہے۔" for n in range(20)]), URL)
    assert "جملہ نمبر 19" in found.text


def test_a_long_text_is_cut_after_a_whole_paragraph() -> None:
    found = text(page([f"{one} {one} {two}" for one, two in itertools.pairwise(SENTENCES)]), URL)
    assert MAX_TEXT_CHARS // 2 < len(found.text) <= MAX_TEXT_CHARS
    assert found.text.endswith("home.")


@pytest.mark.parametrize(
    "html",
    ["", "   ", "no html", "<html></html>", page([]), page(["Subscribe to read on."]), "<div id=app></div><script>run()</script>"],
)  # fmt: skip
def test_a_page_that_shows_no_article_is_refused(html: str) -> None:
    assert refused(html) == "article_refused:no_text"


def test_a_page_that_is_too_large_is_refused_unread() -> None:
    begun = time.process_time()
    assert refused("a" * (MAX_HTML_CHARS + 1)) == "article_refused:too_large"
    assert refused("<html><body>" + "<p>a</p>" * (MAX_ELEMENTS + 1)) == "article_refused:too_complex"
    assert time.process_time() - begun < 5


def test_scripts_that_make_the_reader_slow_are_taken_out() -> None:
    """Such a page of 5 MB would hold its thread for hours."""
    for bad in ('"author":"' * 200_000, '{"author":' * 50_000, '["x", "author": "' * 100_000):
        head = f"<script type='application/ld+json'>{bad}</script>"
        begun = time.process_time()
        assert SENTENCES[0] in text(page(SENTENCES[:10], head), URL).text
        assert time.process_time() - begun < 5


def test_fields_that_are_too_long_to_be_meant_are_taken_out() -> None:
    """A name of 300 kB took 6 s, one of twice the length four times as long."""
    bad = "&lt;" * 300_000
    head = f'<meta name="author" content="{bad}"><meta property="og:title" content="{bad}"><meta name="date" content="{bad}">'
    begun = time.process_time()
    assert text(page(SENTENCES[:10], head), URL).title == "Bees come home"
    assert time.process_time() - begun < 5


def test_a_page_with_a_number_without_end_is_refused() -> None:
    assert refused(page([*SENTENCES[:10], f"&amp;#{'1' * 5_000};"])) == "article_refused:broken"


def test_the_query_of_an_address_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        assert refused("<html><body><p>x</p></body></html>") == "article_refused:no_text"
        text(page(SENTENCES[:10]), URL)
    assert "secret" not in caplog.text


TAGS = ["<p>", "</p>", "<div>", "<table>", "<td>", "<!--", "<script>", "<a href=", "&amp", "</html>", SENTENCES[0] * 5]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(TAGS), st.text(max_size=20)), max_size=30).map("".join))
def test_whatever_comes_is_an_article_or_refused(html: str) -> None:
    try:
        assert text(html, URL).text
    except SourceRefused as exc:
        if exc.code != "article_refused:no_text":
            raise
