"""What each plan allows: the brief's figures, and the month they are counted in."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from app.domain.plans import Plan, month_of
from app.domain.states import QuotaUnit


@pytest.mark.parametrize(
    ("plan", "posts", "ads"),
    [(Plan.FREE, 3, 5), (Plan.CREATOR, 50, 100), (Plan.PRO, 200, 500), (Plan.BUSINESS, None, None)],
)
def test_posts_and_ads_are_the_briefs(plan: Plan, posts: int | None, ads: int | None) -> None:
    assert (plan.terms.limit(QuotaUnit.POSTS), plan.terms.limit(QuotaUnit.ADS)) == (posts, ads)


@pytest.mark.parametrize("plan", Plan)
def test_money_always_has_a_limit(plan: Plan) -> None:
    assert isinstance(plan.terms.limit(QuotaUnit.MONEY), int)


def test_a_dearer_plan_is_never_worse() -> None:
    order = [plan.terms for plan in (Plan.FREE, Plan.CREATOR, Plan.PRO, Plan.BUSINESS)]

    for name in ("micro_usd", "weight", "in_flight"):
        figures = [getattr(terms, name) for terms in order]
        assert figures == sorted(set(figures)), name


@pytest.mark.parametrize(
    ("moment", "month"),
    [
        (datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC), date(2026, 12, 1)),
        (datetime(2027, 1, 1, tzinfo=UTC), date(2027, 1, 1)),
        (datetime(2027, 1, 1, 13, tzinfo=timezone(timedelta(hours=14))), date(2026, 12, 1)),
        (datetime(2026, 12, 31, 12, tzinfo=timezone(timedelta(hours=-12))), date(2027, 1, 1)),
        (datetime(2028, 2, 29, tzinfo=UTC), date(2028, 2, 1)),
    ],
    ids=str,
)
def test_a_month_is_a_calendar_month_of_utc(moment: datetime, month: date) -> None:
    assert month_of(moment) == month
