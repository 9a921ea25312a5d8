"""What a plot of a month's costs shows; `plot` draws it, outside the transaction, for that takes half a second."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.models import Budget, User
from app.domain.budgets import BudgetScope
from app.reports.costs import Dimension, Report, costs
from app.reports.periods import Period


@dataclass(frozen=True, slots=True)
class Chart:
    """What is drawn."""

    report: Report
    """Grouped by day and one more."""
    budget_micro_usd: int | None
    """What the month may cost; None = there is no budget."""


def chart(
    session: Session,
    period: Period,
    group_by: Sequence[Dimension],
    *,
    user: User | None,
    currency: str,
    sandbox: bool | None = None,
) -> Chart:
    """Return what to draw: each day, stacked by the first of `group_by` that is no day, or by provider.

    The budget is the user's, or the installation's when all users are meant. The rest as app.reports.costs.costs.
    """
    stacked = next((one for one in group_by if one is not Dimension.DAY), Dimension.PROVIDER)
    report = costs(session, period, (Dimension.DAY, stacked), user=user, currency=currency, sandbox=sandbox)
    scope, subject = (BudgetScope.INSTALLATION, "") if user is None else (BudgetScope.USER, str(user.id))
    limit = session.scalar(select(Budget.limit_micro_usd).where(Budget.scope == scope, Budget.subject == subject))
    return Chart(report, limit)
