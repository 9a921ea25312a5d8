"""What could not be published while Redis was away: it is due again at once, not when messages count as lost."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from app import broker
from app.db.models import Piece, Run
from app.db.session import transaction
from app.domain.errors import Unavailable
from app.runs import plan
from harness import forget_caches
from making import change, expire_lease, opened, pictures_of, piece_now, take
from workers import canvas, upkeep

NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
def run_id(database: None, monkeypatch: pytest.MonkeyPatch) -> uuid.UUID:
    """A run with 13 pictures to make, on a machine whose Redis is away."""
    made = opened()
    change(Run, made, admitted_at=func.now())
    monkeypatch.setenv("REDIS_URL", NOWHERE)
    forget_caches()
    return made


def planned(run_id: uuid.UUID) -> list[plan.type_chain]:
    with transaction() as session:
        return plan.plan(session, run_id)


def test_the_relay_takes_it_again_in_its_next_pass(run_id: uuid.UUID) -> None:
    upkeep.relay()

    assert len(planned(run_id)) == 13


def test_a_plan_that_a_worker_could_not_publish_is_due_at_once(run_id: uuid.UUID) -> None:
    with pytest.raises(Unavailable):
        canvas.publish_plan(run_id)

    assert len(planned(run_id)) == 13


def test_a_chord_that_could_not_be_published_is_due_at_once(run_id: uuid.UUID) -> None:
    with pytest.raises(Unavailable):
        canvas.publish_chord(planned(run_id), run_id, 1)

    assert len(planned(run_id)) == 13


def test_so_is_what_was_held_back_because_redis_was_away_a_moment_ago(run_id: uuid.UUID) -> None:
    with pytest.raises(Unavailable):
        broker.send("upkeep.admit")

    upkeep.relay()

    assert len(planned(run_id)) == 13


def test_an_outage_costs_no_patience(run_id: uuid.UUID) -> None:
    piece = pictures_of(run_id)[0]
    for _ in range(5):
        upkeep.relay()

    assert (piece_now(piece.id).sent_at, piece_now(piece.id).sent_count) == (None, 0)


def test_a_message_that_was_lost_before_is_still_counted(run_id: uuid.UUID) -> None:
    piece = pictures_of(run_id)[0]
    change(Piece, piece.id, sent_at=func.now() - timedelta(seconds=100), sent_count=2)

    upkeep.relay()

    assert piece_now(piece.id).sent_count == 2


def test_a_piece_whose_message_went_out_and_was_taken_is_left_to_its_owner(run_id: uuid.UUID) -> None:
    chains = planned(run_id)
    piece = pictures_of(run_id)[0]
    take(piece)

    with transaction() as session:
        plan.give_back(session, chains)

    assert piece_now(piece.id).sent_at is not None
    assert len(planned(run_id)) == 12


def test_a_piece_that_somebody_is_writing_is_not_waited_for(run_id: uuid.UUID) -> None:
    chains = planned(run_id)
    busy_piece = pictures_of(run_id)[0]

    with transaction() as busy, transaction() as session:
        busy.execute(select(Piece.id).where(Piece.id == busy_piece.id).with_for_update())
        session.execute(text("SET LOCAL lock_timeout = '1s'"))
        plan.give_back(session, chains)

    assert busy_piece.id not in {links[0].piece_id for links in planned(run_id)}


def test_so_is_a_piece_that_was_put_off_meanwhile(run_id: uuid.UUID) -> None:
    chains = planned(run_id)
    piece = pictures_of(run_id)[0]
    change(Piece, piece.id, next_try_at=func.now() + timedelta(seconds=60))

    with transaction() as session:
        plan.give_back(session, chains)

    assert piece.id not in {links[0].piece_id for links in planned(run_id)}


def test_a_piece_whose_time_has_come_is_due_again(run_id: uuid.UUID) -> None:
    piece = pictures_of(run_id)[0]
    now = func.now()
    change(Piece, piece.id, sent_at=now - timedelta(seconds=9), next_try_at=now - timedelta(seconds=1))

    upkeep.relay()

    assert piece.id in {links[0].piece_id for links in planned(run_id)}


def test_a_piece_whose_owner_died_is_due_again(run_id: uuid.UUID) -> None:
    piece = pictures_of(run_id)[0]
    take(piece)
    expire_lease(piece)
    change(Piece, piece.id, sent_at=func.now() - timedelta(seconds=100))

    upkeep.relay()

    assert piece.id in {links[0].piece_id for links in planned(run_id)}
