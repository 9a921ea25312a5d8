"""Publishing: task names and ids to Redis, quickly or not at all. What is not published, the relay publishes later."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from celery import Celery
from kombu import pools
from kombu.exceptions import OperationalError as KombuError
from redis.exceptions import RedisError

from app import failpoints
from app.domain.errors import Unavailable

log = logging.getLogger(__name__)

BREAK_S = 5.0  # after a failure nobody tries for this long, so that POST stays fast while Redis is away
_open_until = 0.0


@cache
def celery() -> Celery:
    """Return this process' Celery app."""
    app = Celery("pressroom")
    app.config_from_object("celeryconfig")
    return app


def send(name: str, args: Sequence[Any] = (), **options: Any) -> None:
    """Publish one task by name. Raises Unavailable when Redis is away."""

    def publish() -> None:
        celery().send_task(name, args=args, ignore_result=True, retry=False, **options)

    guarded(publish)


def guarded(publish: Callable[[], object]) -> None:
    """Run `publish` behind the breaker. Raises Unavailable."""
    global _open_until  # noqa: PLW0603 - one breaker per process
    if time.monotonic() < _open_until:
        raise Unavailable("Redis was away a moment ago", code="broker_unavailable")
    failpoints.reach("before_publish")
    try:
        publish()
    except (KombuError, RedisError, OSError) as exc:
        _open_until = time.monotonic() + BREAK_S
        log.warning("publish_failed", extra={"reason": type(exc).__name__})
        raise Unavailable("Redis is away", code="broker_unavailable") from exc


def forget() -> None:
    """Forget the app, its connections and the breaker: for a process whose settings changed."""
    global _open_until  # noqa: PLW0603 - one breaker per process
    _open_until = 0.0
    celery.cache_clear()
    pools.reset()  # type: ignore[no-untyped-call]  # kombu keeps them for the process, by address
    sys.modules.pop("celeryconfig", None)
