"""The relay: what nobody has begun was lost, unless so many messages wait that it may not have had its turn."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func

from app import traffic
from app.db.models import Piece, Run
from making import change, piece_now
from orders import order, pieces_of
from workers import upkeep

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def piece() -> Piece:
    """One that was published three times, the last time half a minute ago."""
    run_id = order()
    change(Run, run_id, admitted_at=func.now())
    (made,) = pieces_of(run_id)
    change(Piece, made.id, sent_at=func.now() - timedelta(seconds=30), sent_count=3)
    return made


@pytest.mark.parametrize(("messages", "times"), [(0, 4), (traffic.BACKLOG, 4), (traffic.BACKLOG + 1, 3)])
def test_it_publishes_again_after_20_s_until_messages_wait_in_line(piece: Piece, messages: int, times: int) -> None:
    if messages:
        traffic.ask(lambda redis: redis.rpush("images", *range(messages)))

    upkeep.relay()

    assert piece_now(piece.id).sent_count == times


def test_the_messages_of_all_queues_count(piece: Piece) -> None:
    for queue in traffic.QUEUES:
        traffic.ask(lambda redis, queue=queue: redis.rpush(queue, *range(traffic.BACKLOG // 3)))

    upkeep.relay()

    assert piece_now(piece.id).sent_count == 3
