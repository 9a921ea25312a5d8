"""Conditions that chaos tests wait for."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from app.db.models import Call
from app.domain.states import CallState, CostBasis
from orders import calls_of, pieces_of, run_of


def is_over(run_id: uuid.UUID) -> bool:
    """Whether the run's round has ended."""
    return run_of(run_id).state.is_terminal


def pictures_there(run_id: uuid.UUID) -> int:
    """How many pieces have their picture."""
    return sum(piece.picture is not None for piece in pieces_of(run_id))


def requested(run_id: uuid.UUID) -> list[Call]:
    """Return the run's calls but for those that were not made: a picture that was found where a dead one left it."""
    return [call for call in calls_of(run_id) if call.cost_basis is not CostBasis.CACHE]


def in_vain(calls: Sequence[Call]) -> list[Call]:
    """Return the calls that a fault struck while under way: without an answer, or answered and the bytes not stored."""
    return [call for call in calls if call.state is CallState.UNKNOWN or call.error_code == "bytes_lost"]
