"""Conditions that chaos tests wait for."""

from __future__ import annotations

import uuid

from orders import pieces_of, run_of


def is_over(run_id: uuid.UUID) -> bool:
    """Whether the run's round has ended."""
    return run_of(run_id).state.is_terminal


def pictures_there(run_id: uuid.UUID) -> int:
    """How many pieces have their picture."""
    return sum(piece.picture is not None for piece in pieces_of(run_id))
