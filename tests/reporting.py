"""Reports for tests: what the journal adds up to, read and asked in many ways."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import delete, text

from app.db.models import ExchangeRate, User
from app.db.session import transaction
from app.reports import costs, periods, rates
from app.reports.costs import Report
from app.reports.periods import Period

BANK = "State Bank of Pakistan"


def this_month() -> Period:
    return periods.month(None, datetime.now(UTC).date())


def report(*group: str, user: User | None = None, period: Period | None = None, **options: Any) -> Report:
    with transaction() as session:
        return costs.costs(session, period or this_month(), costs.dimensions(group), user=user, **options)


def noted(currency: str, rate: str, day: date, source: str = BANK) -> None:
    with transaction() as session:
        rates.set_rate(session, currency, Decimal(rate), day, source)


@contextmanager
def without_rates() -> Iterator[None]:
    """Rates belong to nobody: they are forgotten before a test and after it."""
    for step in range(2):
        with transaction() as session:
            session.execute(delete(ExchangeRate))
        if step == 0:
            yield


JOURNAL_ADDS_UP_TO = """
    SELECT (calls.started_at AT TIME ZONE 'UTC')::date AS day, calls.user_id, calls.api_key_id, pipeline, step, purpose, provider,
        model, calls.is_sandbox, count(*) FILTER (WHERE cost_basis IS DISTINCT FROM 'cache') AS calls,
        count(*) FILTER (WHERE cost_basis = 'cache') AS cached, sum(pictures) AS pictures,
        coalesce(sum(pictures) FILTER (WHERE accepted), 0) AS accepted, coalesce(sum(cost_micro_usd), 0) AS known,
        count(*) FILTER (WHERE cost_micro_usd IS NULL) AS unknown,
        coalesce(sum(worst_micro_usd) FILTER (WHERE cost_micro_usd IS NULL), 0) AS doubt,
        coalesce(sum(tokens_in), 0), coalesce(sum(tokens_out), 0), coalesce(sum(tokens_cached), 0),
        coalesce(sum(tokens_image), 0)
    FROM calls JOIN runs ON runs.id = run_id GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
"""
LINES_ADD_UP_TO = """
    SELECT day, user_id, api_key_id, pipeline, step, purpose, provider, model, is_sandbox, sum(calls), sum(cached),
        sum(pictures), sum(accepted), sum(known_micro_usd), sum(unknown), sum(doubt_micro_usd),
        coalesce(sum(tokens_in), 0), coalesce(sum(tokens_out), 0), coalesce(sum(tokens_cached), 0),
        coalesce(sum(tokens_image), 0)
    FROM call_sums GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
"""
"""Tokens once known never become unknown again; between those that are unknown and 0 the test makes no difference."""


def difference() -> list[Any]:
    """Return what the journal adds up to and the lines do not, and the other way round."""
    with transaction() as session:
        both = f"(({JOURNAL_ADDS_UP_TO}) EXCEPT ({LINES_ADD_UP_TO})) UNION ALL (({LINES_ADD_UP_TO}) EXCEPT ({JOURNAL_ADDS_UP_TO}))"
        return list(session.execute(text(both)))
