"""Read the feeds that schedules draw from, shortly before they are due. Several may do this at once: each feed has one."""

from __future__ import annotations

import logging
import time
from dataclasses import asdict
from datetime import UTC, datetime

from app.db.session import transaction
from app.domain.errors import PressroomError, SourceRefused
from app.schedules import feeds
from workers.web import apart, fetch

log = logging.getLogger(__name__)

PASS_S = 40.0  # then the next pass goes on: one thread of the control worker is busy that long, no more


def read_due(now: datetime | None = None) -> int:
    """Read what is due, and return how many feeds were read.

    No transaction is open while a feed is fetched. One that cannot be read is noted on its schedule and tried later;
    what a pass has no time for is due again when its claim has run out.
    """
    moment = now or datetime.now(UTC)
    with transaction() as session:
        due = feeds.due(session, moment)
    ends = time.monotonic() + PASS_S
    read = 0
    for one in due:
        if time.monotonic() > ends:
            log.warning("feeds_left", extra={"feeds": len(due)})
            break
        read += _read(one, moment)
    return read


def _read(due: feeds.Due, now: datetime) -> bool:
    problem: PressroomError
    try:
        fetched = fetch.feed(due.url)
        items = apart.items(fetched.body, fetched.content_type, fetched.url, fetched.charset)
    except PressroomError as exc:
        problem = exc
    except Exception:  # a feed that breaks its reader must not keep the others from being read
        log.exception("feed_broke_its_reader", extra={"schedule_id": str(due.schedule_id)})
        problem = SourceRefused("it breaks our reader; the operator's log has the details", code="feed_refused:broken")
    else:
        with transaction() as session:
            new = feeds.store(session, due, [asdict(item) for item in items], now)
        log.info("feed_read", extra={"schedule_id": str(due.schedule_id), "items": len(items), "new": new})
        return True
    with transaction() as session:
        feeds.failed(session, due, problem, now)
    log.info("feed_not_read", extra={"schedule_id": str(due.schedule_id), "code": problem.code})
    return False
