"""What a call cost may become known late: after its round, and once."""

from __future__ import annotations

import uuid
from functools import partial

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from app import settlement
from app.db.models import Budget, BudgetMonth, Call, QuotaEntry, Run, User
from app.db.session import transaction
from app.domain.budgets import BudgetScope
from app.domain.states import CallState, CostBasis, QuotaEntryKind, QuotaUnit
from app.runs.claims import Claim
from making import WORST, asked, change, end, fail, intend, money_of, opened, pictures_of, succeed, take
from making import unknown as in_doubt
from next_rounds import resume
from orders import a_user, calls_of, run_of, used
from races import together

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def user() -> User:
    return a_user()


@pytest.fixture
def claimed(user: User) -> Claim:
    """The claim of one picture of a run whose owner is known."""
    return take(pictures_of(opened(user, slides=5))[0])


def unknown(held: Claim) -> uuid.UUID:
    """Leave a call of another model in doubt; return its id."""
    in_doubt(held, asked(model=uuid.uuid4().hex))
    return calls_of(held.run.id)[-1].id


def over(held: Claim) -> None:
    """End the round: this picture and all others FAILED."""
    fail(held)
    for piece in pictures_of(held.run.id):
        if piece.step:
            fail(take(piece))
    end(held.run.id)


def settle(call_id: uuid.UUID, cost: int, basis: CostBasis = CostBasis.PROVIDER) -> bool:
    with transaction() as session:
        return settlement.settle_late(session, call_id, cost, basis, "gen_1")


def money(user: User) -> int:
    return used(user, QuotaUnit.MONEY)


def late_lines(held: Claim) -> list[int]:
    with transaction() as session:
        query = select(QuotaEntry.amount).where(
            QuotaEntry.run_id == held.run.id, QuotaEntry.kind == QuotaEntryKind.RECONCILED
        )
        return list(session.scalars(query))


def test_a_call_in_doubt_is_settled_by_what_its_provider_reports(claimed: Claim) -> None:
    call_id = unknown(claimed)

    assert settle(call_id, 50_000)

    (call,) = calls_of(claimed.run.id)
    assert (call.state, call.cost_micro_usd, call.cost_basis) == (CallState.SUCCEEDED, 50_000, CostBasis.PROVIDER)
    assert (call.provider_ref, call.accepted) == ("gen_1", False)
    assert money_of(claimed) == (0, 50_000)


def test_a_call_that_was_not_charged_has_failed_and_cost_nothing(claimed: Claim) -> None:
    call_id = unknown(claimed)

    assert settle(call_id, 0)

    (call,) = calls_of(claimed.run.id)
    assert (call.state, call.cost_micro_usd) == (CallState.FAILED, 0)
    assert money_of(claimed) == (0, 0)


def test_while_its_round_is_live_the_month_learns_of_it_at_the_end(claimed: Claim, user: User) -> None:
    call_id, before = unknown(claimed), money(user)

    settle(call_id, 50_000)

    assert (money(user), late_lines(claimed)) == (before, [])
    over(claimed)
    assert money(user) == 50_000


def test_after_its_round_the_month_gets_back_what_it_was_cheaper(claimed: Claim, user: User) -> None:
    call_id = unknown(claimed)
    over(claimed)
    assert money(user) == WORST

    settle(call_id, 50_000)

    assert money(user) == 50_000
    assert late_lines(claimed) == [50_000 - WORST]
    run = run_of(claimed.run.id)
    assert (run.reserved_micro_usd, run.held_micro_usd, run.spent_micro_usd) == (50_000, 0, 50_000)


def test_several_calls_of_a_round_are_one_line_of_the_ledger(claimed: Claim, user: User) -> None:
    first, second = unknown(claimed), unknown(claimed)
    over(claimed)

    settle(first, 50_000)
    settle(second, 0)

    assert money(user) == 50_000
    assert late_lines(claimed) == [50_000 - 2 * WORST]


def test_a_call_that_was_dearer_than_its_worst_case_takes_more_of_the_month(claimed: Claim, user: User) -> None:
    call_id = unknown(claimed)
    over(claimed)

    settle(call_id, WORST + 5_000)

    assert money(user) == WORST + 5_000
    assert late_lines(claimed) == [5_000]


def test_budgets_get_it_back_too(claimed: Claim, user: User) -> None:
    with transaction() as session:
        budget = Budget(scope=BudgetScope.USER, subject=str(user.id), user_id=user.id, limit_micro_usd=10**9)
        session.add(budget)
    call_id = unknown(claimed)
    over(claimed)

    settle(call_id, 50_000)

    with transaction() as session:
        month = session.scalars(select(BudgetMonth).where(BudgetMonth.budget_id == budget.id)).one()
        assert (month.used, month.spent) == (50_000, 50_000)


def test_a_later_round_keeps_its_room(claimed: Claim) -> None:
    call_id = unknown(claimed)
    over(claimed)
    resume(claimed.run.id)
    before = run_of(claimed.run.id)

    settle(call_id, 50_000)

    after = run_of(claimed.run.id)
    room = [run.reserved_micro_usd - run.spent_micro_usd - run.held_micro_usd for run in (before, after)]
    assert room[0] == room[1]


def test_a_reply_whose_cost_nobody_knew_is_settled_once_it_is_known(claimed: Claim, user: User) -> None:
    call_id = succeed(claimed, cost=None)
    over(claimed)

    assert settle(call_id, 50_000)

    (call,) = calls_of(claimed.run.id)
    assert (call.state, call.cost_micro_usd, call.reply) == (CallState.SUCCEEDED, 50_000, "posts/x/a.png")
    assert (money_of(claimed), money(user)) == ((0, 50_000), 50_000)
    assert not settle(call_id, 60_000)


def test_of_many_settlements_at_once_one_counts(claimed: Claim, user: User) -> None:
    call_id = unknown(claimed)
    over(claimed)

    results = together([partial(settle, call_id, 10_000 * n) for n in range(1, 7)])

    assert results.count(True) == 1
    (call,) = calls_of(claimed.run.id)
    assert money(user) == call.cost_micro_usd == run_of(claimed.run.id).spent_micro_usd


def test_what_is_settled_or_under_way_is_left_alone(claimed: Claim) -> None:
    settled, under_way = succeed(claimed), intend(claimed, asked(model="other"))

    assert not settle(settled, 1)
    assert not settle(under_way, 1)
    assert money_of(claimed) == (WORST, 67_350)


@pytest.mark.parametrize(
    "values",
    [{"cost_micro_usd": 1}, {"state": CallState.FAILED}, {"cost_basis": CostBasis.TABLE}, {"worst_micro_usd": 1}],
    ids=str,
)
def test_the_database_refuses_to_settle_a_call_twice(claimed: Claim, values: dict[str, object]) -> None:
    call_id = succeed(claimed)

    with pytest.raises(IntegrityError), transaction() as session:
        session.execute(update(Call).where(Call.id == call_id).values(**values))


@pytest.mark.parametrize("column", ["spent_micro_usd", "held_micro_usd"])
def test_the_database_refuses_a_run_that_passes_its_cap(claimed: Claim, column: str) -> None:
    cap = run_of(claimed.run.id).reserved_micro_usd

    with pytest.raises(IntegrityError, match="within_cap"):
        change(Run, claimed.run.id, **{column: cap + 1})


def test_a_charge_above_the_worst_case_that_the_cap_has_room_for_is_no_overrun(claimed: Claim) -> None:
    succeed(claimed, cost=90_000)

    assert run_of(claimed.run.id).overrun_micro_usd == 0


def test_a_charge_above_the_cap_is_booked_in_full_and_said_to_be_one(
    claimed: Claim, user: User, caplog: pytest.LogCaptureFixture
) -> None:
    change(Run, claimed.run.id, reserved_micro_usd=WORST)

    succeed(claimed, cost=90_000)

    assert (money_of(claimed), run_of(claimed.run.id).overrun_micro_usd) == ((0, 90_000), 90_000 - WORST)
    assert "charged_above_worst_case" in [record.message for record in caplog.records]
    assert user


def test_a_new_round_begins_without_the_last_ones_overrun(claimed: Claim) -> None:
    change(Run, claimed.run.id, reserved_micro_usd=WORST)
    succeed(claimed, cost=90_000)
    over(claimed)

    resume(claimed.run.id)

    assert run_of(claimed.run.id).overrun_micro_usd == 0
