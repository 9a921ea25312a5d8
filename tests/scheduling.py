"""Schedules for tests: made at a chosen moment, started at others, and their rows."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from app.db.models import Run, Schedule, ScheduleSlot, User
from app.db.session import transaction
from app.schedules import rows, starts
from app.schedules.wishes import ScheduleBody
from orders import TOPIC, a_user

MONDAY = datetime(2026, 10, 5, 8, 0, tzinfo=UTC)  # an hour before the first slot of NINE
NINE = "0 9 * * *"
DAY = timedelta(days=1)
LATER = timedelta(seconds=10)  # beat comes some seconds after the slot
MISSED_FOR = timedelta(minutes=6)  # longer than a slot may be late
CHEAP = {"max_cost_usd": 0.01}


def wish(**said: Any) -> ScheduleBody:
    """Return what a user says: a cheap post at nine (UTC) unless told otherwise."""
    usual: dict[str, Any] = {"name": f"s-{uuid.uuid4().hex[:8]}", "pipeline": "full-post", "cron": NINE}
    usual["request"] = CHEAP if "topics" in said else {"topic": TOPIC, **CHEAP}
    return ScheduleBody.model_validate({**usual, **said})


def scheduled(user: User | None = None, *, now: datetime = MONDAY, **said: Any) -> uuid.UUID:
    """Make a schedule and return its id."""
    owner = user or a_user()
    with transaction() as session:
        return rows.create(session, owner, wish(**said), now=now).id


def nine(days: int = 0) -> datetime:
    """Return a slot of NINE: the first one, or one of some days later."""
    return MONDAY + timedelta(hours=1) + days * DAY


def start(slot: datetime, late: timedelta = LATER) -> list[uuid.UUID]:
    """Start what is due shortly after a slot."""
    return starts.start_due(slot + late)


def now_of(schedule_id: uuid.UUID) -> Schedule:
    """Return the schedule as it is now."""
    with transaction() as session:
        return session.get_one(Schedule, schedule_id)


def history(schedule_id: uuid.UUID) -> Sequence[ScheduleSlot]:
    """Return what came of its slots, oldest first."""
    with transaction() as session:
        query = select(ScheduleSlot).where(ScheduleSlot.schedule_id == schedule_id)
        return session.scalars(query.order_by(ScheduleSlot.at, ScheduleSlot.slot)).all()


def outcomes(schedule_id: uuid.UUID) -> list[str]:
    """Return the outcomes of its slots, oldest first."""
    return [row.outcome.value for row in history(schedule_id)]


def topics_of(user: User) -> list[str]:
    """Return the topics of the user's runs, oldest first."""
    with transaction() as session:
        runs = session.scalars(select(Run).where(Run.user_id == user.id).order_by(Run.created_at)).all()
    return [run.request["topic"] for run in runs]


def set_columns(schedule_id: uuid.UUID, **values: Any) -> None:
    """Write columns past all that watches over them."""
    with transaction() as session:
        session.execute(update(Schedule).where(Schedule.id == schedule_id).values(**values))
