"""The database refuses books that cannot be: a round settled twice, more spent than used, two budgets of one subject."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from app.db.models import Alert, ApiKey, Budget, BudgetEntry, BudgetMonth, User
from app.db.session import transaction
from app.domain.budgets import AlertThreshold, BudgetEntryKind, BudgetScope
from budgeting import a_key, month_row, no_budgets_left, order_with, prefix_of, set_budget
from harness import Installation
from orders import a_user, order, run_of

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def _alone(database: Installation) -> Iterator[None]:
    assert database
    with no_budgets_left():
        yield


def free_run() -> uuid.UUID:
    """Return a run that takes nothing of any budget."""
    run_id = order()
    with transaction() as session:
        session.execute(delete(BudgetEntry))
    return run_id


def insert(row: Any) -> None:
    with transaction() as session:
        session.add(row)


@pytest.mark.parametrize("kind", list(BudgetEntryKind))
def test_a_round_has_one_line_of_each_kind_in_a_budget(kind: BudgetEntryKind) -> None:
    budget, run_id = set_budget(BudgetScope.INSTALLATION, 100), free_run()

    def line() -> BudgetEntry:
        month = run_of(run_id).created_at.date().replace(day=1)
        return BudgetEntry(budget_id=budget.id, run_id=run_id, round=1, month=month, kind=kind, amount=5)

    insert(line())

    with pytest.raises(IntegrityError, match="uq_budget_entries"):
        insert(line())


@pytest.mark.parametrize("values", [{"used": -1, "spent": -1}, {"used": 5, "spent": 6}, {"used": 5, "spent": -1}])
def test_a_month_never_holds_less_than_nothing_or_than_is_spent(values: dict[str, int]) -> None:
    budget = set_budget(BudgetScope.INSTALLATION, 1)
    assert month_row(budget) == (0, 0)

    with pytest.raises(IntegrityError, match="used_holds_spent"), transaction() as session:
        session.execute(update(BudgetMonth).values(**values))


def test_only_what_is_reconciled_may_be_below_nothing() -> None:
    budget, run_id = set_budget(BudgetScope.INSTALLATION, 100), free_run()
    month = run_of(run_id).created_at.date().replace(day=1)
    line = BudgetEntry(
        budget_id=budget.id, run_id=run_id, round=1, month=month, kind=BudgetEntryKind.SETTLED, amount=-1
    )

    with pytest.raises(IntegrityError, match="amount_not_negative"):
        insert(line)


@pytest.mark.parametrize(
    ("values", "rule"),
    [
        ({"scope": BudgetScope.INSTALLATION, "subject": ""}, "uq_budgets_scope_subject"),
        ({"scope": BudgetScope.INSTALLATION, "subject": "x"}, "has_a_subject"),
        ({"scope": BudgetScope.PROVIDER, "subject": ""}, "has_a_subject"),
        ({"scope": BudgetScope.USER, "subject": "x"}, "has_an_owner"),
        ({"scope": BudgetScope.PROVIDER, "subject": "x", "limit_micro_usd": -1}, "limit_not_negative"),
    ],
)
def test_a_budget_has_one_subject_and_an_owner_where_there_is_one(values: dict[str, Any], rule: str) -> None:
    set_budget(BudgetScope.INSTALLATION, 1)

    with pytest.raises(IntegrityError, match=rule):
        insert(Budget(**{"limit_micro_usd": 1, **values}))


def test_an_alert_is_written_once() -> None:
    budget = set_budget(BudgetScope.INSTALLATION, 1)

    def alert() -> Alert:
        month = budget.created_at.date().replace(day=1)
        return Alert(
            budget_id=budget.id, month=month, threshold=AlertThreshold.HALF, limit_micro_usd=1, used=1, spent=1
        )

    insert(alert())

    with pytest.raises(IntegrityError, match="uq_alerts"):
        insert(alert())


def test_a_user_who_goes_takes_their_budgets_along_and_a_key_leaves_its_runs() -> None:
    user = a_user()
    key_id = a_key(user)
    set_budget(BudgetScope.USER, 1, user.name)
    set_budget(BudgetScope.KEY, 1, prefix_of(key_id))
    run_id = order_with(user, key_id)
    assert run_of(run_id).api_key_id == key_id

    with transaction() as session:
        session.execute(delete(ApiKey).where(ApiKey.id == key_id))
    assert run_of(run_id).api_key_id is None

    with transaction() as session:
        session.execute(delete(User).where(User.id == user.id))
        assert session.scalars(select(Budget)).all() == []
