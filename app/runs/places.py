"""Where a piece's pictures are kept in storage."""

from __future__ import annotations

from datetime import datetime

from app.db.models import Piece, Run
from app.domain import keys
from app.pipelines.ad import CHANGE, REVISION


def place_of(run: Run, piece: Piece) -> str:
    """Return the place below which a piece's pictures are kept: an ad's revisions go by their time, others by number."""
    revised_at = revised(run, piece) if piece.kind == REVISION else None
    return keys.place_of(run.id, piece.kind, piece.position, revised_at)


def revised(run: Run, piece: Piece) -> datetime:
    """Return when a revision of an ad was asked for: the first one with the order."""
    change = piece.data.get(CHANGE)
    return datetime.fromisoformat(change["at"]) if change else run.created_at
