"""The watchdog counts only time in which it looked: while everything is stopped, no run can make progress."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import NoReturn

import pytest
from sqlalchemy.exc import OperationalError

from app import traffic
from app.db.models import Run
from making import change, opened, watch_all_along
from orders import run_of
from workers import upkeep, watching
from workers.watching import MOST_GAP, watched_since

pytestmark = pytest.mark.usefixtures("database")

MINUTE = timedelta(minutes=1)
BEGUN = datetime(2026, 11, 22, 6, tzinfo=UTC)


@pytest.fixture
def quiet() -> uuid.UUID:
    """A run that was under way an hour ago."""
    run_id = opened(slides=5)
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    change(Run, run_id, started_at=an_hour_ago, progressed_at=an_hour_ago)
    return run_id


def passes(*minutes: float) -> datetime:
    """Have the watchdog pass at those minutes; return since when it has looked by then."""
    return [watched_since(BEGUN + n * MINUTE) for n in minutes][-1]


def test_passes_without_a_gap_are_one_watch() -> None:
    assert passes(0, 1, 2, 5, 5) == BEGUN


def test_a_gap_of_three_passes_begins_the_watch_anew() -> None:
    passes(0)
    left_ms = traffic.ask(lambda redis: redis.pttl(watching.KEY))

    assert 0.9 * MOST_GAP < timedelta(milliseconds=left_ms) <= MOST_GAP == 3 * MINUTE


def test_a_clock_that_was_set_back_begins_the_watch_anew() -> None:
    assert passes(60, 61, 2) == BEGUN + 2 * MINUTE


def test_a_redis_that_lost_the_watch_begins_it_anew() -> None:
    passes(0, 1)
    traffic.ask(lambda redis: redis.delete(watching.KEY))

    assert passes(2) == BEGUN + 2 * MINUTE


def test_a_run_under_way_when_everything_was_stopped_goes_on_afterwards(quiet: uuid.UUID) -> None:
    upkeep.watchdog()
    upkeep.watchdog()

    assert not run_of(quiet).state.is_terminal


def test_a_run_that_made_no_progress_all_along_is_ended(quiet: uuid.UUID) -> None:
    watch_all_along()
    upkeep.watchdog()

    assert run_of(quiet).state.is_terminal


def test_a_pass_without_a_database_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "transaction", _away)
    with pytest.raises(OperationalError):
        upkeep.watchdog()

    assert not traffic.ask(lambda redis: redis.exists(watching.KEY))


def _away(**_: object) -> NoReturn:
    raise OperationalError("SELECT now()", {}, ConnectionError("the database is away"))
