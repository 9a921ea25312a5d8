"""End a run's round, once: whoever comes first of the last piece, the chord's body and the watchdog."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Self

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app import budgets, events, journal, quotas
from app.db.models import Call, Notification, Piece, Run
from app.domain.errors import AnotherRelease
from app.domain.states import LIVE_RUNS, PieceState, RunState
from app.ordered import pipeline_of
from app.runs.claims import give_up, lock_run, piece_event, unfinished


class Finisher(StrEnum):
    """Who saw that a round is over."""

    LAST_PIECE = "last_piece"
    """The commit that made the last piece terminal: the usual way."""
    CHORD = "chord"
    """The chord's body, which is sent a moment later, was worked on first."""
    RELAY = "relay"
    """It found a round that nobody had ended: the message was lost."""
    WATCHDOG = "watchdog"
    """The round made no progress and was given up."""

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the message that asks for the end. No argument: a worker of the release before takes none."""
        return {"finisher": self.value}

    @classmethod
    def told_by(cls, headers: Mapping[str, Any] | None) -> Self | None:
        """Return who sent a message with these headers; None = it does not say."""
        told = (headers or {}).get("finisher")
        return cls(told) if told in set(cls) else None


def pieces_of(session: Session, run_id: uuid.UUID) -> Sequence[Piece]:
    """Return a run's pieces in the order in which they are shown."""
    return session.scalars(select(Piece).where(Piece.run_id == run_id).order_by(Piece.kind, Piece.position)).all()


def is_due(session: Session, run_id: uuid.UUID, round_: int) -> bool:
    """Return whether the round is live and all of its pieces are terminal."""
    run = session.get(Run, run_id)
    return run is not None and run.round == round_ and run.state in LIVE_RUNS and not unfinished(session, run_id)


def outcome(
    pieces: Sequence[Piece],
    *,
    tolerates: AbstractSet[str] = frozenset(),
    optional: AbstractSet[str] = frozenset(),
) -> tuple[RunState, dict[str, Any] | None]:
    """Return the state that a round with these terminal pieces ends in, and why if it is not READY.

    tolerates: kinds of text of which some may fail, as long as one is READY. optional: of which all may.
    """
    failed = [piece for piece in pieces if piece.state is PieceState.FAILED]
    failed.sort(key=lambda piece: piece.kind in optional)  # the reason is that of what the run cannot do without
    pictures = [piece for piece in pieces if piece.is_picture]
    # A slide that could not be drawn with its new text still shows the one before.
    shown = [p for p in pictures if p.state is PieceState.READY or (p.picture is not None and p.composed is not None)]
    if not failed:
        return RunState.READY, None
    enough = {piece.kind for piece in pieces if piece.kind in tolerates and piece.state is PieceState.READY} | optional
    tolerated = [piece for piece in failed if piece.kind in enough]
    texts_failed = [piece for piece in failed if not piece.is_picture and piece.kind not in enough]
    if texts_failed or (pictures and not shown):
        reason = (texts_failed or failed)[0].failure or {}
        return RunState.FAILED, {"code": reason.get("code"), "message": reason.get("message")}
    if tolerated:
        told = f"{len(failed)} of {len(pieces)} parts could not be made"
        first = failed[0].failure or {}
        return RunState.PARTIAL, {
            "code": "parts_missing",
            "message": f"{told}; the first reason: {first.get('message')}",
        }
    missing = [piece for piece in failed if piece.picture is None]
    first = (missing or failed)[0].failure or {}
    if not missing:
        code, told = "slides_not_drawn", f"{len(failed)} of {len(pictures)} slides could not be drawn with their text"
    else:
        told = f"{len(missing)} of {len(pictures)} pictures could not be made{_backgrounds(missing)}"
        code = "pictures_missing"
    failure: dict[str, Any] = {"code": code, "message": f"{told}; the first reason: {first.get('message')}"}
    return RunState.PARTIAL, failure | _for_want_of_money(missing)


def _for_want_of_money(missing: Sequence[Piece]) -> dict[str, Any]:
    """Say how many slides have no picture because the run's money ended."""
    codes = [
        {piece.failure["code"], *(cause["code"] for cause in piece.failure.get("causes", []))}
        for piece in missing
        if piece.failure
    ]
    broke = sum("run_budget_reached" in told for told in codes)
    return {"budget_reached": broke} if broke else {}


def _backgrounds(missing: Sequence[Piece]) -> str:
    """Say how many slides without a picture have a typographic background; some could not be drawn on one either."""
    drawn = sum(p.composed is not None and not p.composed.get("on_picture") for p in missing)
    if drawn == len(missing):
        return " and have a typographic background"
    return f", {drawn} of them have a typographic background" if drawn else ""


def finish(
    session: Session,
    run_id: uuid.UUID,
    round_: int,
    result: dict[str, Any] | None = None,
    drawn: Mapping[uuid.UUID, dict[str, Any]] | None = None,
    *,
    seen: Sequence[Piece] | None = None,
    lacks: Mapping[str, Any] | None = None,
    by: Finisher | None = None,
) -> RunState | None:
    """End the round in one transaction and return its state; None when it is not due or already done.

    result: storage keys of what belongs to the whole run. drawn: slides of pieces whose picture failed.
    lacks: why the parts that there are make no whole: the round is FAILED then.
    seen: the pieces that these two show; were some edited meanwhile, the round is not ended with them: the relay asks
    again. by: for the event; None = not known.
    Under the run's lock: the state, the money and quota given back, the event and the notification.
    """
    run = lock_run(session, run_id)
    if run.round != round_ or run.state not in LIVE_RUNS or unfinished(session, run_id):
        return None
    pieces = pieces_of(session, run_id)
    if seen is not None and _versions(seen) != _versions(pieces):
        return None
    for piece in pieces:
        if drawn and piece.id in drawn:
            piece.composed = drawn[piece.id]
    pipeline = pipeline_of(run)
    state, failure = outcome(
        pieces,
        tolerates=pipeline.tolerates,
        optional=pipeline.optional,
    )
    if lacks is not None and state is not RunState.FAILED:
        state, failure = RunState.FAILED, dict(lacks)
    if result is not None:
        run.result = {**(run.result or {}), **result}
    _end(session, run, pieces, state, failure, by)
    return state


def _versions(pieces: Sequence[Piece]) -> dict[uuid.UUID, int]:
    return {piece.id: piece.version for piece in pieces}


def put_off(session: Session, run_id: uuid.UUID, round_: int) -> None:
    """Note that the end of a round waits for storage: that is no stall, and nobody need ask for its end meanwhile."""
    session.execute(
        update(Run)
        .where(Run.id == run_id, Run.round == round_, Run.state.in_(LIVE_RUNS))
        .values(progressed_at=func.now())
    )


def cancel(session: Session, run: Run) -> None:
    """End a live run, which the caller has locked, as CANCELED.

    Refunds only if nothing was delivered: no picture, or no text where the pipeline makes no pictures.
    """
    pieces = pieces_of(session, run.id)
    for piece in pieces:
        if not piece.state.is_terminal:
            give_up(piece, "canceled", "the run was canceled")
    _end(session, run, pieces, RunState.CANCELED, {"code": "canceled", "message": "canceled by its owner"})


def time_out(session: Session, run_id: uuid.UUID) -> tuple[uuid.UUID, int]:
    """Make a stalled run's open pieces FAILED; return what to finish."""
    run = lock_run(session, run_id)
    if run.state not in LIVE_RUNS:
        return run.id, run.round
    told = []
    for piece in pieces_of(session, run_id):
        if not piece.state.is_terminal:
            give_up(piece, "timed_out", "no progress for too long; you can render it again")
            told.append(piece_event(piece))
    run.progressed_at = datetime.now(UTC)
    if told:
        session.flush()
        events.record(session, run, *told)
    return run.id, run.round


def _makes_pictures(run: Run, pieces: Sequence[Piece]) -> bool:
    try:
        pipeline = pipeline_of(run)
    except AnotherRelease:  # its owner can cancel it here, too
        return any(piece.is_picture for piece in pieces)
    return any(pipeline.is_picture(kind) for kind in pipeline.tracks)


def _end(
    session: Session,
    run: Run,
    pieces: Sequence[Piece],
    state: RunState,
    failure: dict[str, Any] | None,
    by: Finisher | None = None,
) -> None:
    journal.mark_abandoned(session, Call.run_id == run.id)
    run.state, run.failure, run.finished_at = state, failure, datetime.now(UTC)
    has_pictures = _makes_pictures(run, pieces)
    delivered = any(piece.state is PieceState.READY and (piece.is_picture or not has_pictures) for piece in pieces)
    if state is RunState.FAILED or (state is RunState.CANCELED and not delivered):
        quotas.refund(session, run)
    quotas.release_money(session, run)
    budgets.release(session, run)
    run.reserved_micro_usd = run.spent_micro_usd + run.held_micro_usd
    data = {"state": state, "round": run.round, **({"failure": failure} if failure else {})}
    session.flush()
    events.record(session, run, (f"run.{state.lower()}", {**data, **({"finished_by": by} if by else {})}))
    session.add(
        Notification(
            user_id=run.user_id,
            run_id=run.id,
            round=run.round,
            kind="run_finished",
            payload={"run_id": str(run.id), "pipeline": run.pipeline, **data},
        )
    )
