"""Limits of the providers, over all workers: how many requests may be under way at once, and pauses they ask for.

One atomic Lua script grants a slot or says how long to wait. A slot is a lease that the process' heartbeat renews, so
that a killed worker's slots are free again as soon as its pieces are: were a slot's lease its call's whole deadline,
five slots of a dead worker would hold every picture back for a minute and a half (seen).
"""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from redis import Redis
from redis.exceptions import RedisError

from app.domain.errors import ProviderBusy
from app.settings import settings

MAX_WAIT_S = 20.0  # longer waits are the row's, not a thread's
POLL_S = (0.04, 0.12)

# KEYS: slots (sorted set: token -> end of lease in ms), pause. ARGV: most, lease ms, token.
# Redis' own clock, so that the workers' clocks do not matter. Returns 0 = granted, else milliseconds to wait at least.
_GRANT = """
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local pause = redis.call('PTTL', KEYS[2])
if pause > 0 then return pause end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[1]) then return 1 end
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[2] * 2)
return 0
"""

_parked = threading.BoundedSemaphore(32)
"""Threads of this process that may sleep here at once; set_threads() makes it half of the pool."""


_held_lock = threading.Lock()
_held: dict[str, str] = {}
"""The slots of this process: token -> key of its sorted set."""


def set_threads(concurrency: int) -> None:
    """Let at most half of a pool of `concurrency` threads sleep in limits, so that other work is never starved."""
    global _parked  # noqa: PLW0603 - set once at worker start
    _parked = threading.BoundedSemaphore(max(concurrency // 2, 1))


@cache
def _redis() -> Redis:
    return Redis.from_url(settings().need_redis_url(), socket_timeout=5, socket_connect_timeout=2)


@contextmanager
def slot(provider: str, kind: str, most: int) -> Iterator[None]:
    """Hold one of `most` slots of a provider until the block ends, or this process dies.

    Raises ProviderBusy when none became free in time, when too many threads wait already, or when Redis is away
    (fail closed: an unlimited burst would cost refusals at the provider).
    """
    token = uuid.uuid4().hex
    keys = (f"pressroom:slots:{provider}:{kind}", f"pressroom:pause:{provider}:{kind}")
    try:
        _acquire(provider, keys, most, token)
        with _held_lock:
            _held[token] = keys[0]
        try:
            yield
        finally:
            with _held_lock:
                del _held[token]
            _release(keys[0], token)
    except RedisError as exc:
        raise ProviderBusy("Redis is away, so limits cannot be kept", provider=provider, retry_after_s=2) from exc


def renew_held() -> None:
    """Extend the leases of this process' slots; the heartbeat calls it. Raises RedisError."""
    with _held_lock:
        held = dict(_held)
    if not held:
        return
    seconds, micros = _redis().time()  # Redis' own clock, as in the script
    until = seconds * 1000 + micros // 1000 + _lease_ms()
    pipeline = _redis().pipeline(transaction=False)
    for token, key in held.items():
        pipeline.zadd(key, {token: until}, xx=True)
        pipeline.pexpire(key, _lease_ms() * 2)
    pipeline.execute()


def _lease_ms() -> int:
    return int(settings().lease.total_seconds() * 1000)


def pause(provider: str, kind: str, seconds: float) -> None:
    """Hold everybody back from a provider that said 429, for `seconds`."""
    try:
        _redis().set(f"pressroom:pause:{provider}:{kind}", 1, px=max(int(seconds * 1000), 1))
    except RedisError:
        return  # the row's own wait holds this piece back in any case


def _acquire(provider: str, keys: tuple[str, str], most: int, token: str) -> None:
    wait_ms = _grant(keys, most, token)
    if wait_ms == 0:
        return
    if wait_ms > MAX_WAIT_S * 1000:
        raise ProviderBusy(f"{provider} asked to be left alone", provider=provider, retry_after_s=wait_ms / 1000)
    if not _parked.acquire(blocking=False):
        raise ProviderBusy(f"{provider} is fully used", provider=provider, retry_after_s=random.uniform(0.5, 1.5))
    try:
        give_up_at = time.monotonic() + MAX_WAIT_S
        while wait_ms > 0:
            if time.monotonic() > give_up_at:
                raise ProviderBusy(f"{provider} is fully used", provider=provider, retry_after_s=1)
            time.sleep(max(random.uniform(*POLL_S), wait_ms / 1000 if wait_ms > 1 else 0))
            wait_ms = _grant(keys, most, token)
            if wait_ms > MAX_WAIT_S * 1000:  # a pause that began meanwhile is slept in the row, too
                raise ProviderBusy(
                    f"{provider} asked to be left alone", provider=provider, retry_after_s=wait_ms / 1000
                )
    finally:
        _parked.release()


def _grant(keys: tuple[str, str], most: int, token: str) -> int:
    return int(str(_redis().eval(_GRANT, 2, *keys, str(most), str(_lease_ms()), token)))


def _release(slots: str, token: str) -> None:
    try:
        _redis().zrem(slots, token)
    except RedisError:
        return  # the lease ends by itself
