"""What a user does with a run, for tests: resume, render again, edit, cancel; each in a transaction of its own.

And runs of one picture, which a new round can lose.
"""

from __future__ import annotations

import uuid

from app.db.models import Piece, User
from app.db.session import transaction
from app.domain.states import RunState
from app.pipelines.catalog import pipeline_named
from app.runs import claims, rounds
from app.runs.rounds import NewRound
from making import end, fail, made, take
from orders import a_user, order, pieces_of


def resume(run_id: uuid.UUID, user: User | None = None) -> NewRound:
    """Start a round that makes what failed. Raises Conflict."""
    with transaction() as session:
        return rounds.resume(session, user or a_user(), run_id)


def render_again(piece: Piece, user: User | None = None) -> NewRound:
    """Start a round that makes another picture. Raises Conflict, InvalidRequest."""
    with transaction() as session:
        return rounds.render_again(session, user or a_user(), piece.run_id, piece.id)


def edit(piece: Piece, **changes: str) -> NewRound:
    """Change texts, or the prompt, of a piece. Raises Conflict, InvalidRequest."""
    with transaction() as session:
        return rounds.edit(session, a_user(), piece.run_id, piece.id, changes)


def cancel(run_id: uuid.UUID) -> None:
    """End a live run as CANCELED. Raises Conflict."""
    with transaction() as session:
        rounds.cancel(session, run_id)


def single(user: User, **request: float) -> uuid.UUID:
    """Return a READY run of one picture."""
    run_id = order(user, "images", prompts=["a lighthouse in fog"], **request)
    assert draw(run_id) is RunState.READY
    return run_id


def draw(run_id: uuid.UUID) -> str | None:
    """Make the one picture of a run and end its round; return the state."""
    for _ in ("render_image", "review_image"):
        held = take(pieces_of(run_id)[0])
        with transaction() as session:
            claims.complete(session, pipeline_named("images"), held, made(held.step))
    return end(run_id)


def lose(run_id: uuid.UUID) -> None:
    """Have the one picture of a run FAILED, and its round ended."""
    fail(take(pieces_of(run_id)[0]))
    assert end(run_id) is RunState.FAILED
