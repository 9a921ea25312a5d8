"""What a user's month holds: of the plan's units, in pictures and tokens, and in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import quotas
from app.db.models import CallSum, User
from app.domain.prices import usd
from app.domain.states import QuotaUnit


@dataclass(frozen=True, slots=True)
class Usage:
    """A user's month."""

    units: Mapping[str, Mapping[str, int | None]]
    """Per unit of the plan {used, limit}, reserved and used together; limit None = there is none."""
    pictures: Mapping[str, int]
    """{made, accepted}: of all calls that began in the month; what the cache brought was not made."""
    tokens: Mapping[str, int | None]
    """{in, out, cached, image}: cached are part of in, image of out; None = no provider told."""

    @property
    def sentences(self) -> list[str]:
        """The units in words: `you've used 12 of 50 posts this month`."""
        return [_sentence(unit, self.units[unit]) for unit in QuotaUnit]


def of_month(session: Session, user: User, month: date) -> Usage:
    """Return what a user's calendar month (its first day, UTC) holds."""
    end = (month + timedelta(days=32)).replace(day=1)
    sums = (
        *(CallSum.pictures, CallSum.accepted),
        *(CallSum.tokens_in, CallSum.tokens_out, CallSum.tokens_cached, CallSum.tokens_image),
    )
    mine = (CallSum.user_id == user.id, CallSum.day >= month, CallSum.day < end)
    found = session.execute(select(*(func.sum(one) for one in sums)).where(*mine)).one()
    made, accepted, *tokens = (None if total is None else int(total) for total in found)
    return Usage(
        quotas.usage(session, user, month),
        {"made": made or 0, "accepted": accepted or 0},
        dict(zip(("in", "out", "cached", "image"), tokens, strict=True)),
    )


def _sentence(unit: QuotaUnit, held: Mapping[str, int | None]) -> str:
    used, limit = held["used"] or 0, held["limit"]
    if unit is QuotaUnit.MONEY:
        of = "" if limit is None else f" of ${usd(limit)}"
        return f"you've used ${usd(used)}{of} this month"
    of = "" if limit is None else f" of {limit:,}"
    return f"you've used {used:,}{of} {quotas.WORDS[unit]} this month"
