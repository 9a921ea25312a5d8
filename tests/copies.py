"""Copies of posts in another format, for tests that draw nothing."""

from __future__ import annotations

import uuid

from app.admission import admit
from app.db.models import Piece
from app.db.session import transaction
from app.domain.states import RunState
from app.runs import formats, plan
from making import end, make_all
from orders import pieces_of, run_of


def reformatted(run_id: uuid.UUID, wanted: str = "1:1") -> uuid.UUID:
    """Have a run made in another format, in a transaction of its own. Raises Conflict, InvalidRequest."""
    with transaction() as session:
        return formats.reformat(session, run_id, wanted).id


def planned(run_id: uuid.UUID) -> list[list[str]]:
    """Admit what waits and return the steps of each chain that is published for a run."""
    with transaction() as session:
        assert run_id in admit(session)
    with transaction() as session:
        return [[link.task for link in links] for links in plan.plan(session, run_id)]


def made(run_id: uuid.UUID) -> RunState:
    """Bring a run to its end as workers would, with slides that nobody draws."""
    make_all(run_id)
    end(run_id)
    return run_of(run_id).state


def by_place(run_id: uuid.UUID) -> dict[tuple[str, int], Piece]:
    """Return a run's pieces by kind and position."""
    return {(piece.kind, piece.position): piece for piece in pieces_of(run_id)}
