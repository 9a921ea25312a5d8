"""Reading replies: waits, fences, prices. All pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from app.domain.prices import Usage
from app.domain.states import CostBasis
from app.routes import Route
from workers.ask import without_fences
from workers.outcomes import outcome_of
from workers.providers.http import MAX_RETRY_AFTER_S, retry_after_s
from workers.providers.provider import Answer

NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)
PAINTER = Route(use="gateway/google/gemini-3.1-flash-image")
UNPRICED = Route(use="gateway/acme/painter")


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0),
        ("7", 7),
        ("1.5", 1.5),
        (" 3 ", 3),
        ("-5", 0),
        ("Sat, 21 Nov 2026 12:00:30 GMT", 30),
        ("Sat, 21 Nov 2026 12:00:30 -0000", 30),
        ("Sat, 21 Nov 2026 13:00:30 +0100", 30),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 0),
        ("soon", None),
        ("", None),
        ("nan", None),
        ("Sat, 99 Nov 2026 12:00:30 GMT", None),
        ("inf", MAX_RETRY_AFTER_S),
        ("1e999", MAX_RETRY_AFTER_S),
        ("99999999999", MAX_RETRY_AFTER_S),
        ("Sat, 21 Nov 2099 12:00:30 GMT", MAX_RETRY_AFTER_S),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_never_more_than_a_run_waits(header: str, seconds: float | None) -> None:
    assert retry_after_s({"retry-after": header}, NOW) == seconds


def test_no_header_is_no_wait() -> None:
    assert retry_after_s({}, NOW) is None


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ('{"a":1}', '{"a":1}'),
        ('  {"a":1}\n', '{"a":1}'),
        ('```json\n{"a":1}\n```', '{"a":1}'),
        ('```\n{"a":1}\n```', '{"a":1}'),
        ('Here you go:\n\n```json\n{"a":1}\n```\n', '{"a":1}'),
        ('Here you go:\n```json\n{"a":1}\n```\nAnything else?', '{"a":1}'),
        ('{"a":"```json\\nx\\n```"}', '{"a":"```json\\nx\\n```"}'),
        ('```json\n{"a":"```"}\n```', '{"a":"```"}'),
        ("no json at all", "no json at all"),
        ("```json\nbroken off", "```json\nbroken off"),
        ("```json \r\n\n{}\n\n ```", "{}"),
        ("words ```" + "\n" * 20_000 + "and no end", "words ```" + "\n" * 20_000 + "and no end"),
        ("", ""),
    ],
)
def test_fences_and_the_words_around_them_are_taken_off(text: str, inside: str) -> None:
    assert without_fences(text) == inside


def answer(**changes: Any) -> Answer:
    usual: dict[str, Any] = {
        "text": "Here you are.",
        "picture": b"bytes",
        "usage": Usage(300, 1120),
        "cost_micro_usd": None,
        "ref": "gen_1",
        "status": 200,
    }
    return Answer(**{**usual, **changes})


def test_the_providers_word_on_money_comes_first() -> None:
    made = outcome_of(PAINTER, answer(cost_micro_usd=70_000), "key")

    assert (made.cost_micro_usd, made.cost_basis) == (70_000, CostBasis.PROVIDER)


def test_without_it_our_table_says_it_with_the_pictures_tokens_told_apart() -> None:
    made = outcome_of(PAINTER, answer(), "key")

    assert (made.cost_micro_usd, made.cost_basis) == (67_350, CostBasis.TABLE)


@pytest.mark.parametrize(
    ("route", "usage"), [(UNPRICED, Usage(300, 1120)), (PAINTER, None)], ids=["unknown model", "no usage"]
)
def test_what_neither_says_is_unknown_and_not_0(route: Route, usage: Usage | None) -> None:
    made = outcome_of(route, answer(usage=usage), "key")

    assert (made.cost_micro_usd, made.cost_basis) == (None, CostBasis.UNKNOWN)


@pytest.mark.parametrize(("tokens_out", "image_out"), [(1120, 1120), (1300, 1120), (900, 900), (0, 0)])
def test_the_tokens_of_a_picture_are_those_of_its_model_and_never_more_than_there_were(
    tokens_out: int, image_out: int
) -> None:
    usage = outcome_of(PAINTER, answer(usage=Usage(300, tokens_out)), "key").usage

    assert usage is not None
    assert usage.image_out == image_out


def test_a_text_has_no_image_tokens() -> None:
    usage = outcome_of(PAINTER, answer(picture=None), "reply").usage

    assert usage is not None
    assert usage.image_out == 0


@pytest.mark.parametrize(("changes", "size"), [({}, 5), ({"picture": None, "text": "é"}, 2)])
def test_the_size_of_a_reply_is_that_of_its_bytes(changes: dict[str, Any], size: int) -> None:
    assert outcome_of(PAINTER, answer(**changes), "key").reply_bytes == size
