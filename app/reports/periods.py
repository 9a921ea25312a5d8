"""The time that a report is about: a calendar month, UTC."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from app.domain.errors import InvalidRequest

MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)


@dataclass(frozen=True, slots=True)
class Period:
    """A calendar month."""

    first: date
    """Its first day."""

    @property
    def name(self) -> str:
        """As people write it: `2026-11`."""
        return f"{self.first:%Y-%m}"

    @property
    def after(self) -> date:
        """The first day that is not in it."""
        return (self.first + timedelta(days=31)).replace(day=1)

    @property
    def last(self) -> date:
        """Its last day."""
        return self.after - timedelta(days=1)

    @property
    def days(self) -> list[date]:
        """Each of its days."""
        return [self.first + timedelta(days=n) for n in range((self.after - self.first).days)]

    @property
    def begins(self) -> datetime:
        """Its first moment."""
        return datetime.combine(self.first, time(), UTC)

    @property
    def ends(self) -> datetime:
        """The first moment after it."""
        return datetime.combine(self.after, time(), UTC)


def month(name: str | None, today: date) -> Period:
    """Return the month of a name such as `2026-11`; None = the one of `today`. Raises InvalidRequest."""
    if name is None:
        return Period(today.replace(day=1))
    read = MONTH.fullmatch(name)
    if read is None or not 1 <= int(read[1]) <= 9998:  # noqa: PLR2004 - the last year whose end a date can say
        raise InvalidRequest(f"{name!r} is no month; write it as 2026-11", fields={"month": "as 2026-11"})
    return Period(date(int(read[1]), int(read[2]), 1))
