"""Budgets: money that a month allows a key, a user, a provider or the installation. Hard, and reserved with the order.

A round takes what it may cost at most from every budget that binds it, in the transaction that orders it. When it ends,
what it did cost stands in the place of that. A budget of a provider holds what the round may be charged there.
Lock order: the run, the user's month, then the budgets' months, the narrowest first: any other is a deadlock.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Text, and_, bindparam, case, exists, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app import quotas
from app.costs import is_asked, worst_call_micro_usd, worst_help_micro_usd
from app.db.models import Budget, BudgetEntry, BudgetMonth, Run, User
from app.db.session import transaction
from app.domain.budgets import BudgetEntryKind, BudgetScope
from app.domain.errors import QuotaExceeded
from app.domain.plans import month_of
from app.domain.prices import usd
from app.ordered import pipeline_of, request_of
from app.pipelines.pipeline import Pipeline, Stage
from app.routes import able

ORDERED_WITH = "api_key_id"
NARROWEST_FIRST = list(BudgetScope)


# Built once: every order asks it.
BINDING = (
    select(Budget)
    .where(
        or_(
            Budget.scope.in_([BudgetScope.INSTALLATION, BudgetScope.PROVIDER]),
            and_(Budget.scope == BudgetScope.USER, Budget.subject == bindparam("user", type_=Text)),
            and_(Budget.scope == BudgetScope.KEY, Budget.subject == bindparam("key", type_=Text)),
        )
    )
    .with_for_update(read=True, key_share=True)
    .execution_options(populate_existing=True)
)


def order_with(session: Session, key_id: uuid.UUID) -> None:
    """Note the key that this transaction's orders come with: whatever it orders, its budget binds."""
    session.info[ORDERED_WITH] = key_id


def ordering_key(session: Session) -> uuid.UUID | None:
    """Return the key that this transaction's orders come with; None = no key, as of a schedule."""
    return session.info.get(ORDERED_WITH)


def pays_elsewhere(session: Session, run: Run) -> bool:
    """Return whether what this transaction adds to the run's live round is paid by another key, and a budget is passed by.

    The round is paid by the key that began it, whoever adds to it: that key's budget, or that of the one which asks.
    """
    asking = ordering_key(session)
    if asking is None or asking == run.api_key_id:
        return False
    either = [str(key) for key in (asking, run.api_key_id) if key is not None]
    own = exists().where(Budget.scope == BudgetScope.KEY, Budget.subject.in_(either))
    return bool(session.scalar(select(own)))


@dataclass(frozen=True, slots=True)
class Share:
    """What a round takes of a budget."""

    budget: Budget
    amount: int
    """Micro-USD."""


def reserve(session: Session, run: Run, month: date, shares: Sequence[Share]) -> None:
    """Take `shares` of their budgets for the run's present round.

    Raises QuotaExceeded with the code budget_exceeded; then nothing may be committed. One conditional upsert: PostgreSQL locks the rows, so that 200
    orders at once at a budget that fits 37 find room exactly 37 times.
    """
    if not shares:
        return
    session.add_all(_entry(run, share, month, BudgetEntryKind.RESERVED) for share in shares)
    session.flush()
    # Last, for the months are locked until the commit: all orders of the installation may wait for each other here.
    used = _take(session, month, shares)
    for share in shares:
        budget = share.budget
        if budget.id not in used or used[budget.id] > budget.limit_micro_usd:
            raise _refusal(session, share, month)


def shares_of(session: Session, run: Run, amount: int) -> list[Share]:
    """Return what a round that costs `amount` micro-USD at most takes of the budgets that bind it, in the order of locks.

    Look before the user's month is locked: with nothing to reserve, nothing then stands between that lock and the commit.
    """
    if amount == 0:
        return []  # it pays for nothing: a budget that is used up does not keep slides from being drawn again
    budgets = binding(session, run.user_id, run.api_key_id)
    most: Mapping[str, int] = {}
    if any(budget.scope is BudgetScope.PROVIDER for budget in budgets):
        most = most_at_providers(pipeline_of(run), request_of(run))
    return _shared_out(budgets, amount, most)


def _shared_out(budgets: Sequence[Budget], amount: int, most: Mapping[str, int]) -> list[Share]:
    every = [
        Share(budget, min(amount, most.get(budget.subject, 0)) if budget.scope is BudgetScope.PROVIDER else amount)
        for budget in budgets
    ]
    return [share for share in every if share.amount]


def binding(session: Session, user_id: uuid.UUID, key_id: uuid.UUID | None) -> list[Budget]:
    """Return the budgets that bind what a user orders with a key, all providers' among them, in the order of locks.

    The lock on their rows is one on the table too, and the statement sees what was committed before it got that: no
    budget is made or changed between this look and our commit (app.budget_limits waits for us, or we for it).
    """
    found = session.scalars(BINDING, {"user": str(user_id), "key": None if key_id is None else str(key_id)}).all()
    return sorted(found, key=lambda budget: (NARROWEST_FIRST.index(budget.scope), budget.subject))


def most_at_providers(pipeline: Pipeline, request: Any) -> dict[str, int]:
    """Return per provider the most that a run can be charged there, in micro-USD: every paid call that its stages allow.

    INTENT holds each piece to that many calls, and the run to its reservation: the lesser of the two is reserved.
    """
    counts = pipeline.counts(request)
    most: dict[str, int] = {}
    for kind, stage in pipeline.all_stages:
        for provider, amount in _most_of(stage).items():
            most[provider] = most.get(provider, 0) + amount * counts.get(kind, 0)
    return most


def _most_of(stage: Stage) -> dict[str, int]:
    """Return per provider the most that one piece pays at a stage."""
    if stage.purpose is None or not is_asked(stage):
        return {}
    most: dict[str, int] = {}
    for purpose in (stage.purpose, *stage.counted_with):
        for route in able(purpose):
            amount = worst_call_micro_usd(stage, route) * stage.max_charged_calls
            most[route.provider] = max(most.get(route.provider, 0), amount)
    for purpose, calls in stage.helped_by:
        dearest: dict[str, int] = {}
        for route in able(purpose):
            dearest[route.provider] = max(dearest.get(route.provider, 0), worst_help_micro_usd(route) * calls)
        for provider, amount in dearest.items():
            most[provider] = most.get(provider, 0) + amount
    return most


def _take(session: Session, month: date, shares: Sequence[Share]) -> dict[uuid.UUID, int]:
    """Add to the months that have room; return what is used now, of the budgets that had it."""
    upsert = insert(BudgetMonth).values(
        [{"budget_id": share.budget.id, "month": month, "used": share.amount, "spent": 0} for share in shares]
    )
    after = BudgetMonth.used + upsert.excluded.used
    limits = {share.budget.id: share.budget.limit_micro_usd for share in shares}
    taken = session.execute(
        upsert.on_conflict_do_update(
            index_elements=[BudgetMonth.budget_id, BudgetMonth.month],
            set_={"used": after},
            where=after <= case(limits, value=BudgetMonth.budget_id),
        ).returning(BudgetMonth.budget_id, BudgetMonth.used)
    )
    return dict(taken.all())


def _entry(run: Run, share: Share, month: date, kind: BudgetEntryKind) -> BudgetEntry:
    return BudgetEntry(
        budget_id=share.budget.id, run_id=run.id, round=run.round, month=month, kind=kind, amount=share.amount
    )


def release(session: Session, run: Run) -> None:
    """Put what the run's round did cost in the place of what it reserved, in full; its calls have ended.

    What calls in doubt hold stays taken. A provider that charged more than the worst that we knew, or that nobody
    expected to be asked, is booked as well: a budget that hides a charge is none. A second time books nothing.
    """
    spent = quotas.spent_at(session, run.id, run.round)
    budgets = binding(session, run.user_id, run.api_key_id)
    entries = session.scalars(
        select(BudgetEntry).where(BudgetEntry.run_id == run.id, BudgetEntry.round == run.round)
    ).all()
    if any(entry.kind is BudgetEntryKind.SETTLED for entry in entries):
        return
    reserved = {entry.budget_id: entry for entry in entries if entry.kind is BudgetEntryKind.RESERVED}
    month = entries[0].month if entries else month_of(datetime.now(UTC))
    for budget in budgets:
        taken = reserved.get(budget.id)
        cost = spent.get(budget.subject, 0) if budget.scope is BudgetScope.PROVIDER else sum(spent.values())
        if taken is None and cost == 0:
            continue
        session.add(_entry(run, Share(budget, cost), month, BudgetEntryKind.SETTLED))
        if taken is None:
            row = insert(BudgetMonth).values(budget_id=budget.id, month=month, used=0, spent=0)
            session.execute(row.on_conflict_do_nothing())
        _move(session, budget.id, month, used=cost - (taken.amount if taken else 0), spent=cost)
    session.flush()


def settled_late(session: Session, run_id: uuid.UUID, round_: int, provider: str, amount: int) -> None:
    """Add `amount` to what a round that is over did cost at a provider; below 0 = a call in doubt was cheaper.

    Micro-USD. Goes to the month in which the round was ordered. While the round is live there is nothing to book: its
    end reads the journal.
    """
    rows = session.execute(
        select(Budget, BudgetEntry.month)
        .join(BudgetEntry, BudgetEntry.budget_id == Budget.id)
        .where(BudgetEntry.run_id == run_id, BudgetEntry.round == round_)
        .where(BudgetEntry.kind == BudgetEntryKind.SETTLED)
        .where(or_(Budget.scope != BudgetScope.PROVIDER, Budget.subject == provider))
        .with_for_update(read=True, key_share=True, of=Budget)
    ).all()
    for budget, month in sorted(rows, key=lambda row: (NARROWEST_FIRST.index(row[0].scope), row[0].subject)):
        line = insert(BudgetEntry).values(
            id=uuid.uuid4(),
            budget_id=budget.id,
            run_id=run_id,
            round=round_,
            month=month,
            kind=BudgetEntryKind.RECONCILED,
            amount=amount,
        )
        session.execute(
            line.on_conflict_do_update(
                index_elements=[BudgetEntry.run_id, BudgetEntry.round, BudgetEntry.budget_id, BudgetEntry.kind],
                set_={"amount": BudgetEntry.amount + line.excluded.amount},
            )
        )
        _move(session, budget.id, month, used=amount, spent=amount)


def _move(session: Session, budget_id: uuid.UUID, month: date, *, used: int, spent: int) -> None:
    """Add to what a month holds, room or not: it was paid."""
    session.execute(
        update(BudgetMonth)
        .where(BudgetMonth.budget_id == budget_id, BudgetMonth.month == month)
        .values(used=BudgetMonth.used + used, spent=BudgetMonth.spent + spent)
    )


def would_refuse(
    session: Session, user: User, pipeline: Pipeline, request: Any, amount: int, month: date
) -> QuotaExceeded | None:
    """Return the refusal that an order of `amount` micro-USD at most would get now; None when every budget has room."""
    budgets = binding(session, user.id, ordering_key(session))
    for share in _shared_out(budgets, amount, most_at_providers(pipeline, request)):
        if _used(session, share.budget, month) + share.amount > share.budget.limit_micro_usd:
            return _refusal(session, share, month)
    return None


def _used(session: Session, budget: Budget, month: date) -> int:
    found = select(BudgetMonth.used).where(BudgetMonth.budget_id == budget.id, BudgetMonth.month == month)
    return session.scalar(found) or 0


def _refusal(session: Session, share: Share, month: date) -> QuotaExceeded:
    """Return the refusal of a budget. What others use of it is no business of whoever orders."""
    budget = share.budget
    whose = {
        BudgetScope.KEY: "this API key",
        BudgetScope.USER: "your account",
        BudgetScope.PROVIDER: f"this installation at {budget.subject}",
        BudgetScope.INSTALLATION: "this installation",
    }[budget.scope]
    used = "" if budget.scope.is_operators else f", of which ${usd(_used(session, budget, month))} are used or reserved"
    refusal = QuotaExceeded(
        f"this run may cost up to ${usd(share.amount)}, and the budget of {whose} is"
        f" ${usd(budget.limit_micro_usd)} a month{used}; lower max_cost_usd, wait for runs under way to end, or have"
        " the operator raise it (`pressroom budgets`)",
        code="budget_exceeded",
    )
    refusal.budget_id = budget.id
    return refusal


def note_refusal(budget_id: uuid.UUID, now: datetime) -> None:
    """Note that a budget refused an order, in a transaction of its own: the order's is undone. An alert follows."""
    with transaction() as session:
        month = select(BudgetMonth.refused_at).where(BudgetMonth.budget_id == budget_id)
        if session.scalar(month.where(BudgetMonth.month == month_of(now))) is not None:
            return  # without a lock: where one is refused, many are
        there = select(Budget.id, literal(month_of(now)), literal(0), literal(0), literal(now))
        row = insert(BudgetMonth).from_select(
            ["budget_id", "month", "used", "spent", "refused_at"], there.where(Budget.id == budget_id)
        )
        session.execute(
            row.on_conflict_do_update(
                index_elements=[BudgetMonth.budget_id, BudgetMonth.month],
                set_={"refused_at": now},
                where=BudgetMonth.refused_at.is_(None),
            )
        )
