"""Claim a piece before working on it, and write the result only while the claim holds.

The rows decide, never the messages: any step may be delivered twice, late, or never. Lock order: run, then piece.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session

from app import events, journal
from app.db.models import Call, Piece, Run
from app.domain.errors import Cause, NotClaimed, PictureRefused
from app.domain.fingerprints import same_picture
from app.domain.states import LIVE_RUNS, PieceState, RunState
from app.pipelines.pipeline import Done, Pipeline
from app.runs.accept import new_pieces
from app.settings import settings

CLOCK_SLACK = timedelta(milliseconds=500)  # a retry's message may arrive a little before the row's next_try_at


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on one piece for one step; the rows as they were when it was granted."""

    token: uuid.UUID
    run: Run
    piece: Piece
    step: str
    is_takeover: bool = False
    """Whether the one before let its lease expire: its process died, or could not reach the database."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What a written result means for what is published next."""

    opened: bool = False
    """New pieces can be worked on."""
    is_stale: bool = False
    """The piece was edited meanwhile: the step is due again."""
    is_back: bool = False
    """The piece went back to an earlier step: what is published already leads past it."""
    is_last: bool = False
    """Every piece is terminal: `finish` is due."""


def lock_run(session: Session, run_id: uuid.UUID) -> Run:
    """Return the run, locked until the transaction ends, without blocking foreign keys to it."""
    return session.execute(
        select(Run).where(Run.id == run_id).with_for_update(key_share=True).execution_options(populate_existing=True)
    ).scalar_one()


def claim(session: Session, piece_id: uuid.UUID, step: str, round_: int) -> Claim:
    """Take the piece for one execution of `step`. Raises NotClaimed when it is not due, taken, done or canceled.

    1. One conditional UPDATE grants the claim; of two at once, one finds no row.
    2. Calls that a dead owner left open become UNKNOWN: they may have been charged.
    3. The first claim of a round moves the run out of QUEUED.
    """
    has_expired = (Piece.lease_until < func.now()).label("has_expired")
    found = session.execute(
        select(Piece.run_id, Piece.kind, Piece.attempt, Piece.step, has_expired).where(Piece.id == piece_id)
    ).one_or_none()
    if found is None or found.step != step:
        raise NotClaimed(f"piece {piece_id} is not at {step}")
    run = lock_run(session, found.run_id)
    if run.state not in LIVE_RUNS or run.round != round_:
        raise NotClaimed(f"run {run.id} is {run.state} in round {run.round}")
    token = uuid.uuid4()
    piece = session.execute(
        update(Piece)
        .where(
            Piece.id == piece_id,
            Piece.step == step,
            Piece.round == round_,
            or_(Piece.lease_until.is_(None), Piece.lease_until < func.now()),
            or_(Piece.next_try_at.is_(None), Piece.next_try_at <= func.now() + CLOCK_SLACK),
        )
        .values(
            attempt=Piece.attempt + 1,
            lease_token=token,
            lease_until=func.now() + settings().lease,
            next_try_at=None,
            sent_count=0,  # its message came: the relay's patience, which grows while nobody begins, starts anew
        )
        .returning(Piece)
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if piece is None:
        raise NotClaimed(f"piece {piece_id} has a live lease or is not due")
    journal.mark_abandoned(session, Call.piece_id == piece.id)
    # Sent back while Redis was away, and its message came after all: the relay has to see it.
    if run.admitted_at is None:
        run.admitted_at = datetime.now(UTC)
    if run.started_at is None:
        run.started_at = run.progressed_at = datetime.now(UTC)
        if run.state is RunState.QUEUED:
            run.state = RunState.GENERATING_IMAGES if piece.is_picture else RunState.GENERATING_TEXT
            events.record(session, run, (f"run.{run.state.lower()}", {"state": run.state, "round": run.round}))
    return Claim(token, run, piece, step, is_takeover=bool(found.has_expired))


def renew(session: Session, tokens: list[uuid.UUID]) -> None:
    """Extend the leases of `tokens`, all in one UPDATE.

    Waits for nobody: rows locked here in one order and by a cancellation in another would be a deadlock. Whoever
    has a row locked is ending its lease, or the next beat finds it free.
    """
    free = select(Piece.id).where(Piece.lease_token.in_(tokens)).with_for_update(skip_locked=True)
    session.execute(update(Piece).where(Piece.id.in_(free)).values(lease_until=func.now() + settings().lease))


def _held(session: Session, held: Claim) -> tuple[Run, Piece]:
    """Return run and piece, both locked, while the claim holds. Raises NotClaimed."""
    run = lock_run(session, held.run.id)
    piece = session.execute(
        select(Piece)
        .where(Piece.id == held.piece.id, Piece.lease_token == held.token)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if piece is None or run.round != held.run.round or run.state not in LIVE_RUNS:
        raise NotClaimed(f"the claim of piece {held.piece.id} was lost or its run is over")
    return run, piece


def complete(session: Session, pipeline: Pipeline, held: Claim, done: Done) -> Moved:
    """Write what a step made and move the piece to its next step. Raises NotClaimed when the claim was lost."""
    run, piece = _held(session, held)
    let_go(piece)
    if piece.version != held.piece.version:
        # Edited meanwhile: what was made is paid, but it is not the piece's any more.
        # The journal has it: the same question is not paid for twice.
        return Moved(is_stale=True)
    stage = pipeline.stage(piece.kind, held.step)
    if done.data is not None:
        piece.data = {**piece.data, **done.data}
    if done.picture is not None:
        _refuse_a_siblings(session, piece, done.picture)
        piece.review = None
    for field in ("prompt", "picture", "review", "composed"):
        if (value := getattr(done, field)) is not None:
            setattr(piece, field, value)
    if done.again is not None or done.failure is not None:
        return _refused(session, run, piece, done) if stage.reviews else _sent_back(session, run, piece, done)
    piece.state = stage.gives
    piece.step = pipeline.next_step(piece.kind, held.step)
    piece.attempt, piece.sent_count = 0, 1
    piece.sent_at = datetime.now(UTC)  # the chain publishes the next link when this step returns
    told = [piece_event(piece)]
    if done.opens:
        session.add_all(new_pieces(pipeline, run, done.opens))
        if any(pipeline.is_picture(opened.kind) for opened in done.opens):
            run.state = RunState.GENERATING_IMAGES
            told.append(("run.generating_images", {"state": run.state, "round": run.round}))
    return _progress(session, run, told, opened=bool(done.opens))


def _refuse_a_siblings(session: Session, piece: Piece, picture: Mapping[str, Any]) -> None:
    """Raise PictureRefused when another piece of the run has this picture, though other words were asked.

    The run is locked: of two pieces that got the same picture at once, the second finds the first one's.
    """
    if siblings_picture(session, piece, picture.get("fingerprint")):
        raise PictureRefused("the picture was refused: another piece has the same", code="picture_refused:sibling")


def siblings_picture(session: Session, piece: Piece, fingerprint: str | None) -> bool:
    """Return whether another piece of the run, with another prompt, has a picture that looks the same."""
    if fingerprint is None:
        return False
    others = session.scalars(
        select(Piece.picture["fingerprint"].astext).where(
            Piece.run_id == piece.run_id,
            Piece.id != piece.id,
            Piece.picture.is_not(None),
            Piece.prompt.is_distinct_from(piece.prompt),
        )
    )
    return any(other is not None and same_picture(other, fingerprint) for other in others)


def _refused(session: Session, run: Run, piece: Piece, done: Done) -> Moved:
    """Set a refused picture aside, and put the piece back to have another one made, or end it."""
    piece.refused = [*piece.refused, {"picture": piece.picture, "verdict": piece.review, "rewrites": piece.rewrites}]
    piece.picture = piece.review = None
    if done.failure is not None:
        give_up(piece, *done.failure)
    else:
        piece.state, piece.step = PieceState.PROMPTED, done.again
        piece.attempt = piece.sent_count = 0
        piece.sent_at = piece.next_try_at = None
    kind, data = piece_event(piece)
    told = (
        (kind, data)
        if done.failure
        else ("piece.refused", data | {"problems": done.review and done.review["problems"]})
    )
    moved = _progress(session, run, [told])
    return replace(moved, is_back=done.again is not None)


def _sent_back(session: Session, run: Run, piece: Piece, done: Done) -> Moved:
    """Put a text that was refused back to the step that makes it anew, or end its piece."""
    if done.failure is not None:
        give_up(piece, *done.failure)
        return _progress(session, run, [piece_event(piece)])
    piece.step = done.again
    piece.attempt = piece.sent_count = 0
    piece.sent_at = piece.next_try_at = None
    moved = _progress(session, run, [("piece.sent_back", piece_event(piece)[1] | {"step": done.again})])
    return replace(moved, is_back=True)


def rewritten(session: Session, held: Claim, prompt: str) -> None:
    """Replace the piece's prompt, which a safety filter refused, by a safer one. Raises NotClaimed."""
    run, piece = _held(session, held)
    if piece.version != held.piece.version:
        raise NotClaimed(f"piece {piece.id} was edited meanwhile")
    piece.prompt = prompt
    piece.rewrites += 1
    events.record(session, run, ("piece.rewritten", piece_event(piece)[1] | {"rewrites": piece.rewrites}))


def fail(session: Session, held: Claim, code: str, message: str, causes: Sequence[Cause] = ()) -> Moved:
    """End the piece as FAILED, with the reason that the user sees. Raises NotClaimed when the claim was lost."""
    run, piece = _held(session, held)
    if piece.version != held.piece.version:
        # Edited meanwhile: a text that did not fit, for example, is not the piece's any more.
        let_go(piece)
        piece.sent_at = None
        return Moved(is_stale=True)
    give_up(piece, code, message, causes)
    return _progress(session, run, [piece_event(piece)])


def postpone(
    session: Session, held: Claim, wait: timedelta, code: str, *, counts: bool = True, new_take: bool = False
) -> None:
    """Let the piece go, to be tried again after `wait`.

    counts: False when it was no attempt (rate limit, outage). new_take: the same prompt shall give another picture.
    """
    run, piece = _held(session, held)
    let_go(piece)
    piece.take += new_take
    if not counts:
        piece.attempt -= 1
    run.progressed_at = piece.sent_at = datetime.now(UTC)
    piece.next_try_at = run.progressed_at + wait
    piece.sent_count = 0  # it was here: the relay's patience, which grows while nobody begins, starts anew
    data = {"piece_id": str(piece.id), "kind": piece.kind, "position": piece.position, "code": code}
    if events.is_news(session, run, "piece.waiting", data):
        events.record(session, run, ("piece.waiting", {**data, "wait_s": round(wait.total_seconds(), 1)}))


def let_go(piece: Piece) -> None:
    """Clear the lease."""
    piece.lease_token = piece.lease_until = None


def give_up(piece: Piece, code: str, message: str, causes: Sequence[Cause] = ()) -> None:
    """Make the piece FAILED, whatever it was at."""
    piece.failure = {"code": code, "message": message, "step": piece.step}
    if causes:
        piece.failure |= {"causes": [cause.as_dict() for cause in causes]}
    piece.state, piece.step = PieceState.FAILED, None
    piece.next_try_at = None
    let_go(piece)


def piece_event(piece: Piece) -> tuple[str, dict[str, object]]:
    """Return the event that tells where a piece is now."""
    data: dict[str, object] = {
        "piece_id": str(piece.id),
        "kind": piece.kind,
        "position": piece.position,
        "state": piece.state,
    }
    if piece.failure:
        data |= {"code": piece.failure["code"], "message": piece.failure["message"]}
    return f"piece.{piece.state.lower()}", data


def _progress(session: Session, run: Run, told: list[tuple[str, dict[str, object]]], *, opened: bool = False) -> Moved:
    """Record events; find out whether that was the last piece (the run is locked: nobody can pass us)."""
    run.progressed_at = datetime.now(UTC)
    session.flush()
    events.record(session, run, *told)
    return Moved(opened=opened, is_last=not unfinished(session, run.id))


def unfinished(session: Session, run_id: uuid.UUID) -> int:
    """Return how many pieces of a run are not terminal."""
    return (
        session.scalar(
            select(func.count()).select_from(Piece).where(and_(Piece.run_id == run_id, Piece.step.is_not(None)))
        )
        or 0
    )
