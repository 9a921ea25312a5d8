"""Schedules of a feed over HTTP: made, shown, changed, and refused by field."""

from __future__ import annotations

from typing import Any

import pytest
from callers import Caller
from schedule_calls import PATH, shown
from sqlalchemy.exc import IntegrityError

from app.db.models import ScheduleItem
from app.db.session import transaction
from scheduling import MONDAY, nine, scheduled, start

FEED = "https://blog.example/feed.xml"
WISH: dict[str, Any] = {"name": "heroes", "pipeline": "hero-image", "cron": "0 6 * * *", "feed_url": FEED}


def made(call: Caller, **said: Any) -> dict[str, Any]:
    answer = call("POST", PATH, json=WISH | said)
    assert answer.status_code == 201, answer.text
    return dict(answer.get_json())


def test_it_shows_its_feed_and_that_nobody_has_read_it_yet(call: Caller) -> None:
    schedule = made(call)

    told = {name: value for name, value in schedule.items() if name.startswith("feed_")}
    assert told == {"feed_url": FEED, "feed_items": "without_image", "feed_read_at": None, "feed_waiting": 0}
    assert (schedule["topics_left"], schedule["next_topic"], schedule["status"]) == (None, None, "ACTIVE")
    assert shown(call, schedule) == schedule


def test_one_without_a_feed_shows_none(call: Caller) -> None:
    schedule = made(call, feed_url=None, request={"title": "Always the same"})

    assert [schedule[name] for name in ("feed_url", "feed_items", "feed_waiting")] == [None] * 3


def test_what_is_shown_of_it_can_be_sent_back(call: Caller) -> None:
    schedule = made(call, feed_items="all")
    kept = {name: schedule[name] for name in ("name", "pipeline", "request", "cron", "feed_url", "feed_items")}

    answer = call("PUT", f"{PATH}/{schedule['id']}", json=kept | {"cron": "0 7 * * *"})

    assert answer.status_code == 200, answer.text
    assert (answer.get_json()["feed_url"], answer.get_json()["feed_items"]) == (FEED, "all")


def test_an_extra_run_before_it_was_read_is_refused_with_the_reason(call: Caller) -> None:
    answer = call("POST", f"{PATH}/{made(call)['id']}/run", json={})

    assert (answer.status_code, answer.get_json()["code"]) == (409, "feed_not_read")


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"feed_url": "ftp://blog.example/feed"}, "feed_url"),
        ({"feed_url": "https://me:secret@blog.example/feed"}, "feed_url"),
        ({"feed_url": "https://blog.example/" + "a" * 2048}, "feed_url"),
        ({"feed_url": "blog.example/feed"}, "feed_url"),
        ({"feed_items": "some"}, "feed_items"),
        ({"pipeline": "images"}, "feed_url"),
        ({"topics": ["One"], "topics_into": "title"}, "feed_url"),
        ({"request": {"title": "Mine"}}, "request.title"),
        ({"request": {"aspect_ratio": "3:2"}}, "request.aspect_ratio"),
    ],
    ids=str,
)
def test_a_wish_that_cannot_be_is_refused_by_field(call: Caller, said: dict[str, Any], field: str) -> None:
    answer = call("POST", PATH, json=WISH | said)

    assert answer.status_code == 422, answer.text
    assert list(answer.get_json()["fields"]) == [field]


@pytest.mark.usefixtures("database")
def test_the_database_holds_no_run_of_an_article_that_was_not_drawn() -> None:
    schedule_id = scheduled()
    (run_id,) = start(nine())
    told = {"title": "T", "summary": "", "has_image": False, "seen_at": MONDAY, "place": 0, "listed_at": MONDAY}

    with pytest.raises(IntegrityError, match="run_only_when_taken"), transaction() as session:
        session.add(ScheduleItem(schedule_id=schedule_id, key="k", run_id=run_id, **told))
