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
from app.domain.keys import content_digest
from app.domain.states import RunState
from app.pipelines.catalog import all_pipelines
from app.pipelines.pipeline import Layout
from app.runs import claims
from app.storage import storage
from asking import act
from making import change, complete, end, make_all, opened, pictures_of, stored_picture, take
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


def worked(run_id: uuid.UUID, *, draws: bool = True, binds: bool = True) -> RunState:
    """Do what is left of a run, one piece after the other and without waiting, and end its round; return the state.

    draws: False has no slide drawn and nothing bound, for tests of what comes before that; each slide is then a stand-in.
    binds: False makes no PDF and no deck of the slides.
    """
    with pytest.MonkeyPatch.context() as patch:
        if not draws:
            patch.setattr(
                Composer, "__call__", lambda self, _: stand_in(self, on_picture=self.piece.picture is not None)
            )
            patch.setattr(Composer, "background", lambda self, _: stand_in(self, on_picture=False))
        if not draws or not binds:
            patch.setattr(finishing, "bound", lambda *_: None)
        return _worked(run_id)


def stored_post(**request: Any) -> uuid.UUID:
    """Return a READY post of five slides whose pictures and slides are in storage: no model was asked, nothing drawn."""
    run_id = opened(slides=5, **request)
    make_all(run_id)
    for piece in pictures_of(run_id):
        picture, slide = (
            put(f"{name}-{piece.id}.jpg", colour) for name, colour in (("raw", "navy"), ("slide", "teal"))
        )
        title, body = (piece.data.get(name, "") for name in ("title", "body"))
        proof = {"overflow": False, "safe": True, "missing_glyphs": 0, "on_picture": True, "title": title, "body": body}
        change(Piece, piece.id, picture=picture, composed={**slide, **proof})
    end(run_id)
    return run_id


def put(name: str, colour: str) -> dict[str, Any]:
    """Store a small picture of one colour and return it as a piece has it."""
    out = io.BytesIO()
    Image.new("RGB", (432, 540), colour).save(out, "JPEG")
    data, key = out.getvalue(), f"posts/x/{name}"
    storage().put(key, data)
    size = {"width": 432, "height": 540, "bytes": len(data), "sha256": content_digest(data)}
    return {"key": key, "mime": "image/jpeg", **size}


def stand_in(composer: Composer, *, on_picture: bool) -> dict[str, Any]:
    """Return what stands for a piece's slide, as Piece.composed has it; nothing is stored."""
    return stored_picture(f"composed-{composer.piece.id}") | {"on_picture": on_picture}


def _worked(run_id: uuid.UUID) -> RunState:
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
