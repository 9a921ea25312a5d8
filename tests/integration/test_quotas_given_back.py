"""Quota that is given back, and its months: see test_quotas.py for what is taken."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import partial

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from app import journal, quotas
from app.db.models import QuotaEntry, Run
from app.db.session import transaction
from app.domain.plans import Plan
from app.domain.states import QuotaEntryKind, QuotaUnit, RunState
from app.runs import finish
from making import asked, fail, failed_run, finished, intend, make, opened, outcome, pictures_of, take
from next_rounds import cancel, resume
from orders import a_user, accepted, order, pieces_of, run_of, used
from races import losers, together, winners

pytestmark = pytest.mark.usefixtures("database")


def entries_of(run_id: uuid.UUID, kind: QuotaEntryKind) -> dict[QuotaUnit, int]:
    with transaction() as session:
        rows = session.scalars(select(QuotaEntry).where(QuotaEntry.run_id == run_id, QuotaEntry.kind == kind))
        return {row.unit: row.amount for row in rows}


def test_a_failed_run_gives_its_post_back() -> None:
    user = a_user(Plan.FREE)

    run_id = failed_run(user)

    assert run_of(run_id).state is RunState.FAILED
    assert used(user) == 0


def test_a_partial_run_keeps_its_post() -> None:
    user = a_user(Plan.FREE)

    finished(user, failed=12)

    assert used(user) == 1


def test_a_run_canceled_before_any_picture_gives_its_post_back() -> None:
    user = a_user(Plan.FREE)
    run_id = opened(user)
    make(pictures_of(run_id)[0], until="compose")

    cancel(run_id)

    assert used(user) == 0


def test_a_run_canceled_after_a_picture_keeps_its_post() -> None:
    user = a_user(Plan.FREE)
    run_id = opened(user)
    make(pictures_of(run_id)[0])

    cancel(run_id)

    assert used(user) == 1


def test_a_second_refund_of_one_round_cannot_be_stored() -> None:
    run_id = failed_run(a_user(Plan.FREE))

    with pytest.raises(IntegrityError), transaction() as session:
        quotas.refund(session, session.get_one(Run, run_id))


def test_two_refunds_of_one_round_at_once_give_one_back() -> None:
    user = a_user(Plan.FREE)
    run_id = opened(user)

    def refund() -> None:
        with transaction() as session:
            quotas.refund(session, session.get_one(Run, run_id))

    results = together([refund] * 6)

    assert (len(winners(results)), used(user)) == (1, 0)


def test_a_run_that_failed_twice_is_refunded_once_for_each_round() -> None:
    user = a_user(Plan.FREE)
    run_id = failed_run(user)
    resume(run_id, user)
    fail(take(pieces_of(run_id)[0]))

    with transaction() as session:
        finish.finish(session, run_id, 2)

    assert used(user) == 0


def test_the_worst_case_is_reserved() -> None:
    user = a_user(Plan.BUSINESS)

    run_id = order(user)

    assert used(user, QuotaUnit.MONEY) == run_of(run_id).reserved_micro_usd > 0


def test_what_was_not_spent_is_released_to_the_micro_dollar() -> None:
    user = a_user(Plan.BUSINESS)
    run_id = opened(user, slides=5)
    reserved = run_of(run_id).reserved_micro_usd
    first, *others = pictures_of(run_id)
    held = take(first)
    with transaction() as session:
        call_id = journal.intend(session, run_id, held.piece, held.token, asked(purpose="draft_prompt"))
        journal.succeeded(session, call_id, outcome(67_351))
    fail(held)
    for piece in others:
        make(piece)

    with transaction() as session:
        finish.finish(session, run_id, 1)

    assert used(user, QuotaUnit.MONEY) == 67_351
    assert entries_of(run_id, QuotaEntryKind.RELEASED) == {QuotaUnit.MONEY: reserved - 67_351}


def test_what_an_unknown_outcome_may_have_cost_stays_reserved() -> None:
    user = a_user(Plan.BUSINESS)
    run_id = opened(user, slides=5)
    first, *others = pictures_of(run_id)
    held = take(first)
    call_id = intend(held)
    with transaction() as session:
        journal.unknown(session, call_id, "hang", "no answer", None)
    fail(held)
    for piece in others:
        make(piece)

    with transaction() as session:
        finish.finish(session, run_id, 1)

    assert used(user, QuotaUnit.MONEY) == 70_000


def test_what_an_open_call_may_cost_stays_reserved_when_the_run_is_canceled() -> None:
    user = a_user(Plan.BUSINESS)
    run_id = opened(user, slides=5)
    intend(take(pictures_of(run_id)[0]))

    cancel(run_id)

    assert used(user, QuotaUnit.MONEY) == 70_000


def test_a_canceled_run_without_calls_gives_all_its_money_back() -> None:
    user = a_user(Plan.FREE)
    run_id = order(user)

    cancel(run_id)

    assert used(user, QuotaUnit.MONEY) == 0


def test_new_orders_and_resumes_of_one_user_at_once_do_not_deadlock() -> None:
    user = a_user(Plan.BUSINESS)
    failed = [failed_run(user) for _ in range(8)]

    deeds: list[Callable[[], object]] = [
        *(partial(resume, run_id, user) for run_id in failed),
        *[partial(accepted, user)] * 8,
    ]
    results = together(deeds)

    assert losers(results) == []


def test_the_ledger_adds_up_to_the_month() -> None:
    user = a_user(Plan.BUSINESS)
    finished(user, failed=2)
    failed_run(user)
    opened(user)

    with transaction() as session:
        taken = QuotaEntry.kind == QuotaEntryKind.RESERVED
        signed = func.sum(QuotaEntry.amount).filter(taken) - func.coalesce(
            func.sum(QuotaEntry.amount).filter(~taken), 0
        )
        sums = dict(session.execute(select(QuotaEntry.unit, signed).group_by(QuotaEntry.unit)).all())

    assert sums == {QuotaUnit.POSTS: used(user), QuotaUnit.MONEY: used(user, QuotaUnit.MONEY)}
