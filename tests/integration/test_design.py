"""design as a whole run: layout, pictures, one composed picture; on the sandbox's models and the real compositor."""

from __future__ import annotations

import io
import json
import uuid
from typing import Any

import pytest
from PIL import Image

from app import exports
from app.db.models import Piece
from app.db.session import transaction
from app.domain.brand import BrandKit
from app.domain.errors import InvalidReply
from app.domain.states import PieceState, QuotaUnit, RunState
from app.pipelines.catalog import pipeline_named
from app.pipelines.design import DesignRequest, arrangement_of
from app.pipelines.pipeline import Work
from app.runs import claims
from app.runs.claims import Claim
from app.runs.view import Links, run_view
from app.storage import storage
from asking import no_slide
from harness import Sandbox
from next_rounds import render_again, resume
from orders import a_user, calls_of, order, pieces_of, run_of, used
from unpacking import unpacked
from workers.ask import Asker
from workers.designs import Arranger
from working import opened_image
from working import worked as worked_through

pytestmark = pytest.mark.usefixtures("database", "sandbox")

BRIEF = "Announce our weekend market for repaired bicycles in Lahore. Entry is free, bring a friend."
DESIGN = pipeline_named("design")
STAGE = DESIGN.stage("layout", "lay_out")


def ordered(brief: str = BRIEF, **request: Any) -> uuid.UUID:
    return order(request.pop("user", None), pipeline="design", **{"brief": brief, "images": 2, **request})


def worked(run_id: uuid.UUID) -> RunState:
    """Bring a run to its end; the layout's step publishes nothing, for nobody would take a chord's messages."""
    (piece,) = of_kind(run_id, "layout")
    if piece.step is not None:
        with transaction() as session:
            held = claims.claim(session, piece.id, piece.step, piece.round)
        try:
            done = STAGE.act(work_of(held))
        except InvalidReply as exc:
            with transaction() as session:
                claims.fail(session, held, exc.code, str(exc))
        else:
            with transaction() as session:
                claims.complete(session, DESIGN, held, done)
    return worked_through(run_id)


def work_of(held: Claim) -> Work:
    """Return what the claimed layout may know."""
    return Work(
        request=DESIGN.request.model_validate(held.run.request),
        brand=BrandKit.model_validate(held.run.brand),
        kind=held.piece.kind,
        position=held.piece.position,
        data=held.piece.data,
        prompt=None,
        ask=Asker(held, STAGE),
        compose=no_slide,
        arrange=Arranger(held.run, held.piece),
    )


def of_kind(run_id: uuid.UUID, kind: str) -> list[Piece]:
    return [piece for piece in pieces_of(run_id) if piece.kind == kind]


def the_design(run_id: uuid.UUID) -> Piece:
    (piece,) = of_kind(run_id, "design")
    return piece


def seen(run_id: uuid.UUID) -> dict[str, Any]:
    with transaction() as session:
        return run_view(session, run_of(run_id), str, Links("", ""))


def exported(run_id: uuid.UUID) -> dict[str, bytes]:
    with transaction() as session:
        run = run_of(run_id)
        finished = exports.read(session, run, run_view(session, run, str, Links("", "")))
        return unpacked(finished, storage())


def drawn_again(run_id: uuid.UUID) -> dict[str, Any]:
    """Return what arranging the stored layout and pictures once more gives."""
    piece, run = the_design(run_id), run_of(run_id)
    request = DesignRequest.model_validate(run.request)
    return Arranger(run, piece)(arrangement_of(request, piece.data["layout"], piece.data["pictures"]))


def test_a_brief_becomes_one_picture_with_its_layout() -> None:
    run_id = ordered()

    assert worked(run_id) is RunState.READY

    composed = the_design(run_id).composed or {}
    assert opened_image(composed).size == (1080, 1080)
    assert composed["mime"] == "image/png"
    assert composed["contrast"] >= 4.5
    assert (composed["overflow"], composed["missing_glyphs"], composed["safe"]) == (False, 0, True)
    texts = seen(run_id)["texts"]
    assert texts["words"]
    assert all(words in composed["alt_text"] for words in texts["words"])
    assert sum(element["type"] == "image" for element in texts["layout"]["elements"]) == 2
    assert len(of_kind(run_id, "picture")) == 2


def test_the_same_layout_and_pictures_give_the_same_bytes() -> None:
    run_id = ordered()
    worked(run_id)
    composed = the_design(run_id).composed

    assert drawn_again(run_id) == composed


def test_files_hold_the_picture_its_layout_and_the_pictures_in_it() -> None:
    run_id = ordered(file_type="jpeg", canvas={"width": 900, "height": 500})
    assert worked(run_id) is RunState.READY

    found = exported(run_id)

    layout = json.loads(found["layout.json"])
    assert layout["canvas"] == {"width": 900, "height": 500}
    assert len(layout["elements"]) <= 20
    assert Image.open(io.BytesIO(found["design.jpg"])).size == (900, 500)
    assert {"picture.png", "picture-1.png"} <= set(found)
    assert {"design.jpg", "layout.json"} <= set(found)


def test_the_languages_words_stand_on_it_from_right_to_left() -> None:
    run_id = ordered(language="ur")

    assert worked(run_id) is RunState.READY

    assert any("؀" <= letter <= "ۿ" for letter in seen(run_id)["texts"]["words"][0])
    assert (the_design(run_id).composed or {})["contrast"] >= 4.5


def test_a_layout_whose_texts_overlap_is_sent_back_before_a_picture_is_paid() -> None:
    run_id = ordered(f"{BRIEF} A crowded layout.")

    assert worked(run_id) is RunState.READY

    assert [call.purpose for call in calls_of(run_id)][:2] == ["plan_content", "plan_content"]


def test_a_layout_that_never_holds_ends_the_run_and_nothing_else_is_paid() -> None:
    user = a_user()
    run_id = ordered(f"{BRIEF} An impossible layout.", user=user)

    assert worked(run_id) is RunState.FAILED

    failure = run_of(run_id).failure or {}
    assert failure["code"] == "invalid_reply"
    assert "two texts overlap" in failure["message"]
    assert {call.purpose for call in calls_of(run_id)} == {"plan_content"}
    assert used(user, QuotaUnit.ADS) == 0


def test_a_picture_that_is_blocked_leaves_its_place_to_a_background_and_can_be_made_later(sandbox: Sandbox) -> None:
    sandbox.fail({"match": {"kind": "image", "times": 3}, "fault": "blocked", "params": {}})  # it is rewritten twice
    run_id = ordered()

    assert worked(run_id) is RunState.PARTIAL

    assert [piece.state for piece in of_kind(run_id, "picture")] == [PieceState.FAILED, PieceState.READY]
    assert (run_of(run_id).failure or {})["code"] == "pictures_missing"
    first = the_design(run_id)
    assert opened_image(first.composed).size == (1080, 1080)

    resume(run_id)

    assert worked(run_id) is RunState.READY
    assert (the_design(run_id).composed or {})["key"] != (first.composed or {})["key"]


def test_a_picture_that_is_made_again_has_the_design_drawn_again() -> None:
    run_id = ordered()
    worked(run_id)
    before = the_design(run_id)

    render_again(of_kind(run_id, "picture")[0])

    assert worked(run_id) is RunState.READY
    now = the_design(run_id)
    assert (now.composed or {})["key"] != (before.composed or {})["key"]
    assert now.data["layout"] == before.data["layout"]


def test_what_the_journal_says_is_what_the_sandbox_billed(sandbox: Sandbox) -> None:
    run_id = ordered()
    worked(run_id)

    spent = sum(call.cost_micro_usd or 0 for call in calls_of(run_id))
    assert spent == sandbox.bill()["total_micro_usd"]
