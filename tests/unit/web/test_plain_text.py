"""HTML of feeds becomes the text that a reader would see, in a time that grows with its length only."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.web.plain import plain


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("no  HTML\nat all ", "no HTML at all"),
        ("<p>One</p><p>two</p>", "One two"),
        ("a<br>b<br/>c<hr />d", "a b c d"),
        ("Bees <b>love</b> trees.", "Bees love trees."),
        ("<IMG SRC=x>A<ſcript>b", "A<ſcript>b"),
        ("a &amp; b &lt;b&gt; &#228; &#x4e2d; &nbsp; c &copy d", "a & b <b> ä 中 c © d"),
        (f"a &#{'1' * 5_000}; b", "a \ufffd; b"),
        ("a\u0000b\u200bc\ud800d", "abcd"),
        ("I <3 bees, and 1 < 2 > 0 & more", "I <3 bees, and 1 < 2 > 0 & more"),
        ("<a title=\"x > y\" href='>'>z</a>", "z"),
        ("<a title=it's>z</a>", "z"),
        ("<a title = 'it is' b=\"c\"d>z", "z"),
        ("<p / class=a>z", "z"),
    ],
)
def test_tags_are_taken_out_and_characters_are_read(html: str, text: str) -> None:
    assert plain(html, 2_000) == text


@pytest.mark.parametrize(
    "html",
    [
        "a<script>if (x<y) '</p>'</script>b",
        "a<SCRIPT src=x>x</Script >b",
        "a<style>p > q</style>b",
        "a<head><title>x</title></head>b",
        "a<template><p>x</p><template>y</template>z</template>b",
        "a<script/>b",
        "a</script></head>b",
        "a<!-- <p>x</p> -- > -->b",
        "a<!-->b",
        "a<!--->b",
        "a<!---->b",
        "a<!--x--!>b",
        "a<!doctype html>b",
        "a<?php x ?>b",
        "a<![CDATA[x]]>b",
        "a</>b",
        "a</ x>b",
    ],
)
def test_what_a_reader_does_not_see_is_left_out(html: str) -> None:
    assert plain(html, 2_000) == "a b"


@pytest.mark.parametrize(
    "end", ["<a", "<a href='x>y", '<a b="', "<!-- x", "<!x", "<?x", "</a", "<script>x</scrip", "<head>x"]
)
def test_what_is_never_closed_goes_on_to_the_end(end: str) -> None:
    assert plain(f"before{end} text", 2_000) == "before"


def test_a_text_that_is_too_long_is_cut() -> None:
    assert plain("<p>one two</p>", 7) == "one two"
    assert plain("<p>one two three</p>", 5) == "one…"


PIECES = ("<a b='", '<a b="', """<a b="'>""", "<a>", "<a", "</", "<!--", "<!", "<![CDATA[", "<?", "<", "&", "&a", "&#1", "=",
          "<a =", "<a ===", "<script>", "<script></scrip", "<style></style>", "<head>", "</script>", "<a/", " ", "\n", "'", '"')  # fmt: skip


@pytest.mark.parametrize("piece", PIECES)
def test_the_time_grows_with_the_length_only(piece: str) -> None:
    """The square of this length would take an hour."""
    html = piece * (300_000 // len(piece))
    begun = time.process_time()
    assert len(plain(html, 2_000)) <= 2_000
    assert time.process_time() - begun < 2


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=5)), max_size=30).map("".join), st.integers(1, 50))
def test_whatever_comes_becomes_one_line(html: str, most: int) -> None:
    text = plain(html, most)
    assert len(text) <= most
    assert text == " ".join(text.split())
    assert text.isprintable()
