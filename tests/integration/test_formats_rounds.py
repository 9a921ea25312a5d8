"""What becomes of a post that was made from another one: resumed, rendered again, canceled, made into a third."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import delete

from app.db.models import Run, User
from app.db.session import transaction
from app.domain.states import QuotaUnit, RunState
from copies import by_place, made, planned, reformatted
from harness import Installation
from making import (
    complete,
    end,
    fail,
    finished,
    make,
    pictures_of,
    stored_picture,
    take,
)
from next_rounds import cancel, edit, render_again, resume
from orders import TOPIC, a_user, pieces_of, run_of, used

pytestmark = pytest.mark.usefixtures("database")


def test_a_copy_can_be_made_in_a_further_format() -> None:
    first = reformatted(finished(slides=5), "1:1")
    made(first)

    second = reformatted(first, "9:16")

    assert run_of(second).made_from == first
    assert planned(second) == [["full_post.compose"]] * 7


def test_resuming_a_copy_draws_what_could_not_be_drawn_and_pays_nothing() -> None:
    run_id = reformatted(finished(slides=5))
    broken, *others = pictures_of(run_id)
    fail(take(broken), "text_does_not_fit")
    for piece in others:
        make(piece)
    end(run_id)
    assert run_of(run_id).state is RunState.PARTIAL

    started = resume(run_id)

    assert (started.redone, started.worst_micro_usd) == (1, 0)
    assert pieces_now(run_id, "compose") == 1
    make(broken)
    assert (end(run_id), run_of(run_id).state) == ("READY", RunState.READY)


def pieces_now(run_id: uuid.UUID, step: str) -> int:
    return sum(piece.step == step for piece in pieces_of(run_id))


def test_resuming_a_partial_copy_reserves_what_the_missing_pictures_may_cost() -> None:
    user = a_user()
    run_id = reformatted(finished(user, slides=5, failed=1))
    made(run_id)
    before = used(user), used(user, QuotaUnit.MONEY)

    started = resume(run_id, user)

    assert started.worst_micro_usd > 0
    assert run_of(run_id).reserved_micro_usd == started.worst_micro_usd
    assert (used(user), used(user, QuotaUnit.MONEY)) == (before[0], before[1] + started.worst_micro_usd)


def test_another_picture_for_a_copy_is_another_take_than_the_sources_and_within_its_own_money() -> None:
    source = finished(slides=5)
    slide = pictures_of(source)[2]
    render_again(slide)
    make(slide)
    end(source)
    run_id = reformatted(source)
    made(run_id)
    copy = by_place(run_id)[slide.kind, slide.position]

    started = render_again(copy)

    assert started.worst_micro_usd > 0
    now = by_place(run_id)[slide.kind, slide.position]
    assert (now.take, now.step, now.picture) == (3, "render_image", None)
    assert by_place(source)[slide.kind, slide.position].picture == stored_picture()


def whole_copy_failed(user: User) -> uuid.UUID:
    run_id = reformatted(finished(user, slides=5))
    for piece in pictures_of(run_id):
        fail(take(piece), "text_does_not_fit")
    end(run_id)
    return run_id


def test_a_copy_of_which_nothing_fits_has_failed_and_gives_back_nothing() -> None:
    user = a_user()

    run_id = whole_copy_failed(user)

    assert run_of(run_id).state is RunState.FAILED
    assert used(user) == 1


def test_going_on_with_a_failed_copy_takes_no_post_of_the_month() -> None:
    user = a_user()
    run_id = whole_copy_failed(user)

    resume(run_id, user)

    assert used(user) == 1


def test_canceling_a_copy_gives_back_nothing() -> None:
    user = a_user()
    run_id = reformatted(finished(user, slides=5))

    cancel(run_id)

    assert used(user) == 1
    assert run_of(run_id).state is RunState.CANCELED


def test_a_copy_stays_when_its_source_goes(database: Installation) -> None:
    source = finished(slides=5)
    run_id = reformatted(source)

    with transaction() as session:
        session.execute(delete(Run).where(Run.id == source))

    assert run_of(run_id).made_from is None
    assert run_of(run_id).request["topic"] == TOPIC
    assert database


def test_a_slide_that_is_edited_while_it_is_drawn_is_drawn_again() -> None:
    run_id = reformatted(finished(slides=5))
    held = take(pictures_of(run_id)[0])

    edit(held.piece, title="Other words")

    assert complete(held).is_stale
    assert pieces_now(run_id, "compose") == 7
