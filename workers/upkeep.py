"""What beat starts: admission, the relay, schedules, the watchdog. Each may run twice or be missed without harm.

All but admission and the relay are done one at a time in a process (`workers.passes`). A pass of admission is sent when a
place has become free, which the one under way may not have seen: left out, an order would wait for beat. The relay
publishes what was lost however long storage keeps another one.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from celery import Celery
from sqlalchemy import delete, func, select
from sqlalchemy.exc import OperationalError

from app import admission, alerts, broker, counts, logs, notifications, traffic
from app.db.models import IdempotencyKey, Run
from app.db.session import transaction
from app.domain.errors import NOBODY_FORESAW, InternalError, PressroomError, StorageError, Unavailable
from app.reports import sums
from app.runs import finish, joins, plan
from app.runs.finish import Finisher
from app.schedules import starts
from workers import canvas, feed_reading, safekeeping, webhooks
from workers.images import cache
from workers.passes import alone
from workers.watching import watched_since

log = logging.getLogger(__name__)

ORDERS_REMEMBERED = timedelta(days=30)
"""How long an Idempotency-Key gets the answer of its first request; a client repeats a request for minutes."""


def register(app: Celery) -> None:
    """Add the upkeep tasks under the names that celeryconfig's beat schedule has."""
    _add(app, "admit", admit)
    _add(app, "relay", relay)
    _add(app, "watchdog", alone(watchdog))
    _add(app, "tidy", alone(tidy, is_long=True))
    _add(app, "merge_sums", alone(merge_sums))
    _add(app, "start_schedules", alone(start_schedules))
    _add(app, "read_feeds", alone(feed_reading.read_due, is_long=True))
    _add(app, "notify", alone(webhooks.send_due, is_long=True))
    _add(app, "alert", alone(alerts.watch, is_long=True))


def _add(app: Celery, name: str, work: Callable[[], object]) -> None:
    """Add a task that is counted when it ended: a count that stands still says that beat or this worker does.

    One that was left out, for which `work` returns False, is not counted, nor one that met a part that is away: beat sends
    it again, and a line each time says enough.
    """

    def body() -> None:
        try:
            if work() is not False:
                counts.add(counts.Fact.UPKEEP_RUNS, name)
        except (OperationalError, Unavailable) as exc:
            log.warning("left_to_beat", extra={"task": f"upkeep.{name}", "reason": type(exc).__name__})

    body.__doc__ = work.__doc__
    app.task(name=f"upkeep.{name}")(body)


def admit() -> None:
    """Start the queued runs whose turn it is."""
    with transaction() as session:
        run_ids = admission.admit(session)
    for n, run_id in enumerate(run_ids):
        try:
            canvas.publish_plan(run_id)
        except Unavailable:
            with transaction() as session:
                admission.send_back(session, run_ids[n:])
            return


def relay() -> None:
    """Publish again what was lost, finish what is complete, store what waits.

    A killed worker's pieces come back through here: their leases run out after 30 s.
    """
    is_backlogged = traffic.is_backlogged()
    with transaction(durable=False) as session:
        chains = plan.overdue(session, is_backlogged=is_backlogged)
    with transaction(durable=False) as session:
        complete = plan.unfinished_business(session)
    try:
        canvas.publish(chains)
        for run_id, round_ in complete:
            broker.send("runs.finish", (str(run_id), round_), headers=Finisher.RELAY.headers)
    except Unavailable:
        log.warning("broker_away", extra={"chains": len(chains)})
    if chains:
        log.info("relayed", extra={"chains": len(chains)})
    try:
        _store_waiting()
    except StorageError:
        log.warning("storage_still_down")


_store_waiting = alone(safekeeping.empty_unstored, is_long=True)


def start_schedules() -> None:
    """Order what schedules are due for, and start it."""
    if starts.start_due():
        admit()


def watchdog() -> None:
    """End runs without progress: their open pieces become FAILED, `finish` refunds and tells the user."""
    with transaction(durable=False) as session:
        now = session.scalars(select(func.now())).one()
    since = watched_since(now)
    with transaction() as session:
        stalled = plan.stalled(session, now, watched_since=since)
        overdue = [finish.time_out(session, run_id) for run_id in stalled]
    for run_id, round_ in overdue:
        with logs.bound(run_id=run_id):
            try:
                _end_stalled(run_id, round_)
            except OperationalError:
                raise  # the database is away: all are ended by the next pass
            except Exception:  # one that cannot be ended must not keep the others
                log.exception("step_failed")


def _end_stalled(run_id: uuid.UUID, round_: int) -> None:
    """End a round here, not by a message: whatever made it hang must not keep it from ending.

    What joins the parts that are there is still made: only what was under way has ended. Where nobody can tell what that
    is, the parts are no result: the round is FAILED, and refunded.
    """
    log.warning("run_timed_out")
    lacks = None
    try:
        with transaction() as session:
            is_going_on = joins.open_more(session, run_id, round_)
    except OperationalError:
        raise
    except Exception as exc:  # a pipeline that cannot tell must not keep its run from ending
        told = exc if isinstance(exc, PressroomError) else InternalError(NOBODY_FORESAW)
        log.exception("not_joined", extra={"code": told.code})
        is_going_on, lacks = False, {"code": told.code, "message": str(told)}
    if is_going_on:
        with suppress(Unavailable):  # the relay publishes
            canvas.publish_plan(run_id)
        return
    with transaction() as session:
        state = finish.finish(session, run_id, round_, lacks=lacks, by=Finisher.WATCHDOG)
        pipeline = session.get_one(Run, run_id).pipeline
    if state is not None:
        counts.add(counts.Fact.ROUNDS_FINISHED, pipeline, state, Finisher.WATCHDOG)


def tidy() -> None:
    """Delete what would grow for ever.

    Old pictures of the cache (their files stay with their runs), the log of tries, and the keys of orders that nobody
    will send again.
    """
    now = datetime.now(UTC)
    with transaction() as session:
        gone = cache.forget_old(session)
        notifications.forget_old(session, now)
        session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < now - ORDERS_REMEMBERED))
    log.info("tidied", extra={"cached_pictures": gone})


def merge_sums() -> None:
    """Merge the lines that calls have added to the sums which reports read."""
    with transaction() as session:
        sums.merge(session)
