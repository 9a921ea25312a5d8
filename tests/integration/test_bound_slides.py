"""What binds a run's slides when it ends: the PDF and the editable deck; and that no fault in them keeps a run from ending."""

from __future__ import annotations

import io
import json
import uuid
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image
from pptx import Presentation
from pypdf import PdfReader

from app import exports
from app.db.models import Piece
from app.db.session import transaction
from app.domain.keys import content_digest
from app.domain.states import RunState
from app.storage import storage
from making import change, make, make_all, opened, pictures_of
from next_rounds import edit
from orders import pieces_of, run_of
from unpacking import unpacked
from workers import finishing

pytestmark = pytest.mark.usefixtures("database")
TASK: Any = SimpleNamespace(retry=lambda **_: AssertionError("nothing is to be tried again"))


def image(kind: str, colour: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (432, 540), colour).save(out, kind)
    return out.getvalue()


def put(name: str, data: bytes) -> dict[str, Any]:
    key = f"posts/x/{name}"
    storage().put(key, data)
    size = {"width": 432, "height": 540, "bytes": len(data), "sha256": content_digest(data)}
    return {"key": key, "mime": "image/jpeg", **size}


def made(language: str = "en") -> uuid.UUID:
    """Return a run that waits for nothing but its end, with slides and pictures that are really there."""
    run_id = opened(slides=5, language=language)
    make_all(run_id)
    for piece in pictures_of(run_id):
        picture = put(f"raw-{piece.kind}-{piece.position}.png", image("PNG", "navy"))
        slide = put(f"{piece.kind}-{piece.position}.jpg", image("JPEG", "teal"))
        proof = {"alt_text": "Ship small.", "overflow": False, "safe": True, "missing_glyphs": 0, "on_picture": True}
        change(Piece, piece.id, picture={**picture, "model": "a/model"}, composed={**slide, **proof})
    return run_id


def test_a_run_that_ends_has_a_pdf_and_an_editable_deck() -> None:
    run_id = made()

    finishing.finish(TASK, run_id, 1)

    run = run_of(run_id)
    assert (run.state, {*(run.result or {})}) == (RunState.READY, {"carousel_pdf", "deck_pptx"})
    assert run.result is not None
    pdf = PdfReader(io.BytesIO(storage().get(run.result["carousel_pdf"])))
    assert [page.extract_text() for page in pdf.pages] == ["Ship small\nSmall changes are easy to undo."] * 5
    deck = Presentation(io.BytesIO(storage().get(run.result["deck_pptx"])))
    assert [slide.shapes.title.text for slide in deck.slides if slide.shapes.title] == ["Ship small"] * 5
    assert deck.core_properties.created == run.created_at.replace(microsecond=0, tzinfo=None)


def test_the_files_say_what_stands_on_the_slides_after_an_edit_that_could_not_be_drawn() -> None:
    run_id = made()
    first = next(piece for piece in pieces_of(run_id) if piece.kind == "slide")
    change(
        Piece, first.id, data={**first.data, "title": "Too long"}, composed={**(first.composed or {}), "title": "Old"}
    )

    bound = finishing.bound(run_of(run_id), pieces_of(run_id), {})

    assert bound is not None
    page = PdfReader(io.BytesIO(storage().get(bound["carousel_pdf"]))).pages[0]
    assert page.extract_text().startswith("Old\n")


def test_the_same_slides_are_bound_to_the_same_bytes() -> None:
    run_id = made("ur")

    once, twice = (finishing.bound(run_of(run_id), pieces_of(run_id), {}) for _ in range(2))

    assert once == twice


def test_a_slide_whose_picture_failed_is_bound_with_its_background() -> None:
    run_id = made()
    pieces = pieces_of(run_id)
    first = next(piece for piece in pieces if piece.kind == "slide")
    first.picture = first.composed = None

    drawn = {first.id: put("background.jpg", image("JPEG", "black")) | {"on_picture": False}}
    bound = finishing.bound(run_of(run_id), pieces, drawn)

    assert bound is not None
    assert len(PdfReader(io.BytesIO(storage().get(bound["carousel_pdf"]))).pages) == 5
    deck = Presentation(io.BytesIO(storage().get(bound["deck_pptx"])))
    kinds = [[str(shape.shape_type) for shape in slide.shapes] for slide in deck.slides]
    assert [any("PICTURE" in kind for kind in slide) for slide in kinds] == [False, True, True, True, True]


def test_slides_whose_bytes_are_gone_do_not_keep_a_run_from_ending() -> None:
    run_id = made()
    for piece in pictures_of(run_id):
        storage().delete((piece.composed or {})["key"])

    finishing.finish(TASK, run_id, 1)

    run = run_of(run_id)
    assert (run.state, {*(run.result or {})}) == (RunState.READY, {"deck_pptx"})


def test_after_an_edit_an_old_pdf_is_not_served_for_one_that_could_not_be_made() -> None:
    run_id = made()
    finishing.finish(TASK, run_id, 1)
    old = (run_of(run_id).result or {})["carousel_pdf"]
    slide = next(piece for piece in pictures_of(run_id) if piece.kind == "slide")
    edit(slide, title="Ship smaller")
    make(slide)  # its new slide has no bytes

    finishing.finish(TASK, run_id, 2)

    run = run_of(run_id)
    assert old
    assert {*(run.result or {})} == {"deck_pptx"}
    with transaction() as session:
        files = unpacked(exports.read(session, run, {}), storage())
    assert "carousel.pdf" not in files
    told = {one["name"] for one in json.loads(files["manifest.json"])["missing_files"]}
    assert told >= {"carousel.pdf"}


def test_pictures_that_cannot_be_read_do_not_keep_a_run_from_ending() -> None:
    run_id = made()
    for piece in pictures_of(run_id):
        storage().put((piece.picture or {})["key"], b"no picture")

    finishing.finish(TASK, run_id, 1)

    run = run_of(run_id)
    assert (run.state, {*(run.result or {})}) == (RunState.READY, {"carousel_pdf"})
