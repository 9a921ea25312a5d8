"""Quota: what a plan's month allows, reserved in the run's own transaction, given back at most once per round."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable, Mapping
from datetime import date

from sqlalchemy import BigInteger, Date, Text, Uuid, bindparam, case, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningInsert

from app.db.models import Call, QuotaEntry, QuotaMonth, Run, User
from app.domain.errors import QuotaExceeded
from app.domain.prices import usd
from app.domain.states import QuotaEntryKind, QuotaUnit

log = logging.getLogger(__name__)

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

    One conditional upsert for all units: PostgreSQL locks the rows, so 50 requests at once on a month with 3 left
    find room exactly 3 times. It comes last, for these rows are locked until the commit: whatever stands between the
    two, all orders of one user wait for. What takes nothing of a unit finds room in any month, also in one that is
    above its limit: slides are drawn again whatever the plan is by now.
    """
    units = _in_lock_order(amounts)
    limits = {unit: user.plan.terms.limit(unit) if amounts[unit] else None for unit in units}
    used = _take(session, user, run_id, round_, month, {unit: amounts[unit] for unit in units}, limits)
    for unit, limit in limits.items():
        if unit not in used or (limit is not None and used[unit] > limit):
            raise _exceeded(user, unit, limit or 0, amounts[unit])


def _take(
    session: Session,
    user: User,
    run_id: uuid.UUID,
    round_: int,
    month: date,
    amounts: Mapping[QuotaUnit, int],
    limits: Mapping[QuotaUnit, int | None],
) -> dict[QuotaUnit, int]:
    """Write the ledger and add it to the month where there is room; return what is used now, of units that had room."""
    asked = {"user": user.id, "run": run_id, "round": round_, "month": month, "kind": QuotaEntryKind.RESERVED}
    arrays = {"units": list(amounts), "amounts": list(amounts.values())}
    rooms = {f"limit_{unit}": limits.get(unit) for unit in QuotaUnit}
    return dict(session.connection().execute(TAKE, {**asked, **arrays, **rooms}).all())


def _take_statement() -> ReturningInsert[QuotaUnit, int]:
    """Return the statement of `_take`: built once, for it takes longer to build than to send."""
    user, month = bindparam("user", type_=Uuid), bindparam("month", type_=Date)
    units = func.unnest(bindparam("units", type_=ARRAY(Text)))
    amounts = func.unnest(bindparam("amounts", type_=ARRAY(BigInteger)))
    run, round_, kind = (
        bindparam("run", type_=Uuid),
        bindparam("round", type_=BigInteger),
        bindparam("kind", type_=Text),
    )
    lines = insert(QuotaEntry).from_select(
        ["id", "user_id", "run_id", "round", "month", "kind", "unit", "amount"],
        select(func.gen_random_uuid(), user, run, round_, month, kind, units, amounts),
    )
    upsert = insert(QuotaMonth).from_select(["user_id", "month", "unit", "used"], select(user, month, units, amounts))
    after = QuotaMonth.used + upsert.excluded.used
    limit = case({unit: bindparam(f"limit_{unit}", type_=BigInteger) for unit in QuotaUnit}, value=QuotaMonth.unit)
    return (
        upsert.on_conflict_do_update(
            index_elements=[QuotaMonth.user_id, QuotaMonth.month, QuotaMonth.unit],
            set_={"used": after},
            where=after <= func.coalesce(limit, after),  # NULL = no limit
        )
        .returning(QuotaMonth.unit, QuotaMonth.used)
        .add_cte(lines.cte("lines"))
    )


TAKE = _take_statement()


def would_refuse(session: Session, user: User, month: date, amounts: Mapping[QuotaUnit, int]) -> QuotaExceeded | None:
    """Return the refusal that an order of these amounts would get now; None when the month has room."""
    used = usage(session, user, month)
    for unit in _in_lock_order(amounts):
        limit, taken = used[unit]["limit"], used[unit]["used"] or 0
        if amounts[unit] and limit is not None and taken + amounts[unit] > limit:
            return _exceeded(user, unit, limit, amounts[unit])
    return None


def _in_lock_order(units: Iterable[QuotaUnit]) -> list[QuotaUnit]:
    """Return the units in the one order in which a month's rows are locked: any other is a deadlock (seen)."""
    present = set(units)
    return [unit for unit in QuotaUnit if unit in present]


def _exceeded(user: User, unit: QuotaUnit, limit: int, amount: int) -> QuotaExceeded:
    if unit is QuotaUnit.MONEY:
        return QuotaExceeded(
            f"this run may cost up to ${usd(amount)}, and the {user.plan} plan's month has a cap of"
            f" ${usd(limit)}; lower max_cost_usd, wait for running posts to end, or raise the plan",
            code="budget_exceeded",
        )
    left = "they are used up" if amount == 1 else f"fewer than the {amount} of this order are left"
    return QuotaExceeded(
        f"the {user.plan} plan allows {limit} {WORDS[unit]} a month and {left};"
        " it starts anew on the 1st (UTC), or raise the plan",
        code=f"quota_exceeded:{unit}",
    )


def holds_units(session: Session, run_id: uuid.UUID) -> bool:
    """Return whether a run has of a month what was never given back: a round of it was delivered, or is worked on."""
    signed = case((QuotaEntry.kind == QuotaEntryKind.RESERVED, QuotaEntry.amount), else_=-QuotaEntry.amount)
    left = select(func.sum(signed)).where(QuotaEntry.run_id == run_id, QuotaEntry.unit != QuotaUnit.MONEY)
    return bool(session.scalar(left))


def refund(session: Session, run: Run) -> None:
    """Give back all but the round's money, since nothing was delivered. A second refund cannot be stored."""
    _give_back(session, run, QuotaEntryKind.REFUNDED, dict.fromkeys(set(QuotaUnit) - {QuotaUnit.MONEY}))


def release_money(session: Session, run: Run) -> None:
    """Give back what the round reserved and did not spend; what open or uncertain calls hold stays reserved.

    What it spent above its reservation is booked in full: a provider charged more than the worst that we knew.
    """
    rest = run.reserved_micro_usd - run.spent_micro_usd - run.held_micro_usd
    _give_back(session, run, QuotaEntryKind.RELEASED, {QuotaUnit.MONEY: max(rest, 0)})
    if rest < 0:
        reconcile(session, run.id, run.round, -rest)
        log.warning("round_overran", extra={"run_id": str(run.id), "round": run.round, "over_micro_usd": -rest})


def spent_at(session: Session, run_id: uuid.UUID, round_: int) -> dict[str, int]:
    """Return per provider what the calls of a round did cost, in micro-USD; those in doubt at their worst."""
    cost = func.sum(func.coalesce(Call.cost_micro_usd, Call.worst_micro_usd))
    query = select(Call.provider, cost).where(Call.run_id == run_id, Call.round == round_).group_by(Call.provider)
    return {provider: int(total) for provider, total in session.execute(query)}


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


def reconcile(session: Session, run_id: uuid.UUID, round_: int, amount: int) -> None:
    """Take `amount` of money of the month in which a round that is over reserved it; below 0 = give it back.

    As often as a call of that round is settled late: one line of the ledger adds them up.
    """
    reserved = session.scalars(
        select(QuotaEntry).where(
            QuotaEntry.run_id == run_id,
            QuotaEntry.round == round_,
            QuotaEntry.kind == QuotaEntryKind.RESERVED,
            QuotaEntry.unit == QuotaUnit.MONEY,
        )
    ).one_or_none()
    if reserved is None:
        return  # a copy's round reserves nothing, and pays nothing
    line = insert(QuotaEntry).values(
        id=uuid.uuid4(),
        user_id=reserved.user_id,
        run_id=run_id,
        round=round_,
        month=reserved.month,
        unit=QuotaUnit.MONEY,
        kind=QuotaEntryKind.RECONCILED,
        amount=amount,
    )
    session.execute(
        line.on_conflict_do_update(
            index_elements=[QuotaEntry.run_id, QuotaEntry.round, QuotaEntry.unit, QuotaEntry.kind],
            set_={"amount": QuotaEntry.amount + line.excluded.amount},
        )
    )
    session.execute(
        update(QuotaMonth)
        .where(
            QuotaMonth.user_id == reserved.user_id,
            QuotaMonth.month == reserved.month,
            QuotaMonth.unit == QuotaUnit.MONEY,
        )
        .values(used=QuotaMonth.used + amount)
    )


def usage(session: Session, user: User, month: date) -> dict[str, dict[str, int | None]]:
    """Return per unit what the user's month holds and allows: {"posts": {"used": 12, "limit": 50}, ...}."""
    used = dict(
        session.execute(
            select(QuotaMonth.unit, QuotaMonth.used).where(QuotaMonth.user_id == user.id, QuotaMonth.month == month)
        ).all()
    )
    return {unit.value: {"used": used.get(unit, 0), "limit": user.plan.terms.limit(unit)} for unit in QuotaUnit}
