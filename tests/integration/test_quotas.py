"""Quota: what a plan's month allows, and what comes back."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from sqlalchemy import func, select, update

from app import quotas
from app.db.models import QuotaMonth, Run, User
from app.db.session import transaction
from app.domain.errors import QuotaExceeded
from app.domain.plans import Plan, month_of
from app.domain.states import QuotaUnit, RunState
from app.runs import rounds
from making import finished, pictures_of
from next_rounds import cancel
from orders import a_user, accepted, order, run_of, used
from races import losers, together, winners
from rendering import use_routes

pytestmark = pytest.mark.usefixtures("database")
NOW = datetime(2026, 12, 15, tzinfo=UTC)
MILLION = 1_000_000


def set_used(user: User, unit: QuotaUnit, amount: int) -> None:
    with transaction() as session:
        session.execute(
            update(QuotaMonth).where(QuotaMonth.user_id == user.id, QuotaMonth.unit == unit).values(used=amount)
        )


def runs_of(user: User) -> int:
    with transaction() as session:
        return session.scalar(select(func.count()).select_from(Run).where(Run.user_id == user.id)) or 0


def test_a_free_user_can_order_the_three_posts_of_the_month_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    use_routes(monkeypatch)
    user = a_user(Plan.FREE)

    for _ in range(3):
        order(user, slides=12)

    assert used(user) == 3


def test_50_requests_at_once_on_a_month_with_3_left_make_exactly_3_runs() -> None:
    user = a_user(Plan.FREE)

    results = together([lambda: accepted(user)] * 50)

    assert (len(winners(results)), runs_of(user)) == (3, 3)
    assert {type(lost) for lost in losers(results)} == {QuotaExceeded}


def test_requests_at_once_in_the_middle_of_a_month_fill_it_exactly() -> None:
    user = a_user(Plan.CREATOR)
    accepted(user)
    set_used(user, QuotaUnit.POSTS, 45)

    results = together([lambda: accepted(user)] * 12)

    assert (len(winners(results)), used(user)) == (5, 50)


def test_a_refused_request_leaves_nothing_behind() -> None:
    user = a_user(Plan.FREE)
    for _ in range(3):
        accepted(user)
    before = used(user, QuotaUnit.MONEY)

    with pytest.raises(QuotaExceeded):
        accepted(user)

    assert (runs_of(user), used(user), used(user, QuotaUnit.MONEY)) == (3, 3, before)


def test_the_refusal_says_which_unit_and_what_to_do() -> None:
    user = a_user(Plan.FREE)
    for _ in range(3):
        accepted(user)

    with pytest.raises(QuotaExceeded, match=r"free plan allows 3 posts a month.*raise the plan") as refused:
        accepted(user)

    assert refused.value.code == "quota_exceeded:posts"


def test_the_months_money_is_a_hard_cap() -> None:
    user = a_user(Plan.CREATOR)
    accepted(user)
    set_used(user, QuotaUnit.MONEY, 150 * MILLION - 20_000)

    results = together([lambda: accepted(user)] * 8)

    assert len(winners(results)) == 2
    assert used(user, QuotaUnit.MONEY) == 150 * MILLION


def test_the_refusal_for_money_says_so() -> None:
    user = a_user(Plan.FREE)
    accepted(user)
    set_used(user, QuotaUnit.MONEY, 15 * MILLION)

    with pytest.raises(QuotaExceeded, match="lower max_cost_usd") as refused:
        accepted(user)

    assert refused.value.code == "budget_exceeded"


def test_one_request_may_not_be_dearer_than_the_whole_month() -> None:
    user = a_user(Plan.FREE)
    run = run_of(order(user, max_cost_usd=0.01))

    with pytest.raises(QuotaExceeded), transaction() as session:
        quotas.reserve(session, user, run.id, 2, month_of(NOW), {QuotaUnit.MONEY: 15 * MILLION + 1})


def test_slides_are_drawn_again_for_nothing_in_a_month_above_its_cap() -> None:
    user = a_user(Plan.FREE)
    slide = pictures_of(finished(user))[0]
    set_used(user, QuotaUnit.MONEY, 15 * MILLION + 1)

    with transaction() as session:
        drawn_again = rounds.edit(session, user, slide.run_id, slide.id, {"title": "Ship smaller"})

    assert drawn_again.worst_micro_usd == 0
    assert used(user, QuotaUnit.MONEY) == 15 * MILLION + 1


def test_an_order_that_pays_nothing_is_not_foretold_to_be_refused() -> None:
    user = a_user(Plan.FREE)
    accepted(user)
    set_used(user, QuotaUnit.MONEY, 15 * MILLION + 1)
    month = month_of(datetime.now(UTC))

    with transaction() as session:
        refusals = [quotas.would_refuse(session, user, month, {QuotaUnit.MONEY: amount}) for amount in (0, 1)]

    assert [refusal is not None for refusal in refusals] == [False, True]


def test_the_business_plan_counts_posts_without_a_limit() -> None:
    user = a_user(Plan.BUSINESS)
    accepted(user)
    set_used(user, QuotaUnit.POSTS, 100_000)

    accepted(user)

    assert used(user) == 100_001


def test_one_users_month_is_not_anothers() -> None:
    full, other = a_user(Plan.FREE), a_user(Plan.FREE)
    for _ in range(3):
        accepted(full)

    assert accepted(other).state is RunState.QUEUED


@pytest.mark.parametrize(
    ("moment", "month"),
    [
        (datetime(2026, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), date(2026, 12, 1)),
        (datetime(2027, 1, 1, tzinfo=UTC), date(2027, 1, 1)),
        (datetime(2027, 1, 1, 0, 30, tzinfo=timezone(timedelta(hours=1))), date(2026, 12, 1)),
        (datetime(2026, 12, 31, 23, 30, tzinfo=timezone(timedelta(hours=-1))), date(2027, 1, 1)),
    ],
)
def test_a_request_counts_in_the_calendar_month_of_utc(moment: datetime, month: date) -> None:
    user = a_user(Plan.FREE)

    accepted(user, moment)

    assert used(user, month=month) == 1


def test_a_new_month_starts_at_0() -> None:
    user = a_user(Plan.FREE)
    for _ in range(3):
        accepted(user, NOW)

    assert accepted(user, datetime(2027, 1, 1, tzinfo=UTC)).state is RunState.QUEUED


def test_what_comes_back_goes_to_the_month_in_which_it_was_taken() -> None:
    user = a_user(Plan.FREE)
    run_id = accepted(user, datetime(2020, 1, 31, tzinfo=UTC)).run_id

    cancel(run_id)

    assert (used(user, month=date(2020, 1, 1)), used(user, QuotaUnit.MONEY, date(2020, 1, 1))) == (0, 0)
