"""Since when the watchdog has looked after the runs without a gap.

While everything is stopped, PostgreSQL is away or the host sleeps, no run can make progress: that time counts for none.
The first pass afterwards would otherwise end every run that was under way, before anybody could go on with it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from app import traffic

MOST_GAP = timedelta(minutes=3)  # three passes of the watchdog
KEY = "pressroom:watched"

# KEYS: since when there is a watch, for as long as it lasts. ARGV: now and the longest gap, in ms. Returns since when, in ms.
# A clock that was set begins it anew, and so does a Redis that lost the key.
WATCH = """
local now, since = tonumber(ARGV[1]), tonumber(redis.call('GET', KEYS[1]))
if not since or since > now then since = now end
redis.call('SET', KEYS[1], since, 'PX', ARGV[2])
return since
"""


def watched_since(now: datetime) -> datetime:
    """Note a pass of the watchdog, and return since when none was missing for longer than MOST_GAP. Raises Unavailable.

    Call it when the database has answered: a pass that could not look is none.
    """
    since = traffic.run(WATCH, [KEY], _ms(now), _ms(MOST_GAP))
    return datetime.fromtimestamp(since / 1000, UTC)


def _ms(what: datetime | timedelta) -> int:
    seconds = what.timestamp() if isinstance(what, datetime) else what.total_seconds()
    return int(seconds * 1000)
