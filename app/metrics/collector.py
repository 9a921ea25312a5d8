"""The text that Prometheus reads, made at most once in five seconds and within one."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app import traffic
from app.db.session import transaction
from app.domain.errors import Unavailable
from app.metrics import queues, rows

log = logging.getLogger(__name__)

FRESH_S = 5.0  # a storm of scrapes costs nothing
MOST_S = 0.9  # for all questions to the database together; they take a few milliseconds each

_lock = threading.Lock()
_made: tuple[float, bytes] | None = None


def exposition() -> bytes:
    """Return all metrics in Prometheus' text format, at most five seconds old.

    What cannot be asked is left out, and `pressroom_part_up` says so.
    """
    global _made  # noqa: PLW0603 - one text per process
    with _lock:
        if _made is None or time.monotonic() - _made[0] > FRESH_S:
            registry = CollectorRegistry()  # of our own: nothing of this process is of interest
            registry.register(Pressroom())
            _made = (time.monotonic(), generate_latest(registry))
        return _made[1]


def forget() -> None:
    """Ask anew at the next scrape."""
    global _made  # noqa: PLW0603 - one text per process
    with _lock:
        _made = None


class Pressroom(Collector):
    """Asks the database and Redis."""

    def describe(self) -> list[Metric]:
        """Return nothing, so that registering asks nobody."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Give every family that could be asked for, and what could not."""
        began = time.monotonic()
        is_up = {"database": True, "redis": True}
        is_backlogged = traffic.is_backlogged()
        must_end = time.monotonic() + MOST_S  # a Redis that hangs takes nothing of it
        now = rows.utc_now()
        ask_rows: tuple[Callable[[Session], Iterator[Metric]], ...] = (
            rows.runs,
            partial(rows.steps, is_backlogged=is_backlogged),
            rows.open_calls,
            rows.waiting,
            partial(rows.budgets, now=now),
            partial(rows.costs, now=now),
            partial(rows.calls, now=now),
            rows.writable,
        )
        for question in ask_rows:
            left_s = must_end - time.monotonic()
            if left_s <= 0:
                is_up["database"] = False
            if not is_up["database"]:
                break
            try:
                with transaction(durable=False) as session:
                    rows.bounded(session, left_s)
                    found = list(question(session))
            except (SQLAlchemyError, Unavailable) as exc:
                is_up["database"] = False
                log.warning("not_scraped", extra={"part": "database", "reason": type(exc).__name__})
            else:
                yield from found
        for ask_redis in (queues.queues, queues.limits, queues.breakers, queues.counted, queues.writable):
            try:
                yield from list(ask_redis())
            except Unavailable:
                is_up["redis"] = False
        family = GaugeMetricFamily(
            "pressroom_part_up",
            "Whether a part answered this scrape in time, and takes writes: 1 or 0.",
            labels=["part"],
        )
        for part, is_there in is_up.items():
            family.add_metric([part], float(is_there))
        yield family
        took_s = time.monotonic() - began
        yield GaugeMetricFamily("pressroom_scrape_seconds", "How long the figures took.", value=took_s)
