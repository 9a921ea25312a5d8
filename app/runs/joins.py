"""What comes when all pieces so far are over: a digest of summaries, a picture of parts. The pipeline says what."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from app import events
from app.db.models import Piece, Run
from app.domain.states import LIVE_RUNS, PieceState, RunState
from app.ordered import brand_of, pipeline_of, request_of
from app.pipelines.pipeline import Made, NewPiece, Pipeline
from app.runs.accept import new_pieces
from app.runs.claims import let_go, lock_run, piece_event, unfinished
from app.runs.finish import pieces_of
from app.runs.rounds import OPENED_WITH, back


def open_more(session: Session, run_id: uuid.UUID, round_: int) -> bool:
    """Open what the pipeline wants next, now that every piece of the round is over; return whether there is anything.

    Under the run's lock, and a pure function of the rows: it may be asked twice, and by two at once. Publish after the
    commit; if that is lost, the relay publishes. Raises AnotherRelease.
    """
    run = lock_run(session, run_id)
    if run.round != round_ or run.state not in LIVE_RUNS or unfinished(session, run_id):
        return False
    pipeline = pipeline_of(run)
    if pipeline.then is None:
        return False
    pieces = pieces_of(session, run_id)
    wanted = pipeline.then(request_of(run), brand_of(run), [_made(piece) for piece in pieces])
    present = {(piece.kind, piece.position): piece for piece in pieces}
    opened = [_marked(new) for new in wanted if (new.kind, new.position) not in present]
    changed = [
        (piece, _marked(new))
        for new in wanted
        if (piece := present.get((new.kind, new.position))) and piece.data.get(OPENED_WITH) != _digest(new.data)
    ]
    session.add_all(new_pieces(pipeline, run, opened))
    for piece, new in changed:
        _make_anew(pipeline, run, piece, new)
    again = [piece for piece, _ in changed]
    if not opened and not changed:
        # What FAILED in an earlier round comes last, for what is made anew may change what it is opened with; and once.
        again = [
            piece
            for new in wanted
            if (piece := present[new.kind, new.position]).state is PieceState.FAILED and piece.round != round_
        ]
        for piece in again:
            back(pipeline, piece, round_)
    if not opened and not again:
        return False
    told = [piece_event(piece) for piece in again]
    kinds = {new.kind for new in opened} | {piece.kind for piece in again}
    if run.state is not RunState.GENERATING_IMAGES and any(pipeline.is_picture(kind) for kind in kinds):
        run.state = RunState.GENERATING_IMAGES
        told.append(("run.generating_images", {"state": run.state, "round": run.round}))
    session.flush()
    if told:
        events.record(session, run, *told)
    return True


def _made(piece: Piece) -> Made:
    return Made(piece.kind, piece.position, piece.state is PieceState.READY, piece.data, piece.picture, piece.failure)


def _marked(new: NewPiece) -> NewPiece:
    return NewPiece(new.kind, new.position, {**new.data, OPENED_WITH: _digest(new.data)}, new.prompt)


def _digest(data: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(data, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _make_anew(pipeline: Pipeline, run: Run, piece: Piece, new: NewPiece) -> None:
    """Put a piece of an earlier round back to its beginning, with other data."""
    piece.data, piece.prompt = new.data, new.prompt
    piece.picture = piece.review = piece.composed = None
    piece.version += 1
    piece.state, piece.step, piece.round = PieceState.PENDING, pipeline.track(piece.kind)[0].step, run.round
    piece.failure = piece.sent_at = piece.next_try_at = None
    piece.attempt = piece.sent_count = piece.rewrites = 0
    piece.refused = []
    let_go(piece)
