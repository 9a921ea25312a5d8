"""A piece whose owners die one after the other: each time it is due when the lease has run out, not later."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func

from app.db.models import Piece, Run
from app.db.session import transaction
from app.runs import plan
from app.settings import settings
from making import change, piece_now, take
from orders import order, pieces_of

pytestmark = pytest.mark.usefixtures("database")


def test_each_death_of_an_owner_is_mended_as_fast_as_the_first() -> None:
    run_id = order()
    change(Run, run_id, admitted_at=func.now())
    (piece,) = pieces_of(run_id)

    for death in range(1, 5):
        with transaction() as session:
            assert len(plan.overdue(session)) == 1, f"published for claim {death}"
        take(piece_now(piece.id))
        now = func.now()
        lease_and_a_bit = settings().lease + timedelta(seconds=1)
        change(Piece, piece.id, sent_at=now - lease_and_a_bit, lease_until=now - timedelta(seconds=1))
