"""Quota: what a plan's month allows, reserved in the run's own transaction, given back at most once per round."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import date

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.db.models import QuotaEntry, QuotaMonth, Run, User
from app.domain.errors import QuotaExceeded
from app.domain.states import QuotaEntryKind, QuotaUnit

WORDS = {
    QuotaUnit.POSTS: "posts",
    QuotaUnit.ADS: "ads",
    QuotaUnit.IMAGES: "images",
    QuotaUnit.ITEMS: "items (listings, answers, e-mails, briefs, summaries)",
}


def reserve(
    session: Session, user: User, run_id: uuid.UUID, round_: int, month: date, amounts: Mapping[QuotaUnit, int]
) -> None:
    """Take `amounts` of the user's month for one round of a run. Raises QuotaExceeded; then nothing may be committed.

    One conditional upsert per unit: PostgreSQL locks the row, so 50 requests at once on a month with 3 left
    find room exactly 3 times.
    """
    for unit in _in_lock_order(amounts):
        amount, limit = amounts[unit], user.plan.terms.limit(unit)
        upsert = insert(QuotaMonth).values(user_id=user.id, month=month, unit=unit, used=amount)
        room = None if limit is None else QuotaMonth.used + amount <= limit
        taken = session.execute(
            upsert.on_conflict_do_update(
                index_elements=[QuotaMonth.user_id, QuotaMonth.month, QuotaMonth.unit],
                set_={"used": QuotaMonth.used + amount},
                where=room,
            ).returning(QuotaMonth.used)
        ).scalar_one_or_none()
        if taken is None or (limit is not None and taken > limit):
            raise _exceeded(user, unit, limit or 0, amount)
        session.add(
            QuotaEntry(
                user_id=user.id,
                run_id=run_id,
                round=round_,
                month=month,
                unit=unit,
                kind=QuotaEntryKind.RESERVED,
                amount=amount,
            )
        )


def _in_lock_order(units: Iterable[QuotaUnit]) -> list[QuotaUnit]:
    """Return the units in the one order in which a month's rows are locked: any other is a deadlock (seen)."""
    present = set(units)
    return [unit for unit in QuotaUnit if unit in present]


def _exceeded(user: User, unit: QuotaUnit, limit: int, amount: int) -> QuotaExceeded:
    if unit is QuotaUnit.MONEY:
        return QuotaExceeded(
            f"this run may cost up to ${amount / 1e6:.2f}, and the {user.plan} plan's month has a cap of"
            f" ${limit / 1e6:.2f}; lower max_cost_usd, wait for running posts to end, or raise the plan",
            code="budget_exceeded",
        )
    left = "they are used up" if amount == 1 else f"fewer than the {amount} of this order are left"
    return QuotaExceeded(
        f"the {user.plan} plan allows {limit} {WORDS[unit]} a month and {left};"
        " it starts anew on the 1st (UTC), or raise the plan",
        code=f"quota_exceeded:{unit}",
    )


def refund(session: Session, run: Run) -> None:
    """Give back all but the round's money, since nothing was delivered. A second refund cannot be stored."""
    _give_back(session, run, QuotaEntryKind.REFUNDED, dict.fromkeys(set(QuotaUnit) - {QuotaUnit.MONEY}))


def release_money(session: Session, run: Run) -> None:
    """Give back what the round reserved and did not spend; what open or uncertain calls hold stays reserved."""
    rest = max(run.reserved_micro_usd - run.spent_micro_usd - run.held_micro_usd, 0)
    _give_back(session, run, QuotaEntryKind.RELEASED, {QuotaUnit.MONEY: rest})


def _give_back(session: Session, run: Run, kind: QuotaEntryKind, amounts: Mapping[QuotaUnit, int | None]) -> None:
    """Book `amounts` back (None = all that was reserved) to the month in which they were reserved."""
    reserved = session.scalars(
        select(QuotaEntry).where(
            QuotaEntry.run_id == run.id,
            QuotaEntry.round == run.round,
            QuotaEntry.kind == QuotaEntryKind.RESERVED,
            QuotaEntry.unit.in_(list(amounts)),
        )
    ).all()
    by_unit = {entry.unit: entry for entry in reserved}
    for entry in (by_unit[unit] for unit in _in_lock_order(by_unit)):
        amount = amounts[entry.unit]
        amount = entry.amount if amount is None else min(amount, entry.amount)
        session.add(
            QuotaEntry(
                user_id=entry.user_id,
                run_id=run.id,
                round=run.round,
                month=entry.month,
                unit=entry.unit,
                kind=kind,
                amount=amount,
            )
        )
        session.execute(
            update(QuotaMonth)
            .where(QuotaMonth.user_id == entry.user_id, QuotaMonth.month == entry.month, QuotaMonth.unit == entry.unit)
            .values(used=QuotaMonth.used - amount)
        )


def usage(session: Session, user: User, month: date) -> dict[str, dict[str, int | None]]:
    """Return per unit what the user's month holds and allows: {"posts": {"used": 12, "limit": 50}, ...}."""
    used = dict(
        session.execute(
            select(QuotaMonth.unit, QuotaMonth.used).where(QuotaMonth.user_id == user.id, QuotaMonth.month == month)
        ).all()
    )
    return {unit.value: {"used": used.get(unit, 0), "limit": user.plan.terms.limit(unit)} for unit in QuotaUnit}
