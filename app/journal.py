"""The journal of calls: written before a request leaves, and again when its outcome is known.

Of the promise about money, this module keeps: no call without a row, no call past the run's cap, no more paid calls
of a purpose than its stage allows, unknown outcomes counted at their worst.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, or_, select, update
from sqlalchemy.orm import Session, aliased, defer

from app.db.models import Call, Piece, Run
from app.domain.errors import BeingMade, BudgetReached, InvalidReply, MoneyHeld, NotClaimed
from app.domain.prices import Usage, usd
from app.domain.states import LIVE_RUNS, OWNER_LOST, CallState, CostBasis
from app.settlement import settle

MAX_UNKNOWN = 2  # of the same model: the first unknown outcome may be repeated once; a second one may not
QUESTION = ("piece_id", "take", "purpose", "prompt_hash", "is_sandbox")  # at whichever provider


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
    least_micro_usd: int | None = None
    """What it can do with where the run has no room for its worst: a shorter reply. None = it cannot."""
    kept_micro_usd: int = 0
    """What it must leave of the run's money for what the run needs more."""
    kept_again_micro_usd: int = 0
    """The same, when its piece has paid for this purpose before."""


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
    pictures: int = 0
    """Pictures in the reply."""


def intend(session: Session, run_id: uuid.UUID, piece: Piece, token: uuid.UUID, asked: Asked) -> uuid.UUID:
    """Write the INTENT of a call and return its id. It may cost what its row says: its worst, or less where room is short.

    Raises NotClaimed when the lease or the run is gone, BudgetReached when the run's cap or the stage's number
    of paid calls has no room for it, MoneyHeld when there may be room once calls under way have ended, BeingMade when
    the reply has come since it was looked for.
    """
    run = session.execute(
        select(Run).where(Run.id == run_id).with_for_update(key_share=True).execution_options(populate_existing=True)
    ).scalar_one()
    held = session.scalar(select(Piece.id).where(Piece.id == piece.id, Piece.lease_token == token))
    if held is None or run.state not in LIVE_RUNS or run.round != piece.round:
        raise NotClaimed(f"the claim of piece {piece.id} was lost before the call")
    granted = 0
    if asked.worst_micro_usd:  # else it is free, as a moderation is: it may be asked as often as it takes
        _refuse_a_second(session, piece, asked)
        paid = _paid_calls(session, piece, asked)
        granted = _granted(session, run, asked, asked.kept_again_micro_usd if paid else asked.kept_micro_usd)
    run.held_micro_usd += granted
    call = _call(run.user_id, piece, asked, worst_micro_usd=granted)
    session.add(call)
    return call.id


def _refuse_a_second(session: Session, piece: Piece, asked: Asked) -> None:
    """Raise BeingMade when a former owner's reply came late, while this one waited for its slot: it can be read."""
    came = _same_question(piece, [asked]).where(
        Call.state == CallState.SUCCEEDED, Call.accepted.is_not(False), Call.reply.is_not(None)
    )
    if session.scalars(came.limit(1)).first() is not None:
        raise BeingMade("the reply to this question has come meanwhile")


def _granted(session: Session, run: Run, asked: Asked, kept: int) -> int:
    """Return what a call may cost: its worst, or what there is if it can do with that. Raises BudgetReached, MoneyHeld."""
    worst, least = asked.worst_micro_usd, asked.worst_micro_usd
    if asked.least_micro_usd is not None:
        least = min(asked.least_micro_usd, worst)
    room = run.reserved_micro_usd - run.spent_micro_usd - run.held_micro_usd - kept
    if worst <= room:
        return worst
    under_way = select(func.coalesce(func.sum(Call.worst_micro_usd), 0)).where(
        Call.run_id == run.id, Call.state == CallState.INTENT
    )
    soon = room + int(session.scalar(under_way) or 0)  # they usually cost less than they hold
    if worst <= soon or room < least <= soon:
        raise MoneyHeld("the run's money is held by calls under way; what they leave decides")
    if least <= room:
        return room
    needed = f", and what the run needs more takes ${usd(kept)} of that" if kept else ""
    raise BudgetReached(
        f"one more {asked.purpose} may cost ${usd(least)}; of the run's cap of ${usd(run.reserved_micro_usd)},"
        f" ${usd(max(room + kept, 0))} is left{needed}; raise max_cost_usd",
        code="run_budget_reached",
    )


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


def _paid_calls(session: Session, piece: Piece, asked: Asked) -> int:
    """Return how many calls the piece has paid for this purpose in this round. Raises BudgetReached."""
    is_unknown_here = and_(Call.state == CallState.UNKNOWN, Call.provider == asked.provider, Call.model == asked.model)
    paid, unknown_here = session.execute(
        select(func.count(), func.count().filter(is_unknown_here))
        .where(Call.piece_id == piece.id, Call.round == piece.round)
        .where(Call.purpose.in_((asked.purpose, *asked.counted_with)))
        .where(Call.state != CallState.FAILED, Call.cost_basis.is_distinct_from(CostBasis.CACHE))
        .where(Call.is_sandbox == asked.is_sandbox)
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
    return int(paid)


def succeeded(session: Session, call_id: uuid.UUID, outcome: Outcome) -> None:
    """Journal a reply and settle its money; once, whatever became of the claim."""
    usage = outcome.usage
    if settle(
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
        pictures=outcome.pictures,
        reply=outcome.reply,
        reply_bytes=outcome.reply_bytes,
        provider_ref=outcome.provider_ref,
        http_status=outcome.http_status,
    ):
        _list_late(session, call_id)


def rejected(session: Session, call_id: uuid.UUID, code: str, message: str, http_status: int | None) -> None:
    """Journal that the provider rejected the call: nothing was charged."""
    settle(
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


def _list_late(session: Session, call_id: uuid.UUID) -> None:
    """Note as paid in vain what a lost owner was replied after all, when the next one asked the same and was replied, too."""
    this = aliased(Call)
    same = [getattr(Call, column) == getattr(this, column) for column in QUESTION]
    usable = (Call.state == CallState.SUCCEEDED, Call.accepted.is_not(False), Call.reply.is_not(None))
    paid = select(Call).join(this, and_(*same)).where(this.id == call_id, *usable, Call.worst_micro_usd > 0)
    replies = session.scalars(paid.order_by(Call.started_at).options(defer(Call.reply))).all()
    for earlier in replies[:-1]:
        if earlier.error_code == OWNER_LOST:
            earlier.accepted = False


def accept(session: Session, call_id: uuid.UUID, token: uuid.UUID) -> None:
    """Note that a reply passed its checks. Nothing is noted for an owner who lost the claim: the next one decides."""
    is_held = select(Piece.id).where(Piece.id == Call.piece_id, Piece.lease_token == token).exists()
    session.execute(update(Call).where(Call.id == call_id, is_held).values(accepted=True, error_code=None))


def refuse(session: Session, call_id: uuid.UUID, code: str) -> None:
    """Note that a reply is paid but of no use; see earlier_reply."""
    session.execute(update(Call).where(Call.id == call_id).values(accepted=False, error_code=code))


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


def earlier_reply(
    session: Session, piece: Piece, asked: Sequence[Asked], *, read: Collection[uuid.UUID] = ()
) -> Call | None:
    """Return the paid reply that this piece already has to the very same question, if it can be used.

    asked: the question as each route would be asked it, best first. A crash between the reply and the piece's commit
    ends here: the repeat reads instead of paying again. A text that broke its rules in this round is of use too: reading
    it leads to the question that corrects it, which may have its reply. Any other refused reply is of none.
    read: calls whose replies this execution has read already.
    """
    to_correct = and_(Call.error_code == InvalidReply.code, Call.round == piece.round)
    return session.scalars(
        _same_question(piece, asked)
        .where(Call.state == CallState.SUCCEEDED, or_(Call.accepted.is_not(False), to_correct), Call.id.not_in(read))
        .order_by(Call.accepted.is_(False), _preference(asked), Call.started_at.desc())
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
        Call.is_sandbox == question.is_sandbox,  # a key may have been set since: a stand-in's answer is not the model's
    )


def _preference(asked: Sequence[Asked]) -> ColumnElement[int]:
    return case(*((_is(question), n) for n, question in enumerate(asked)), else_=len(asked))


def mark_abandoned(session: Session, whose: ColumnElement[bool]) -> None:
    """Make the open calls UNKNOWN that a former owner of a piece left behind: it died, or lost its lease.

    What is free cost nothing, answered or not: it FAILED, or it would stay in doubt for ever.
    """
    free = Call.worst_micro_usd == 0
    session.execute(
        update(Call)
        .where(whose, Call.state == CallState.INTENT)
        .values(
            state=case((free, literal(CallState.FAILED, Call.state.type)), else_=CallState.UNKNOWN),
            cost_basis=case((free, literal(CostBasis.NONE, Call.cost_basis.type)), else_=CostBasis.UNKNOWN),
            cost_micro_usd=case((free, 0)),
            error_code=OWNER_LOST,
            error="the worker that made this call went away before the answer was written",
            ended_at=datetime.now(UTC),
        )
    )
