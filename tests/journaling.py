"""Calls for tests, written straight into the journal: as many, as old and as dear as a test needs."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from app.db.models import Call
from app.db.session import transaction
from app.domain.states import CallState, CostBasis
from orders import order, pieces_of, run_of

PAINTER = {"provider": "gemini", "model": "painter"}


class Journal:
    """Writes calls of one run straight into the journal."""

    def __init__(self) -> None:
        self.piece = pieces_of(order())[0]
        self.run = run_of(self.piece.run_id)

    def add(self, *, seconds: float = 5.0, ago: timedelta = timedelta(minutes=5), **values: Any) -> None:
        """Add a picture that succeeded and was accepted, but for `values`."""
        began = datetime.now(UTC) - ago
        usual: dict[str, Any] = {
            **PAINTER,
            "step": "render_image", "purpose": "render_image", "prompt_hash": "0" * 64, "state": CallState.SUCCEEDED,
            "accepted": True, "worst_micro_usd": 90_000, "cost_micro_usd": 60_000, "cost_basis": CostBasis.PROVIDER,
            "http_status": 200, "is_sandbox": False,
        }  # fmt: skip
        ids = {"id": uuid.uuid4(), "user_id": self.run.user_id, "run_id": self.run.id, "piece_id": self.piece.id}
        counts = {"round": 1, "version": 1, "take": 1, "attempt": 1}
        ended = {"started_at": began, "ended_at": began + timedelta(seconds=seconds)}
        with transaction() as session:
            session.add(Call(**{**usual, **ids, **counts, **ended, **values}))

    def rejected(self, code: str = "provider_down", status: int | None = 503, **values: Any) -> None:
        """Add a call that the provider rejected."""
        free = {"cost_micro_usd": 0, "cost_basis": CostBasis.NONE, "accepted": None}
        self.add(**{"state": CallState.FAILED, "error_code": code, "http_status": status, **free, **values})

    def unknown(self, **values: Any) -> None:
        """Add a call to which no answer came."""
        money = {"cost_micro_usd": None, "cost_basis": CostBasis.UNKNOWN, "accepted": None, "http_status": None}
        self.add(**{"state": CallState.UNKNOWN, "error_code": "provider_down", **money, **values})

    def refused(self, gate: str, **values: Any) -> None:
        """Add a picture that a gate refused."""
        self.add(accepted=False, error_code=f"picture_refused:{gate}", **values)

    def cached(self, **values: Any) -> None:
        """Add a picture that was there already."""
        self.add(cost_micro_usd=0, cost_basis=CostBasis.CACHE, seconds=0, **values)
