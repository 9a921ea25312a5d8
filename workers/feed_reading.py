"""Read the feeds that schedules draw from, shortly before they are due. Several may do this at once: each feed has one."""

from __future__ import annotations

import logging
import time
import uuid
from collections import deque
from dataclasses import asdict
from datetime import UTC, datetime

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.db.session import transaction
from app.domain.errors import InternalError, PressroomError, SourceRefused
from app.schedules import feeds
from workers.web import apart, fetch

log = logging.getLogger(__name__)

PASS_S = 40.0  # then the next pass goes on: one thread of the control worker is busy that long, no more
SLOW_S = 5.0  # after one that takes longer, a user's other feeds are read when those of the others are
AWAY = ("08", "53", "57")  # classes of SQLSTATE: no connection, no room for one, the server is stopped


def read_due(now: datetime | None = None) -> int:
    """Read what is due, and return how many feeds were read.

    No transaction is open while a feed is fetched. One that cannot be read is noted on its schedule and tried later;
    what a pass has no time for is due again. A user with slow feeds has the others read theirs first: in this pass, and
    in the next ones if there was no time for all of them.
    """
    moment = now or datetime.now(UTC)
    with transaction() as session:
        due = feeds.due(session, moment)
    ends = time.monotonic() + PASS_S
    waiting, later = deque(due), deque[feeds.Due]()
    slow: set[uuid.UUID] = set()
    read = 0
    try:
        while (waiting or later) and time.monotonic() <= ends:
            one = (waiting or later).popleft()
            if waiting and one.user_id in slow:
                later.append(one)
                continue
            began = time.monotonic()
            read += _read(one, moment)
            if time.monotonic() - began > SLOW_S:
                slow.add(one.user_id)
    finally:
        left = [*waiting, *later]
        if left:
            log.warning("feeds_left", extra={"feeds": len(left)})
            are_others_left = any(one.user_id not in slow for one in left)
            with transaction() as session:
                feeds.give_back(session, left, slow if are_others_left else (), moment)
    return read


def _read(due: feeds.Due, now: datetime) -> bool:
    """Read one feed, and return whether that was done; note why not. Raises only what tells that the database is away."""
    problem: PressroomError
    try:
        fetched = fetch.feed(due.url)
        items = apart.items(fetched.body, fetched.content_type, fetched.url, fetched.charset)
        with transaction() as session:
            new = feeds.store(session, due, [asdict(item) for item in items], now)
    except PressroomError as exc:
        problem = exc
    except Exception as exc:  # a feed that breaks its reader must not keep the others from being read
        if _is_away(exc):
            raise
        without_words = InternalError(type(exc).__name__).with_traceback(exc.__traceback__)  # they may quote the feed
        ids = {"schedule_id": str(due.schedule_id)}
        log.exception("feed_broke_its_reader", exc_info=without_words, extra={**ids, "problem": type(exc).__name__})
        problem = SourceRefused("it breaks our reader; the operator's log has the details", code="feed_refused:broken")
    else:
        log.info("feed_read", extra={"schedule_id": str(due.schedule_id), "items": len(items), "new": new})
        return True
    with transaction() as session:
        feeds.failed(session, due, problem, now)
    log.info("feed_not_read", extra={"schedule_id": str(due.schedule_id), "code": problem.code})
    return False


def _is_away(exc: Exception) -> bool:
    """Return whether the database is away, rather than that it does not take what a feed says."""
    if isinstance(exc, (OperationalError, InterfaceError)):
        state = getattr(exc.orig, "sqlstate", None)
        return state is None or state.startswith(AWAY)
    return isinstance(exc, PoolTimeout)
