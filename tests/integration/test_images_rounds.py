"""Edits and new rounds of pictures whose prompts are the user's own words."""

from __future__ import annotations

import uuid

import pytest

from app import costs
from app.db.models import Piece
from app.db.session import transaction
from app.domain.states import PieceState, RunState
from app.pipelines.catalog import pipeline_named
from app.pipelines.pipeline import Done
from app.runs import claims, finish, rounds
from making import piece_now, stored_picture, take
from orders import a_user, order, pieces_of, run_of

pytestmark = pytest.mark.usefixtures("database", "sandbox")
IMAGES = pipeline_named("images")


def done(piece: Piece, made: Done) -> None:
    """Write what the piece's present step made."""
    held = take(piece)
    with transaction() as session:
        claims.complete(session, IMAGES, held, made)


def edited(run_id: uuid.UUID, piece: Piece, **changes: str) -> rounds.NewRound:
    with transaction() as session:
        return rounds.edit(session, a_user(), run_id, piece.id, changes)


@pytest.fixture
def run_id() -> uuid.UUID:
    return order(a_user(), "images", prompts=["a lighthouse in fog", "a windmill at dawn"])


def test_a_new_prompt_while_the_picture_waits_for_its_review_has_another_one_made(run_id: uuid.UUID) -> None:
    piece = pieces_of(run_id)[0]
    done(piece, Done(picture=stored_picture()))
    assert piece_now(piece.id).step == "review_image"

    edited(run_id, piece, prompt="a lighthouse in the sun")

    now = piece_now(piece.id)
    assert (now.state, now.step, now.prompt) == (PieceState.PROMPTED, "render_image", "a lighthouse in the sun")
    assert now.picture is None
    assert now.data["prompt"] == "a lighthouse in the sun"


def test_a_new_prompt_after_the_review_refused_the_picture_has_another_one_made(run_id: uuid.UUID) -> None:
    piece = pieces_of(run_id)[0]
    done(piece, Done(picture=stored_picture()))
    done(piece, Done(review={"is_good": False, "problems": ["a watermark"]}, again="render_image"))

    edited(run_id, piece, prompt="a lighthouse in the sun")

    now = piece_now(piece.id)
    assert (now.step, now.refused, now.attempt) == ("render_image", [], 0)


def test_a_round_that_begins_with_a_review_reserves_money_for_another_picture(run_id: uuid.UUID) -> None:
    pieces = pieces_of(run_id)
    done(pieces[0], Done(picture=stored_picture()))
    done(pieces[0], Done(review={"is_good": True}))
    done(pieces[1], Done(picture=stored_picture("b")))
    with transaction() as session:
        claims.fail(session, take(pieces[1]), "internal_error", "it did not work")
    with transaction() as session:
        assert finish.finish(session, run_id, 1) is RunState.PARTIAL
    spent = run_of(run_id).spent_micro_usd

    with transaction() as session:
        resumed = rounds.resume(session, a_user(), run_id)

    assert piece_now(pieces[1].id).step == "review_image"
    assert resumed.worst_micro_usd == costs.worst_micro_usd_of(IMAGES.tracks["image"])
    assert run_of(run_id).reserved_micro_usd == spent + resumed.worst_micro_usd
