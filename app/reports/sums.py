"""The sums of calls that reports read: lines that triggers add, merged now and then.

A trigger on `calls` adds one line for each statement and kind of call, in the transaction of the change. It only ever
inserts: a row per day and kind that each call adds to would make all workers wait for each other. So there are about
three lines for a call, until `merge` makes one of each kind and day.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, SQLColumnExpression, cast, delete, func, insert, literal, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.db.models import CallSum

LOCK = 0x73756D73  # any constant: two mergers at once would leave two lines of a kind
KINDS: tuple[InstrumentedAttribute[Any], ...] = (
    *(CallSum.day, CallSum.user_id, CallSum.api_key_id, CallSum.pipeline, CallSum.step, CallSum.purpose),
    *(CallSum.provider, CallSum.model, CallSum.is_sandbox),
)
AMOUNTS: tuple[InstrumentedAttribute[Any], ...] = (
    *(CallSum.calls, CallSum.cached, CallSum.pictures, CallSum.accepted),
    *(CallSum.known_micro_usd, CallSum.unknown, CallSum.doubt_micro_usd),
    *(CallSum.tokens_in, CallSum.tokens_out, CallSum.tokens_cached, CallSum.tokens_image),
    *(CallSum.succeeded, CallSum.busy, CallSum.failed, CallSum.unanswered),
)


def merge(session: Session) -> int:
    """Merge the lines of each day that has new ones; return how many are left of them.

    Readers see the old lines or the new one, never both; who adds lines meanwhile is not held up.
    """
    if not session.scalar(select(func.pg_try_advisory_xact_lock(LOCK))):
        return 0
    days = select(CallSum.day).where(CallSum.is_merged.is_(False)).distinct()
    gone = delete(CallSum).where(CallSum.day.in_(days)).returning(*KINDS, *AMOUNTS).cte("gone")
    kinds = [gone.c[one.key] for one in KINDS]
    merged = select(*kinds, *(total(gone.c[one.key]) for one in AMOUNTS), literal(value=True)).group_by(*kinds)
    names = [one.key for one in (*KINDS, *AMOUNTS)]
    return len(session.execute(insert(CallSum).from_select([*names, "is_merged"], merged).returning(CallSum.id)).all())


def total(amount: SQLColumnExpression[Any], *conditions: ColumnElement[bool]) -> ColumnElement[int]:
    """Return the sum of an amount; NULL where it is known nowhere. PostgreSQL sums bigint to numeric."""
    return cast(func.sum(amount).filter(true(), *conditions), BigInteger)
