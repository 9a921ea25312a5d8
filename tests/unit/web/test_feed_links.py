"""Addresses of articles: what a feed says becomes a link that can be stored and asked, or none."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.urls import problem_of_url
from workers.web.feeds import MAX_URL_BYTES, items

BASE = "https://news.example/blog/feed.json"
HOST = "https://x.example/"


def link(told: str) -> str | None:
    """Return the link of a feed's only article."""
    [item] = items(json.dumps([{"title": "News", "url": told}]).encode(), "application/json", BASE)
    return item.url


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ("/a?b=1#c", "https://news.example/a?b=1#c"),
        ("  https://x.example/a\n", "https://x.example/a"),
        ("HTTPS://x.example/a", "https://x.example/a"),
        ("https://x.example/пчёлы", "https://x.example/пчёлы"),
        ("//x.example:8080/a", "https://x.example:8080/a"),
    ],
)
def test_what_is_an_address_is_kept(told: str, found: str) -> None:
    assert link(told) == found


@pytest.mark.parametrize(
    "told",
    [
        *("a\x00b", "a\ud800b", "a\x07b", "a\u202eb", "a\\b", "a b"),
        *("ftp://x.example/", "javascript:alert(1)", "data:text/html,x", "http://", "http:///a"),
        *("https://me:secret@x.example/", "https://[::bad/", "https://x.example:port/"),
    ],
)
def test_what_no_order_can_be_made_of_is_none(told: str) -> None:
    assert link(told) is None


@pytest.mark.parametrize("char", ["a", "é", "世", "🐝"], ids=["1 byte", "2 bytes", "3 bytes", "4 bytes"])
def test_a_link_is_as_long_as_it_may_be_in_bytes_and_no_longer(char: str) -> None:
    fits = (MAX_URL_BYTES - len(HOST)) // len(char.encode())

    assert link(HOST + char * fits) == HOST + char * fits
    assert link(HOST + char * (fits + 1)) is None


@given(st.text(st.characters(codec=None), max_size=60).map(HOST.__add__) | st.text(max_size=60))
def test_whatever_is_told_the_link_can_be_stored_and_ordered(told: str) -> None:
    found = link(told)
    assert found is None or (problem_of_url(found) is None and len(found.encode()) <= MAX_URL_BYTES)
