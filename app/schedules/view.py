"""What users see of their schedules. The same few queries, however many there are."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, Text, cast, func, select
from sqlalchemy.orm import Session, defer, load_only

from app.db.models import Run, Schedule, ScheduleSlot, User
from app.runs.view import Links
from app.schedules import feeds, slots

UPCOMING = 5
MAX_LISTED = 200  # characters of a text in a list: a request may hold a table or a transcript of 256 KB


def whole(session: Session, schedule: Schedule, links: Links) -> dict[str, Any]:
    """Return a schedule with its topics and what came of its latest slots, newest first."""
    history = session.scalars(
        select(ScheduleSlot).where(ScheduleSlot.schedule_id == schedule.id).order_by(ScheduleSlot.at.desc())
    ).all()
    runs = _runs(session, [schedule.last_run_id, *(row.run_id for row in history)])
    topics, drawn = schedule.topics or [], schedule.topics_drawn
    shown = _head(schedule, runs, links, feeds.waiting(session, [schedule]))
    shown |= _left(schedule, len(topics), topics[drawn] if drawn < len(topics) else None)
    shown["request"], shown["topics"] = schedule.request, schedule.topics
    shown["history"] = [
        {
            "slot": _time(row.slot),
            "at": _time(row.at),
            "outcome": row.outcome,
            "missed": row.missed,
            "topic": row.topic,
            "run": _run(row.run_id, runs, links),
            "problem": row.problem,
        }
        for row in history
    ]
    return shown


def listed(session: Session, user: User, links: Links) -> list[dict[str, Any]]:
    """Return a user's schedules by name, without their topics and histories, and with long texts cut."""
    following = Schedule.topics.op("->>", return_type=Text())(cast(Schedule.topics_drawn, Integer))
    rows = session.execute(
        select(Schedule, func.jsonb_array_length(Schedule.topics), following)
        .where(Schedule.user_id == user.id)
        .order_by(Schedule.name)
        .options(defer(Schedule.topics, raiseload=True))
    ).all()
    schedules = [schedule for schedule, _, _ in rows]
    runs = _runs(session, [schedule.last_run_id for schedule in schedules])
    waiting = feeds.waiting(session, schedules)
    return [
        _head(schedule, runs, links, waiting) | _left(schedule, count, topic) | {"request": _cut(schedule.request)}
        for schedule, count, topic in rows
    ]


def _head(
    schedule: Schedule, runs: Mapping[uuid.UUID, Run], links: Links, waiting: Mapping[uuid.UUID, int]
) -> dict[str, Any]:
    here = f"{links.public_url}/api/schedules/{schedule.id}"
    return {
        "id": str(schedule.id),
        "name": schedule.name,
        "status": "ACTIVE" if schedule.paused_at is None else "PAUSED",
        "pipeline": schedule.pipeline,
        "cron": schedule.cron,
        "time_zone": schedule.time_zone,
        "in_words": _in_words(schedule),
        "topics_into": schedule.topics_into,
        "repeat_topics": schedule.repeat_topics,
        "feed_url": schedule.feed_url,
        "feed_items": schedule.feed_items,
        "feed_read_at": _time(schedule.feed_read_at),
        "feed_waiting": waiting.get(schedule.id),
        "missed": schedule.missed,
        "paused_at": _time(schedule.paused_at),
        "paused_because": schedule.paused_because,
        "next_at": _time(schedule.next_at),
        "upcoming": _upcoming(schedule),
        "last_at": _time(schedule.last_at),
        "last_run": _run(schedule.last_run_id, runs, links),
        "problem": schedule.last_problem,
        "slots": {"ordered": schedule.ordered, "refused": schedule.refused, "missed": schedule.missed_slots},
        "created_at": _time(schedule.created_at),
        "links": {"self": here, "run": f"{here}/run", "pause": f"{here}/pause", "resume": f"{here}/resume"},
    }


def _left(schedule: Schedule, count: int, following: str | None) -> dict[str, Any]:
    """Return how many of the topics had their run, how many have not, and which comes next."""
    has_topics = schedule.topics_into is not None
    return {
        "topics_drawn": schedule.topics_drawn if has_topics else None,
        "topics_left": count - schedule.topics_drawn if has_topics else None,
        "next_topic": following,
    }


def _cut(value: Any) -> Any:
    """Return a value of a request with its long texts cut."""
    match value:
        case str():
            return value if len(value) <= MAX_LISTED else f"{value[: MAX_LISTED - 1]}…"
        case dict():
            return {name: _cut(part) for name, part in value.items()}
        case list():
            return [_cut(part) for part in value]
        case _:
            return value


def _runs(session: Session, run_ids: Iterable[uuid.UUID | None]) -> dict[uuid.UUID, Run]:
    wanted = {run_id for run_id in run_ids if run_id is not None}
    light = load_only(Run.pipeline, Run.state, Run.made_from, raiseload=True)
    return {run.id: run for run in session.scalars(select(Run).where(Run.id.in_(wanted)).options(light))}


def _run(run_id: uuid.UUID | None, runs: Mapping[uuid.UUID, Run], links: Links) -> dict[str, Any] | None:
    run = runs.get(run_id) if run_id is not None else None
    return {"id": str(run.id), "status": run.state, "links": links.of(run)} if run else None


def _upcoming(schedule: Schedule) -> list[str]:
    """Return the next slots in the schedule's own time with its offset; empty while it is paused."""
    if schedule.next_at is None:
        return []
    try:
        found = slots.upcoming(schedule.cron, schedule.time_zone, schedule.next_at, UPCOMING)
    except slots.UNUSABLE:  # its next slot will say so
        return []
    return [slot.isoformat() for slot in found]


def _in_words(schedule: Schedule) -> str:
    try:
        return slots.in_words(schedule.cron)
    except slots.UNUSABLE:
        return schedule.cron


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
