"""Calls of today by outcome: from sums that the database keeps, so that a day of a million calls is no harder to tell."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from sqlalchemy import delete, text, update

from app.db.models import Call, CallSum
from app.db.session import transaction
from app.domain.states import CallState, CostBasis
from app.metrics import rows
from app.reports import sums
from journaling import Journal

pytestmark = pytest.mark.usefixtures("database")
NOW: Mapping[str, Any] = {"ago": timedelta(seconds=1), "seconds": 0.5}


@pytest.fixture
def journal(database: object) -> Journal:
    assert database
    return Journal()


def told(now: datetime | None = None) -> dict[str, float]:
    """Return today's calls by outcome, over all models."""
    with transaction() as session:
        (family,) = rows.calls(session, now or rows.utc_now())
    found: dict[str, float] = {}
    for sample in family.samples:
        found[sample.labels["outcome"]] = found.get(sample.labels["outcome"], 0) + sample.value
    return found


def one_of_each(journal: Journal) -> None:
    journal.add(**NOW)
    journal.unknown(**NOW)
    journal.rejected(**NOW)
    journal.rejected("provider_busy", 429, **NOW)
    journal.cached(ago=timedelta(seconds=1))


EACH = {"succeeded": 1, "unknown": 1, "failed": 1, "busy": 1, "cached": 1}


def test_each_call_has_one_outcome(journal: Journal) -> None:
    one_of_each(journal)

    assert told() == EACH


def test_a_call_under_way_has_none_and_gets_one_when_it_ends(journal: Journal) -> None:
    journal.add(state=CallState.INTENT, ended_at=None, cost_micro_usd=None, cost_basis=None, accepted=None)
    assert told() == {}

    with transaction() as session:
        session.execute(
            update(Call).values(
                state=CallState.FAILED, ended_at=rows.utc_now(), error_code="provider_down", cost_micro_usd=0,
                cost_basis=CostBasis.NONE,
            )
        )  # fmt: skip

    assert told() == {"failed": 1}


def test_a_call_that_is_settled_moves_from_unknown_to_succeeded(journal: Journal) -> None:
    journal.unknown(**NOW)

    with transaction() as session:
        session.execute(update(Call).values(state=CallState.SUCCEEDED, cost_micro_usd=1, cost_basis=CostBasis.PROVIDER))

    assert told() == {"succeeded": 1}


def test_a_call_over_midnight_counts_on_the_day_it_began(journal: Journal) -> None:
    midnight = rows.utc_now().replace(hour=0, minute=0, second=0, microsecond=0)
    journal.add(ago=rows.utc_now() - midnight + timedelta(seconds=30), seconds=60)

    assert told(midnight - timedelta(seconds=1)) == {"succeeded": 1}
    assert told(midnight + timedelta(minutes=5)) == {}


def test_merging_the_sums_changes_no_count(journal: Journal) -> None:
    one_of_each(journal)
    with transaction() as session:
        assert sums.merge(session)
    journal.add(**NOW)

    assert told() == EACH | {"succeeded": 2}


def test_the_calls_of_today_are_told_without_reading_a_call(journal: Journal) -> None:
    one_of_each(journal)
    with transaction() as session:
        session.execute(delete(Call))  # a deleted call leaves the sums as they are

    assert told() == EACH


def test_counts_that_an_older_release_lost_are_never_below_zero(journal: Journal) -> None:
    journal.unknown(**NOW)
    with transaction() as session:
        session.execute(update(CallSum).values(unanswered=0))  # as its merging leaves it
        session.execute(update(Call).values(state=CallState.SUCCEEDED, cost_micro_usd=1, cost_basis=CostBasis.PROVIDER))

    assert told() == {"succeeded": 1}


def test_the_migration_counts_the_calls_of_today(journal: Journal) -> None:
    migration = import_module("migrations.versions.0014_outcomes_in_sums")
    one_of_each(journal)
    with transaction() as session:
        session.execute(update(CallSum).values(succeeded=0, busy=0, failed=0, unanswered=0))
        session.execute(text(migration.RECENT))

    assert told() == EACH
