"""`finish`: backgrounds for slides whose picture failed, the PDF, and the one transaction that ends the round."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from typing import Any

from celery import Task

from app import broker
from app.db.models import Piece, Run
from app.db.session import transaction
from app.domain import errors
from app.domain.states import PieceState
from app.pipelines.catalog import all_pipelines
from app.runs import finish as rounds_end
from app.storage import storage
from workers import safekeeping
from workers.slides import Composer, pdf_key

log = logging.getLogger(__name__)
STORAGE_RETRY_S = 5


def finish(task: Task, run_id: uuid.UUID, round_: int) -> None:
    """End the round once.

    1. Return unless every piece is terminal.
    2. Draw what is missing and write the PDF: same input, same bytes, so that a crash repeats it harmlessly.
    3. End the round in one transaction; then the next waiting run may start.
    """
    with transaction(durable=False) as session:
        if not rounds_end.is_due(session, run_id, round_):
            return
        run = session.get_one(Run, run_id)
        pieces = rounds_end.pieces_of(session, run_id)
    try:
        drawn = backgrounds(run, pieces)
        result = carousel(run, pieces, drawn)
    except errors.StorageError as exc:
        # Not raised past Celery: the watchdog ends the run without its PDF if storage stays away.
        raise task.retry(exc=exc, countdown=STORAGE_RETRY_S) from exc
    with transaction() as session:
        state = rounds_end.finish(session, run_id, round_, result, drawn)
    if state is None:
        return
    log.info("run_finished", extra={"run_id": str(run_id), "round": round_, "state": state})
    try:
        broker.send("upkeep.admit")
    except errors.Unavailable:
        log.warning("left_to_beat", extra={"task": "upkeep.admit"})


def backgrounds(run: Run, pieces: Sequence[Piece]) -> dict[uuid.UUID, dict[str, Any]]:
    """Return the designed, typographic slide of each piece whose picture failed. Raises StorageError.

    A run that has no picture at all is FAILED and gets none.
    """
    pipeline = all_pipelines()[run.pipeline]
    if pipeline.layout is None or not any(p.is_picture and p.state is PieceState.READY for p in pieces):
        return {}
    request = pipeline.request.model_validate(run.request)
    drawn = {}
    for piece in pieces:
        if piece.is_picture and piece.state is PieceState.FAILED and piece.composed is None:
            try:
                drawn[piece.id] = Composer(run, piece)(pipeline.layout(request, piece.kind, piece.position, piece.data))
            except errors.TextDoesNotFit:
                log.warning("no_background", extra={"piece_id": str(piece.id)})
    return drawn


def carousel(run: Run, pieces: Sequence[Piece], drawn: dict[uuid.UUID, dict[str, Any]]) -> dict[str, Any] | None:
    """Store the run's PDF and return its key as the result has it; None when there is nothing to bind.

    Raises StorageError.
    """
    from workers.images.pdf import Page, carousel_pdf  # noqa: PLC0415 - reportlab only where PDFs are written

    pipeline = all_pipelines()[run.pipeline]
    slides = [(piece.composed or drawn.get(piece.id), piece) for piece in pieces if piece.kind == pipeline.carousel]
    pages = [
        Page(safekeeping.get(slide["key"]), f"{piece.data['title']}\n{piece.data['body']}")
        for slide, piece in slides
        if slide is not None
    ]
    if not pages:
        return None
    request = pipeline.request.model_validate(run.request)
    pdf = carousel_pdf(pages, title=pipeline.heading(request), language=getattr(request, "language", "en"))
    key = pdf_key(run.id, pdf)
    storage().put(key, pdf)
    return {"carousel_pdf": key}
