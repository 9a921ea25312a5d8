"""The operator's side of budgets: limits are set and taken away, and everybody sees where a month stands."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, cast, func, insert, literal, or_, select, text, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.budgets import most_at_providers
from app.db.models import Alert, ApiKey, Budget, BudgetEntry, BudgetMonth, Call, QuotaEntry, Run, User
from app.domain.budgets import AlertThreshold, BudgetEntryKind, BudgetScope, projected_micro_usd, reached
from app.domain.capabilities import PROVIDER_CAPABILITIES
from app.domain.errors import AnotherRelease, Conflict, InvalidRequest, NotFound
from app.domain.plans import month_of
from app.domain.states import LIVE_RUNS, QuotaEntryKind, QuotaUnit
from app.ordered import pipeline_of, request_of

MOST_MICRO_USD = 10**15  # a billion dollars a month: more is a slip of the finger


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a budget's month stands."""

    budget: Budget
    name: str
    """What people call its subject: a provider, a user, the first characters of a key; empty for the installation."""
    used: int
    spent: int
    projected: int | None
    """What the month ends with at this pace; None = too early to say. All in micro-USD."""
    alerts: Sequence[Alert]
    """What it reached in this month, oldest first."""


def set_limit(session: Session, scope: BudgetScope, name: str, limit_micro_usd: int, now: datetime) -> Budget:
    """Make or change a budget; `name` as in Standing. 0 = nothing may be paid for any more.

    A new one begins with what the month has spent already, and with what live rounds may still spend. More than the
    limit may be used by then: it refuses from now on. Raises NotFound, Conflict, InvalidRequest.
    """
    if not 0 <= limit_micro_usd <= MOST_MICRO_USD:
        raise InvalidRequest(f"a budget is an amount from 0 to {MOST_MICRO_USD // 10**6:,} dollars", code="bad_amount")
    subject, user_id = _subject(session, scope, name)
    _lock(session)
    month = month_of(now)
    budget = session.scalar(select(Budget).where(Budget.scope == scope, Budget.subject == subject))
    if budget is not None:
        budget.limit_micro_usd = limit_micro_usd
        _forget_refuted(session, budget, month, now)
        return budget
    budget = Budget(
        id=uuid.uuid4(), scope=scope, subject=subject, user_id=user_id, limit_micro_usd=limit_micro_usd, created_at=now
    )
    session.add(budget)
    session.flush()
    _begin(session, budget, month)
    return budget


def remove(session: Session, scope: BudgetScope, name: str) -> None:
    """Take a budget away, with its ledger and its alerts. Raises NotFound, Conflict."""
    subject, _ = _subject(session, scope, name)
    _lock(session)
    budget = session.scalar(select(Budget).where(Budget.scope == scope, Budget.subject == subject))
    if budget is None:
        raise NotFound(f"there is no budget of {_told(scope, name)}", code="no_such_budget")
    session.delete(budget)
    session.flush()


def _told(scope: BudgetScope, name: str) -> str:
    return f"the {scope}" if scope is BudgetScope.INSTALLATION else f"the {scope} {name}"


def _lock(session: Session) -> None:
    """Wait for all who have looked which budgets bind them (app.budgets.binding), and let nobody look until the commit."""
    session.execute(text("LOCK TABLE budgets IN EXCLUSIVE MODE"))


def _subject(session: Session, scope: BudgetScope, name: str) -> tuple[str, uuid.UUID | None]:
    """Return what a budget's row calls its subject, and its owner. Raises NotFound, Conflict."""
    match scope:
        case BudgetScope.INSTALLATION:
            return "", None
        case BudgetScope.PROVIDER:
            if name not in PROVIDER_CAPABILITIES:
                there = ", ".join(PROVIDER_CAPABILITIES)
                raise NotFound(f"there is no provider {name!r}; there are {there}", code="no_such_provider")
            return name, None
        case BudgetScope.USER:
            user = session.scalar(select(User).where(User.name == name))
            if user is None:
                raise NotFound(f"there is no user {name!r}; `pressroom users` lists them", code="no_such_user")
            return str(user.id), user.id
        case BudgetScope.KEY:
            start = name.rstrip(".")
            fits = or_(func.starts_with(ApiKey.prefix, start), func.starts_with(start, ApiKey.prefix))
            keys = session.scalars(select(ApiKey).where(fits)).all()
            if not start or not keys:
                raise NotFound(f"no key starts with {start!r}; `pressroom keys` lists them", code="no_such_key")
            if len(keys) > 1:
                raise Conflict(f"{len(keys)} keys start with {start!r}; write more of it", code="ambiguous_key")
            return str(keys[0].id), keys[0].user_id


def _begin(session: Session, budget: Budget, month: date) -> None:
    """Book what the month holds of the budget's scope: each round as if the budget had been there when it was ordered."""
    session.add_all(
        BudgetEntry(
            budget_id=budget.id,
            run_id=run.id,
            round=run.round,
            month=month,
            kind=BudgetEntryKind.RESERVED,
            amount=amount,
        )
        for run, amount in _live(session, budget, month)
        if amount
    )
    session.flush()
    session.execute(
        insert(BudgetEntry).from_select(
            ["id", "budget_id", "run_id", "round", "month", "kind", "amount"], _ended(budget, month)
        )
    )
    total = func.sum(BudgetEntry.amount)
    booked = select(BudgetEntry.kind, total).where(BudgetEntry.budget_id == budget.id).group_by(BudgetEntry.kind)
    amounts = {kind: int(amount) for kind, amount in session.execute(booked)}
    spent = amounts.get(BudgetEntryKind.SETTLED, 0)
    held = amounts.get(BudgetEntryKind.RESERVED, 0)
    session.add(BudgetMonth(budget_id=budget.id, month=month, used=spent + held, spent=spent))
    session.flush()


def _ordered(budget: Budget, month: date, key: InstrumentedAttribute[uuid.UUID | None]) -> ColumnElement[bool]:
    """Say which rounds, as their lines in the quota's ledger, a budget counts in a month; key: what ordered the round."""
    asked = and_(
        QuotaEntry.month == month, QuotaEntry.unit == QuotaUnit.MONEY, QuotaEntry.kind == QuotaEntryKind.RESERVED
    )
    match budget.scope:
        case BudgetScope.USER:
            return and_(asked, QuotaEntry.user_id == budget.user_id)
        case BudgetScope.KEY:
            return and_(asked, QuotaEntry.user_id == budget.user_id, key == uuid.UUID(budget.subject))
        case BudgetScope.PROVIDER | BudgetScope.INSTALLATION:
            return asked


def _is_live() -> ColumnElement[bool]:
    return and_(Run.round == QuotaEntry.round, Run.state.in_(LIVE_RUNS))


def _live(session: Session, budget: Budget, month: date) -> Iterator[tuple[Run, int]]:
    """Yield the runs that are worked on, each with what its round may still cost the budget."""
    rows = session.execute(
        select(Run, QuotaEntry.amount)
        .join(QuotaEntry, QuotaEntry.run_id == Run.id)
        .where(_ordered(budget, month, Run.api_key_id), _is_live())
    )
    for run, amount in rows:
        if budget.scope is BudgetScope.PROVIDER:
            yield run, min(amount, _most_at(budget.subject, run, amount))
        else:
            yield run, amount


def _most_at(provider: str, run: Run, amount: int) -> int:
    """Return what a run can be charged at a provider; all that its round reserved where only another release can tell."""
    try:
        return most_at_providers(pipeline_of(run), request_of(run)).get(provider, 0)
    except AnotherRelease:
        return amount


def _ended(budget: Budget, month: date) -> Select[Any]:
    """Return a query of the lines of rounds that are over, with what their calls did cost.

    A run knows only the key of its newest round; its calls keep the key of theirs.
    """
    cost = func.sum(func.coalesce(Call.cost_micro_usd, Call.worst_micro_usd))
    query = (
        select(
            func.gen_random_uuid(),
            literal(budget.id),
            Call.run_id,
            Call.round,
            literal(month),
            literal(BudgetEntryKind.SETTLED.value),
            cost,
        )
        .select_from(QuotaEntry)
        .join(Run, Run.id == QuotaEntry.run_id)
        .join(Call, and_(Call.run_id == QuotaEntry.run_id, Call.round == QuotaEntry.round))
        .where(_ordered(budget, month, Call.api_key_id), ~_is_live())
        .group_by(Call.run_id, Call.round)
        .having(cost > 0)
    )
    return query.where(Call.provider == budget.subject) if budget.scope is BudgetScope.PROVIDER else query


def _forget_refuted(session: Session, budget: Budget, month: date, now: datetime) -> None:
    """Forget the month's refusal and the alerts that do not hold with the new limit: they may come true once more."""
    row = session.get(BudgetMonth, (budget.id, month))
    spent = row.spent if row else 0
    session.execute(
        update(BudgetMonth)
        .where(BudgetMonth.budget_id == budget.id, BudgetMonth.month == month)
        .values(refused_at=None)
    )
    still = reached(spent=spent, limit=budget.limit_micro_usd, is_refusing=False, month=month, now=now)
    for alert in session.scalars(select(Alert).where(Alert.budget_id == budget.id, Alert.month == month)):
        if alert.threshold not in still:
            session.delete(alert)
    session.flush()


def standings(session: Session, now: datetime, *, key: ApiKey | None = None) -> list[Standing]:
    """Return where this month's budgets stand, the widest first; with a key only its own and its user's."""
    month = month_of(now)
    query = (
        select(Budget, BudgetMonth, User.name, ApiKey.prefix)
        .outerjoin(BudgetMonth, and_(BudgetMonth.budget_id == Budget.id, BudgetMonth.month == month))
        .outerjoin(User, User.id == Budget.user_id)
        .outerjoin(ApiKey, and_(Budget.scope == BudgetScope.KEY, cast(ApiKey.id, String) == Budget.subject))
    )
    if key is not None:
        query = query.where(Budget.subject.in_([str(key.id), str(key.user_id)]))
    alerts: dict[uuid.UUID, list[Alert]] = {}
    lowest = list(AlertThreshold)  # as text, 100 would stand before 50
    told = session.scalars(select(Alert).where(Alert.month == month))
    for alert in sorted(told, key=lambda one: (one.created_at, lowest.index(one.threshold))):
        alerts.setdefault(alert.budget_id, []).append(alert)
    found = []
    for budget, row, user, prefix in session.execute(query):
        used, spent = (row.used, row.spent) if row else (0, 0)
        name = {BudgetScope.USER: user, BudgetScope.KEY: prefix}.get(budget.scope, budget.subject)
        projected = projected_micro_usd(spent, month, now)
        found.append(Standing(budget, name, used, spent, projected, alerts.get(budget.id, [])))
    widest = list(reversed(BudgetScope))
    return sorted(found, key=lambda standing: (widest.index(standing.budget.scope), standing.name))
