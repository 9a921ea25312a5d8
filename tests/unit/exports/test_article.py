from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest
from finished_posts import finished, piece, post_texts

from app.exports.article import html, markdown

ATTACKS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style><script>alert(1)</script>",
    "{{ 7 * 7 }}{% raw %}",
    "' onload='alert(1)",
    "javascript:alert(1)",
]


class Page(HTMLParser):
    """What a browser would see."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def one(self, tag: str, **wanted: str) -> dict[str, str | None]:
        return next(attrs for name, attrs in self.tags if name == tag and wanted.items() <= attrs.items())


def page(**given: Any) -> Page:
    text = html(finished(**given))
    assert text is not None
    return Page(text)


def test_the_markdown_has_title_cover_sections_and_quote() -> None:
    assert markdown(finished()) == (
        "# The article\n\n![Words of article-0.](article-cover.jpg)\n\nIt begins. It goes on.\n\n"
        "## Part 0\n\nMuch.\n\nMore.\n\n## Part 1\n\nMuch.\n\nMore.\n\n## Part 2\n\nMuch.\n\nMore.\n\n"
        "It ends.\n\n> Less is more.\n>\n> Mies\n"
    )


def test_a_page_tells_its_title_its_language_and_what_it_is_about() -> None:
    seen = page()
    assert seen.one("html") == {"lang": "en", "dir": "ltr"}
    assert seen.one("meta", name="description")["content"] == "It begins. It goes on."
    assert [tag for tag, _ in seen.tags if tag in ("h1", "h2", "blockquote", "figcaption")] == [
        "h1", "h2", "h2", "h2", "blockquote", "figcaption",
    ]  # fmt: skip
    assert [tag for tag, _ in seen.tags].count("p") == 1 + 3 * 2 + 1 + 1


@pytest.mark.parametrize(
    ("language", "direction"), [("ur", "rtl"), ("ar-EG", "rtl"), ("az-Arab", "rtl"), ("ur-Latn", "ltr")]
)
def test_a_page_runs_as_its_language_does(language: str, direction: str) -> None:
    assert page(language=language).one("html") == {"lang": language, "dir": direction}


def test_the_cover_has_its_size_and_its_alt_text() -> None:
    assert page().one("img") == {
        "src": "article-cover.jpg", "alt": "Words of article-0.", "width": "1080", "height": "1350",
    }  # fmt: skip


def test_an_article_without_a_cover_or_a_quote_is_whole() -> None:
    post = finished(pieces=[piece("article", 0, {}, picture=None, composed=None)], texts=post_texts(quote=None))
    text, words = html(post), markdown(post)
    assert text is not None
    assert words is not None
    assert "<img" not in text
    assert "<blockquote" not in text
    assert "![" not in words


def test_a_run_without_an_article_has_neither_file() -> None:
    post = finished(texts={"hook": "Look!"})
    assert (html(post), markdown(post)) == (None, None)


@pytest.mark.parametrize("attack", ATTACKS)
def test_words_are_never_markup(attack: str) -> None:
    article = {
        "title": attack, "intro": attack, "sections": [{"heading": attack, "body": attack}], "conclusion": attack,
    }  # fmt: skip
    cover = piece("article", 0, {})
    cover.composed = {**(cover.composed or {}), "alt_text": attack}
    seen = page(texts=post_texts(article=article, quote={"text": attack, "author": attack}), pieces=[cover])
    assert {tag for tag, _ in seen.tags} <= {
        "html", "head", "meta", "title", "style", "body", "article", "header", "h1", "figure", "img", "p", "section",
        "h2", "blockquote", "figcaption",
    }  # fmt: skip
    assert not any(name.startswith("on") for _, attrs in seen.tags for name in attrs)
    assert seen.one("img")["src"] == "article-cover.jpg"
    assert seen.words.count(attack) == 8
    assert seen.one("img")["alt"] == attack


def test_a_page_loads_nothing_from_elsewhere() -> None:
    text = html(finished())
    assert text is not None
    assert "http" not in text
    assert "url(" not in text


def test_brackets_in_an_alt_text_do_not_end_the_markdown() -> None:
    cover = piece("article", 0, {})
    cover.composed = {**(cover.composed or {}), "alt_text": "a](http://x) \\ [b"}
    words = markdown(finished(pieces=[cover]))
    assert words is not None
    assert "![a\\](http://x) \\\\ \\[b](article-cover.jpg)" in words


def as_markdown(words: str) -> str:
    article = {"title": words, "intro": words, "sections": [{"heading": words, "body": words}], "conclusion": words}
    made = markdown(finished(pieces=[], texts=post_texts(article=article, quote={"text": words, "author": words})))
    assert made is not None
    return made


@pytest.mark.parametrize("attack", ATTACKS)
def test_words_are_never_markup_in_markdown_either(attack: str) -> None:
    assert "<" not in as_markdown(attack)


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("# loud", "\\# loud"),
        ("> said", "\\> said"),
        ("- one", "\\- one"),
        ("* one", "\\* one"),
        ("1. one", "1\\. one"),
        ("  12) one", "12\\) one"),
        ("---", "\\---"),
        ("\u0001# loud", "\\# loud"),
        ("AT&T &lt;b>", "AT&amp;T &amp;lt;b>"),
        ("![x](http://x/y.png)", "!\\[x\\](http://x/y.png)"),
        ("a `code` __b__", "a \\`code\\` \\_\\_b\\_\\_"),
        ("2026 was good. 3.5 times", "2026 was good. 3.5 times"),
    ],
)
def test_what_markdown_would_read_as_a_mark_is_escaped(words: str, shown: str) -> None:
    paragraphs = as_markdown(words).split("\n\n")
    assert paragraphs[1] == paragraphs[3] == shown
    assert paragraphs[-1] == f"> {shown}\n>\n> {shown}\n"


def test_headings_and_quotes_stay_in_one_line() -> None:
    lines = as_markdown("Ship\n\n# small").splitlines()
    assert lines[0] == "# Ship # small"
    assert "## Ship # small" in lines
    assert lines[-3:] == ["> Ship # small", ">", "> Ship # small"]
    assert lines[2:5] == ["Ship", "", "\\# small"]
