"""Start what is due: each slot once, whoever looks, and whatever happened since the last look."""

from __future__ import annotations

import logging
import threading
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, not_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from app.budgets import note_refusal
from app.db.models import Schedule, ScheduleSlot, User
from app.db.session import transaction
from app.domain.errors import Conflict, InternalError, PressroomError, QuotaExceeded, RequestError
from app.domain.schedules import MissedPolicy, PauseReason, SlotOutcome
from app.pipelines.catalog import pipeline_named
from app.runs.accept import Accepted, accept, seen
from app.schedules import draws, feeds, rows, slots

log = logging.getLogger(__name__)

LATE = timedelta(minutes=5)  # a slot that is older was missed: a restart takes less
MOST_GAP = timedelta(minutes=3)  # between two looks; after a longer one the installation was down
KEPT_SLOTS = 100  # of one schedule
MOST_COUNTED = 1000  # missed slots of one pause; there may have been more
MOST_AT_ONCE = 200  # schedules in one pass: others share the control worker, and the next pass comes in seconds


class Watch:
    """Since when this process looks for what is due without a gap: what was due before that may have been missed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._since = self._last = datetime.min.replace(tzinfo=UTC)

    def look(self, now: datetime) -> datetime:
        """Note a look, and return since when none was missing. A clock that was set back begins it anew."""
        with self._lock:
            if not self._last <= now <= self._last + MOST_GAP:
                self._since = now
            self._last = now
            return self._since


_watch = Watch()


def start_due(now: datetime | None = None) -> list[uuid.UUID]:
    """Order the run of each schedule that is due, and return the runs; have them admitted afterwards.

    Any number of processes may do this at the same time, and any of them may die at any point:
    1. List the schedules that are due and need not wait for their feed, the most overdue first.
    2. One by one: lock it unless somebody else has it or has dealt with its slot; claim the slot; order its run; set
       the next slot. All in one transaction.
    3. When the order is refused, all of that is undone, and another transaction notes why and sets the next slot.
    4. An error that nobody foresaw is noted in the same way; only while the database is away the slot stays due.
    """
    moment = now or datetime.now(UTC)
    since = _watch.look(moment)
    with transaction() as session:
        due = session.scalars(
            select(Schedule.id).where(*_is_due(moment, since)).order_by(Schedule.next_at).limit(MOST_AT_ONCE)
        ).all()
    ordered = []
    for schedule_id in due:
        try:
            run_id = _start(schedule_id, moment, since)
        except Exception:  # one schedule must not keep the others from their runs
            log.exception("schedule_left_due", extra={"schedule_id": str(schedule_id)})
        else:
            ordered += [run_id] if run_id else []
    return ordered


def run_now(
    session: Session,
    user: User,
    schedule: Schedule,
    *,
    idempotency: tuple[str, bytes] | None = None,
    now: datetime | None = None,
) -> Accepted:
    """Order an extra run of a schedule that is locked, with what it draws next; its next slot stays where it is.

    Raises InvalidRequest, QuotaExceeded, and Conflict when it has nothing left to draw.
    """
    if idempotency is not None and (before := seen(session, user, *idempotency)):
        return before
    moment = now or datetime.now(UTC)
    row = ScheduleSlot(
        id=uuid.uuid4(), schedule_id=schedule.id, slot=None, at=moment, outcome=SlotOutcome.ORDERED, missed=0
    )
    session.add(row)
    accepted = _order(session, schedule, row, moment, idempotency)
    if accepted is None:
        raise Conflict("the feed has no article that waits for a run", code="nothing_new")
    if schedule.paused_at is None:
        rows.pause_if_used_up(schedule, moment)
    _forget_old(session, schedule)
    return accepted


def _start(schedule_id: uuid.UUID, now: datetime, since: datetime) -> uuid.UUID | None:
    try:
        with transaction() as session:
            schedule = _due(session, schedule_id, now, since)
            return _deal_with(session, schedule, now, since) if schedule else None
    except RequestError as exc:
        problem: PressroomError = exc
        log.info("schedule_refused", extra={"schedule_id": str(schedule_id), "code": exc.code})
        if isinstance(exc, QuotaExceeded) and exc.budget_id is not None:
            note_refusal(exc.budget_id, now)
    except (OperationalError, InterfaceError):  # away, or a deadlock: the slot stays due
        raise
    except Exception:  # whatever it is, the next slot shall come
        problem = InternalError("something went wrong on our side; the operator's log has the details")
        log.exception("schedule_failed", extra={"schedule_id": str(schedule_id)})
    with transaction() as session:
        if schedule := _due(session, schedule_id, now, since):
            _note(session, schedule, problem, now)
    return None


def _is_due(now: datetime, since: datetime) -> tuple[ColumnElement[bool], ...]:
    return Schedule.paused_at.is_(None), Schedule.next_at <= now, not_(feeds.is_awaited(now, since))


def _due(session: Session, schedule_id: uuid.UUID, now: datetime, since: datetime) -> Schedule | None:
    """Return the schedule, locked; None when somebody else has it, or it is not due any more."""
    return session.scalar(
        select(Schedule).where(Schedule.id == schedule_id, *_is_due(now, since)).with_for_update(skip_locked=True)
    )


def _deal_with(session: Session, schedule: Schedule, now: datetime, since: datetime) -> uuid.UUID | None:
    """Order the run of the latest slot, unless that was missed too; return the run. Raises RequestError."""
    assert schedule.next_at is not None
    first = schedule.next_at
    slot = slots.latest_slot(schedule.cron, schedule.time_zone, first, now)
    has_waited = schedule.feed_url is not None and since <= slot + LATE  # for its feed: we were there in time
    is_missed = now - slot > LATE and schedule.missed is MissedPolicy.SKIP and not has_waited
    missed = slots.count(schedule.cron, schedule.time_zone, first, slot, MOST_COUNTED) + is_missed
    run_id = None
    row = _claimed(session, schedule, slot, now, SlotOutcome.MISSED if is_missed else SlotOutcome.ORDERED, missed)
    if row is not None and not is_missed:
        if accepted := _order(session, schedule, row, now):
            run_id = accepted.run_id
            schedule.ordered += 1
        else:
            row.outcome = SlotOutcome.NOTHING_NEW
            schedule.last_problem = None
    if row is not None:
        schedule.missed_slots += missed
        log.info(
            "schedule_started" if run_id else "schedule_missed" if is_missed else "schedule_has_nothing_new",
            extra={"schedule_id": str(schedule.id), "run_id": str(run_id), "missed": missed},
        )
    _move_on(session, schedule, now)
    return run_id


def _claimed(
    session: Session,
    schedule: Schedule,
    slot: datetime,
    now: datetime,
    outcome: SlotOutcome,
    missed: int,
    problem: dict[str, Any] | None = None,
) -> ScheduleSlot | None:
    """Return the row of a slot; None when it was dealt with before, as when a clock was set back."""
    values = {
        "id": uuid.uuid4(),
        "schedule_id": schedule.id,
        "slot": slot,
        "at": now,
        "outcome": outcome,
        "missed": missed,
        "problem": problem,
    }
    return session.scalar(insert(ScheduleSlot).values(values).on_conflict_do_nothing().returning(ScheduleSlot))


def _order(
    session: Session,
    schedule: Schedule,
    row: ScheduleSlot,
    now: datetime,
    idempotency: tuple[str, bytes] | None = None,
) -> Accepted | None:
    """Order a run with what is drawn next, and write it into the slot's row; None when there is nothing new to draw.

    Raises RequestError.
    """
    pipeline = pipeline_named(schedule.pipeline)
    source = draws.source_of(session, schedule, pipeline)
    item = source.next_item()
    if item is None:
        if problem := source.nothing():
            raise problem
        return None
    user = session.get_one(User, schedule.user_id)
    accepted = accept(session, user, pipeline, schedule.request | item.fields, idempotency=idempotency, now=now)
    source.take(accepted.run_id)
    row.run_id, row.topic = accepted.run_id, item.title
    schedule.last_run_id, schedule.last_at, schedule.last_problem = accepted.run_id, now, None
    return accepted


def _note(session: Session, schedule: Schedule, error: PressroomError, now: datetime) -> None:
    """Write down why a slot has no run, and go on to the next one."""
    problem = {"code": error.code, "message": str(error)}
    assert schedule.next_at is not None
    first = slot = schedule.next_at
    missed = 0
    try:
        slot = slots.latest_slot(schedule.cron, schedule.time_zone, first, now)
        missed = slots.count(schedule.cron, schedule.time_zone, first, slot, MOST_COUNTED)
    except slots.UNUSABLE:  # a zone that the newest tzdata does not have
        rows.pause(schedule, PauseReason.UNUSABLE, now=now)
    if _claimed(session, schedule, slot, now, SlotOutcome.REFUSED, missed, problem) is not None:
        schedule.last_problem = problem
        schedule.refused += 1
        schedule.missed_slots += missed
    if schedule.paused_at is None:
        _move_on(session, schedule, now)


def _move_on(session: Session, schedule: Schedule, now: datetime) -> None:
    schedule.next_at = slots.next_slot(schedule.cron, schedule.time_zone, now)
    rows.pause_if_used_up(schedule, now)
    _forget_old(session, schedule)


def _forget_old(session: Session, schedule: Schedule) -> None:
    session.flush()
    mine = ScheduleSlot.schedule_id == schedule.id
    old = select(ScheduleSlot.id).where(mine).order_by(ScheduleSlot.at.desc()).offset(KEPT_SLOTS)
    session.execute(delete(ScheduleSlot).where(ScheduleSlot.id.in_(old)).execution_options(synchronize_session=False))
