"""Schedules over HTTP, for tests: made, seen, refused and started."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from callers import Caller

from app.schedules import starts
from orders import TOPIC

PATH = "/api/schedules"
POST: dict[str, Any] = {
    "name": "daily",
    "pipeline": "full-post",
    "request": {"topic": TOPIC, "max_cost_usd": 0.01},
    "cron": "0 9 * * 1-5",
    "time_zone": "Asia/Karachi",
}
DRAWING: dict[str, Any] = POST | {"request": {"max_cost_usd": 0.01}, "topics": ["First", "Second", "Third"]}
SOON = timedelta(days=4)  # four days hold a weekday's slot


def made(call: Caller, **changes: Any) -> dict[str, Any]:
    """Make a schedule and return it."""
    answer = call("POST", PATH, json=(DRAWING if "topics" in changes else POST) | changes)
    assert answer.status_code == 201, answer.text
    return dict(answer.get_json())


def shown(call: Caller, schedule: dict[str, Any]) -> dict[str, Any]:
    """Return the schedule as it is now."""
    return dict(call("GET", f"{PATH}/{schedule['id']}").get_json())


def refused(call: Caller, **changes: Any) -> dict[str, str]:
    """Return field and reason of what is wrong with a schedule."""
    answer = call("POST", PATH, json=(DRAWING if "topics" in changes else POST) | changes)
    assert answer.status_code == 422, answer.text
    return dict(answer.get_json()["fields"])


def start(schedule: dict[str, Any]) -> list[uuid.UUID]:
    """Start a schedule's next slot."""
    assert schedule["next_at"] is not None
    return starts.start_due(datetime.fromisoformat(schedule["next_at"]) + timedelta(seconds=5))
