"""The providers' traffic over all workers, as Redis holds it: who waits, what is paused, which breaker is open, and why.

Limits and breakers of the workers live under the keys named here; the views are for the people who run the system.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple, TypeVar, cast

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import RedisError, ResponseError
from redis.retry import Retry

from app.domain.errors import Unavailable
from app.settings import settings

log = logging.getLogger(__name__)
T = TypeVar("T")

CONNECT_S = 1.0
ANSWER_S = 3.0
AWAY_S = 1.0  # after a failure this process does not try for so long: a hanging Redis holds no thread twice
FORGET_S = 90.0  # a waiter that has not asked for this long has lost its place; its row wait is at most 30 s

BREAKERS = "pressroom:breakers"
"""Hash: scope -> JSON of failures, and once it opened: code, message, `ends` and `probe` (both ms), `cool_ms`."""
QUEUES = ("text", "images", "media", "control")  # as celeryconfig has them
BACKLOG = 100
"""Messages in the queues from which on a step that nobody has begun may simply not have had its turn."""
PROBE = "pressroom:probe"
"""Written to see whether Redis takes writes."""
PROBE_S = 60


class LimitKeys(NamedTuple):
    """The keys of one provider's limit for one kind of request. Times are milliseconds of Redis' clock."""

    slots: str
    """Sorted set: grant -> end of its lease."""
    asked: str
    """Sorted set: waiter -> when it asked last."""
    owners: str
    """Hash: waiter -> user."""
    users: str
    """Hash: user -> weight."""
    served: str
    """Hash: user -> virtual time of its next turn."""
    state: str
    """Hash: `next` and `paused` (nothing is granted before), `virtual` time, `number` of the last waiter, `hold`: how
    long a slot is held, on average; `grants` that are over, and `waited`: how long threads waited for them, in all."""
    refused: str
    """Hash: `first` and `count` of a row of 429s that no success has ended."""
    places: str
    """Beginning of each user's sorted set: waiter -> its number in the order of arrival."""


def limit_keys(provider: str, kind: str) -> LimitKeys:
    """Return the keys of a provider's limit for `text` or `image` requests."""
    return LimitKeys(*(f"pressroom:limit:{provider}:{kind}:{name}" for name in LimitKeys._fields))


@dataclass(frozen=True, slots=True)
class LimitState:
    """How busy a provider is with one kind of request."""

    provider: str
    kind: str
    in_flight: int
    waiting: int
    """In threads and in their rows."""
    paused_s: float
    """0 = not paused."""
    grants: int = 0
    """Slots that were granted and are free again, since somebody first asked after two quiet hours."""
    waited_s: float = 0.0
    """How long threads waited for those, in all; waits in rows are not in it."""


@dataclass(frozen=True, slots=True)
class BreakerState:
    """A breaker that is not closed."""

    scope: str
    """`provider`, `provider:kind` or `provider/model`."""
    code: str
    message: str
    open_for_s: float
    """0 = the next request, or one that is under way, finds out whether the provider is well again."""
    is_half_open: bool


@dataclass(slots=True)
class _Server:
    """A Redis, and until when (monotonic) it is taken to be away."""

    client: Redis
    away_until: float = 0.0
    told_until: float = 0.0
    """Until when the log need not say again that something was refused."""


@cache
def _server(url: str) -> _Server:
    # One repetition, for connections that a restart of Redis has cut.
    retry = Retry(NoBackoff(), 1, supported_errors=(NoConnection,))
    return _Server(Redis.from_url(url, socket_timeout=ANSWER_S, socket_connect_timeout=CONNECT_S, retry=retry))


def ask(question: Callable[[Redis], T]) -> T:
    """Return what Redis answers. Raises Unavailable when it is away, at once if it was so within the last second."""
    server = _server(settings().need_redis_url())
    if time.monotonic() < server.away_until:
        raise Unavailable("Redis was away a moment ago", code="redis_unavailable")
    try:
        return question(server.client)
    except RedisError as exc:
        now = time.monotonic()
        if not isinstance(exc, ResponseError):  # one that answers, full or a replica, can still be asked
            server.away_until = now + AWAY_S
        if now >= server.told_until:
            server.told_until = now + AWAY_S
            log.warning("redis_away", extra={"reason": f"{type(exc).__name__}: {exc}"[:200]})
        raise Unavailable(
            "Redis is away; see that it runs and that REDIS_URL is right", code="redis_unavailable"
        ) from exc


def run(script: str, keys: Sequence[str], *args: str | bytes | float) -> Any:
    """Run a Lua script in Redis, in one round trip once Redis knows it. Raises Unavailable."""
    return ask(lambda redis: redis.register_script(script)(keys=keys, args=args))


def check_writable() -> None:
    """Do nothing when Redis takes writes. Raises Unavailable: also when it answers, and is full or a replica."""
    ask(lambda redis: redis.set(PROBE, 1, ex=PROBE_S))


def queue_lengths(redis: Redis) -> list[int]:
    """Return how many messages no worker has taken, of each of `QUEUES`."""
    pipeline = redis.pipeline(transaction=False)
    for queue in QUEUES:
        pipeline.llen(queue)
    return cast("list[int]", pipeline.execute())


def is_backlogged() -> bool:
    """Return whether so many messages wait for workers that one may wait long; also where Redis cannot say."""
    try:
        return sum(ask(queue_lengths)) > BACKLOG
    except Unavailable:
        return True


def limits_now(provider_kinds: Iterable[tuple[str, str]]) -> list[LimitState]:
    """Return how busy each (provider, kind) is. Raises Unavailable."""
    return ask(lambda redis: [_limit_now(redis, provider, kind) for provider, kind in provider_kinds])


def _limit_now(redis: Redis, provider: str, kind: str) -> LimitState:
    keys, now = limit_keys(provider, kind), _now_ms(redis)
    pipeline = redis.pipeline(transaction=False)
    pipeline.zcount(keys.slots, now, "+inf")
    pipeline.zcount(keys.asked, now - FORGET_S * 1000, "+inf")
    pipeline.hmget(keys.state, "paused", "grants", "waited")
    in_flight, waiting, (paused, grants, waited) = pipeline.execute()
    pause_s = max(float(paused or 0) - now, 0) / 1000
    return LimitState(provider, kind, in_flight, waiting, pause_s, int(grants or 0), float(waited or 0) / 1000)


def breakers_now() -> list[BreakerState]:
    """Return the breakers that are open or half-open, by scope. Raises Unavailable."""
    now, stored = ask(lambda redis: (_now_ms(redis), cast("dict[bytes, bytes]", redis.hgetall(BREAKERS))))
    known = {scope.decode(): json.loads(value) for scope, value in sorted(stored.items())}
    return [
        BreakerState(scope, one["code"], one["message"], max(one["ends"] - now, 0) / 1000, one["ends"] <= now)
        for scope, one in known.items()
        if "ends" in one
    ]


def reset_breakers() -> int:
    """Close every breaker, for the operator who mended the cause; return how many were not closed. Raises Unavailable."""
    were = len(breakers_now())
    ask(lambda redis: redis.delete(BREAKERS))
    return were


def _now_ms(redis: Redis) -> float:
    """Return Redis' own time: the workers' clocks, and this process', do not matter."""
    seconds, micros = redis.time()
    return seconds * 1000 + micros / 1000
