"""Every slide that is shown proves that it can be read; the database holds that, too."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from app.db.models import Piece, Run
from app.db.session import transaction
from app.domain.errors import SlideRefused
from app.domain.states import PieceState, RunState
from app.runs.view import Links, run_view
from harness import Installation, Sandbox
from making import change, finished, pictures_of, piece_now, stored_picture
from next_rounds import edit
from orders import order
from workers.images.compositor import Composed, Slide
from workers.images.compositor.typography import typeset
from workers.slides import refuse_unproven
from working import a_composer, a_layout, slides_of, stored_post, worked

PROVEN = {"overflow": False, "missing_glyphs": 0, "safe": True}


def test_a_finished_slide_keeps_its_texts_and_its_proof_and_shows_it(database: Installation, sandbox: Sandbox) -> None:
    assert database
    assert sandbox
    post = order(slides=5)
    assert worked(post, binds=False) is RunState.READY

    for piece in pictures_of(post):
        kept = piece.composed or {}
        assert (kept["missing_glyphs"], kept["overflow"], kept["safe"]) == (0, False, True)
        assert kept["contrast"] >= 4.5
        assert kept["least_type_px"] >= 28
        assert 0 <= kept["scrim"] <= 1
        assert kept["on_picture"] is True
        assert kept["language"] == "en"
        assert kept["theme"]["background"] == "#0b1220"
        assert kept["alt_text"]
        assert kept["layout"]
        assert kept["title"] == typeset(piece.data["text" if piece.kind == "quote" else "title"])
    with transaction() as session:
        run = session.get_one(Run, post)
        view = run_view(session, run, lambda key: f"/media/{key}", Links("http://x", "http://x"))

    for piece in view["pieces"]:
        if piece["composed"]:
            assert piece["composed"]["proof"].keys() == {
                "contrast", "missing_glyphs", "overflow", "safe", "least_type_px",
            }  # fmt: skip
            assert piece["composed"]["layout"]


def composed(**changes: Any) -> Composed:
    usual: dict[str, Any] = {
        "data": b"", "mime": "image/jpeg", "width": 1080, "height": 1350, "layout": "split", "contrast": 7.0,
        "missing_glyphs": 0, "overflow": False, "safe": True, "least_type_px": 30, "scrim": 0.0, "alt_text": "",
    }  # fmt: skip
    return Composed(**{**usual, **changes})


def refusal_of(slide: Slide, made: Composed) -> str | None:
    """Return the code that a slide is refused with; None when it is shown."""
    try:
        refuse_unproven(slide, made)
    except SlideRefused as exc:
        return exc.code
    return None


@pytest.mark.parametrize("contrast", [4.5, 21.0])
def test_a_slide_that_holds_everything_passes(contrast: float) -> None:
    assert refusal_of(Slide("content", 0, 1, "T"), composed(contrast=contrast)) is None


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"missing_glyphs": 1}, "missing_glyphs"),
        ({"overflow": True}, "overflow"),
        ({"safe": False}, "unsafe"),
        ({"contrast": 4.49}, "contrast"),
        ({"least_type_px": 27}, "type"),
        ({"least_type_px": 0}, "type"),
        ({"least_type_px": 27, "width": 1920, "height": 1080}, "type"),
    ],
    ids=str,
)
def test_a_slide_that_breaks_one_rule_is_refused_with_its_code(changes: dict[str, Any], code: str) -> None:
    assert refusal_of(Slide("content", 0, 1, "T"), composed(**changes)) == f"slide_refused:{code}"


def test_a_picture_without_words_has_no_type_to_be_read() -> None:
    assert refusal_of(Slide("content", 0, 1, ""), composed(least_type_px=0)) is None


def test_a_slide_keeps_the_words_that_stand_on_it_as_they_are_set(database: Installation) -> None:
    assert database

    kept = a_composer()(a_layout('Fast -- or "safe"?', "5-7 days..."))

    assert (kept["title"], kept["body"]) == ("Fast\u00a0– or “safe”?", "5–7 days…")


def test_letters_that_no_font_has_are_named_with_their_script(database: Installation) -> None:
    assert database

    with pytest.raises(SlideRefused, match=r"ꦲ \(Javanese\)") as told:
        a_composer()(a_layout(title="Aksara ꦲ"))

    assert told.value.code == "slide_refused:missing_glyphs"


def test_letters_that_no_font_has_are_sent_back_to_the_writer_before_any_picture_is_paid(
    database: Installation,
) -> None:
    assert database

    assert a_composer().fits(a_layout(body="Aksara ꦲꦲ")) == "no font has ꦲ (Javanese); write it without"


def test_a_pictograph_that_no_font_has_is_left_out_and_the_slide_passes(database: Installation) -> None:
    assert database
    drawer, one = a_composer(), a_layout(title="Ship \U0001fac6 small")

    kept = drawer(one)

    assert (kept["missing_glyphs"], kept["left_out"]) == (0, 1)
    assert drawer.fits(one) is None


def test_a_slide_that_is_refused_is_not_stored_and_its_piece_fails_with_the_reason(database: Installation) -> None:
    assert database
    post = stored_post()
    slide = slides_of(post)[2]

    edit(slide, title="Aksara ꦲꦤꦕ")

    assert worked(post) is RunState.PARTIAL
    now = piece_now(slide.id)
    assert (now.state, (now.failure or {})["code"]) == (PieceState.FAILED, "slide_refused:missing_glyphs")
    assert now.composed == slide.composed


READY: dict[str, Any] = {"state": PieceState.READY, "step": None}


@pytest.mark.parametrize(
    "proof",
    [
        PROVEN | {"missing_glyphs": 1},
        PROVEN | {"overflow": True},
        PROVEN | {"safe": False},
        {"overflow": False},
        PROVEN | {"contrast": 4.49},
        PROVEN | {"least_type_px": 23},  # of 928 x 1152 px
        PROVEN | {"least_type_px": 0, "title": "Words"},
        PROVEN | {"missing_glyphs": 1, "least_type_px": 0},
    ],
    ids=str,
)
def test_the_database_refuses_a_finished_slide_without_its_proof(database: Installation, proof: dict[str, Any]) -> None:
    assert database
    slide = pictures_of(finished(slides=5))[0]

    with pytest.raises(IntegrityError, match="ready_slide_is_proven"):
        change(Piece, slide.id, composed={**stored_picture(), **proof})


@pytest.mark.parametrize(
    "proof",
    [
        PROVEN,
        PROVEN | {"contrast": 4.5, "least_type_px": 24},
        PROVEN | {"least_type_px": 0},
        {},
        {"missing_glyphs": 2, "contrast": 5.0},
    ],
    ids=str,
)
def test_a_slide_with_its_proof_may_be_ready_and_one_from_before_there_was_any(
    database: Installation, proof: dict[str, Any]
) -> None:
    assert database
    slide = pictures_of(finished(slides=5))[0]

    change(Piece, slide.id, composed={**stored_picture(), **proof})

    assert piece_now(slide.id).state is PieceState.READY


def test_a_piece_that_failed_may_keep_a_slide_of_any_kind(database: Installation) -> None:
    assert database
    slide = pictures_of(finished(slides=5, failed=1))[0]

    change(Piece, slide.id, composed={**stored_picture(), "overflow": True, "missing_glyphs": 3})
