"""The last piece ends the round: exactly once, whoever races for it."""

from __future__ import annotations

import uuid
from functools import partial

import pytest
from sqlalchemy import func, select

from app import quotas
from app.db.models import Notification, Piece, QuotaEntry, QuotaMonth, Run
from app.db.session import transaction
from app.domain.plans import Plan
from app.domain.states import PieceState, QuotaEntryKind, QuotaUnit, RunState
from app.runs import finish, plan
from app.runs.claims import Claim
from making import (
    change,
    complete,
    end,
    fail,
    failed_run,
    finished,
    make,
    make_all,
    opened,
    pictures_of,
    stored_picture,
    take,
    timed_out,
)
from next_rounds import cancel, resume
from orders import a_user, events_of, order, pieces_of, run_of
from races import losers, together

pytestmark = pytest.mark.usefixtures("database")


def composing() -> tuple[uuid.UUID, list[Claim]]:
    """Return a run and the claims of its 13 pieces, each of which needs only its last step to be written."""
    run_id = opened()
    make_all(run_id, until="compose")
    return run_id, [take(piece) for piece in pictures_of(run_id)]


def all_ready() -> uuid.UUID:
    """Return a run whose pieces are all terminal and that nobody has finished."""
    run_id = opened()
    make_all(run_id)
    return run_id


def entries_of(run_id: uuid.UUID, kind: QuotaEntryKind) -> list[QuotaEntry]:
    with transaction() as session:
        return list(session.scalars(select(QuotaEntry).where(QuotaEntry.run_id == run_id, QuotaEntry.kind == kind)))


def notifications_of(run_id: uuid.UUID) -> list[Notification]:
    with transaction() as session:
        return list(session.scalars(select(Notification).where(Notification.run_id == run_id)))


def ends_of(run_id: uuid.UUID) -> list[str]:
    """Return the types of the events that tell the end of a round."""
    over = {"run.ready", "run.partial", "run.failed", "run.canceled"}
    return [told.type for told in events_of(run_id) if told.type in over]


@pytest.mark.parametrize("_time", range(3))
def test_of_13_pieces_completed_at_once_exactly_one_is_the_last(_time: int) -> None:
    _, held = composing()

    moved = together([partial(complete, one) for one in held])

    assert [one.is_last for one in moved].count(True) == 1  # type: ignore[union-attr]


def test_of_pieces_that_fail_and_succeed_at_once_exactly_one_is_the_last() -> None:
    _, held = composing()

    moved = together([partial(fail if n % 2 else complete, one) for n, one in enumerate(held)])

    assert [one.is_last for one in moved].count(True) == 1  # type: ignore[union-attr]


def end_in_a_race(run_id: uuid.UUID) -> list[object]:
    """Finish from 13 last pieces, the chord's body and the watchdog at the same moment."""
    return together([*[lambda: end(run_id)] * 14, lambda: timed_out(run_id)])


def test_a_round_that_15_want_to_finish_changes_its_state_once() -> None:
    run_id = all_ready()

    results = end_in_a_race(run_id)

    assert losers(results) == []
    assert [result for result in results if result is not None] in ([], [RunState.READY])


def test_a_round_that_15_want_to_finish_tells_one_event() -> None:
    run_id = all_ready()

    end_in_a_race(run_id)

    assert ends_of(run_id) == ["run.ready"]


def test_a_round_that_15_want_to_finish_writes_one_notification() -> None:
    run_id = all_ready()

    end_in_a_race(run_id)

    assert len(notifications_of(run_id)) == 1


def test_a_round_that_15_want_to_finish_releases_its_money_once() -> None:
    run_id = all_ready()

    end_in_a_race(run_id)

    assert len(entries_of(run_id, QuotaEntryKind.RELEASED)) == 1


def test_a_failed_round_that_15_want_to_finish_is_refunded_once() -> None:
    run_id = order()
    fail(take(pieces_of(run_id)[0]))

    end_in_a_race(run_id)

    assert len(entries_of(run_id, QuotaEntryKind.REFUNDED)) == 1


def test_finish_and_cancel_at_once_end_the_round_once() -> None:
    run_id = all_ready()

    together([lambda: end(run_id), lambda: cancel(run_id)] * 2)

    assert len(ends_of(run_id)) == 1


def test_finish_does_nothing_while_a_piece_is_open() -> None:
    run_id = opened()

    assert end(run_id) is None
    assert run_of(run_id).state is RunState.GENERATING_IMAGES


def test_finish_of_an_older_round_does_nothing() -> None:
    run_id = finished(failed=1)
    resume(run_id)

    with transaction() as session:
        assert finish.finish(session, run_id, 1) is None


def test_finish_is_due_only_when_every_piece_is_terminal() -> None:
    run_id, held = composing()
    due = []

    for one in held:
        complete(one)
        with transaction() as session:
            due.append(finish.is_due(session, run_id, 1))

    assert due == [False] * 12 + [True]


def test_all_pieces_ready_is_ready() -> None:
    assert run_of(finished()).state is RunState.READY


@pytest.mark.parametrize("failed", [1, 5, 12])
def test_some_pictures_failed_is_partial_and_says_how_many(failed: int) -> None:
    run = run_of(finished(failed=failed))

    assert run.state is RunState.PARTIAL
    assert run.failure is not None
    assert f"{failed} of 13 pictures" in run.failure["message"]


def test_no_picture_at_all_is_failed() -> None:
    assert run_of(finished(failed=13)).state is RunState.FAILED


def test_no_texts_is_failed_with_the_reason_of_the_texts() -> None:
    run = run_of(failed_run())

    assert (run.state, run.failure["code"]) == (RunState.FAILED, "invalid_reply")  # type: ignore[index]


def test_a_finished_round_notes_when_it_ended() -> None:
    assert run_of(finished()).finished_at is not None


def test_the_typographic_slides_are_stored_with_the_end() -> None:
    run_id = opened(slides=5)
    first, *others = pictures_of(run_id)
    fail(take(first))
    for piece in others:
        make(piece)

    with transaction() as session:
        finish.finish(session, run_id, 1, {"carousel_pdf": "k.pdf"}, {first.id: stored_picture("drawn")})

    drawn = next(piece for piece in pieces_of(run_id) if piece.id == first.id)
    assert (drawn.state, drawn.composed["key"]) == (PieceState.FAILED, "posts/x/drawn.png")  # type: ignore[index]


@pytest.mark.parametrize(
    ("drawn", "told"),
    [
        (0, "2 of 7 pictures could not be made; the first reason"),
        (1, "2 of 7 pictures could not be made, 1 of them have a typographic background; the first reason"),
        (2, "2 of 7 pictures could not be made and have a typographic background; the first reason"),
    ],
)
def test_a_partial_run_tells_only_of_the_backgrounds_that_were_drawn(drawn: int, told: str) -> None:
    run_id = opened(slides=5)
    *failed, _, _, _, _, _ = pictures_of(run_id)
    for piece in pictures_of(run_id):
        fail(take(piece)) if piece.id in [one.id for one in failed] else make(piece)
    with transaction() as session:
        slides = {one.id: stored_picture() | {"on_picture": False} for one in failed[:drawn]}
        assert finish.finish(session, run_id, 1, None, slides) is RunState.PARTIAL

    assert told in (run_of(run_id).failure or {})["message"]


def test_a_slide_whose_new_picture_failed_still_shows_the_one_before_which_is_no_background() -> None:
    run_id = opened(slides=5)
    first, *others = pictures_of(run_id)
    change(Piece, first.id, composed=stored_picture() | {"on_picture": True})
    fail(take(first))
    for piece in others:
        make(piece)
    end(run_id)

    assert "background" not in (run_of(run_id).failure or {})["message"]


def test_the_result_keeps_its_keys_over_rounds() -> None:
    run_id = opened(slides=5)
    make_all(run_id)

    with transaction() as session:
        finish.finish(session, run_id, 1, {"carousel_pdf": "k.pdf"})

    assert run_of(run_id).result == {"carousel_pdf": "k.pdf"}


def test_a_run_that_timed_out_fails_its_open_pieces_only() -> None:
    run_id = opened(slides=5)
    ready, *_ = pictures_of(run_id)
    make(ready)

    timed_out(run_id)

    codes = {piece.failure["code"] if piece.failure else None for piece in pictures_of(run_id)}
    assert codes == {None, "timed_out"}
    assert run_of(run_id).state is RunState.PARTIAL


def test_the_notification_carries_the_end_of_the_round() -> None:
    run_id = finished(failed=1)

    (told,) = notifications_of(run_id)

    assert (told.kind, told.payload["state"], told.payload["round"]) == ("run_finished", "PARTIAL", 1)


def test_each_round_tells_its_own_end() -> None:
    run_id = finished(failed=1)
    resume(run_id)
    make(next(piece for piece in pictures_of(run_id) if piece.step))

    end(run_id)

    assert [told.payload["round"] for told in notifications_of(run_id)] == [1, 2]


def test_a_run_whose_finish_was_lost_is_found() -> None:
    run_id = all_ready()
    with transaction() as session:
        session.get_one(Run, run_id).progressed_at = func.now() - func.make_interval(0, 0, 0, 0, 0, 0, 60)

    with transaction() as session:
        assert plan.unfinished_business(session) == [(run_id, 1)]


def test_a_run_whose_finish_is_on_its_way_is_left_alone() -> None:
    all_ready()

    with transaction() as session:
        assert plan.unfinished_business(session) == []


def test_a_finished_run_leaves_no_lease_behind() -> None:
    run_id = finished(failed=2)

    with transaction() as session:
        leases = select(func.count()).select_from(Piece).where(Piece.run_id == run_id, Piece.lease_token.is_not(None))
        assert session.scalar(leases) == 0


def test_a_finished_run_gives_its_unspent_money_back_to_the_month() -> None:
    user = a_user(Plan.FREE)
    finished(user)

    with transaction() as session:
        usage = quotas.usage(session, user, session.scalars(select(QuotaMonth.month).limit(1)).one())

    assert usage[QuotaUnit.MONEY]["used"] == 0
