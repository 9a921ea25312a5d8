"""How many requests a key may send: a bucket of a minute's requests in Redis, shared by all processes.

A bucket is one number, the moment at which it will be full again (the generic cell rate algorithm): each request moves
it on by a minute's share of one, and is refused when it lies more than a minute ahead.
"""

from __future__ import annotations

from dataclasses import dataclass

from app import traffic
from app.domain.errors import Unavailable
from app.settings import settings

WINDOW_MS = 60_000

# KEYS: the bucket. ARGV: ms that one request takes, ms of a full bucket.
# Returns {1 = may pass, how much of the bucket is used in ms, ms until one more may pass}. Time is Redis' own.
TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local each, all = tonumber(ARGV[1]), tonumber(ARGV[2])
local full = math.max(tonumber(redis.call('GET', KEYS[1])) or now, now)
local after = full + each - now
if after > all then return {0, math.ceil(full - now), math.ceil(after - all)} end
redis.call('SET', KEYS[1], full + each, 'PX', math.ceil(after))
return {1, math.ceil(after), 0}
"""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a key may send, after a request of it was counted."""

    limit: int
    """Requests in a minute, and at once."""
    left: int
    reset_s: int
    """Seconds until all of them are there again."""
    retry_after_s: int | None
    """Seconds until the next request passes; None = this one did."""


def take(bucket: str) -> Allowance | None:
    """Count a request of `bucket`; None = nobody counts: there is no limit, or Redis is away."""
    told = settings()
    limit = told.requests_per_minute
    if limit == 0 or told.redis_url is None:
        return None
    each = WINDOW_MS / limit
    try:
        passes, used_ms, wait_ms = traffic.run(TAKE, [f"pressroom:requests:{bucket}"], each, WINDOW_MS)
    except Unavailable:
        return None  # a limit that cannot be counted must not turn everybody away
    left = int((WINDOW_MS - used_ms) // each)
    return Allowance(limit, max(left, 0), _seconds(used_ms), None if passes else max(_seconds(wait_ms), 1))


def _seconds(ms: int) -> int:
    return -(-ms // 1000)
