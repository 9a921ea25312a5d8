"""What beat starts: admission, the relay, schedules, the watchdog. Each may run twice or be missed without harm."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from celery import Celery

from app import admission, broker, notifications
from app.db.session import transaction
from app.domain.errors import StorageError, Unavailable
from app.runs import finish, plan
from app.schedules import starts
from workers import canvas, feed_reading, safekeeping
from workers.images import cache

log = logging.getLogger(__name__)


def register(app: Celery) -> None:
    """Add the upkeep tasks under the names that celeryconfig's beat schedule has."""
    app.task(name="upkeep.admit")(admit)
    app.task(name="upkeep.relay")(relay)
    app.task(name="upkeep.watchdog")(watchdog)
    app.task(name="upkeep.tidy")(tidy)
    app.task(name="upkeep.start_schedules")(start_schedules)
    app.task(name="upkeep.read_feeds")(feed_reading.read_due)
    app.task(name="upkeep.notify")(notifications.send_due)


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
    with transaction(durable=False) as session:
        chains = plan.overdue(session)
    with transaction(durable=False) as session:
        complete = plan.unfinished_business(session)
    try:
        canvas.publish(chains)
        for run_id, round_ in complete:
            broker.send("runs.finish", (str(run_id), round_))
    except Unavailable:
        log.warning("broker_away", extra={"chains": len(chains)})
    if chains:
        log.info("relayed", extra={"chains": len(chains)})
    try:
        safekeeping.empty_unstored()
    except StorageError:
        log.warning("storage_still_down")


def start_schedules() -> None:
    """Order what schedules are due for, and start it."""
    if starts.start_due():
        admit()


def watchdog() -> None:
    """End runs without progress: their open pieces become FAILED, `finish` refunds and tells the user."""
    now = datetime.now(UTC)
    with transaction() as session:
        overdue = [finish.time_out(session, run_id) for run_id in plan.stalled(session, now)]
    for run_id, round_ in overdue:
        log.warning("run_timed_out", extra={"run_id": str(run_id)})
        with transaction() as session:
            # Ended here, not by a message: whatever made it hang must not keep it from ending.
            finish.finish(session, run_id, round_, None)


def tidy() -> None:
    """Delete what would grow for ever: old pictures of the cache (their files stay with their runs)."""
    with transaction() as session:
        gone = cache.forget_old(session)
    log.info("tidied", extra={"cached_pictures": gone})
