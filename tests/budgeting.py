"""Budgets for tests: set, read and checked against their ledger."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import delete, func, select

from app import accounts, budget_limits, budgets
from app.budget_limits import Standing
from app.db.models import ApiKey, Budget, BudgetEntry, BudgetMonth, Run, User
from app.db.session import transaction
from app.domain.budgets import BudgetEntryKind, BudgetScope
from app.domain.plans import month_of
from app.domain.states import LIVE_RUNS
from app.pipelines.catalog import pipeline_named
from app.runs.accept import accept
from orders import TOPIC

MILLION = 1_000_000
CENT = 10_000


def set_budget(scope: BudgetScope, usd: float, name: str = "", now: datetime | None = None) -> Budget:
    """Make or change a budget of `usd` dollars a month."""
    with transaction() as session:
        return budget_limits.set_limit(session, scope, name, round(usd * MILLION), now or datetime.now(UTC))


def remove_budget(scope: BudgetScope, name: str = "") -> None:
    """Take a budget away."""
    with transaction() as session:
        budget_limits.remove(session, scope, name)


def standing_of(budget: Budget, now: datetime | None = None) -> Standing:
    """Return where the budget's month stands."""
    with transaction() as session:
        every = budget_limits.standings(session, now or datetime.now(UTC))
    return next(one for one in every if one.budget.id == budget.id)


def month_row(budget: Budget) -> tuple[int, int]:
    """Return what is used and spent of the budget's present month."""
    standing = standing_of(budget)
    return standing.used, standing.spent


def order_with(user: User, key_id: uuid.UUID, **request: object) -> uuid.UUID:
    """Accept a post that may cost a cent at most, ordered with a key."""
    with transaction() as session:
        budgets.order_with(session, key_id)
        body = {"topic": TOPIC, "max_cost_usd": 0.01, **request}
        return accept(session, user, pipeline_named("full-post"), body).run_id


def ledger_of(budget: Budget) -> tuple[int, int]:
    """Return what the lines of the ledger say is used and spent of the present month."""
    live = select(Run.id).where(Run.id == BudgetEntry.run_id, Run.round == BudgetEntry.round, Run.state.in_(LIVE_RUNS))
    held = func.sum(BudgetEntry.amount).filter(BudgetEntry.kind == BudgetEntryKind.RESERVED, live.exists())
    spent = func.sum(BudgetEntry.amount).filter(BudgetEntry.kind != BudgetEntryKind.RESERVED)
    mine = select(held, spent).where(
        BudgetEntry.budget_id == budget.id, BudgetEntry.month == month_of(datetime.now(UTC))
    )
    with transaction() as session:
        reserved, settled = session.execute(mine).one()
    return int(reserved or 0) + int(settled or 0), int(settled or 0)


@contextmanager
def no_budgets_left() -> Iterator[None]:
    """Leave no budget of the operator behind: it would bind whatever comes next in this database."""
    try:
        yield
    finally:
        with transaction() as session:
            session.execute(delete(Budget))


def set_month(budget: Budget, *, spent: int, now: datetime | None = None) -> None:
    """Make the budget's month hold so much."""
    with transaction() as session:
        month = month_of(now or datetime.now(UTC))
        session.merge(BudgetMonth(budget_id=budget.id, month=month, used=spent, spent=spent))


def a_key(user: User) -> uuid.UUID:
    """Make a key of the user and return its id."""
    with transaction() as session:
        return accounts.create_key(session, user, "test")[0].id


def prefix_of(key_id: uuid.UUID) -> str:
    """Return the first characters of a key."""
    with transaction() as session:
        return session.get_one(ApiKey, key_id).prefix


def set_for_all(user: User, key_id: uuid.UUID, usd: float) -> list[Budget]:
    """Set a budget in every scope, the narrowest first."""
    names = {
        BudgetScope.KEY: prefix_of(key_id),
        BudgetScope.USER: user.name,
        BudgetScope.PROVIDER: "gateway",
        BudgetScope.INSTALLATION: "",
    }
    return [set_budget(scope, usd, name) for scope, name in names.items()]
