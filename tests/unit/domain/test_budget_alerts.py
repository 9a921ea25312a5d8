"""What a month of a budget has reached, and what it will end with."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.budgets import AlertThreshold, projected_micro_usd, reached

HALF, MOST, FULL, PROJECTED = AlertThreshold
NOVEMBER = date(2026, 11, 1)  # 30 days
BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
LIMIT = 1_000_000
EARLY = BEGIN + timedelta(days=2)
LATE = BEGIN + timedelta(days=29, hours=23)


def found(spent: int, now: datetime = EARLY, *, limit: int = LIMIT, is_refusing: bool = False) -> set[AlertThreshold]:
    return set(reached(spent=spent, limit=limit, is_refusing=is_refusing, month=NOVEMBER, now=now))


@pytest.mark.parametrize(
    ("spent", "expected"),
    [
        (0, set()),
        (499_999, set()),
        (500_000, {HALF}),
        (799_999, {HALF}),
        (800_000, {HALF, MOST}),
        (999_999, {HALF, MOST}),
        (1_000_000, {HALF, MOST, FULL}),
        (9_000_000, {HALF, MOST, FULL}),
    ],
)
def test_a_share_of_the_limit_is_reached_with_its_last_micro_dollar(spent: int, expected: set[AlertThreshold]) -> None:
    assert found(spent) == expected


def test_the_first_refused_order_counts_as_all_of_it() -> None:
    assert found(100_000, is_refusing=True) == {FULL}


def test_nothing_spent_of_nothing_reaches_nothing() -> None:
    assert found(0, limit=0) == set()


def test_a_pace_that_ends_above_the_limit_is_told_once_a_tenth_of_the_month_has_passed() -> None:
    assert found(110_000, BEGIN + timedelta(days=3, seconds=-1)) == set()
    assert found(110_000, BEGIN + timedelta(days=3)) == {PROJECTED}
    assert found(100_000, BEGIN + timedelta(days=3)) == set()


def test_what_is_over_the_limit_already_is_no_matter_of_pace() -> None:
    assert PROJECTED not in found(LIMIT, LATE)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (BEGIN, None),
        (BEGIN + timedelta(days=2, hours=23), None),
        (BEGIN + timedelta(days=3), 1_000_000),
        (BEGIN + timedelta(days=15), 200_000),
        (BEGIN + timedelta(days=30), 100_000),
        (BEGIN + timedelta(days=300), 100_000),
        (BEGIN - timedelta(days=1), None),
    ],
)
def test_the_end_of_the_month_is_as_what_is_spent_to_what_has_passed(now: datetime, expected: int | None) -> None:
    assert projected_micro_usd(100_000, NOVEMBER, now) == expected


@given(st.integers(0, 10**13), st.integers(0, 10**13), st.integers(0, 30 * 86_400))
def test_more_spent_never_reaches_less_of_the_shares(spent: int, more: int, seconds: int) -> None:
    now = BEGIN + timedelta(seconds=seconds)

    assert found(spent, now) - {PROJECTED} <= found(spent + more, now)


@given(st.integers(0, 10**13), st.integers(0, 31 * 86_400))
def test_a_projection_is_never_below_what_is_spent(spent: int, seconds: int) -> None:
    projected = projected_micro_usd(spent, NOVEMBER, BEGIN + timedelta(seconds=seconds))

    assert projected is None or projected >= spent
