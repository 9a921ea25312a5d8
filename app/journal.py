"""The journal of calls: written before a request leaves, and again when its outcome is known.

Of the promise about money, this module keeps: no call without a row, no call past the run's cap, no more paid calls
of a purpose than its stage allows, unknown outcomes counted at their worst.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select, update
from sqlalchemy.orm import Session

from app.db.models import Call, Piece, Run
from app.domain.errors import BudgetReached, NotClaimed
from app.domain.prices import Usage
from app.domain.states import LIVE_RUNS, CallState, CostBasis

MAX_UNKNOWN = 2  # of the same model: the first unknown outcome may be repeated once; a second one may not


@dataclass(frozen=True, slots=True)
class Asked:
    """What a call is, known before it leaves."""

    step: str
    purpose: str
    provider: str
    model: str
    prompt_hash: str
    worst_micro_usd: int
    max_charged_calls: int
    is_sandbox: bool
    counted_with: tuple[str, ...] = ()
    """Further purposes whose paid calls count with this one's."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a successful call brought; cost None = unknown."""

    cost_micro_usd: int | None
    cost_basis: CostBasis
    usage: Usage | None
    reply: str | None
    """The text, or the storage key of the picture; None when a picture was asked for and none came."""
    reply_bytes: int
    provider_ref: str | None
    http_status: int


def intend(session: Session, run_id: uuid.UUID, piece: Piece, token: uuid.UUID, asked: Asked) -> uuid.UUID:
    """Write the INTENT of a call and return its id.

    Raises NotClaimed when the lease or the run is gone, BudgetReached when the run's cap or the stage's number
    of paid calls has no room for it.
    """
    run = session.execute(
        select(Run).where(Run.id == run_id).with_for_update(key_share=True).execution_options(populate_existing=True)
    ).scalar_one()
    held = session.scalar(select(Piece.id).where(Piece.id == piece.id, Piece.lease_token == token))
    if held is None or run.state not in LIVE_RUNS or run.round != piece.round:
        raise NotClaimed(f"the claim of piece {piece.id} was lost before the call")
    _check_count(session, piece, asked)
    if (
        asked.worst_micro_usd
        and run.spent_micro_usd + run.held_micro_usd + asked.worst_micro_usd > run.reserved_micro_usd
    ):
        raise BudgetReached(
            f"one more {asked.purpose} may cost ${asked.worst_micro_usd / 1e6:.4f} and the run's cap of"
            f" ${run.reserved_micro_usd / 1e6:.2f} has no room for it; raise max_cost_usd",
            code="run_budget_reached",
        )
    run.held_micro_usd += asked.worst_micro_usd
    call = _call(run.user_id, piece, asked, worst_micro_usd=asked.worst_micro_usd)
    session.add(call)
    return call.id


def _call(user_id: uuid.UUID, piece: Piece, asked: Asked, **values: Any) -> Call:
    """Return the row of a call of a piece."""
    return Call(
        id=uuid.uuid4(),
        user_id=user_id,
        run_id=piece.run_id,
        piece_id=piece.id,
        round=piece.round,
        version=piece.version,
        take=piece.take,
        attempt=piece.attempt,
        step=asked.step,
        purpose=asked.purpose,
        provider=asked.provider,
        model=asked.model,
        prompt_hash=asked.prompt_hash,
        is_sandbox=asked.is_sandbox,
        **values,
    )


def _check_count(session: Session, piece: Piece, asked: Asked) -> None:
    if asked.worst_micro_usd == 0:
        return  # free, as a moderation is: it may be asked as often as it takes
    is_unknown_here = and_(Call.state == CallState.UNKNOWN, Call.provider == asked.provider, Call.model == asked.model)
    paid, unknown_here = session.execute(
        select(func.count(), func.count().filter(is_unknown_here))
        .where(Call.piece_id == piece.id, Call.round == piece.round)
        .where(Call.purpose.in_((asked.purpose, *asked.counted_with)))
        .where(Call.state != CallState.FAILED, Call.cost_basis.is_distinct_from(CostBasis.CACHE))
    ).one()
    if unknown_here >= MAX_UNKNOWN:
        raise BudgetReached(
            f"two calls for {asked.purpose} at {asked.provider} ended without an answer and may have been charged;"
            " not asked again",
            code="outcome_unknown",
        )
    if paid >= asked.max_charged_calls:
        raise BudgetReached(
            f"{asked.max_charged_calls} paid calls for {asked.purpose} did not give a usable result",
            code="paid_calls_used_up",
        )


def succeeded(session: Session, call_id: uuid.UUID, outcome: Outcome) -> None:
    """Journal a reply and settle its money; once, whatever became of the claim."""
    usage = outcome.usage
    _settle(
        session,
        call_id,
        outcome.cost_micro_usd,
        state=CallState.SUCCEEDED,
        cost_micro_usd=outcome.cost_micro_usd,
        cost_basis=outcome.cost_basis,
        tokens_in=usage.tokens_in if usage else None,
        tokens_out=usage.tokens_out if usage else None,
        tokens_cached=usage.cached_in if usage else None,
        tokens_image=usage.image_out if usage else None,
        reply=outcome.reply,
        reply_bytes=outcome.reply_bytes,
        provider_ref=outcome.provider_ref,
        http_status=outcome.http_status,
    )


def rejected(session: Session, call_id: uuid.UUID, code: str, message: str, http_status: int | None) -> None:
    """Journal that the provider rejected the call: nothing was charged."""
    _settle(
        session,
        call_id,
        0,
        state=CallState.FAILED,
        cost_micro_usd=0,
        cost_basis=CostBasis.NONE,
        error_code=code,
        error=message[:500],
        http_status=http_status,
    )


def unknown(session: Session, call_id: uuid.UUID, code: str, message: str, http_status: int | None) -> None:
    """Journal that no answer came: it may have been charged, and stays held at its worst case."""
    session.execute(
        update(Call)
        .where(Call.id == call_id, Call.state == CallState.INTENT)
        .values(
            state=CallState.UNKNOWN,
            cost_basis=CostBasis.UNKNOWN,
            error_code=code,
            error=message[:500],
            http_status=http_status,
            ended_at=func.now(),
        )
    )


def _settle(session: Session, call_id: uuid.UUID, cost: int | None, **values: object) -> None:
    """Set a call's outcome and move its money from held to spent. INTENT or UNKNOWN only: never twice.

    An unknown cost is spent at its worst: the cap must hold although nobody can say what it was.
    """
    run_id = session.scalars(select(Call.run_id).where(Call.id == call_id)).one()
    session.execute(select(Run.id).where(Run.id == run_id).with_for_update(key_share=True))
    worst = session.execute(
        update(Call)
        .where(Call.id == call_id, Call.state.in_([CallState.INTENT, CallState.UNKNOWN]))
        .values(ended_at=func.now(), **values)
        .returning(Call.worst_micro_usd)
    ).scalar_one_or_none()
    if worst is None:
        return
    session.execute(
        update(Run)
        .where(Run.id == run_id)
        .values(
            held_micro_usd=Run.held_micro_usd - worst,
            spent_micro_usd=Run.spent_micro_usd + (worst if cost is None else cost),
        )
    )


def judge(session: Session, call_id: uuid.UUID, *, accepted: bool, code: str | None = None) -> None:
    """Note whether a reply passed its checks; a refused one is paid but never used again."""
    session.execute(update(Call).where(Call.id == call_id).values(accepted=accepted, error_code=code))


def note_ref(session: Session, call_id: uuid.UUID, ref: str) -> None:
    """Note the provider's id of a job that was submitted and is not done: a crash waits for it instead of paying again."""
    session.execute(update(Call).where(Call.id == call_id).values(provider_ref=ref))


def from_cache(session: Session, run_id: uuid.UUID, piece: Piece, asked: Asked, reply: str, reply_bytes: int) -> Call:
    """Journal a picture that was there already: a call that was not made and cost nothing."""
    user_id = session.scalars(select(Run.user_id).where(Run.id == run_id)).one()
    now = datetime.now(UTC)
    call = _call(
        user_id,
        piece,
        asked,
        state=CallState.SUCCEEDED,
        accepted=True,
        worst_micro_usd=0,
        cost_micro_usd=0,
        cost_basis=CostBasis.CACHE,
        reply=reply,
        reply_bytes=reply_bytes,
        started_at=now,
        ended_at=now,
    )
    session.add(call)
    session.flush()
    return call


def earlier_reply(session: Session, piece: Piece, asked: Sequence[Asked]) -> Call | None:
    """Return the paid reply that this piece already has to the very same question, if it was not refused.

    asked: the question as each route would be asked it, best first. A crash between the reply and the piece's commit
    ends here: the repeat reads instead of paying again.
    """
    return session.scalars(
        _same_question(piece, asked)
        .where(Call.state == CallState.SUCCEEDED, Call.accepted.is_not(False))
        .order_by(_preference(asked), Call.started_at.desc())
        .limit(1)
    ).one_or_none()


def was_blocked(session: Session, piece: Piece, asked: Sequence[Asked]) -> bool:
    """Return whether a safety filter refused this very question in this round."""
    query = _same_question(piece, asked).where(Call.round == piece.round, Call.error_code == "prompt_blocked")
    return session.scalars(query.limit(1)).first() is not None


def open_job(session: Session, piece: Piece, asked: Sequence[Asked]) -> Call | None:
    """Return the call of this very question whose job a provider may still have: it can be waited for, not paid again."""
    return session.scalars(
        _same_question(piece, asked)
        .where(Call.state == CallState.UNKNOWN, Call.provider_ref.is_not(None))
        .order_by(_preference(asked), Call.started_at.desc())
        .limit(1)
    ).one_or_none()


def _same_question(piece: Piece, asked: Sequence[Asked]) -> Select[Call]:
    return select(Call).where(
        Call.piece_id == piece.id,
        Call.take == piece.take,
        or_(*(_is(question) for question in asked)),
    )


def _is(question: Asked) -> ColumnElement[bool]:
    return and_(
        Call.purpose == question.purpose,
        Call.provider == question.provider,
        Call.model == question.model,
        Call.prompt_hash == question.prompt_hash,
    )


def _preference(asked: Sequence[Asked]) -> ColumnElement[int]:
    return case(*((_is(question), n) for n, question in enumerate(asked)), else_=len(asked))


def mark_abandoned(session: Session, whose: ColumnElement[bool]) -> None:
    """Make the open calls UNKNOWN that a former owner of a piece left behind: it died, or lost its lease."""
    session.execute(
        update(Call)
        .where(whose, Call.state == CallState.INTENT)
        .values(
            state=CallState.UNKNOWN,
            cost_basis=CostBasis.UNKNOWN,
            error_code="owner_lost",
            error="the worker that made this call went away before the answer was written",
            ended_at=datetime.now(UTC),
        )
    )
