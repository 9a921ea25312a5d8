"""The same post in another format: a new run of the same texts and pictures that asks no model and pays nothing."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from sqlalchemy import delete

from app.db.models import Piece, Run
from app.db.session import transaction
from app.domain.errors import Conflict, InvalidRequest
from app.domain.states import PieceState, QuotaUnit, RunState
from copies import by_place, made, planned, reformatted
from making import (
    change,
    end,
    fail,
    failed_run,
    finished,
    make,
    opened,
    pictures_of,
    succeed,
    take,
    timed_out,
)
from next_rounds import cancel, edit
from orders import a_user, calls_of, events_of, order, pieces_of, run_of, used
from races import losers, together, winners

pytestmark = pytest.mark.usefixtures("database")


def test_it_is_a_queued_run_of_the_same_request_in_the_other_format() -> None:
    source = finished(slides=5, tone="story")

    run = run_of(reformatted(source))

    assert (run.state, run.round, run.made_from, run.made_from_round) == (RunState.QUEUED, 1, source, 1)
    assert run.request == {**run_of(source).request, "format": "1:1"}
    assert (run.pipeline, run.brand, run.user_id) == ("full-post", run_of(source).brand, run_of(source).user_id)


def test_it_has_the_same_texts_prompts_and_pictures_and_no_slide_yet() -> None:
    source = finished(slides=5)

    copies = by_place(reformatted(source))

    for place, piece in by_place(source).items():
        copy = copies[place]
        for name in ("data", "prompt", "picture", "review", "take", "is_picture"):
            assert getattr(copy, name) == getattr(piece, name), (place, name)
        assert copy.id != piece.id
        assert copy.composed is None
    assert len(copies) == 8


def test_only_slides_are_left_to_be_drawn() -> None:
    run_id = reformatted(finished(slides=5))

    assert planned(run_id) == [["full_post.compose"]] * 7


def test_it_goes_through_the_states_of_any_run() -> None:
    run_id = reformatted(finished(slides=5))
    planned(run_id)

    assert made(run_id) is RunState.READY

    told = [event.type for event in events_of(run_id)]
    assert told == ["run.queued", "run.generating_images", *["piece.ready"] * 7, "run.ready"]
    assert events_of(run_id)[0].data["made_from"] == str(run_of(run_id).made_from)


def test_it_takes_nothing_of_the_month_and_pays_nothing() -> None:
    user = a_user()
    source = finished(user, slides=5)
    before = used(user), used(user, QuotaUnit.MONEY)

    run_id = reformatted(source)
    made(run_id)

    assert (used(user), used(user, QuotaUnit.MONEY)) == before
    run = run_of(run_id)
    assert (run.reserved_micro_usd, run.held_micro_usd, run.spent_micro_usd) == (0, 0, 0)
    assert calls_of(run_id) == []


@pytest.mark.parametrize("calls", [0, 1])
def test_it_says_whether_the_sandbox_made_what_it_copies(calls: int) -> None:
    source = opened(slides=5)
    for piece in pictures_of(source):
        make(piece, until="compose")
    for _ in range(calls):
        succeed(take(pictures_of(source)[0]))
    change(Piece, pictures_of(source)[0].id, lease_token=None, lease_until=None)
    for piece in pictures_of(source):
        make(piece)
    end(source)

    first = reformatted(source)
    made(first)

    assert run_of(first).is_sandbox is bool(calls)
    assert run_of(reformatted(first, "9:16")).is_sandbox is bool(calls)


def test_the_source_stays_as_it_is() -> None:
    source = finished(slides=5, failed=1)
    before = [
        {c.key: getattr(row, c.key) for c in row.__table__.columns} for row in (run_of(source), *pieces_of(source))
    ]

    made(reformatted(source))

    rows = (run_of(source), *pieces_of(source))
    assert [{c.key: getattr(row, c.key) for c in row.__table__.columns} for row in rows] == before


def test_partial_stays_partial_and_what_failed_is_not_worked_on() -> None:
    source = finished(slides=5, failed=2)

    run_id = reformatted(source)
    failed = [piece for piece in pieces_of(run_id) if piece.state is PieceState.FAILED]

    assert [(piece.step, piece.failure) for piece in failed] == [
        (None, piece.failure) for piece in pieces_of(source) if piece.failure
    ]
    assert planned(run_id) == [["full_post.compose"]] * 5
    assert made(run_id) is RunState.PARTIAL


def test_a_slide_whose_text_did_not_fit_is_tried_in_the_other_format() -> None:
    source = finished(slides=5)
    slide = pictures_of(source)[2]
    edit(slide, title="a" * 45)
    fail(take(slide), "text_does_not_fit")
    end(source)

    copy = by_place(reformatted(source))[slide.kind, slide.position]

    assert (copy.state, copy.step, copy.failure) == (PieceState.RENDERED, "compose", None)
    assert copy.data["title"] == "a" * 45


def test_an_edit_that_was_not_drawn_is_left_behind_and_the_copy_has_the_words_of_the_slide() -> None:
    source = finished(slides=5)
    slides = {piece.kind: piece for piece in pictures_of(source)}
    drawn = {"slide": ("Ship small", "Small changes are easy to undo."), "quote": ("Done is better.", "Anon")}
    for kind, (title, body) in drawn.items():
        change(Piece, slides[kind].id, composed={**(slides[kind].composed or {}), "title": title, "body": body})
    edit(slides["slide"], title="a" * 45, body="b" * 45)
    edit(slides["quote"], text="c" * 90)
    for piece in (slides["slide"], slides["quote"]):
        fail(take(piece), "text_does_not_fit")
    end(source)

    copies = by_place(reformatted(source))

    slide, quote = copies["slide", slides["slide"].position], copies["quote", 0]
    assert (slide.data["title"], slide.data["body"]) == drawn["slide"]
    assert (quote.data["text"], quote.data["author"]) == drawn["quote"]
    assert slide.data["image_theme"] == slides["slide"].data["image_theme"]
    assert (slide.state, quote.state) == (PieceState.RENDERED, PieceState.RENDERED)


def test_another_picture_is_refused_while_a_copy_is_made_for_it_may_pay_nothing() -> None:
    run_id = reformatted(finished(slides=5))
    piece = pictures_of(run_id)[2]

    with pytest.raises(Conflict) as told:
        edit(piece, prompt="a harbour at dawn")

    assert told.value.code == "already_running"
    assert by_place(run_id)[piece.kind, piece.position].picture == piece.picture


def test_a_copy_of_a_copy_has_the_backgrounds_of_the_first_run_even_when_that_is_gone() -> None:
    source = finished(slides=5)
    first = reformatted(source)
    made(first)

    second = reformatted(first, "9:16")

    assert {run_of(run).seed_run_id for run in (first, second)} == {source}
    assert (run_of(source).seed_run_id, run_of(second).made_from) == (None, first)
    with transaction() as session:
        session.execute(delete(Run).where(Run.id == source))
    assert (run_of(first).made_from, run_of(first).seed_run_id) == (None, source)


def test_a_picture_that_nobody_has_judged_is_not_paid_a_look() -> None:
    source = opened(slides=5)
    for piece in pictures_of(source)[1:]:
        make(piece)
    make(pictures_of(source)[0], until="review_image")
    timed_out(source)

    run_id = reformatted(source)

    assert {link for links in planned(run_id) for link in links} == {"full_post.compose"}
    assert made(run_id) is RunState.PARTIAL


@pytest.mark.parametrize("wanted", ["1:1", "16:9", "9:16"])
def test_every_other_format_can_be_had(wanted: str) -> None:
    assert run_of(reformatted(finished(slides=5), wanted)).request["format"] == wanted


def test_its_own_format_is_refused() -> None:
    with pytest.raises(Conflict) as told:
        reformatted(finished(slides=5), "4:5")
    assert told.value.code == "same_format"


def test_a_format_that_does_not_exist_is_a_wrong_field() -> None:
    with pytest.raises(InvalidRequest) as told:
        reformatted(finished(slides=5), "3:2")
    assert list(told.value.fields) == ["format"]


def test_a_run_that_is_worked_on_is_refused() -> None:
    with pytest.raises(Conflict) as told:
        reformatted(opened(slides=5))
    assert told.value.code == "not_finished"


def canceled_with_pictures() -> uuid.UUID:
    run_id = opened(slides=5)
    make(pictures_of(run_id)[0])
    cancel(run_id)
    return run_id


@pytest.mark.parametrize("source", [failed_run, canceled_with_pictures])
def test_a_run_that_delivered_nothing_is_refused(source: Any) -> None:
    with pytest.raises(Conflict) as told:
        reformatted(source())
    assert told.value.code == "not_delivered"


def test_a_pipeline_without_formats_is_refused() -> None:
    run_id = order(pipeline="images", prompts=["a red fox"])
    change(Run, run_id, state="GENERATING_IMAGES")
    change(Run, run_id, state="READY", finished_at=run_of(run_id).created_at)

    with pytest.raises(Conflict) as told:
        reformatted(run_id)
    assert told.value.code == "no_formats"


# ---- asked twice


def test_asked_again_the_same_run_is_answered_and_nothing_is_made() -> None:
    source = finished(slides=5)

    first = reformatted(source)

    assert reformatted(source) == first
    made(first)
    assert reformatted(source) == first


def test_each_format_is_a_run_of_its_own() -> None:
    source = finished(slides=5)

    assert len({reformatted(source, wanted) for wanted in ("1:1", "16:9", "9:16")}) == 3


def test_of_many_at_once_all_get_the_same_run() -> None:
    source = finished(slides=5)

    results = together([lambda: reformatted(source)] * 8)

    assert losers(results) == []
    assert len(set(winners(results))) == 1


def test_after_an_edit_of_the_source_a_new_run_has_the_new_text() -> None:
    source = finished(slides=5)
    first = reformatted(source)
    slide = pictures_of(source)[2]
    edit(slide, title="Other words")
    make(slide)
    end(source)

    second = reformatted(source)

    assert second != first
    assert by_place(second)[slide.kind, slide.position].data["title"] == "Other words"


def test_an_edited_copy_is_its_owners_and_a_new_one_has_the_sources_text() -> None:
    source = finished(slides=5)
    first = reformatted(source)
    made(first)
    edit(pictures_of(first)[2], title="Other words")

    assert reformatted(source) != first


def test_a_copy_that_is_edited_while_it_is_made_is_its_owners_too() -> None:
    source = finished(slides=5)
    first = reformatted(source)
    edit(pictures_of(first)[2], title="Other words")

    assert reformatted(source) != first


@pytest.mark.parametrize("ends", [cancel, timed_out])
def test_a_copy_that_brought_nothing_is_made_anew(ends: Any) -> None:
    source = finished(slides=5)
    first = reformatted(source)
    take(pictures_of(first)[0])
    ends(first)

    assert reformatted(source) != first


def test_a_reformat_and_an_edit_at_once_leave_a_copy_of_one_whole_text() -> None:
    source = finished(slides=5)
    slide = pictures_of(source)[2]

    results = together([lambda: reformatted(source), lambda: edit(slide, title="Other words")])

    copies = [result for result in winners(results) if isinstance(result, uuid.UUID)]
    for copy in copies:  # the edit came later; else the source was being worked on
        assert by_place(copy)[slide.kind, slide.position].data["title"] == slide.data["title"]
    assert all(isinstance(error, Conflict) for error in losers(results))
