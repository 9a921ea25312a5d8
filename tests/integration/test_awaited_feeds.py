"""A slot waits until its feed is read, for what is stored may lack what it lists by now; but for no longer than an hour."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.db.session import transaction
from app.domain.errors import FetchFailed
from app.schedules import feeds, starts
from app.schedules.feeds import Due
from orders import run_of
from scheduling import LATER, MONDAY, history, nine, now_of, outcomes, scheduled, set_columns, start

pytestmark = pytest.mark.usefixtures("database")
FEED = "https://blog.example/feed.xml"
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _nobody_has_looked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starts, "_watch", starts.Watch())


def drawing(**said: Any) -> uuid.UUID:
    """Make a schedule of hero images from a feed, daily at nine."""
    return scheduled(**{"pipeline": "hero-image", "request": {"max_cost_usd": 0.5}, "feed_url": FEED} | said)


def due_of(schedule_id: uuid.UUID) -> Due:
    return Due(schedule_id, now_of(schedule_id).user_id, FEED)


def read(schedule_id: uuid.UUID, now: datetime, *titles: str) -> None:
    """Read its feed, which lists these, newest first."""
    blank = {"url": None, "summary": "", "published": None, "has_image": False}
    with transaction() as session:
        feeds.store(session, due_of(schedule_id), [blank | {"title": title} for title in titles], now)


def is_due_for_reading(schedule_id: uuid.UUID, now: datetime) -> bool:
    with transaction() as session:
        return schedule_id in [one.schedule_id for one in feeds.due(session, now)]


def titles(run_ids: list[uuid.UUID]) -> list[str]:
    return [run_of(run_id).request["title"] for run_id in run_ids]


def looks(begin: datetime, end: datetime) -> list[str]:
    """Start what is due each minute; return the titles of the runs."""
    count = (end - begin) // MINUTE + 1
    return [title for n in range(count) for title in titles(starts.start_due(begin + n * MINUTE))]


# ---- after downtime


@pytest.mark.parametrize("days", [0, 3])
@pytest.mark.parametrize("before", [MONDAY, nine() - 10 * MINUTE], ids=["long before", "for the first missed slot"])
def test_a_missed_slot_is_made_up_for_with_what_the_feed_lists_now(days: int, before: datetime) -> None:
    schedule_id = drawing(missed="catch_up_once")
    read(schedule_id, before)
    up = nine(days) + 5 * HOUR

    assert starts.start_due(up) == []
    assert history(schedule_id) == []
    assert is_due_for_reading(schedule_id, up)
    read(schedule_id, up, "News")

    assert titles(starts.start_due(up + MINUTE)) == ["News"]
    assert outcomes(schedule_id) == ["ORDERED"]


def test_a_slot_that_is_not_late_yet_waits_too() -> None:
    schedule_id = drawing()
    read(schedule_id, nine(-1))

    assert start(nine(), 4 * MINUTE) == []
    read(schedule_id, nine() + 6 * MINUTE, "News")

    assert titles(starts.start_due(nine() + 6 * MINUTE)) == ["News"], "it waited for its feed: it was not missed"


def test_a_slot_that_was_missed_and_is_not_made_up_for_stays_missed() -> None:
    schedule_id = drawing()
    read(schedule_id, MONDAY)
    starts.start_due(nine() + HOUR)
    read(schedule_id, nine() + HOUR, "News")

    assert starts.start_due(nine() + HOUR + MINUTE) == []
    assert outcomes(schedule_id) == ["MISSED"]


def test_a_feed_that_was_read_shortly_before_the_slot_is_waited_for_no_more() -> None:
    schedule_id = drawing()
    read(schedule_id, nine() - feeds.FRESH, "News")

    assert titles(start(nine())) == ["News"]


def test_one_that_became_due_for_reading_a_moment_ago_keeps_no_slot_waiting() -> None:
    schedule_id = drawing()
    read(schedule_id, nine() - feeds.FRESH - MINUTE, "News")

    assert titles(start(nine())) == ["News"]


# ---- while we look


def test_a_slot_waits_while_others_feeds_are_read_and_is_not_missed() -> None:
    schedule_id = drawing()
    read(schedule_id, MONDAY)

    assert looks(nine() - MINUTE, nine() + 20 * MINUTE) == []
    assert is_due_for_reading(schedule_id, nine() + 20 * MINUTE)
    read(schedule_id, nine() + 20 * MINUTE, "News")

    assert looks(nine() + 21 * MINUTE, nine() + 22 * MINUTE) == ["News"]
    assert outcomes(schedule_id) == ["ORDERED"]


def test_it_waits_no_longer_than_an_hour_and_then_draws_what_is_there() -> None:
    schedule_id = drawing()
    read(schedule_id, MONDAY, "Old news")

    assert looks(nine(), nine() + 59 * MINUTE) == []
    assert looks(nine() + HOUR, nine() + HOUR) == ["Old news"]
    assert outcomes(schedule_id) == ["ORDERED"]


def test_after_downtime_the_hour_begins_when_we_look_again() -> None:
    schedule_id = drawing(missed="catch_up_once")
    read(schedule_id, MONDAY, "Old news")
    up = nine(2) + 3 * HOUR

    assert looks(up, up + 59 * MINUTE) == []
    assert looks(up + HOUR, up + HOUR) == ["Old news"]


def test_a_feed_that_was_never_read_is_waited_for_and_told_after_an_hour() -> None:
    schedule_id = drawing()

    assert looks(nine(), nine() + 59 * MINUTE) == []
    assert history(schedule_id) == []
    looks(nine() + HOUR, nine() + HOUR)

    (row,) = history(schedule_id)
    assert row.problem is not None
    assert (row.outcome, row.problem["code"]) == ("REFUSED", "feed_not_read")


def test_a_feed_that_cannot_be_read_keeps_no_slot_waiting() -> None:
    schedule_id = drawing()
    read(schedule_id, MONDAY)
    with transaction() as session:
        feeds.failed(session, due_of(schedule_id), FetchFailed("it is away", why="away", permanent=False), nine())

    start(nine())

    (row,) = history(schedule_id)
    assert row.problem is not None
    assert (row.outcome, row.problem["code"]) == ("REFUSED", "fetch_failed:away")


def test_an_article_that_waits_is_drawn_although_the_feed_cannot_be_read() -> None:
    schedule_id = drawing()
    read(schedule_id, MONDAY, "Old news")
    set_columns(schedule_id, feed_failures=1)

    assert titles(start(nine())) == ["Old news"]


def test_slots_that_wait_do_not_stand_before_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starts, "MOST_AT_ONCE", 1)
    read(drawing(cron="59 8 * * *"), MONDAY)
    scheduled(cron="0 9 * * *")

    assert len(start(nine(), LATER)) == 1
