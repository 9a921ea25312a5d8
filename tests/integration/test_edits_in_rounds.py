"""What an edit may pay in the round that it stays in, who hears of it, and which files it makes old."""

from __future__ import annotations

import uuid

import pytest

from app.db.models import Piece, Run
from app.domain.errors import Conflict
from app.domain.states import PieceState
from making import change, end, finished, make, opened, pictures_of, piece_now, succeed, take
from next_rounds import edit, render_again, resume
from orders import events_of, run_of

pytestmark = pytest.mark.usefixtures("database")


def slide_of(run_id: uuid.UUID) -> Piece:
    return next(piece for piece in pictures_of(run_id) if piece.kind == "slide")


def test_another_prompt_is_refused_while_a_round_works_that_has_no_money_for_it_and_nothing_changes() -> None:
    run_id = finished(slides=5)
    edit(slide_of(run_id), title="Ship smaller")  # a round that pays nothing
    other = next(piece for piece in pictures_of(run_id) if piece.state is PieceState.READY)

    with pytest.raises(Conflict, match="no money reserved") as refused:
        edit(other, prompt="a harbour at dawn")

    now = piece_now(other.id)
    assert refused.value.code == "already_running"
    assert (now.picture, now.prompt, now.version, now.state) == (other.picture, other.prompt, 1, PieceState.READY)


def test_another_prompt_is_taken_in_a_round_that_may_still_pay_for_its_picture() -> None:
    piece = slide_of(finished())
    render_again(piece)
    succeed(take(piece))  # one of the five that its round has reserved

    edit(piece, prompt="a harbour at dawn")

    assert piece_now(piece.id).prompt == "a harbour at dawn"


def told_of(piece: Piece) -> list[str]:
    """Return the types of a piece's events."""
    return [event.type for event in events_of(piece.run_id) if event.data.get("piece_id") == str(piece.id)]


@pytest.mark.parametrize(
    ("field", "told"), [("title", "piece.rendered"), ("prompt", "piece.prompted")], ids=["drawn", "rendered"]
)
def test_an_edit_that_puts_a_slide_back_while_the_run_works_is_told(field: str, told: str) -> None:
    piece = slide_of(opened(slides=5))
    make(piece)
    assert told_of(piece)[-1] == "piece.ready"

    edit(piece, **{field: "A harbour at dawn"})

    newest = events_of(piece.run_id)[-1]
    assert (newest.type, newest.data["piece_id"]) == (told, str(piece.id))
    assert (newest.data["state"], newest.number) == (piece_now(piece.id).state, run_of(piece.run_id).last_event)


def test_an_edit_of_a_slide_that_is_not_drawn_yet_is_told() -> None:
    piece = slide_of(opened(slides=5))

    edit(piece, title="A harbour at dawn")

    assert told_of(piece) == ["piece.pending"]


def test_edits_that_change_nothing_that_a_watcher_sees_are_told_once() -> None:
    run_id = opened(slides=5)
    drawn, other, *_ = (piece for piece in pictures_of(run_id) if piece.kind == "slide")
    make(drawn)

    for n in range(5):
        edit(drawn, title=f"A harbour at dawn {n}")
        edit(other, title=f"A harbour at night {n}")

    assert told_of(drawn)[-2:] == ["piece.ready", "piece.rendered"]
    assert told_of(other) == ["piece.pending"]
    assert piece_now(other.id).version == other.version + 5
    make(drawn)
    edit(drawn, title="A harbour at noon")
    assert told_of(drawn)[-4:] == ["piece.ready", "piece.rendered"] * 2


def test_a_new_round_tells_which_pieces_it_makes_again() -> None:
    run_id = finished(slides=5, failed=2)
    first, second, *_ = pictures_of(run_id)

    resume(run_id)

    *_, one, other, begun = events_of(run_id)
    assert [one.type, other.type, begun.type] == ["piece.pending", "piece.pending", "run.generating_images"]
    assert {one.data["piece_id"], other.data["piece_id"]} == {str(first.id), str(second.id)}


def test_files_that_bind_slides_are_forgotten_once_a_slide_is_drawn_anew() -> None:
    run_id = finished(slides=5)
    change(Run, run_id, result={"carousel_pdf": "old.pdf"})

    edit(slide_of(run_id), title="Ship smaller")

    assert run_of(run_id).result is None
    make(slide_of(run_id))
    end(run_id)
    assert run_of(run_id).result is None


def test_files_that_bind_slides_stay_when_only_the_quote_is_drawn_anew() -> None:
    run_id = finished(slides=5)
    change(Run, run_id, result={"carousel_pdf": "old.pdf"})

    edit(next(piece for piece in pictures_of(run_id) if piece.kind == "quote"), text="Less.")

    assert run_of(run_id).result == {"carousel_pdf": "old.pdf"}
