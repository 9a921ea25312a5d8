"""Budgets: how much money a scope may cost in a calendar month (UTC), and when somebody is told. Micro-USD."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum


class BudgetScope(StrEnum):
    """What a budget limits, the narrowest first: in this order the rows of a month are locked."""

    KEY = "key"
    USER = "user"
    PROVIDER = "provider"
    INSTALLATION = "installation"

    @property
    def is_operators(self) -> bool:
        """Whether only the operator sees what is used of it: it adds up what several users do."""
        return self in (BudgetScope.PROVIDER, BudgetScope.INSTALLATION)


class BudgetEntryKind(StrEnum):
    """One line of a budget's ledger."""

    RESERVED = "RESERVED"
    """What a round may cost at most."""
    SETTLED = "SETTLED"
    """What it did cost: it stands in the place of what was reserved. Calls in doubt count at their worst."""
    RECONCILED = "RECONCILED"
    """What became known of its calls in doubt after its end, in all: below 0 = it was cheaper."""


class AlertThreshold(StrEnum):
    """What of a budget was reached."""

    HALF = "50"
    MOST = "80"
    FULL = "100"
    """All of it is spent, or the first order was refused."""
    PROJECTED = "projected"
    """At this pace the month ends above the limit."""


class AlertChannel(StrEnum):
    """How the operator is told. The user whose budget, or whose key's budget, it is: as of finished runs."""

    WEBHOOK = "webhook"
    """The operator, by POST."""
    EMAIL = "email"
    """The operator, by SMTP."""


TOLD_AT = {AlertThreshold.HALF: 50, AlertThreshold.MOST: 80, AlertThreshold.FULL: 100}
"""Percent of the limit that is spent."""
FIRST_TENTH = 10  # before a tenth of the month has passed, one order would be a trend


def projected_micro_usd(spent: int, month: date, now: datetime) -> int | None:
    """Return what `month` will have cost at its end at this pace; None while less than a tenth of it has passed."""
    begin = datetime(month.year, month.month, 1, tzinfo=UTC)
    length = timedelta(days=calendar.monthrange(month.year, month.month)[1])
    passed = now - begin
    if passed >= length:
        return spent
    if passed * FIRST_TENTH < length:
        return None
    return spent * (length // timedelta(seconds=1)) // (passed // timedelta(seconds=1))


def reached(*, spent: int, limit: int, is_refusing: bool, month: date, now: datetime) -> frozenset[AlertThreshold]:
    """Return what a budget has reached. is_refusing: an order was refused for it this month."""
    found = {threshold for threshold, percent in TOLD_AT.items() if spent > 0 and spent * 100 >= limit * percent}
    if is_refusing:
        found.add(AlertThreshold.FULL)
    projected = projected_micro_usd(spent, month, now)
    if projected is not None and projected > limit > spent:
        found.add(AlertThreshold.PROJECTED)
    return frozenset(found)
