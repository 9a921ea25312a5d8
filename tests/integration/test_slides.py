"""Slides as workers draw them: measured before anything is paid, proven before they are shown, kept when an edit fails."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from pypdf import PdfReader

from app.db.models import Piece, Run
from app.domain.errors import TextDoesNotFit
from app.domain.states import PieceState, RunState
from app.pipelines.pipeline import Layout
from app.storage import storage
from harness import Installation, Sandbox
from loopback import Loopback
from making import change, pictures_of, piece_now
from next_rounds import edit
from orders import calls_of, order, pieces_of, run_of
from scripted_gateway import scripted_gateway
from workers.slides import Composer
from working import PORTRAIT, a_composer, a_layout, shown, slides_of, step, stored_post, worked

LONG = "a" * 45


@pytest.fixture
def post(database: Installation, sandbox: Sandbox) -> uuid.UUID:
    """A READY post of five slides whose pictures and slides are there."""
    assert database
    assert sandbox
    return stored_post()


@pytest.fixture
def writer(database: Installation) -> Iterator[Loopback]:
    """A writing model that says what the test tells it to."""
    assert database
    with scripted_gateway() as made:
        yield made


# ---- too long is asked shorter


def chat(content: dict[str, Any]) -> bytes:
    """Return what the gateway answers with a text."""
    message = {"role": "assistant", "content": json.dumps(content)}
    usage = {"prompt_tokens": 100, "completion_tokens": 100, "total_tokens": 200}
    choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
    return json.dumps({"id": "gen_1", "object": "chat.completion", "choices": choices, "usage": usage}).encode()


def content(title: str = "Ship small", quote: str = "Done is better.") -> dict[str, Any]:
    part = " ".join(["word"] * 120)
    slide = {"body": "Small changes are easy to undo.", "image_theme": "a small boat"}
    return {
        "hook": "Stop.",
        "slides": [{"title": title if n == 2 else f"Step {n}", **slide} for n in range(5)],
        "article": {
            "title": "A", "intro": part, "sections": [{"heading": "H", "body": part}] * 3, "conclusion": part,
        },
        "quote": {"text": quote, "author": "Anon"},
    }  # fmt: skip


def test_a_title_that_no_size_can_hold_is_sent_back_with_its_length_before_any_picture_is_paid(
    writer: Loopback,
) -> None:
    writer.turns = [chat(content(title=LONG)), chat(content())]
    run_id = order(slides=5)

    step(pieces_of(run_id)[0])

    assert [piece.data["title"] for piece in slides_of(run_id)][2] == "Ship small"
    told = json.loads(writer.received[1])["messages"][-1]["content"]
    assert "slide 3: too long to be set in readable type on 1080x1350 px: title of 45 characters" in told
    assert "longest word 45 characters; write it shorter" in told
    assert {call.purpose for call in calls_of(run_id)} == {"write_content"}


def test_a_writer_that_never_gets_shorter_ends_the_post_and_no_picture_was_paid(writer: Loopback) -> None:
    writer.says(200, chat(content(quote=LONG * 3)))
    run_id = order(slides=5)

    assert worked(run_id) is RunState.FAILED

    failure = run_of(run_id).failure or {}
    assert failure["code"] == "invalid_reply"
    assert "quote: too long" in failure["message"]
    assert "text of 135 characters and author of 4 characters" in failure["message"]
    assert [call.purpose for call in calls_of(run_id)] == ["write_content"] * 3


def test_what_fits_one_format_is_measured_in_the_one_that_was_ordered(database: Installation) -> None:
    assert database
    texts = Layout("content", 1, 5, "One two three four five six", " ".join(["middling"] * 30), PORTRAIT)
    small = Layout(texts.role, 1, 5, texts.title, texts.body, (600, 200))

    assert a_composer().fits(texts) is None
    assert "on 600x200 px" in (a_composer().fits(small) or "")


def test_measuring_finds_too_long_exactly_what_drawing_refuses(database: Installation) -> None:
    assert database
    drawer = a_composer()
    for letters in range(10, 46, 5):
        one = a_layout(title="m" * letters)
        if drawer.fits(one) is None:
            assert drawer(one)["overflow"] is False
        else:
            with pytest.raises(TextDoesNotFit):
                drawer(one)


# ---- an edit that does not fit


def test_an_edit_that_does_not_fit_leaves_the_slide_before_it_shown_and_delivered(post: uuid.UUID) -> None:
    slide = slides_of(post)[2]

    edit(slide, title=LONG)
    assert worked(post) is RunState.PARTIAL

    now = piece_now(slide.id)
    assert (now.state, (now.failure or {})["code"]) == (PieceState.FAILED, "text_does_not_fit")
    assert "edit it, and the slide is drawn again" in (now.failure or {})["message"]
    assert now.composed == slide.composed
    assert (now.composed or {})["title"] == slide.data["title"]
    assert (run_of(post).failure or {})["code"] == "slides_not_drawn"
    pdf = PdfReader(storage_file((run_of(post).result or {})["carousel_pdf"]))
    assert len(pdf.pages) == 5
    told = " ".join(pdf.pages[2].extract_text().split())
    assert slide.data["title"] in told
    assert LONG not in told


def storage_file(key: str) -> Any:
    import io  # noqa: PLC0415

    return io.BytesIO(storage().get(key))


def test_the_next_edit_mends_it_and_no_model_is_asked(post: uuid.UUID, sandbox: Sandbox) -> None:
    slide = slides_of(post)[2]
    edit(slide, title=LONG)
    worked(post)
    before = len(sandbox.log())

    edit(slide, title="Short again")

    assert worked(post) is RunState.READY
    now = piece_now(slide.id)
    assert (now.composed or {})["title"] == "Short again"
    assert now.composed != slide.composed
    assert len(sandbox.log()) == before


def test_a_post_whose_every_text_was_edited_too_long_still_delivers_what_it_had(post: uuid.UUID) -> None:
    for piece in pictures_of(post):
        edit(piece, **({"text": LONG * 4} if piece.kind == "quote" else {"title": LONG * 4}))
        worked(post, binds=False)

    assert {piece.state for piece in pictures_of(post)} == {PieceState.FAILED}
    assert run_of(post).state is RunState.PARTIAL
    assert all(shown(piece).size for piece in pictures_of(post))


# ---- brand, language, file type


def test_the_language_and_the_file_type_of_the_order_reach_the_slide(database: Installation) -> None:
    assert database

    kept = a_composer(language="ur", pictures="png")(a_layout("پہلا قدم", "چھوٹی تبدیلیاں جلد کریں"))

    assert (kept["language"], kept["mime"], kept["key"][-4:]) == ("ur", "image/png", ".png")
    assert storage().get(kept["key"]).startswith(b"\x89PNG")


def test_a_logo_that_is_gone_is_left_out_and_noted(database: Installation, caplog: pytest.LogCaptureFixture) -> None:
    assert database
    drawer = a_composer()
    logo = {"key": f"brands/{uuid.uuid4()}/logo-0.png", "width": 300, "height": 100, "bytes": 9, "sha256": "0" * 64}
    change(Run, drawer.run.id, brand={**drawer.run.brand, "logo": {**logo, "has_alpha": True}})

    with caplog.at_level(logging.WARNING):
        kept = Composer(run_of(drawer.run.id), drawer.piece)(a_layout())

    assert kept["overflow"] is False
    assert "logo_gone" in caplog.text


def test_an_urdu_post_is_written_drawn_and_proven(database: Installation, sandbox: Sandbox) -> None:
    assert database
    assert sandbox
    run_id = order(slides=5, language="ur", topic="DevOps")

    assert worked(run_id, binds=False) is RunState.READY, run_of(run_id).failure

    for piece in slides_of(run_id):
        assert any("\u0600" <= letter <= "\u06ff" for letter in piece.data["title"])
        assert (piece.composed or {})["language"] == "ur"


def test_a_picture_that_is_gone_from_storage_gets_its_typographic_background(post: uuid.UUID) -> None:
    slide = slides_of(post)[2]
    storage().delete((slide.picture or {})["key"])
    edit(slide, title="Other words")
    change(Piece, slide.id, composed=None)

    assert worked(post) is RunState.PARTIAL

    now = piece_now(slide.id)
    assert (now.state, (now.composed or {})["on_picture"]) == (PieceState.FAILED, False)
