"""The same run in another format: its texts and pictures are stored, so that slides are drawn and nothing is paid."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app import events
from app.db.models import Call, Piece, Run
from app.domain.errors import Conflict
from app.domain.states import PieceState, RunState
from app.ordered import check_readable, pipeline_of, request_of
from app.pipelines.pipeline import Pipeline
from app.runs.accept import parse
from app.runs.claims import lock_run
from app.runs.finish import pieces_of
from app.runs.rounds import first_missing


def reformat(session: Session, run_id: uuid.UUID, wanted: str) -> Run:
    """Return a QUEUED run that draws the slides of a finished one in the format `wanted`; it pays nothing.

    1. Lock the source: of two who ask at once, the second finds the run of the first.
    2. Return the run that the same round of the source was made into before, unless somebody has changed it since.
    3. Copy request, brand and pieces, with the words that stand on the slides. A slide whose picture is there is composed anew; what FAILED stays FAILED, and
       gets its typographic background when the run ends.
    Neither quota nor money is reserved: no step that is left asks a model. Raises Conflict, InvalidRequest.
    """
    source = lock_run(session, run_id)
    check_readable(source)
    pipeline = pipeline_of(source)
    _check(source, pipeline, wanted)
    request = parse(pipeline, {**source.request, "format": wanted}).model_dump(mode="json", exclude_none=True)
    if (before := _made_before(session, source, wanted)) is not None:
        return before
    run = Run(
        id=uuid.uuid4(),
        user_id=source.user_id,
        made_from=source.id,
        made_from_round=source.round,
        seed_run_id=source.seed_run_id or source.id,
        is_sandbox=_is_sandbox(session, source),
        pipeline=source.pipeline,
        pipeline_version=source.pipeline_version,
        request=request,
        brand=source.brand,
        state=RunState.QUEUED,
        reserved_micro_usd=0,
        last_event=0,
        round=1,
    )
    pieces = [_copied(pipeline, run, piece, _words(pipeline, source, piece)) for piece in pieces_of(session, source.id)]
    if all(piece.step is None for piece in pieces):
        raise Conflict("no slide of this run can be drawn from what is stored", code="nothing_to_draw")
    session.add(run)
    session.flush()
    session.add_all(pieces)
    events.record(session, run, ("run.queued", {"state": RunState.QUEUED, "made_from": str(source.id)}))
    session.flush()
    return run


def _check(source: Run, pipeline: Pipeline, wanted: str) -> None:
    """Do nothing when the run can be made in another format. Raises Conflict."""
    if not pipeline.has_formats:
        raise Conflict(f"a run of {pipeline.name} has no slides in a format", code="no_formats")
    if not source.state.is_terminal:
        raise Conflict(f"the run is {source.state}; it has other formats when it has ended", code="not_finished")
    if source.state not in (RunState.READY, RunState.PARTIAL):
        raise Conflict(
            f"the run is {source.state}; only a post that was delivered has other formats", code="not_delivered"
        )
    if source.request["format"] == wanted:
        raise Conflict(f"the run has the format {wanted} already", code="same_format")


def _made_before(session: Session, source: Run, wanted: str) -> Run | None:
    """Return the run that this round of the source was made into already; None when it was changed, or brought nothing."""
    edited = select(Piece.id).where(Piece.run_id == Run.id, Piece.version > 1).exists()
    return session.scalars(
        select(Run)
        .where(
            Run.made_from == source.id,
            Run.made_from_round == source.round,
            Run.request["format"].astext == wanted,
            Run.state.not_in((RunState.FAILED, RunState.CANCELED)),
            ~or_(Run.round > 1, edited),
        )
        .order_by(Run.created_at.desc())
        .limit(1)
    ).one_or_none()


def _is_sandbox(session: Session, source: Run) -> bool:
    """Return whether the sandbox made what is copied: every output has to say so, whatever keys there are by now."""
    its_own = select(Call.id).where(Call.run_id == source.id, Call.is_sandbox).exists()
    return bool(source.is_sandbox or session.scalar(select(its_own)))


def _words(pipeline: Pipeline, run: Run, piece: Piece) -> dict[str, Any]:
    """Return a piece's data with the words that stand on its slide: an edit that could not be drawn is left behind."""
    drawn = piece.composed or {}
    if pipeline.layout is None or piece.state is not PieceState.FAILED or "title" not in drawn:
        return piece.data
    wanted = pipeline.layout(request_of(run), piece.kind, piece.position, piece.data)
    shown = {wanted.body: str(drawn.get("body") or ""), wanted.title: str(drawn["title"])}
    shown = {text: stands for text, stands in shown.items() if text}
    return {name: shown.get(text, text) if isinstance(text, str) else text for name, text in piece.data.items()}


def _copied(pipeline: Pipeline, run: Run, source: Piece, data: dict[str, Any]) -> Piece:
    """Return a piece of the new run with all that was made for `source`, but its slide."""
    piece = Piece(
        id=uuid.uuid4(),
        run_id=run.id,
        kind=source.kind,
        position=source.position,
        is_picture=source.is_picture,
        state=source.state,
        round=run.round,
        take=source.take,  # another take of the same words must not be one that the source has had
        data=data,
        prompt=source.prompt,
        picture=source.picture,
        review=source.review,
        failure=source.failure,
    )
    if any(stage.fills == "composed" for stage in pipeline.track(source.kind)):
        state, step = first_missing(pipeline, piece)
        if pipeline.stage(source.kind, step).fills == "composed":
            piece.state, piece.step, piece.failure = state, step, None
        elif piece.state is PieceState.READY:
            raise Conflict("a slide of this run lacks what it would be drawn from", code="nothing_to_draw")
    return piece
