"""What remains to be done: each piece once, not before it is due, and nothing that is stored."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from app.db.models import Piece, Run
from app.db.session import transaction
from app.runs import claims, plan
from app.runs.plan import type_chain
from making import change, expire_lease, fail, finished, make, opened, pictures_of, piece_now, take, timed_out
from next_rounds import cancel, resume
from orders import order, pieces_of
from races import together, winners

pytestmark = pytest.mark.usefixtures("database")
TRACK = ["full_post.draft_prompt", "full_post.render_image", "full_post.review_image", "full_post.compose"]


def planned(run_id: uuid.UUID) -> list[type_chain]:
    with transaction() as session:
        return plan.plan(session, run_id)


def overdue() -> list[type_chain]:
    with transaction(durable=False) as session:
        return plan.overdue(session)


def admitted(run_id: uuid.UUID) -> uuid.UUID:
    change(Run, run_id, admitted_at=func.now())
    return run_id


def sent(piece: Piece, seconds_ago: float, times: int = 1) -> None:
    """Make the piece's step published so long ago, for so many times."""
    change(Piece, piece.id, sent_at=func.now() - timedelta(seconds=seconds_ago), sent_count=times)


def is_due(piece: Piece, *, is_backlogged: bool = True) -> bool:
    due = plan.due(is_backlogged=is_backlogged)
    with transaction() as session:
        return session.scalar(select(Piece.id).where(Piece.id == piece.id, due)) is not None


def tasks(links: type_chain) -> list[str]:
    return [link.task for link in links]


def test_a_new_run_is_planned_to_write_its_content() -> None:
    (links,) = planned(order())

    assert tasks(links) == ["full_post.write_content"]


def test_13_open_pictures_are_13_chains_of_all_their_steps() -> None:
    chains = planned(opened())

    assert [tasks(links) for links in chains] == [TRACK] * 13


@pytest.mark.parametrize(
    ("until", "rest"), [("render_image", TRACK[1:]), ("review_image", TRACK[2:]), ("compose", TRACK[3:])]
)
def test_what_is_stored_is_not_planned_again(until: str, rest: list[str]) -> None:
    run_id = opened(slides=5)
    piece = pictures_of(run_id)[0]
    make(piece, until=until)
    sent(piece, 100)

    chains = planned(run_id)

    assert [tasks(links) for links in chains if links[0].piece_id == piece.id] == [rest]


def test_a_ready_piece_is_not_planned() -> None:
    run_id = opened(slides=5)
    piece = pictures_of(run_id)[0]
    make(piece)

    assert piece.id not in {links[0].piece_id for links in planned(run_id)}


def test_a_failed_piece_is_not_planned() -> None:
    run_id = opened(slides=5)
    piece = pictures_of(run_id)[0]
    fail(take(piece))

    assert piece.id not in {links[0].piece_id for links in planned(run_id)}


def test_links_carry_ids_and_the_round_and_nothing_else() -> None:
    run_id = order()

    ((link,),) = planned(run_id)

    assert link.args == (str(run_id), str(pieces_of(run_id)[0].id), 1)


def test_links_go_to_the_queues_of_their_stages() -> None:
    links = planned(opened())[0]

    assert [link.queue for link in links] == ["text", "images", "text", "media"]


def test_what_was_planned_a_moment_ago_is_not_planned_again() -> None:
    run_id = opened()
    planned(run_id)

    assert planned(run_id) == []


@pytest.mark.parametrize(("times", "seconds"), [(1, 20), (2, 40), (3, 80), (4, 160), (7, 1280), (8, 1280), (50, 1280)])
def test_in_a_backlog_published_work_is_due_again_after_20_s_and_then_after_twice_as_long(
    times: int, seconds: int
) -> None:
    piece = pictures_of(opened(slides=5))[0]

    sent(piece, seconds - 2, times)
    before = is_due(piece)
    sent(piece, seconds + 2, times)

    assert (before, is_due(piece)) == (False, True)


@pytest.mark.parametrize("times", [1, 2, 7])
def test_without_a_backlog_published_work_is_due_again_after_20_s_however_often_it_was_lost(times: int) -> None:
    piece = pictures_of(opened(slides=5))[0]

    sent(piece, 18, times)
    before = is_due(piece, is_backlogged=False)
    sent(piece, 22, times)

    assert (before, is_due(piece, is_backlogged=False)) == (False, True)


def test_each_publication_is_counted() -> None:
    run_id = opened(slides=5)
    piece = pictures_of(run_id)[0]
    planned(run_id)
    sent(piece, 30)

    planned(run_id)

    assert piece_now(piece.id).sent_count == 2


def test_a_piece_under_a_live_lease_is_not_due() -> None:
    piece = pictures_of(opened())[0]
    take(piece)
    sent(piece, 1000)

    assert not is_due(piece)


def test_a_piece_whose_owner_died_is_due() -> None:
    piece = pictures_of(opened())[0]
    take(piece)
    sent(piece, 31)

    expire_lease(piece)

    assert is_due(piece)


def waiting(piece: Piece, wait_s: float) -> None:
    """Put the piece back for `wait_s` seconds, as a worker does."""
    with transaction() as session:
        session.get_one(Piece, piece.id).sent_count = 1
    held = take(piece)
    with transaction() as session:
        claims.postpone(session, held, timedelta(seconds=wait_s), "provider_busy")


def test_a_piece_that_waits_for_its_time_is_not_due() -> None:
    piece = pictures_of(opened())[0]
    waiting(piece, 300)
    change(Piece, piece.id, sent_at=func.now() - timedelta(seconds=200))

    assert not is_due(piece)


def test_a_piece_whose_time_has_come_is_due_at_once() -> None:
    piece = pictures_of(opened())[0]
    waiting(piece, 3)

    change(Piece, piece.id, next_try_at=func.now(), sent_at=func.now() - timedelta(seconds=3))

    assert is_due(piece)


def test_a_piece_whose_time_has_come_is_published_once_and_then_not_for_a_while() -> None:
    run_id = admitted(opened(slides=5))
    planned(run_id)
    piece = pictures_of(run_id)[0]
    waiting(piece, 3)
    change(Piece, piece.id, next_try_at=func.now(), sent_at=func.now() - timedelta(seconds=3))

    first, second = overdue(), overdue()

    assert [links[0].piece_id for links in first] == [piece.id]
    assert second == []


def test_two_relays_at_once_plan_each_piece_once() -> None:
    pieces = {piece.id for _ in range(3) for piece in pictures_of(admitted(opened()))}

    results = winners(together([overdue] * 2))

    published = [links[0].piece_id for chains in results for links in chains]
    assert sorted(published) == sorted(pieces)


def test_the_relay_does_not_wait_for_a_piece_that_is_being_written() -> None:
    run_id = admitted(opened())
    busy_piece = pictures_of(run_id)[0]

    with transaction() as busy, transaction() as session:
        busy.execute(select(Piece.id).where(Piece.id == busy_piece.id).with_for_update())
        session.execute(text("SET LOCAL lock_timeout = '1s'"))
        chains = plan.overdue(session)

    assert len(chains) == 12


def test_a_relay_and_the_plan_of_a_run_at_once_plan_each_piece_once() -> None:
    run_id = admitted(opened())

    results = winners(together([overdue, lambda: planned(run_id), overdue]))

    assert sum(len(chains) for chains in results) == 13


def test_a_queued_run_that_is_not_admitted_is_not_planned_by_the_relay() -> None:
    order()

    assert overdue() == []


def test_an_admitted_run_whose_first_message_was_lost_is_planned_by_the_relay() -> None:
    run_id = admitted(order())

    ((link,),) = overdue()

    assert link.run_id == run_id


@pytest.mark.parametrize("end", ["cancel", "finish", "time out"])
def test_a_run_that_is_over_is_not_planned(end: str) -> None:
    if end == "finish":
        run_id = finished(failed=1)
    else:
        run_id = opened(slides=5)
        if end == "cancel":
            cancel(run_id)
        else:
            timed_out(run_id)

    assert planned(run_id) == []


def test_a_resumed_run_is_planned_in_its_new_round_and_only_for_what_failed() -> None:
    run_id = finished(failed=2)
    resume(run_id)

    chains = planned(run_id)

    assert [(tasks(links), links[0].round) for links in chains] == [(TRACK, 2)] * 2


def test_the_relay_takes_at_most_what_it_is_told() -> None:
    admitted(opened())

    with transaction() as session:
        assert len(plan.overdue(session, most=4)) == 4


def test_what_was_never_published_comes_before_what_was() -> None:
    run_id = admitted(opened())
    last = pictures_of(run_id)[-1]
    planned(run_id)
    for piece in pictures_of(run_id):
        sent(piece, 100)
    change(Piece, last.id, sent_at=None)

    with transaction() as session:
        ((first, *_),) = plan.overdue(session, most=1)

    assert first.piece_id == last.id


def test_a_pipeline_that_only_another_release_has_is_left_to_it() -> None:
    mine, others = admitted(opened(slides=5)), admitted(opened(slides=5))
    change(Run, others, pipeline="hologram")

    assert {link.run_id for links in overdue() for link in links} == {mine}


def test_a_step_that_only_another_release_has_is_left_to_it() -> None:
    run_id = admitted(opened(slides=5))
    first, *rest = pictures_of(run_id)
    change(Piece, first.id, step="engrave")

    assert {links[0].piece_id for links in overdue()} == {piece.id for piece in rest}
