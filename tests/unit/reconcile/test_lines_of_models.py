"""Sums by model: what is settled must be there, what is open may be, and roundings are no difference."""

from __future__ import annotations

import pytest
from booked import MODEL, booked, in_doubt, used

from app.domain.states import CallState
from workers.reconcile.figures import ModelUse, Pair, Verdict, lines_of, micro_usd_of


def verdict(calls: int, micro_usd: int, *ours: object) -> Verdict:
    (line,) = lines_of(ours, [ModelUse(MODEL, calls, micro_usd)] if calls else [], [])  # type: ignore[arg-type]
    return line.verdict


def test_equal_books_match_and_each_call_may_be_rounded_up_once() -> None:
    assert verdict(2, 134_400, booked(), booked()) == Verdict.MATCHED
    assert verdict(2, 134_398, booked(), booked()) == Verdict.MATCHED
    assert verdict(2, 134_397, booked(), booked()) == Verdict.DRIFT


def test_a_call_in_doubt_may_be_there_or_not() -> None:
    assert verdict(1, 67_200, booked(), in_doubt()) == Verdict.MATCHED
    assert verdict(2, 67_200 + 90_000, booked(), in_doubt()) == Verdict.MATCHED
    assert verdict(2, 67_200 + 90_002, booked(), in_doubt()) == Verdict.DRIFT
    assert verdict(3, 67_200 * 3, booked(), in_doubt()) == Verdict.EXTRA


def test_a_call_that_was_found_counts_at_what_it_cost() -> None:
    lost = in_doubt()
    pair = Pair(lost, used(label=str(lost.id), cost_micro_usd=40_000))

    (line,) = lines_of([booked(), lost], [ModelUse(MODEL, 2, 107_200)], [pair])

    assert (line.calls, line.micro_usd, line.open_calls, line.verdict) == (2, 107_200, 0, Verdict.MATCHED)


def test_a_fresh_call_may_be_there_already() -> None:
    fresh = booked(is_fresh=True)
    assert verdict(1, 67_200, booked(), fresh) == verdict(2, 134_400, booked(), fresh) == Verdict.MATCHED


def test_calls_that_the_provider_refused_may_be_counted_and_cost_nothing() -> None:
    refused = booked(state=CallState.FAILED, cost_micro_usd=0)
    assert verdict(2, 67_200, booked(), refused) == verdict(1, 67_200, booked(), refused) == Verdict.MATCHED
    assert verdict(2, 134_400, booked(), refused) == Verdict.DRIFT


def test_a_model_that_only_one_book_has_is_missing_or_extra() -> None:
    assert verdict(0, 0, booked()) == Verdict.MISSING
    assert verdict(1, 5) == Verdict.EXTRA


@pytest.mark.parametrize(
    ("told", "expected"), [("12345.678901", 12_345_678_901), (0.1, 100_000), (0, 0), (None, 0), ("?", 0), (-1, 0), (True, 0)]
)  # fmt: skip
def test_a_sum_may_be_bigger_than_any_call(told: object, expected: int) -> None:
    assert micro_usd_of(told) == expected
