"""Calls of two books, for tests: a minute of each is one call."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from app.domain.states import CallState
from workers.reconcile.figures import Booked, Used

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
MODEL = "google/gemini-3.1-flash-image"


def at(minutes: float) -> datetime:
    """Return a time of the day, in minutes after noon."""
    return NOON + timedelta(minutes=minutes)


def booked(minutes: float = 0, **changes: Any) -> Booked:
    """Return a call that was charged $0.0672, ten seconds long."""
    usual: dict[str, Any] = {
        "id": uuid.uuid4(), "model": MODEL, "state": CallState.SUCCEEDED, "cost_micro_usd": 67_200,
        "worst_micro_usd": 90_000, "ref": None, "started_at": at(minutes), "ended_at": at(minutes + 1 / 6),
        "tokens_in": 300, "tokens_out": 1120,
    }  # fmt: skip
    return Booked(**{**usual, **changes})


def in_doubt(minutes: float = 0, **changes: Any) -> Booked:
    """Return a call to which no answer came."""
    nothing = {"state": CallState.UNKNOWN, "cost_micro_usd": None, "tokens_in": None, "tokens_out": None}
    return booked(minutes, **{**nothing, **changes})


def used(minutes: float | None = 0, **changes: Any) -> Used:
    """Return the provider's row of such a call."""
    usual: dict[str, Any] = {
        "model": MODEL, "cost_micro_usd": 67_200, "at": None if minutes is None else at(minutes),
        "tokens_in": 300, "tokens_out": 1120,
    }  # fmt: skip
    return Used(**{**usual, **changes})
