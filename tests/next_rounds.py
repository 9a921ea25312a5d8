"""What a user does with a run, for tests: resume, render again, edit, cancel; each in a transaction of its own."""

from __future__ import annotations

import uuid

from app.db.models import Piece, User
from app.db.session import transaction
from app.runs import rounds
from app.runs.rounds import NewRound
from orders import a_user


def resume(run_id: uuid.UUID, user: User | None = None) -> NewRound:
    """Start a round that makes what failed. Raises Conflict."""
    with transaction() as session:
        return rounds.resume(session, user or a_user(), run_id)


def render_again(piece: Piece) -> NewRound:
    """Start a round that makes another picture. Raises Conflict, InvalidRequest."""
    with transaction() as session:
        return rounds.render_again(session, a_user(), piece.run_id, piece.id)


def edit(piece: Piece, **changes: str) -> NewRound:
    """Change texts, or the prompt, of a piece. Raises Conflict, InvalidRequest."""
    with transaction() as session:
        return rounds.edit(session, a_user(), piece.run_id, piece.id, changes)


def cancel(run_id: uuid.UUID) -> None:
    """End a live run as CANCELED. Raises Conflict."""
    with transaction() as session:
        rounds.cancel(session, run_id)
