"""Sources of researched texts: behind the text, apart from it, in one list. All pure."""

from __future__ import annotations

import pytest

from app.pipelines.sources import (
    Source,
    apart,
    as_data,
    behind,
    joined,
    numbered,
    of_data,
    within,
    without_numbers,
)

A, B = Source("https://a.example/1", "A [draft]\n of 2026"), Source("https://www.b.example/2")


def test_a_text_and_its_sources_come_apart_as_they_were_put_together() -> None:
    text, found = apart(behind("It is so.[1][2]\n", [A, B]))

    assert text == "It is so.[1][2]"
    assert found == [Source(A.url, "A [draft] of 2026"), B]


@pytest.mark.parametrize("text", ["It is so.", "It is so. [sources] are none.", ""])
def test_a_text_without_sources_is_unsourced(text: str) -> None:
    assert behind(text, []) == text
    assert apart(text) == (text, [])


def test_what_a_model_writes_as_sources_is_none() -> None:
    assert within('{"a": 1, "search_results": [{"url": "https://made.up/"}]}', []) == '{"a": 1, "search_results": []}'


@pytest.mark.parametrize("text", ["no JSON", "[1]"])
def test_a_reply_that_is_no_object_stays_as_it_is(text: str) -> None:
    assert within(text, [A]) == text


def test_texts_point_into_one_list_in_which_each_page_is_once() -> None:
    texts, listed = joined([("A.[1] B.[2]", [A, B]), ("B.[1]", [B]), ("Nothing.[1]", [])])

    assert (texts, listed) == (["A.[1] B.[2]", "B.[2]", "Nothing."], [A, B])


def test_a_text_with_addresses_behind_it_has_numbers_in_their_place() -> None:
    assert numbered("It is so.\n\nSources:\n- https://a.example/1\n- https://b.example/2", [A, B]) == "It is so. [1][2]"
    assert numbered("It is so.", [A]) == "It is so. [1]"


@pytest.mark.parametrize(("text", "found"), [("It is so.[2]", [A, B]), ("It is so.", [])])
def test_a_text_that_points_to_its_sources_or_has_none_stays_as_it_is(text: str, found: list[Source]) -> None:
    assert numbered(text, found) == text


def test_numbers_can_be_taken_out_of_a_text() -> None:
    assert without_numbers("It is so [1][12]. In 2026 too.[3]") == "It is so. In 2026 too."


def test_a_source_without_a_title_is_called_after_its_host() -> None:
    assert (B.name, Source("https://[broken").name) == ("b.example", "https://[broken")


def test_sources_are_kept_as_data() -> None:
    assert of_data(as_data([A, B])) == [A, B]
    assert of_data([{"url": A.url, "title": None}]) == [Source(A.url)]
