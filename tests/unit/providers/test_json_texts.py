"""A model's JSON, before it is read: nothing that PostgreSQL refuses is left in its strings, and all else is as it was."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.pipelines import sources
from workers.providers import replies
from workers.web import feeds

NO_NUL_AND_NO_HALF = {"": "", "a\x00b": "ab", "\ud83d": "?", "\ude00\ud83d": "??", "\U0001f600": "\U0001f600"}
LETTERS = st.text(st.sampled_from('\x00\\"u0dD89aAfe\ud800\udfff\n\U0001f600 é'), max_size=12)


@pytest.mark.parametrize("said", NO_NUL_AND_NO_HALF, ids=ascii)
def test_an_escaped_string_is_read_as_if_it_had_been_a_plain_text(said: str) -> None:
    assert json.loads(replies.json_text(json.dumps(said))) == NO_NUL_AND_NO_HALF[said] == replies.text(said)


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        (r'"a\u0000b"', r'"ab"'),
        (r'"\ud83d\ude00"', r'"\ud83d\ude00"'),
        (r'"\uD83D\uDE00"', r'"\uD83D\uDE00"'),
        (r'"\ud83d\ud83d\ude00"', r'"?\ud83d\ude00"'),
        (r'"\ud83d\u0000\ude00"', r'"??"'),
        (r'"\uDBFF and \uDC00"', r'"? and ?"'),
        (r'"C:\\u0000 and \\\u0000"', r'"C:\\u0000 and \\"'),
        (r'{"ti\u0000tle": "\u0000"}', '{"title": ""}'),
        (r'"\u00001 \u000a \u0001"', r'"1 \u000a \u0001"'),
    ],
)
def test_an_escape_of_what_cannot_be_kept_goes_and_every_other_one_stays(told: str, kept: str) -> None:
    assert replies.json_text(told) == kept


@pytest.mark.parametrize(
    "told",
    ["", "Sure!", "{", r'"\u00', "\\", '{"a": 1, "a": 2.50, "b": NaN, "c": 1e400, "d": -0}', "[1]\n", '"\\U0000"'],
)
def test_numbers_names_and_what_is_no_json_stay_as_they_are(told: str) -> None:
    assert replies.json_text(told) == told


@given(LETTERS)
def test_whatever_a_string_holds_is_cleaned_as_a_text_is(said: str) -> None:
    pairs_are_one = json.loads(json.dumps(said))

    assert json.loads(replies.json_text(json.dumps(said))) == replies.text(pairs_are_one)


@given(LETTERS)
def test_whatever_a_reply_is_what_can_be_read_in_it_can_be_kept(told: str) -> None:
    try:
        read = json.loads(replies.json_text(f'"{told}"'), strict=False)
    except ValueError:
        return
    assert read == replies.text(read)


@pytest.mark.parametrize("odd", ["\x00", "\ud800"], ids=ascii)
def test_an_article_of_a_json_feed_with_an_address_that_cannot_be_kept_has_none(odd: str) -> None:
    listed = [{"title": f"A{odd}b", "url": f"https://news.example/{odd}a", "summary": f"s{odd}"}]

    (item,) = feeds.items(json.dumps(listed).encode(), "application/json", "https://news.example/feed")

    assert (item.title, item.url, item.summary) == ("Ab", None, "s")


def test_a_reply_that_is_nested_too_deeply_to_be_read_takes_no_sources_and_is_no_error() -> None:
    deep = "[" * 100_000

    assert sources.within(deep, []) == deep
