"""Brings runs to their end in this process: the steps, the sandbox's models, the compositor and storage are real."""

from __future__ import annotations

import io
import uuid
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
from celery.exceptions import Ignore
from PIL import Image

from app.db.models import Piece, Run
from app.db.session import transaction
from app.domain.errors import InvalidReply
from app.domain.states import RunState
from app.pipelines.catalog import all_pipelines
from app.pipelines.pipeline import Layout
from app.runs import claims
from app.storage import storage
from asking import act
from making import change, complete, opened, take
from orders import pieces_of, run_of
from workers import canvas, finishing
from workers.slides import Composer
from workers.steps import run_step

PORTRAIT = (1080, 1350)
MOST_STEPS = 40  # of one piece: whoever needs more will never end


class Later(Exception):
    """The step, or `finish`, is to be delivered again."""


@dataclass
class Task:
    """What a step knows of its Celery task."""

    def retry(self, **_: object) -> None:
        raise Later


def worked(run_id: uuid.UUID) -> RunState:
    """Do what is left of a run, one piece after the other and without waiting, and end its round; return the state."""
    for _ in range(MOST_STEPS):
        for piece in [piece for piece in pieces_of(run_id) if piece.step is not None]:
            step(piece)
        run = run_of(run_id)
        finishing.finish(Task(), run_id, run.round)  # does nothing before all pieces are over, and may open more
        if run_of(run_id).state.is_terminal:
            break
    return run_of(run_id).state


def step(piece: Piece) -> None:
    """Execute the step that a piece is at, at once."""
    pipeline = all_pipelines()[run_of(piece.run_id).pipeline]
    if not piece.is_picture and pipeline.name == "full-post":
        write(piece)
        return
    if piece.next_try_at is not None:
        change(Piece, piece.id, next_try_at=None)
    assert piece.step is not None
    with suppress(Later, Ignore), pytest.MonkeyPatch.context() as patch:
        # The result of a chord that nobody takes holds a connection, and misses Redis when the suite has stopped it.
        patch.setattr(canvas, "publish_chord", lambda *_: None)
        run_step(Task(), pipeline, piece.step, str(piece.id), piece.round)


def write(piece: Piece) -> None:
    """Do the step of a text, and publish nothing: nobody would take a chord's messages, nor its result."""
    held = take(piece)
    try:
        done = act(held)
    except InvalidReply as exc:
        with transaction() as session:
            claims.fail(session, held, exc.code, str(exc))
        return
    complete(held, done)


def slides_of(run_id: uuid.UUID) -> list[Piece]:
    """Return a run's slides in order."""
    return [piece for piece in pieces_of(run_id) if piece.kind == "slide"]


def shown(piece: Piece) -> Image.Image:
    """Return a piece's slide as it is stored."""
    return opened_image(piece.composed)


def opened_image(stored: dict[str, Any] | None) -> Image.Image:
    """Return a stored picture."""
    assert stored is not None
    image = Image.open(io.BytesIO(storage().get(stored["key"])))
    image.load()
    return image


def a_composer(**request: Any) -> Composer:
    """Return what draws the second slide of a post that has no picture."""
    run_id = opened(slides=5)
    run = run_of(run_id)
    change(Run, run_id, request={**run.request, **request})
    return Composer(run_of(run_id), slides_of(run_id)[1])


def a_layout(title: str = "Ship small", body: str = "Small changes are easy to undo.", role: Any = "content") -> Layout:
    """Return what stands on the second of five slides."""
    return Layout(role, 1, 5, title, body, PORTRAIT)
