"""When a schedule is due: the slots of a cron expression in a time zone. Pure; every moment that comes out is UTC.

Across changes of the clock, as Debian's cron does it:
- An expression whose minute and hour are both fixed (`30 2 * * *`) means that time of day. In the spring gap the slot
  comes at the first minute after it, once for all that the gap swallowed; in the autumn overlap it comes the first time.
- One that begins with a star in minute or hour (`*/15 * * * *`) means elapsed time: nothing in the gap, which does not
  exist, and slots in both passes of the overlap, for these are two different hours.
"""

from __future__ import annotations

import difflib
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import resources
from itertools import islice, takewhile
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

FIELDS = {
    "minute": "0 to 59",
    "hour": "0 to 23",
    "day-of-month": "1 to 31, L for the last day, LW for the last weekday",
    "month": "1 to 12, or JAN to DEC",
    "day-of-week": "0 to 7 with 0 and 7 = Sunday, or SUN to SAT, 5L for the last Friday, 1#2 for the second Monday",
}
MAX_CRON = 100  # characters
FIRST_WINDOW = timedelta(hours=1)
UNUSABLE = (CronSimError, ZoneInfoNotFoundError, ValueError)
"""What is raised for an expression or a zone that was good once and is not any more."""
ANY_DAY = datetime(2024, 1, 1, tzinfo=UTC)


def problem_of_cron(cron: str) -> str | None:
    """Return what is wrong with a cron expression, by the name of its field; None = it is good."""
    parts = cron.split()
    if len(parts) != len(FIELDS):
        return f"it has {len(parts)} fields instead of 5: {', '.join(FIELDS)}, for example `0 9 * * 1-5`"
    for n, (name, values) in enumerate(FIELDS.items()):
        try:
            CronSim(" ".join(part if n == place else "*" for place, part in enumerate(parts)), ANY_DAY)
        except CronSimError:
            return (
                f"{name} {parts[n]!r} cannot be read; it takes {values}, *, lists (1,2), ranges (1-5) and steps (*/5)"
            )
    try:
        comes = next(CronSim(cron, ANY_DAY), None) is not None  # it looks for 50 years
    except CronSimError:
        comes = False
    return (
        None if comes else f"day-of-month {parts[2]!r} never comes with month {parts[3]!r} and day-of-week {parts[4]!r}"
    )


def problem_of_zone(name: str) -> str | None:
    """Return what is wrong with the name of a time zone; None = it is good."""
    if name in zones():
        return None
    spelled = {zone.lower(): zone for zone in zones()}
    near = difflib.get_close_matches(name.lower(), spelled, n=1)
    hint = f"did you mean {spelled[near[0]]}?" if near else "take an IANA name such as Asia/Karachi or UTC"
    return f"there is no time zone {name[:60]!r}; {hint}"


@cache
def zones() -> frozenset[str]:
    """Return the names of all time zones: those of the package tzdata, the same on every machine."""
    return frozenset(resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())


def slots(cron: str, zone: str, after: datetime) -> Iterator[datetime]:
    """Yield the slots after a moment, oldest first.

    Raises one of UNUSABLE where `problem_of_cron` or `problem_of_zone` has something to say.
    """
    for local in CronSim(cron, after.astimezone(ZoneInfo(zone))):
        slot = local.astimezone(UTC)
        # In the second pass of an overlap CronSim names the first pass's slots again: they are over.
        if slot > after:
            yield slot


def next_slot(cron: str, zone: str, after: datetime) -> datetime:
    """Return the first slot after a moment. Raises as `slots`, and CronSimError when none comes in 50 years."""
    for slot in slots(cron, zone, after):
        return slot
    raise CronSimError(f"{cron} never comes again")


def latest_slot(cron: str, zone: str, first: datetime, now: datetime) -> datetime:
    """Return the last slot that is not after `now`; `first` is one, and may be years ago."""
    window = FIRST_WINDOW
    while True:  # back in windows that double: a year of minutes would be half a million slots
        start = max(now - window, first)
        latest = deque(takewhile(lambda slot: slot <= now, slots(cron, zone, start)), maxlen=1)
        if latest or start == first:
            return latest[0] if latest else first
        window *= 2


def count(cron: str, zone: str, first: datetime, before: datetime, most: int) -> int:
    """Return how many slots there are from `first`, which is one, to just before another moment; `most` at most."""
    later = takewhile(lambda slot: slot < before, slots(cron, zone, first))
    return min(most, sum(1 for _ in islice(later, most)) + 1) if first < before else 0


def upcoming(cron: str, zone: str, first: datetime, number: int) -> list[datetime]:
    """Return `first` and the slots after it, `number` in all, in the time of the zone."""
    here = ZoneInfo(zone)
    return [slot.astimezone(here) for slot in (first, *islice(slots(cron, zone, first), number - 1))]


def in_words(cron: str) -> str:
    """Return a cron expression in English: `At 09:00 on Monday through Friday`."""
    return CronSim(cron, ANY_DAY).explain()
