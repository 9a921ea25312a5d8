"""New rounds: resume what failed, render a piece again, edit its text; and cancel. What is stored is kept."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import budgets, costs, events, quotas
from app.db.models import Call, Piece, Run, User
from app.domain.errors import Conflict, InvalidRequest, NotFound, TooManyRequests
from app.domain.plans import month_of
from app.domain.prices import MILLION
from app.domain.states import LIVE_RUNS, PieceState, QuotaUnit, RunState
from app.ordered import check_readable, pipeline_of, request_of
from app.pipelines.pipeline import Pipeline, Stage
from app.runs.claims import let_go, lock_run, piece_event
from app.runs.finish import cancel as end_canceled
from app.runs.finish import pieces_of
from app.settings import settings

RETRY_S = 15  # a slide takes seconds, a picture a minute: of many rounds, some have ended
OPENED_WITH = "opened_with"
"""Key of the data of a piece that joins others: a digest of what it was opened with, so that it is made anew when that
has changed."""


@dataclass(frozen=True, slots=True)
class NewRound:
    """What a new round reuses and what it will pay at most."""

    round: int
    reused: int
    """Pieces that stay as they are."""
    redone: int
    """Pieces that are worked on again."""
    worst_micro_usd: int


def resume(session: Session, user: User, run_id: uuid.UUID) -> NewRound:
    """Start a round that makes what FAILED in the last one. Raises Conflict when there is nothing, or it runs.

    What joins others comes after them: made at once, it would be made of what they were, and paid again of what they are.
    """
    run = opened(session, run_id)
    failed = [piece for piece in pieces_of(session, run_id) if piece.state is PieceState.FAILED]
    if not failed:
        raise Conflict("nothing failed in this run; to change a picture, render its piece again", code="nothing_failed")
    first = _not_joining(pipeline_of(run), failed)
    return start(session, user, run, first, later=[piece for piece in failed if piece not in first])


def _not_joining(pipeline: Pipeline, failed: Sequence[Piece]) -> list[Piece]:
    """Return which of the FAILED pieces join none of the others: the parts, or the first kind of what joins parts."""
    parts = [piece for piece in failed if OPENED_WITH not in piece.data]
    tracks = {piece.kind: pipeline.track(piece.kind) for piece in failed}
    first = next(kind for kind in pipeline.tracks if kind in tracks)
    return parts or [piece for piece in failed if piece.kind == first]


def render_again(session: Session, user: User, run_id: uuid.UUID, piece_id: uuid.UUID) -> NewRound:
    """Start a round that makes another picture for one piece. Raises Conflict, InvalidRequest."""
    run = opened(session, run_id)
    piece = _piece(session, run_id, piece_id)
    if not piece.is_picture:
        raise InvalidRequest("this piece has no picture to render", code="not_a_picture")
    return start(session, user, run, [piece], take=True)


def edit(session: Session, user: User, run_id: uuid.UUID, piece_id: uuid.UUID, changes: dict[str, str]) -> NewRound:
    """Change a slide's texts and draw it again on the picture that it has; nothing is paid for a stored picture.

    Another `prompt` has another picture made. While the run works, the edit stays in its round and raises the piece's
    version; another picture needs room in what that round has reserved, and the key that pays for the round where keys
    have budgets. Raises Conflict, InvalidRequest.
    """
    run = lock_run(session, run_id)
    check_readable(run)
    piece = _piece(session, run_id, piece_id)
    pipeline = pipeline_of(run)
    prompt = changes.pop("prompt", None) if piece.prompt is not None else None
    unknown = sorted(set(changes) - {name for name, value in piece.data.items() if isinstance(value, str)})
    if unknown or not (changes or prompt) or not piece.is_picture:
        raise InvalidRequest(f"cannot be edited here: {', '.join(unknown) or 'nothing given'}", code="not_editable")
    if run.state is RunState.CANCELED:
        raise Conflict("a canceled run cannot be edited", code="canceled")
    is_live = not run.state.is_terminal
    # A piece that FAILED is made again by any edit, and paid for.
    if is_live and (prompt is not None or piece.state is PieceState.FAILED) and budgets.pays_elsewhere(session, run):
        raise Conflict(
            "the run is being worked on for another key, which pays for it, and one of the two keys has a budget of its"
            " own; wait until the run ends",
            code="already_running",
        )
    if prompt is not None and is_live and not _has_room(session, pipeline, run, piece):
        raise Conflict(
            "the run is being worked on, and this round has no money reserved for another picture; wait until it ends",
            code="already_running",
        )
    _unbind(pipeline, run, [piece])
    piece.data = {**piece.data, **changes}
    piece.version += 1
    if prompt is not None:
        piece.prompt, piece.picture, piece.review = prompt, None, None
        if "prompt" in piece.data:  # the user's own words, which are shown
            piece.data = {**piece.data, "prompt": prompt}
    if run.state.is_terminal:
        return start(session, user, run, [piece])
    if piece.state.is_terminal or prompt is not None:
        back(pipeline, piece, run.round)
    # Otherwise its step reads the new text; a result that is under way for the old one finds its version passed.
    session.flush()
    told = piece_event(piece)
    if events.is_news(session, run, *told):
        events.record(session, run, told)
    return NewRound(run.round, reused=0, redone=1, worst_micro_usd=0)


def cancel(session: Session, run_id: uuid.UUID) -> None:
    """End a live run as CANCELED. Raises Conflict when it is over already."""
    run = lock_run(session, run_id)
    if run.state.is_terminal:
        raise Conflict(f"the run is {run.state} already", code="already_finished")
    end_canceled(session, run)


def opened(session: Session, run_id: uuid.UUID) -> Run:
    """Return the run, locked, when a new round may start. Raises Conflict: of two at once, one gets it."""
    run = lock_run(session, run_id)
    if not run.state.is_terminal:
        raise Conflict("the run is being worked on; wait until it ends, or cancel it", code="already_running")
    if run.state is RunState.CANCELED:
        raise Conflict("a canceled run cannot go on; order a new one", code="canceled")
    check_readable(run)
    return run


def _piece(session: Session, run_id: uuid.UUID, piece_id: uuid.UUID) -> Piece:
    for piece in pieces_of(session, run_id):
        if piece.id == piece_id:
            return piece
    raise NotFound("this run has no such piece", code="unknown_piece")


def start(
    session: Session, user: User, run: Run, redone: Sequence[Piece], *, later: Sequence[Piece] = (), take: bool = False
) -> NewRound:
    """Open round n+1 for `redone`: reserve money anew, and quota when all that the run took was given back.

    The run is `opened`. later: FAILED pieces that joins.open_more puts back in this round, once `redone` are over.
    take: another picture is made of the same words. Raises QuotaExceeded, TooManyRequests; then nothing may be committed.
    """
    pipeline = pipeline_of(run)
    was = run.state
    run.round += 1
    for piece in redone:
        piece.take += take
        back(pipeline, piece, run.round, keep_picture=not take)
    worst = _worst(pipeline, run, [*redone, *later])
    run.state = _generating(pipeline, redone)
    run.reserved_micro_usd += worst
    run.overrun_micro_usd = 0
    run.api_key_id = budgets.ordering_key(session) or run.api_key_id
    run.failure = run.started_at = run.finished_at = None
    _unbind(pipeline, run, redone)
    run.progressed_at = datetime.now(UTC)
    session.flush()
    amounts: dict[QuotaUnit, int] = {QuotaUnit.MONEY: worst}
    # One that was made from another never had a charge; one that was delivered, before another picture failed, keeps its.
    if was is RunState.FAILED and run.made_from is None and not quotas.holds_units(session, run.id):
        amounts |= pipeline.charges_of(request_of(run))
    month, shares = month_of(run.progressed_at), budgets.shares_of(session, run, worst)
    quotas.reserve(session, user, run.id, run.round, month, amounts)
    _check_rounds(session, user, run)
    budgets.reserve(session, run, month, shares)
    told = [piece_event(piece) for piece in redone]
    events.record(session, run, *told, (f"run.{run.state.lower()}", {"state": run.state, "round": run.round}))
    again = len(redone) + len(later)
    reused = len(pieces_of(session, run.id)) - again
    return NewRound(run.round, reused=reused, redone=again, worst_micro_usd=worst)


def _check_rounds(session: Session, user: User, run: Run) -> None:
    """Do nothing while the user, with this one, has no more new rounds under way than may be. Raises TooManyRequests.

    They start without admission: whoever edits a slide waits for no crowd. The user's month is locked by now, so that of
    many requests at once each counts those before it.
    """
    most = max(user.plan.terms.in_flight, settings().max_runs_in_flight)
    live = (Run.user_id == run.user_id, Run.admitted_at.is_not(None), Run.state.in_(LIVE_RUNS))
    # First rounds do not count: whoever has a hundred posts made can still edit one that is done.
    if (session.scalar(select(func.count()).where(*live, Run.round > 1)) or 0) > most:
        raise TooManyRequests(
            f"{most} finished runs of yours are being worked on again, which is the most at once; wait until some of"
            " them end",
            retry_after_s=RETRY_S,
            code="too_many_rounds",
        )


def _unbind(pipeline: Pipeline, run: Run, redone: Sequence[Piece]) -> None:
    """Forget the files that bind slides when one of those is drawn again: should they not be made anew, none is shown."""
    if any(piece.kind == pipeline.carousel for piece in redone):
        run.result = None


def _has_room(session: Session, pipeline: Pipeline, run: Run, piece: Piece) -> bool:
    """Return whether the live round's money is enough for another picture, as dear as what it may still pay can be."""
    render = next(stage.step for stage in pipeline.track(piece.kind) if stage.makes_picture)
    paid = select(func.sum(func.coalesce(Call.cost_micro_usd, Call.worst_micro_usd))).where(
        Call.piece_id == piece.id, Call.round == run.round
    )
    most = costs.worst_micro_usd_of(_payable(pipeline, piece.kind, render))
    rest = max(most - int(session.scalar(paid) or 0), 0)  # calls are counted per piece and round
    return rest <= run.reserved_micro_usd - run.spent_micro_usd - run.held_micro_usd


def _generating(pipeline: Pipeline, pieces: Sequence[Piece]) -> RunState:
    pictures = all(pipeline.is_picture(piece.kind) for piece in pieces)
    return RunState.GENERATING_IMAGES if pictures else RunState.GENERATING_TEXT


def back(pipeline: Pipeline, piece: Piece, round_: int, *, keep_picture: bool = True) -> None:
    """Put a piece back to the first step whose result is not stored."""
    if not keep_picture:
        piece.picture = piece.review = None
    piece.state, piece.step = first_missing(pipeline, piece)
    piece.round = round_
    piece.failure = piece.sent_at = piece.next_try_at = None
    piece.attempt = piece.sent_count = piece.rewrites = 0
    piece.refused = []
    let_go(piece)


def first_missing(pipeline: Pipeline, piece: Piece) -> tuple[PieceState, str]:
    """Return the first step of a piece whose result is not stored, or its last step, and the state before it."""
    track = pipeline.track(piece.kind)
    has_words = piece.prompt is not None and not any(stage.fills == "prompt" for stage in track)
    state, step = PieceState.PROMPTED if has_words else PieceState.PENDING, track[0].step
    for stage, following in pairwise(track):
        if _kept(piece, stage) is None:
            break
        state, step = stage.gives, following.step
    return state, step


def _kept(piece: Piece, stage: Stage) -> object:
    """Return what the piece has of a stage's work; None when that is to be done again."""
    if stage.keeps is not None:
        return piece.data.get(stage.keeps)
    return getattr(piece, stage.fills) if stage.fills is not None else None


def _payable(pipeline: Pipeline, kind: str, step: str) -> Sequence[Stage]:
    """Return the stages that may still be paid: a review can send its picture back to be made again."""
    rest = pipeline.steps_from(kind, step)
    reviewed = {stage.reviews for stage in rest if stage.reviews}
    return [stage for stage in pipeline.track(kind) if stage in rest or stage.purpose in reviewed]


def _worst(pipeline: Pipeline, run: Run, pieces: Sequence[Piece]) -> int:
    """Return the most that the remaining stages of `pieces` can cost, within the run's own cap, in micro-USD."""
    steps = [(p.kind, p.step or first_missing(pipeline, p)[1]) for p in pieces]
    remaining = [stage for kind, step in steps for stage in _payable(pipeline, kind, step)]
    worst = costs.worst_micro_usd_of(remaining)
    if any(not pipeline.is_picture(piece.kind) and piece.kind not in pipeline.optional for piece in pieces):
        # Its text opens the other pieces: all of them are still to be paid.
        worst = costs.quote(pipeline, request_of(run)).worst_micro_usd
    cap = run.request.get("max_cost_usd")
    room = worst if cap is None else max(int(cap * MILLION) - run.spent_micro_usd - run.held_micro_usd, 0)
    return min(worst, room)
