"""New rounds: what is kept, what is paid again, and who may start one."""

from __future__ import annotations

import pytest

from app import journal
from app.db.session import transaction
from app.domain.errors import Conflict, QuotaExceeded
from app.domain.plans import Plan
from app.domain.states import PieceState, QuotaUnit, RunState
from making import (
    complete,
    end,
    fail,
    failed_run,
    finished,
    intend,
    make,
    opened,
    outcome,
    pictures_of,
    states_of,
    take,
)
from next_rounds import cancel, edit, render_again, resume
from orders import a_user, order, pieces_of, run_of, used
from races import losers, together, winners

pytestmark = pytest.mark.usefixtures("database")


def test_resuming_keeps_what_is_ready_and_redoes_what_failed() -> None:
    run_id = finished(failed=2)

    told = resume(run_id)

    assert (told.round, told.reused, told.redone) == (2, 12, 2)
    assert states_of(run_id) == [PieceState.PENDING] * 2 + [PieceState.READY] * 11


def test_resuming_puts_a_piece_back_to_the_step_whose_result_is_missing() -> None:
    run_id = opened(slides=5)
    first, second, third, *others = pictures_of(run_id)
    for piece, until in ((first, "draft_prompt"), (second, "render_image"), (third, "compose")):
        make(piece, until=until)
        fail(take(piece))
    for piece in others:
        make(piece)
    end(run_id)

    resume(run_id)

    assert [piece.step for piece in pictures_of(run_id)[:3]] == ["draft_prompt", "render_image", "compose"]


def test_resuming_reserves_the_worst_case_of_what_is_left_and_no_more() -> None:
    run_id = finished(failed=2)

    # Three times what two drafts and two pictures usually cost.
    assert resume(run_id).worst_micro_usd == 3 * (6_336 + 148_005)


def test_resuming_a_piece_that_only_lacks_its_slide_pays_nothing() -> None:
    run_id = opened(slides=5)
    first, *others = pictures_of(run_id)
    make(first, until="compose")
    fail(take(first), "text_does_not_fit")
    for piece in others:
        make(piece)
    end(run_id)

    assert resume(run_id).worst_micro_usd == 0


def test_resuming_a_partial_run_takes_no_post_of_the_month() -> None:
    user = a_user(Plan.FREE)
    run_id = finished(user, failed=1)

    resume(run_id, user)

    assert used(user, QuotaUnit.POSTS) == 1


def test_resuming_a_failed_run_takes_its_post_again() -> None:
    user = a_user(Plan.FREE)
    run_id = failed_run(user)
    before = used(user, QuotaUnit.POSTS)

    resume(run_id, user)

    assert (before, used(user, QuotaUnit.POSTS)) == (0, 1)


def test_resuming_a_failed_run_needs_room_in_the_month() -> None:
    user = a_user(Plan.FREE)
    run_id = failed_run(user)
    for _ in range(3):
        order(user, max_cost_usd=1)

    with pytest.raises(QuotaExceeded) as refused:
        resume(run_id, user)

    assert refused.value.code == "quota_exceeded:posts"
    assert (run_of(run_id).state, run_of(run_id).round) == (RunState.FAILED, 1)


def test_resuming_failed_texts_reserves_the_whole_post() -> None:
    run_id = failed_run()
    first = order()

    assert resume(run_id).worst_micro_usd == run_of(first).reserved_micro_usd


def test_resuming_keeps_within_the_cap_that_was_ordered() -> None:
    run_id = opened(max_cost_usd=0.25)
    held = take(pictures_of(run_id)[0])
    call_id = intend(held)
    with transaction() as session:
        journal.succeeded(session, call_id, outcome(60_000))
    fail(held)
    for piece in pictures_of(run_id)[1:]:
        make(piece)
    end(run_id)

    assert resume(run_id).worst_micro_usd == 250_000 - 60_000 < 3 * (3_168 + 74_003)


def test_a_new_round_may_spend_what_it_reserved_on_top_of_what_is_spent() -> None:
    run_id = finished(failed=1)
    before = run_of(run_id)

    told = resume(run_id)

    assert run_of(run_id).reserved_micro_usd == before.spent_micro_usd + told.worst_micro_usd


def test_of_many_resumes_at_once_one_starts_a_round() -> None:
    run_id = finished(failed=1)

    results = together([lambda: resume(run_id)] * 6)

    assert [one.round for one in winners(results)] == [2]
    assert {lost.code for lost in losers(results)} == {"already_running"}  # type: ignore[attr-defined]


def test_of_a_resume_a_render_and_an_edit_at_once_no_round_is_started_twice() -> None:
    run_id = finished(failed=1)
    piece = pictures_of(run_id)[-1]

    together([lambda: resume(run_id), lambda: render_again(piece), lambda: edit(piece, title="Other words")])

    assert run_of(run_id).round == 2


def test_resuming_a_run_in_which_nothing_failed_is_refused() -> None:
    with pytest.raises(Conflict) as refused:
        resume(finished())

    assert refused.value.code == "nothing_failed"


def test_resuming_a_run_that_is_worked_on_is_refused() -> None:
    with pytest.raises(Conflict) as refused:
        resume(opened())

    assert refused.value.code == "already_running"


def test_a_canceled_run_cannot_be_resumed() -> None:
    run_id = opened()
    cancel(run_id)

    with pytest.raises(Conflict) as refused:
        resume(run_id)

    assert refused.value.code == "canceled"


def test_a_resumed_run_ends_ready() -> None:
    run_id = finished(failed=2)
    resume(run_id)

    for piece in pictures_of(run_id)[:2]:
        make(piece)

    assert end(run_id) is RunState.READY


def test_a_resumed_run_of_failed_texts_opens_its_pictures() -> None:
    run_id = failed_run()
    resume(run_id)

    moved = complete(take(pieces_of(run_id)[0]))

    assert moved.opened
    assert run_of(run_id).state is RunState.GENERATING_IMAGES
