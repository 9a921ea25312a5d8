"""The journal as people read it: one record per call, the same columns in the API, the CLI and costs.csv.

Never a prompt or a reply: of what was asked there is only the hash.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import UTC
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, defer

from app.db.models import Call, Piece
from app.domain.keys import piece_name
from app.domain.states import OWNER_LOST

COLUMNS = (
    "time",
    "round",
    "step",
    "piece",
    "purpose",
    "provider",
    "model",
    "prompt_hash",
    "attempt",
    "state",
    "accepted",
    "error_code",
    "tokens_in",
    "tokens_out",
    "tokens_cached",
    "tokens_image",
    "cost_micro_usd",
    "cost_basis",
    "seconds",
    "bytes",
    "sandbox",
)


def of_run(session: Session, run_id: uuid.UUID) -> list[dict[str, Any]]:
    """Return a record of each call of a run, oldest first. Two queries."""
    pieces = session.execute(select(Piece.id, Piece.kind, Piece.position).where(Piece.run_id == run_id)).all()
    return records(calls_of(session, run_id), piece_names(pieces))


def calls_of(session: Session, run_id: uuid.UUID) -> Sequence[Call]:
    """Return a run's calls, oldest first, without their replies."""
    query = select(Call).where(Call.run_id == run_id).order_by(Call.started_at, Call.id)
    return session.scalars(query.options(defer(Call.reply, raiseload=True))).all()


def records(calls: Iterable[Call], names: dict[uuid.UUID, str]) -> list[dict[str, Any]]:
    """Return a record of each call; what is not known is None."""
    return [dict(zip(COLUMNS, _values(call, names.get(call.piece_id, "")), strict=True)) for call in calls]


def _values(call: Call, piece: str) -> tuple[Any, ...]:
    return (
        call.started_at.astimezone(UTC).isoformat(timespec="milliseconds"),
        call.round,
        call.step,
        piece,
        call.purpose,
        call.provider,
        call.model,
        call.prompt_hash,
        call.attempt,
        call.state,
        call.accepted,
        call.error_code,
        call.tokens_in,
        call.tokens_out,
        call.tokens_cached,
        call.tokens_image,
        call.cost_micro_usd,
        call.cost_basis,
        _seconds(call),
        call.reply_bytes,
        call.is_sandbox,
    )


def _seconds(call: Call) -> float | None:
    """Return how long a call took; None while it is open, and when nobody was there to see its end."""
    if call.ended_at is None or call.error_code == OWNER_LOST:
        return None
    return round((call.ended_at - call.started_at).total_seconds(), 3)


def piece_names(pieces: Iterable[tuple[uuid.UUID, str, int]]) -> dict[uuid.UUID, str]:
    """Return what the pieces of one run are called, from (id, kind, position): `0`, `quote`, `image-01`.

    Pictures that were ordered in a list are counted from 1, as their files are, with as many digits as the last one has.
    """
    known = list(pieces)
    digits = max(2, len(str(sum(kind == "image" for _, kind, _ in known))))
    return {
        piece_id: f"image-{position + 1:0{digits}d}" if kind == "image" else piece_name(kind, position)
        for piece_id, kind, position in known
    }
