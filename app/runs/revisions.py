"""An ad's revisions: each refinement is a round of the run and a piece of its own, and any of them can be current."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.db.models import Piece, Run, User
from app.domain.errors import Conflict, NotFound
from app.domain.states import PieceState
from app.pipelines.ad import CHANGE, PIPELINE, REVISION, TURN
from app.pipelines.references import GIVEN
from app.runs import rounds
from app.runs.finish import pieces_of
from app.runs.places import revised
from app.runs.rounds import NewRound
from app.runs.view import Links, UrlOf, owned, run_view


def owned_ad(session: Session, user: User, run_id: uuid.UUID) -> Run:
    """Return an ad of this user. Raises NotFound, also for another pipeline's run."""
    run = owned(session, user, run_id)
    if run.pipeline != PIPELINE.name:
        raise NotFound(f"this run is no ad; see /api/runs/{run_id}")
    return run


def refine(session: Session, user: User, run_id: uuid.UUID, instruction: str, now: datetime) -> NewRound:
    """Start a round that edits the current revision into another one. Money is reserved anew, no second ad.

    A refinement that FAILED gives its place to the next one: the history holds what can be shown.
    Raises Conflict when the run works, was canceled or has no picture; QuotaExceeded when the money is used up.
    """
    run = rounds.opened(session, run_id)
    pieces = _revisions(session, run_id)
    base = _current(pieces)
    if base is None:
        raise Conflict("this ad has no picture yet; resume it, or order another one", code="no_picture")
    before = base.data.get(CHANGE)
    is_its_own = before is None or before["prompt"] == base.prompt
    data = {
        **{name: text for name, text in base.data.items() if name in ("headline", "cta")},
        GIVEN: {},
        TURN: _next_turn(pieces),
        CHANGE: {
            "at": now.isoformat(),
            "from": base.position,
            "instruction": instruction,
            "asked": [*(before["asked"] if before and is_its_own else ()), instruction],
            "prompt": base.prompt,
            "picture": base.picture,
        },
    }
    piece = _place_for(session, run, pieces)
    # The same prompt as its base: a sibling with other words and nearly this picture would be refused as a repetition.
    piece.data, piece.prompt = data, base.prompt
    piece.picture = piece.review = piece.composed = None
    return rounds.start(session, user, run, [piece])


def make_current(session: Session, run_id: uuid.UUID, revision: int) -> None:
    """Make a revision the current one: the one that is shown, and that the next refinement edits.

    Raises NotFound, Conflict while the run works, was canceled, or when the revision has no picture.
    """
    rounds.opened(session, run_id)
    pieces = _revisions(session, run_id)
    piece = next((piece for piece in pieces if piece.position == revision), None)
    if piece is None:
        raise NotFound(f"this ad has no revision {revision}", code="unknown_revision")
    if piece.state is not PieceState.READY:
        raise Conflict(f"revision {revision} is {piece.state}: it has no picture to show", code="revision_not_ready")
    if piece is not _current(pieces):
        piece.data = {**piece.data, TURN: _next_turn(pieces)}


def ad_view(session: Session, run: Run, url_of: UrlOf, links: Links) -> dict[str, Any]:
    """Return the run's view, with `revisions` (oldest first) and the number of the `current` one; None = no picture yet."""
    view = run_view(session, run, url_of, links)
    pieces = _revisions(session, run.id)
    current = _current(pieces)
    seen = {piece["id"]: piece for piece in view["pieces"]}
    return view | {
        "current": None if current is None else current.position,
        "revisions": [_revision(run, piece, seen[str(piece.id)], is_current=piece is current) for piece in pieces],
    }


def _revision(run: Run, piece: Piece, seen: dict[str, Any], *, is_current: bool) -> dict[str, Any]:
    change = piece.data.get(CHANGE) or {}
    shown = seen["composed"] or seen["picture"] if piece.state is PieceState.READY else None
    return {
        "revision": piece.position,
        "piece_id": str(piece.id),
        "status": piece.state,
        "url": shown and shown["url"],
        "width": shown and shown["width"],
        "height": shown and shown["height"],
        "instruction": change.get("instruction"),
        "from": change.get("from"),
        "created_at": revised(run, piece).isoformat(),
        "current": is_current,
        "cost_micro_usd": seen["cost_micro_usd"],
        "failure": seen["failure"],
    }


def _revisions(session: Session, run_id: uuid.UUID) -> list[Piece]:
    return [piece for piece in pieces_of(session, run_id) if piece.kind == REVISION]


def _current(pieces: Sequence[Piece]) -> Piece | None:
    """Return the READY revision whose turn it is: one that FAILED, or is being made, never hides what can be shown."""
    ready = [piece for piece in pieces if piece.state is PieceState.READY]
    return max(ready, key=lambda piece: int(piece.data[TURN]), default=None)


def _next_turn(pieces: Sequence[Piece]) -> int:
    return 1 + max(int(piece.data[TURN]) for piece in pieces)


def _place_for(session: Session, run: Run, pieces: Sequence[Piece]) -> Piece:
    """Return the piece that a refinement becomes: one that FAILED, or a new one."""
    failed = [piece for piece in pieces if piece.state is PieceState.FAILED and piece.position > 0]
    if failed:
        failed[-1].version += 1
        return failed[-1]
    piece = Piece(
        id=uuid.uuid4(),
        run_id=run.id,
        kind=REVISION,
        position=1 + max(piece.position for piece in pieces),
        is_picture=True,
        version=1,
        take=1,
        rewrites=0,
        attempt=0,
        sent_count=0,
    )
    session.add(piece)
    return piece
