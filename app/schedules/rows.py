"""Schedules as their owners make, change, pause and delete them."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.db.models import Schedule, User
from app.domain.errors import Conflict, NotFound
from app.domain.schedules import PauseReason
from app.schedules import draws, feeds, slots
from app.schedules.wishes import ScheduleBody, check

MAX_SCHEDULES = 50  # of one user


def owned(session: Session, user: User, schedule_id: uuid.UUID, *, to_change: bool = False) -> Schedule:
    """Return a schedule of this user. Raises NotFound, also for somebody else's.

    to_change: neither its owner nor the starter of slots changes it until the commit.
    """
    query = select(Schedule).where(Schedule.id == schedule_id, Schedule.user_id == user.id)
    schedule = session.scalar(query.with_for_update() if to_change else query)
    if schedule is None:
        raise NotFound("you have no such schedule")
    return schedule


def create(
    session: Session,
    user: User,
    wished: ScheduleBody,
    *,
    idempotency: tuple[str, bytes] | None = None,
    now: datetime | None = None,
) -> Schedule:
    """Return a new schedule, or the one that the same request made before.

    Raises InvalidRequest, and Conflict: the name is taken, there are too many, or the key was used for another request.
    """
    # Whoever makes schedules of one user waits here: the bound holds, and a twin request finds what the first one made.
    session.execute(select(User.id).where(User.id == user.id).with_for_update(key_share=True))
    if idempotency is not None and (before := _made_before(session, user, *idempotency)):
        return before
    check(session, user, wished)
    if (
        session.scalar(select(func.count()).select_from(Schedule).where(Schedule.user_id == user.id)) or 0
    ) >= MAX_SCHEDULES:
        raise Conflict(
            f"you have {MAX_SCHEDULES} schedules; delete one that you do not need", code="too_many_schedules"
        )
    moment = now or datetime.now(UTC)
    key, request_hash = idempotency or (None, None)
    schedule = Schedule(
        id=uuid.uuid4(), user_id=user.id, created_at=moment, idempotency_key=key, request_hash=request_hash
    )
    schedule.topics_drawn = schedule.feed_failures = schedule.ordered = schedule.refused = schedule.missed_slots = 0
    schedule.next_at = slots.next_slot(wished.cron, wished.time_zone, moment)
    _write(schedule, wished)
    session.add(schedule)
    _flush(session, wished)
    return schedule


def replace(
    session: Session, user: User, schedule: Schedule, wished: ScheduleBody, *, now: datetime | None = None
) -> None:
    """Change a schedule that is locked. A topic that had its run has none again; it is moved to the front of the list.

    New topics, or a new time, wake a schedule that had paused itself. Raises InvalidRequest, Conflict.
    """
    check(session, user, wished)
    if schedule.feed_url != wished.feed_url:
        feeds.forget(session, schedule)
    is_moved = (schedule.cron, schedule.time_zone) != (wished.cron, wished.time_zone)
    _write(schedule, wished)
    if schedule.paused_because not in {None, PauseReason.ASKED} and not draws.is_used_up(schedule):
        resume(schedule, now=now)
    elif schedule.paused_at is None:
        if is_moved:
            schedule.next_at = slots.next_slot(schedule.cron, schedule.time_zone, now or datetime.now(UTC))
        pause_if_used_up(schedule, now or datetime.now(UTC))
    _flush(session, wished)


def pause(schedule: Schedule, because: PauseReason = PauseReason.ASKED, *, now: datetime | None = None) -> None:
    """Have a schedule that is locked order nothing until it is resumed; a second time changes nothing but the reason."""
    schedule.paused_at = schedule.paused_at or now or datetime.now(UTC)
    schedule.paused_because = because
    schedule.next_at = None


def resume(schedule: Schedule, *, now: datetime | None = None) -> None:
    """Have a schedule that is locked order again, from its next slot on; what lay in the pause was not missed.

    Raises Conflict when it has nothing left to draw.
    """
    if schedule.paused_at is None:
        return
    if draws.is_used_up(schedule):
        raise Conflict("all topics had their run; add some, or set repeat_topics", code=PauseReason.TOPICS_USED_UP)
    schedule.next_at = slots.next_slot(schedule.cron, schedule.time_zone, now or datetime.now(UTC))
    schedule.paused_at = schedule.paused_because = None


def pause_if_used_up(schedule: Schedule, now: datetime) -> None:
    """Pause a schedule that has nothing left to draw."""
    if draws.is_used_up(schedule):
        pause(schedule, PauseReason.TOPICS_USED_UP, now=now)


def _write(schedule: Schedule, wished: ScheduleBody) -> None:
    drawn = (schedule.topics or [])[: schedule.topics_drawn]
    schedule.name = wished.name
    schedule.pipeline = wished.pipeline
    schedule.request = wished.request
    schedule.cron, schedule.time_zone = wished.cron, wished.time_zone
    schedule.missed = wished.missed
    schedule.feed_url = wished.feed_url
    schedule.feed_items = wished.feed_items if wished.feed_url is not None else None
    schedule.repeat_topics = wished.repeat_topics
    if wished.topics is None:
        schedule.topics, schedule.topics_drawn, schedule.topics_into = None, 0, None
        return
    schedule.topics, schedule.topics_drawn = draws.kept_order(wished.topics, drawn)
    schedule.topics_into = wished.topics_into
    if wished.repeat_topics and schedule.topics_drawn == len(schedule.topics):
        schedule.topics_drawn = 0


def _flush(session: Session, wished: ScheduleBody) -> None:
    try:
        session.flush()
    except IntegrityError:
        raise Conflict(f"you have a schedule {wished.name!r} already", code="schedule_exists") from None


def _made_before(session: Session, user: User, key: str, request_hash: bytes) -> Schedule | None:
    """Return the schedule that a POST with this Idempotency-Key made. Raises Conflict when it was another POST."""
    before = session.scalar(select(Schedule).where(Schedule.user_id == user.id, Schedule.idempotency_key == key))
    if before is not None and before.request_hash != request_hash:
        raise Conflict(
            "this Idempotency-Key was used for another request; use a new key", code="idempotency_key_reused"
        )
    return before
