"""Further rounds: renders, edits and cancellations; see test_rounds.py for resumes."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import func

from app.db.models import Piece, Run
from app.db.session import transaction
from app.domain.errors import Conflict, InvalidRequest, NotFound
from app.domain.states import PieceState, RunState
from app.pipelines.pipeline import Done
from app.runs import rounds
from making import (
    asked,
    change,
    complete,
    end,
    fail,
    failed_run,
    finished,
    intend,
    make,
    opened,
    pictures_of,
    piece_now,
    states_of,
    stored_picture,
    take,
)
from next_rounds import cancel, edit, render_again, resume
from orders import a_user, events_of, order, pieces_of, run_of
from races import together, winners
from rendering import use_routes

pytestmark = pytest.mark.usefixtures("database")
RENDER = 3 * 74_003  # of one picture, with what is usually paid twice


def slide_of(run_id: uuid.UUID) -> Piece:
    return next(piece for piece in pieces_of(run_id) if piece.kind == "slide")


@pytest.mark.parametrize(
    ("failed", "state"), [(None, RunState.GENERATING_TEXT), (1, RunState.GENERATING_IMAGES)], ids=["texts", "pictures"]
)
def test_a_new_round_is_in_the_state_of_what_it_makes(failed: int | None, state: RunState) -> None:
    run_id = failed_run() if failed is None else finished(failed=failed)

    resume(run_id)

    assert run_of(run_id).state is state


def test_a_new_round_forgets_why_the_last_one_ended() -> None:
    run_id = finished(failed=1)

    resume(run_id)

    run = run_of(run_id)
    assert (run.failure, run.finished_at, pictures_of(run_id)[0].failure) == (None, None, None)


def test_a_new_round_gives_its_pieces_all_their_attempts() -> None:
    run_id = finished(failed=1)
    change(Piece, pictures_of(run_id)[0].id, attempt=5)

    resume(run_id)

    assert pictures_of(run_id)[0].attempt == 0


def test_a_new_round_is_told_as_an_event() -> None:
    run_id = finished(failed=1)

    resume(run_id)

    assert (events_of(run_id)[-1].type, events_of(run_id)[-1].data["round"]) == ("run.generating_images", 2)


def test_rendering_again_asks_for_another_take_with_the_same_prompt() -> None:
    piece = pictures_of(finished())[0]

    render_again(piece)

    now = piece_now(piece.id)
    assert (now.take, now.step, now.prompt) == (2, "render_image", piece.prompt)


def test_rendering_again_reserves_one_picture() -> None:
    assert render_again(pictures_of(finished())[0]).worst_micro_usd == RENDER


def test_rendering_again_reserves_its_reviews_too_where_pictures_are_reviewed(monkeypatch: pytest.MonkeyPatch) -> None:
    use_routes(monkeypatch)

    assert render_again(pictures_of(finished())[0]).worst_micro_usd == 3 * (74_003 + 7_425)


def test_rendering_again_forgets_the_old_picture_and_its_verdict() -> None:
    piece = pictures_of(finished())[0]

    render_again(piece)

    now = piece_now(piece.id)
    assert (now.picture, now.review, now.state) == (None, None, PieceState.PROMPTED)


def test_a_new_round_begins_without_refused_pictures_and_with_all_its_rewrites() -> None:
    run_id = finished(failed=1)
    change(Piece, pictures_of(run_id)[0].id, refused=[{"picture": {}, "verdict": {}}], rewrites=2)

    resume(run_id)

    piece = pictures_of(run_id)[0]
    assert (piece.refused, piece.rewrites) == ([], 0)


def test_rendering_again_leaves_the_other_pieces_alone() -> None:
    run_id = finished()

    told = render_again(pictures_of(run_id)[0])

    assert (told.reused, told.redone) == (13, 1)


def test_a_piece_without_a_picture_cannot_be_rendered() -> None:
    run_id = finished()
    content = next(piece for piece in pieces_of(run_id) if not piece.is_picture)

    with pytest.raises(InvalidRequest) as refused:
        render_again(content)

    assert refused.value.code == "not_a_picture"


def test_a_piece_of_another_run_cannot_be_rendered() -> None:
    run_id, other = finished(slides=5), finished(slides=5)

    with pytest.raises(NotFound) as refused, transaction() as session:
        rounds.render_again(session, a_user(), run_id, pictures_of(other)[0].id)

    assert refused.value.code == "unknown_piece"


def test_rendering_again_while_the_run_works_is_refused() -> None:
    with pytest.raises(Conflict) as refused:
        render_again(pictures_of(opened())[0])

    assert refused.value.code == "already_running"


def test_editing_a_finished_run_draws_the_new_text_on_the_picture_that_is_there() -> None:
    piece = slide_of(finished())

    edit(piece, title="Ship smaller")

    now = piece_now(piece.id)
    assert (now.data["title"], now.version, now.step, now.picture) == ("Ship smaller", 2, "compose", piece.picture)


def test_editing_a_finished_run_pays_nothing() -> None:
    assert edit(slide_of(finished()), title="Ship smaller").worst_micro_usd == 0


def test_editing_keeps_the_other_texts() -> None:
    piece = slide_of(finished())

    edit(piece, title="Ship smaller")

    assert piece_now(piece.id).data["body"] == piece.data["body"]


def test_another_prompt_in_a_finished_run_has_another_picture_made() -> None:
    piece = slide_of(finished())

    told = edit(piece, prompt="a harbour at dawn")

    now = piece_now(piece.id)
    assert (told.round, told.worst_micro_usd) == (2, RENDER)
    assert (now.prompt, now.picture, now.review, now.step) == ("a harbour at dawn", None, None, "render_image")


def test_another_prompt_while_the_run_works_has_another_picture_made_in_its_round() -> None:
    piece = slide_of(opened())
    make(piece)

    told = edit(piece, prompt="a harbour at dawn")

    now = piece_now(piece.id)
    assert (told.round, now.version) == (1, 2)
    assert (now.picture, now.state, now.step) == (None, PieceState.PROMPTED, "render_image")


def test_a_prompt_that_is_not_drafted_yet_cannot_be_edited() -> None:
    piece = slide_of(opened())

    with pytest.raises(InvalidRequest) as refused:
        edit(piece, prompt="a harbour at dawn")

    assert refused.value.code == "not_editable"


def test_editing_while_the_run_works_stays_in_its_round_and_raises_the_version() -> None:
    piece = slide_of(opened())

    told = edit(piece, title="Ship smaller")

    assert (told.round, piece_now(piece.id).version) == (1, 2)


def test_editing_a_slide_that_is_ready_while_the_run_works_draws_it_again() -> None:
    piece = slide_of(opened())
    make(piece)

    edit(piece, title="Ship smaller")

    assert (piece_now(piece.id).state, piece_now(piece.id).step) == (PieceState.RENDERED, "compose")


def test_editing_a_slide_that_waits_for_another_take_does_not_bring_the_old_picture_back() -> None:
    piece = slide_of(finished())
    render_again(piece)

    edit(piece, title="Ship smaller")

    assert piece_now(piece.id).step == "render_image"


@pytest.mark.parametrize("changes", [{}, {"colour": "blue"}, {"title": "x", "hook": "y"}, {"sections": "x"}], ids=str)
def test_what_a_slide_does_not_have_cannot_be_edited(changes: dict[str, str]) -> None:
    piece = slide_of(finished())

    with pytest.raises(InvalidRequest):
        edit(piece, **changes)

    assert piece_now(piece.id).data == piece.data


def test_a_canceled_run_cannot_be_edited() -> None:
    run_id = opened()
    cancel(run_id)

    with pytest.raises(Conflict):
        edit(slide_of(run_id), title="Ship smaller")


def test_canceling_a_live_run_ends_it_at_once() -> None:
    run_id = opened()

    cancel(run_id)

    run = run_of(run_id)
    assert run.state is RunState.CANCELED
    assert run.finished_at is not None


def test_canceling_keeps_the_pictures_that_are_there() -> None:
    run_id = opened()
    make(pictures_of(run_id)[0])

    cancel(run_id)

    assert states_of(run_id) == [PieceState.READY] + [PieceState.FAILED] * 12


def test_canceling_a_queued_run_ends_it() -> None:
    run_id = order()

    cancel(run_id)

    assert run_of(run_id).state is RunState.CANCELED


@pytest.mark.parametrize("failed", [0, 1, 13])
def test_canceling_a_run_that_is_over_is_refused(failed: int) -> None:
    run_id = finished(failed=failed)

    with pytest.raises(Conflict) as refused:
        cancel(run_id)

    assert refused.value.code == "already_finished"


def test_of_two_cancellations_at_once_one_ends_the_run() -> None:
    run_id = opened()

    results = together([lambda: cancel(run_id)] * 4)

    assert len(winners(results)) == 1


def test_canceling_marks_calls_that_are_under_way_as_unknown() -> None:
    run_id = opened()
    intend(take(pictures_of(run_id)[0]), asked())

    cancel(run_id)

    assert run_of(run_id).held_micro_usd == 70_000


def test_a_second_take_that_failed_can_be_resumed() -> None:
    piece = slide_of(finished())
    render_again(piece)
    fail(take(piece), "prompt_blocked")
    end(piece.run_id)

    assert resume(piece.run_id).redone == 1


def test_a_round_after_a_round_counts_on() -> None:
    run_id = finished()
    for expected in (2, 3):
        piece = slide_of(run_id)
        assert render_again(piece).round == expected
        held = take(piece)
        complete(held, Done(picture=stored_picture(f"take{expected}")))
        make(piece)
        end(run_id)

    assert piece_now(piece.id).picture == stored_picture("take3")


def test_a_new_round_counts_as_in_flight() -> None:
    run_id = finished(failed=1)
    change(Run, run_id, admitted_at=func.now())

    resume(run_id)

    assert run_of(run_id).admitted_at is not None
