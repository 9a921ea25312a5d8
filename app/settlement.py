"""The money of a call: from held to spent once, and what is known too late back to the month."""

from __future__ import annotations

import logging
import uuid
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, select, update
from sqlalchemy.orm import Session

from app import budgets, quotas
from app.db.models import Call, Run
from app.domain.states import LIVE_RUNS, CallState, CostBasis

log = logging.getLogger(__name__)
Money = Row[uuid.UUID, uuid.UUID, int, str, str, int]  # id, run, round, provider, model, worst case


def settle(session: Session, call_id: uuid.UUID, cost: int | None, **values: object) -> bool:
    """Set a call's outcome and move its money from held to spent; return whether. INTENT or UNKNOWN only: never twice.

    An unknown cost is spent at its worst: the cap must hold although nobody can say what it was.
    """
    call = locked(session, call_id, Call.state.in_([CallState.INTENT, CallState.UNKNOWN]))
    if call is None:
        return False
    session.execute(update(Call).where(Call.id == call_id).values(ended_at=func.now(), **values))
    move(session, call, held=call.worst_micro_usd, spent=call.worst_micro_usd if cost is None else cost)
    return True


def settle_late(
    session: Session, call_id: uuid.UUID, cost_micro_usd: int, basis: CostBasis, provider_ref: str | None = None
) -> bool:
    """Settle a call in doubt by what its provider reports; return False when there is nothing to settle.

    In doubt: UNKNOWN, or a reply whose cost nobody knew. Nothing charged = it FAILED. After the end of its round, what
    it cost less than its worst case goes back to the month. cost_micro_usd: 0 or more. provider_ref: None = as it is.
    A job that is still waited for is not to be settled here: ask only of calls that are older than any step.
    """
    ref = {} if provider_ref is None else {"provider_ref": provider_ref}
    known: dict[str, Any] = {"cost_micro_usd": cost_micro_usd, "cost_basis": basis, **ref}
    if call := locked(session, call_id, and_(Call.state == CallState.SUCCEEDED, Call.cost_micro_usd.is_(None))):
        session.execute(update(Call).where(Call.id == call_id).values(**known))
        move(session, call, held=0, spent=cost_micro_usd - call.worst_micro_usd)
        return True
    if locked(session, call_id, Call.state == CallState.UNKNOWN) is None:
        return False
    # Without a reply it is nothing that a repeat could read.
    state = CallState.SUCCEEDED if cost_micro_usd else CallState.FAILED
    return settle(session, call_id, cost_micro_usd, state=state, accepted=False if cost_micro_usd else None, **known)


def locked(session: Session, call_id: uuid.UUID, still: ColumnElement[bool]) -> Money | None:
    """Return what a call's money is about, its run locked, then itself; None when `still` does not hold."""
    run_id = session.scalars(select(Call.run_id).where(Call.id == call_id)).one()
    session.execute(select(Run.id).where(Run.id == run_id).with_for_update(key_share=True))
    money = select(Call.id, Call.run_id, Call.round, Call.provider, Call.model, Call.worst_micro_usd)
    return session.execute(money.where(Call.id == call_id, still).with_for_update(key_share=True)).one_or_none()


def move(session: Session, call: Money, *, held: int, spent: int) -> None:
    """Take `held` from what the call's run holds and add `spent` to what it spent; the run is locked.

    Within its round that is all: what is left is released at the end. Later the month has closed its books on the
    round, and gets the difference here. A charge above the worst case is booked as it is, and told.
    """
    left = held - spent
    run = session.execute(select(Run.state, Run.round).where(Run.id == call.run_id)).one()
    is_late = run.state not in LIVE_RUNS or run.round != call.round
    cap = Run.reserved_micro_usd - (left if is_late else 0)
    session.execute(
        update(Run)
        .where(Run.id == call.run_id)
        .values(
            held_micro_usd=Run.held_micro_usd - held,
            spent_micro_usd=Run.spent_micro_usd + spent,
            reserved_micro_usd=cap,
            overrun_micro_usd=func.greatest(
                Run.overrun_micro_usd, Run.spent_micro_usd + Run.held_micro_usd - left - cap
            ),
        )
    )
    if left < 0:
        who = {"provider": call.provider, "model": call.model, "over_micro_usd": -left}
        log.warning("charged_above_worst_case", extra={"run_id": str(call.run_id), "call_id": str(call.id), **who})
    if is_late and left:
        quotas.reconcile(session, call.run_id, call.round, -left)
        budgets.settled_late(session, call.run_id, call.round, call.provider, -left)
