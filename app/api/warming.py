"""Done once before the first request, so that the first orders are answered as quickly as all others.

Without it the first second after a start answers in 0.3 to 0.5 s: each thread connects, Celery is imported, and every
statement is compiled, while the requests behind it wait for the same two cores (measured at 100 orders a second).
"""

from __future__ import annotations

import logging
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError
from typing import NoReturn

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app import accounts, broker, traffic
from app.db.session import POOL_SIZE, transaction
from app.domain.errors import PressroomError
from app.domain.plans import Plan
from app.pipelines.catalog import all_pipelines
from app.runs.accept import accept

log = logging.getLogger(__name__)

CONNECTED_S = 5.0


class _Rehearsed(Exception):
    """Rolls a rehearsal back."""


def warm_up() -> None:
    """Load what orders need and connect to Redis and the database. What is away now is connected by later requests."""
    for warm in (_connect_redis, _rehearse_on_all):
        try:
            warm()
        except (SQLAlchemyError, PressroomError) as exc:
            log.warning("not_warmed", extra={"reason": type(exc).__name__})


def _connect_redis() -> None:
    """Load Celery and connect its producer. Raises Unavailable."""

    def connect() -> None:
        with broker.celery().producer_pool.acquire(block=True) as producer:
            producer.connection.ensure_connection(max_retries=1)

    broker.guarded(connect)
    broker.send("upkeep.admit")  # the first message costs 60 ms more; and orders may have come while nobody was here
    traffic.ask(lambda redis: redis.ping())


def _rehearse_on_all() -> None:
    """Fill the pool: each connection takes an order while the others are held, so that none takes two."""
    _rehearse(Barrier(1))  # alone, so that what is compiled is compiled once
    all_held = Barrier(POOL_SIZE, timeout=CONNECTED_S)
    with ThreadPoolExecutor(POOL_SIZE) as threads:
        for rehearsed in [threads.submit(_rehearse, all_held) for _ in range(POOL_SIZE)]:
            rehearsed.result()


def _rehearse(all_held: Barrier) -> None:
    """Take an order of a user who never was, and roll all of it back."""
    with suppress(_Rehearsed), transaction(durable=False) as session:
        with suppress(BrokenBarrierError):  # another one cannot connect, and says so
            all_held.wait()
        _order(session)


def _order(session: Session) -> NoReturn:
    user = accounts.create_user(session, f"rehearsal {uuid.uuid4()}", Plan.BUSINESS)
    _key, plaintext = accounts.create_key(session, user, "rehearsal")
    accounts.user_for_key(session, plaintext)
    accept(session, user, all_pipelines()["full-post"], {"topic": "A rehearsal that is rolled back"})
    raise _Rehearsed
