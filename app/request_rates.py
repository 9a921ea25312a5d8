"""How many requests a key and its user may send: buckets of a minute's requests in Redis, shared by all processes.

A bucket is one number, the moment at which it will be full again (the generic cell rate algorithm): each request moves
it on by a minute's share of one, and is refused when it lies more than a minute ahead.
"""

from __future__ import annotations

from dataclasses import dataclass

from app import traffic
from app.domain.errors import Unavailable
from app.settings import settings

WINDOW_MS = 60_000
KEYS_OF_A_USER = 5  # all keys of a user together may send as much as so many: a hundred keys are no way round the limit

# KEYS: buckets. ARGV: ms of a full bucket, then for each bucket the ms that one request takes.
# Returns 1 = may pass, then for each bucket how much of it is used in ms, and the ms until one more may pass. What one
# bucket refuses, none counts. Time is Redis' own.
TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local all, passes, after = tonumber(ARGV[1]), 1, {}
for i, key in ipairs(KEYS) do
  local full = tonumber(redis.call('GET', key)) or now
  if full > now + all + 1000 then full = now end  -- later than any that is set: the clock was set back
  after[i] = math.max(full, now) + tonumber(ARGV[i + 1]) - now
  if after[i] > all then passes = 0 end
end
local found = {passes}
for i, key in ipairs(KEYS) do
  if passes == 1 then redis.call('SET', key, now + after[i], 'PX', math.ceil(after[i])) end
  found[2 * i] = math.ceil(after[i] - (1 - passes) * tonumber(ARGV[i + 1]))
  found[2 * i + 1] = math.max(math.ceil(after[i] - all), 0)
end
return found
"""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What may be sent, after a request was counted."""

    limit: int
    """Requests in a minute, and at once."""
    left: int
    reset_s: int
    """Seconds until all of them are there again."""
    retry_after_s: int | None
    """Seconds until the next request passes; None = this one did."""
    is_users: bool
    """Whether it is that of all keys of a user together."""


def take(bucket: str, user_id: str | None = None) -> Allowance | None:
    """Count a request of a key, and of its user where that is known, in one round trip; return the scarcer allowance.

    None = nobody counts: there is no limit, or Redis is away.
    """
    told = settings()
    limit = told.requests_per_minute
    if limit == 0 or told.redis_url is None:
        return None
    limits = {bucket: limit} | ({f"user:{user_id}": limit * KEYS_OF_A_USER} if user_id else {})
    names, shares = [f"pressroom:requests:{name}" for name in limits], [WINDOW_MS / most for most in limits.values()]
    try:
        passes, *found = traffic.run(TAKE, names, WINDOW_MS, *shares)
    except Unavailable:
        return None  # a limit that cannot be counted must not turn everybody away
    measured = zip(limits.items(), found[::2], found[1::2], strict=True)
    allowances = [
        _allowance(most, used_ms, wait_ms if not passes else None, is_users=name != bucket)
        for (name, most), used_ms, wait_ms in measured
    ]
    return min(allowances, key=lambda one: (-(one.retry_after_s or 0), one.left))


def _allowance(limit: int, used_ms: int, wait_ms: int | None, *, is_users: bool) -> Allowance:
    """Return what is left of a bucket. wait_ms: None = the request passed; 0 = this bucket would have let it pass."""
    left = max(int((WINDOW_MS - used_ms) // (WINDOW_MS / limit)), 0)
    retry_after_s = max(_seconds(wait_ms), 1) if wait_ms else None
    return Allowance(limit, left, _seconds(used_ms), retry_after_s, is_users)


def _seconds(ms: int) -> int:
    return -(-ms // 1000)
