"""Edits and new rounds of pictures whose prompts are the user's own words."""

from __future__ import annotations

import uuid

import pytest

from app import costs
from app.db.models import Piece, User
from app.db.session import transaction
from app.domain.plans import Plan, Terms
from app.domain.states import PieceState, QuotaUnit, RunState
from app.pipelines.catalog import pipeline_named
from app.pipelines.pipeline import Done
from app.runs import claims, finish, rounds
from making import piece_now, stored_picture, take
from next_rounds import cancel, draw, lose, render_again, resume, single
from orders import a_user, order, pieces_of, run_of, used
from run_books import books_of

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


@pytest.fixture
def user() -> User:
    return a_user(Plan.FREE)


@pytest.fixture
def delivered(user: User) -> uuid.UUID:
    """A run of one picture, which is READY; it took one picture of the month."""
    run_id = single(user)
    assert used(user, QuotaUnit.IMAGES) == 1
    return run_id


def test_another_picture_that_fails_keeps_the_unit_of_the_one_that_was_delivered(
    user: User, delivered: uuid.UUID
) -> None:
    render_again(pieces_of(delivered)[0], user)
    lose(delivered)

    assert used(user, QuotaUnit.IMAGES) == 1
    books_of(user.id).check()


def test_a_resume_takes_no_second_unit_for_a_run_that_holds_one(user: User, delivered: uuid.UUID) -> None:
    edited(delivered, pieces_of(delivered)[0], prompt="a lighthouse in the sun")
    lose(delivered)

    for _ in range(2):
        resume(delivered, user)
        assert used(user, QuotaUnit.IMAGES) == 1
        lose(delivered)
    resume(delivered, user)

    assert (draw(delivered), used(user, QuotaUnit.IMAGES)) == (RunState.READY, 1)
    books_of(user.id).check()


def test_a_resume_needs_no_room_in_the_month_for_a_run_that_holds_its_unit(
    user: User, delivered: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    render_again(pieces_of(delivered)[0], user)
    lose(delivered)
    monkeypatch.setattr(Terms, "limit", lambda _, unit: 1 if unit is QuotaUnit.IMAGES else None)

    resume(delivered, user)

    assert run_of(delivered).round == 3


def test_canceling_another_picture_keeps_the_unit_of_the_one_that_was_delivered(
    user: User, delivered: uuid.UUID
) -> None:
    render_again(pieces_of(delivered)[0], user)

    cancel(delivered)

    assert used(user, QuotaUnit.IMAGES) == 1
    books_of(user.id).check()


def test_a_run_that_delivered_nothing_yet_takes_its_unit_again_with_each_resume(user: User) -> None:
    run_id = order(user, "images", prompts=["a lighthouse in fog"])
    lose(run_id)
    assert used(user, QuotaUnit.IMAGES) == 0

    resume(run_id, user)
    assert used(user, QuotaUnit.IMAGES) == 1

    cancel(run_id)
    assert used(user, QuotaUnit.IMAGES) == 0
    books_of(user.id).check()
