"""Work on pieces for tests, without Celery and without models: claims, results and whole rounds."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, text, update
from sqlalchemy.orm import Session

from app import events, journal, traffic
from app.db.models import Piece, Run, User
from app.db.session import transaction
from app.domain.prices import Usage
from app.domain.states import CostBasis, PieceState
from app.journal import Asked, Outcome
from app.pipelines.catalog import pipeline_named
from app.pipelines.pipeline import Done, NewPiece, Pipeline, Stage
from app.runs import claims, finish
from app.runs.claims import Claim, Moved
from app.runs.finish import finish as end_round
from orders import order, pieces_of, run_of
from workers import watching

FULL_POST = pipeline_named("full-post")
WORST = 70_000  # of the usual call, in micro-USD
PROMPT = "a lighthouse of server racks at dusk, one soft key light"


def stored_picture(name: str = "a") -> dict[str, Any]:
    """Return a picture as a piece has it."""
    sizes = {"width": 928, "height": 1152, "bytes": 90_000}
    return {"key": f"posts/x/{name}.png", "mime": "image/png", "sha256": "0" * 64, **sizes}


def opened_pieces(slides: int = 11) -> list[NewPiece]:
    """Return what the content of a post opens."""
    texts = {"title": "Ship small", "body": "Small changes are easy to undo.", "image_theme": "a small boat"}
    card = {"text": "Done is better.", "author": "Anon"}
    article = {"title": "A", "intro": "B", "sections": [], "conclusion": "C"}
    return [
        *(NewPiece("slide", n, {**texts, "continuity": "haze"}) for n in range(slides)),
        NewPiece("article", 0, {**article, "image_theme": "x", "continuity": "haze"}),
        NewPiece("quote", 0, {**card, "title": "Done", "image_theme": "x", "continuity": "haze"}),
    ]


def made(step: str) -> Done:
    """Return what a step makes."""
    return {
        "write_content": Done(data={"hook": "Stop."}, opens=opened_pieces()),
        "draft_prompt": Done(prompt=PROMPT),
        "render_image": Done(picture=stored_picture()),
        "review_image": Done(review={"skipped": "turned_off"}),
        "compose": Done(composed=stored_picture("composed")),
    }[step]


def piece_now(piece_id: uuid.UUID) -> Piece:
    """Return the piece as it is now."""
    with transaction() as session:
        return session.get_one(Piece, piece_id)


def take(piece: Piece, step: str | None = None, round_: int | None = None) -> Claim:
    """Claim a piece for its present step, in a transaction of its own. Raises NotClaimed."""
    now = piece_now(piece.id)
    with transaction() as session:
        return claims.claim(session, piece.id, step or now.step or "none", round_ or now.round)


def complete(held: Claim, done: Done | None = None) -> Moved:
    """Write what the step made, in a transaction of its own. Raises NotClaimed."""
    with transaction() as session:
        return claims.complete(session, FULL_POST, held, done or made(held.step))


def fail(held: Claim, code: str = "prompt_blocked") -> Moved:
    """End the piece as FAILED, in a transaction of its own. Raises NotClaimed."""
    with transaction() as session:
        return claims.fail(session, held, code, "it did not work")


def opened(user: User | None = None, **request: Any) -> uuid.UUID:
    """Return a run whose texts are there and whose pictures are all still to be made."""
    run_id = order(user, **request)
    written = Done(data={"hook": "Stop."}, opens=opened_pieces(request.get("slides", 11)))
    with transaction() as session:
        content, *_ = finish.pieces_of(session, run_id)
        claims.complete(session, FULL_POST, claims.claim(session, content.id, "write_content", 1), written)
    return run_id


def pictures_of(run_id: uuid.UUID) -> Sequence[Piece]:
    """Return the run's pieces that have a picture."""
    return [piece for piece in pieces_of(run_id) if piece.is_picture]


def states_of(run_id: uuid.UUID) -> list[PieceState]:
    """Return the states of the run's pieces that have a picture."""
    return [piece.state for piece in pictures_of(run_id)]


def make(piece: Piece, *, until: str | None = None) -> Moved:
    """Take a piece through its steps, up to but without `until`, all in one transaction."""
    with transaction() as session:
        return _make(session, [session.get_one(Piece, piece.id)], until)


def make_all(run_id: uuid.UUID, *, until: str | None = None) -> Moved:
    """Take all of a run's pictures through their steps, up to but without `until`, all in one transaction."""
    with transaction() as session:
        pictures = [piece for piece in finish.pieces_of(session, run_id) if piece.is_picture]
        return _make(session, pictures, until)


def _make(session: Session, pieces: Sequence[Piece], until: str | None = None) -> Moved:
    """Claim the first step, which finds whether anything may be made at all; write the others as claims would."""
    pieces = [piece for piece in pieces if piece.step not in (None, until)]
    if not pieces:
        return Moved()
    first = pieces[0]
    held = claims.claim(session, first.id, first.step or "none", first.round)
    moved = claims.complete(session, FULL_POST, held, made(held.step))
    told = [event for piece in pieces for event in _go_on(piece, until)]
    if told:
        held.run.progressed_at = datetime.now(UTC)
        session.flush()
        events.record(session, held.run, *told)
        moved = replace(moved, is_last=not claims.unfinished(session, held.run.id))
    return moved


def _go_on(piece: Piece, until: str | None) -> Iterator[events.type_and_data]:
    """Write what the rest of a piece's steps make; give their events. test_finishers.py: no claim writes more."""
    while piece.step is not None and piece.step != until:
        assert piece.lease_token is None, "somebody else is at it"
        write(FULL_POST, piece, made(piece.step))
        yield claims.piece_event(piece)


def write(pipeline: Pipeline, piece: Piece, done: Done) -> None:
    """Write what a step made and move the piece to its next step. Tests hold it to what `claims.complete` writes."""
    assert piece.step is not None
    if done.data is not None:
        piece.data = {**piece.data, **done.data}
    if done.picture is not None:
        piece.review = None
    for field in ("prompt", "picture", "review", "composed"):
        if (value := getattr(done, field)) is not None:
            setattr(piece, field, value)
    piece.state = pipeline.stage(piece.kind, piece.step).gives
    piece.step = pipeline.next_step(piece.kind, piece.step)
    piece.attempt, piece.sent_count, piece.sent_at, piece.next_try_at = 0, 1, datetime.now(UTC), None


def end(run_id: uuid.UUID) -> str | None:
    """Finish the run's present round; return the state it ends in."""
    with transaction() as session:
        return end_round(session, run_id, run_of(run_id).round)


def finished(user: User | None = None, *, failed: int = 0, **request: Any) -> uuid.UUID:
    """Return a run that has ended, with so many of its pictures FAILED."""
    run_id = opened(user, **request)
    with transaction() as session:
        pictures = [piece for piece in finish.pieces_of(session, run_id) if piece.is_picture]
        for piece in pictures[:failed]:
            held = claims.claim(session, piece.id, "draft_prompt", 1)
            claims.fail(session, held, "prompt_blocked", "it did not work")
        _make(session, pictures[failed:])
        end_round(session, run_id, 1)
    return run_id


def failed_run(user: User | None = None) -> uuid.UUID:
    """Return a run that FAILED because its texts did."""
    run_id = order(user)
    fail(take(pieces_of(run_id)[0]), "invalid_reply")
    end(run_id)
    return run_id


def expire_lease(piece: Piece) -> None:
    """Make the piece's lease run out, as if its owner had been dead for a while."""
    change(Piece, piece.id, lease_until=func.now() - text("interval '1 second'"))


def change(kind: type[Piece | Run], row_id: uuid.UUID, **values: Any) -> None:
    """Set columns of one row, past the code that usually does."""
    with transaction() as session:
        session.execute(update(kind).where(kind.id == row_id).values(**values))


def asked(**changes: Any) -> Asked:
    """Return a call as it is known before it leaves."""
    usual: dict[str, Any] = {
        "step": "render_image",
        "purpose": "render_image",
        "provider": "gateway",
        "model": "google/gemini-3.1-flash-image",
        "prompt_hash": "a" * 64,
        "worst_micro_usd": WORST,
        "max_charged_calls": 5,
        "is_sandbox": True,
        "counted_with": ("refine_image",),
    }
    return Asked(**{**usual, **changes})


def outcome(cost_micro_usd: int | None = 67_350, **changes: Any) -> Outcome:
    """Return the outcome of a call that succeeded."""
    usual: dict[str, Any] = {
        "cost_micro_usd": cost_micro_usd,
        "cost_basis": CostBasis.UNKNOWN if cost_micro_usd is None else CostBasis.PROVIDER,
        "usage": Usage(300, 1120),
        "reply": "posts/x/a.png",
        "reply_bytes": 90_000,
        "provider_ref": "gen_1",
        "http_status": 200,
    }
    return Outcome(**{**usual, **changes})


def intend(held: Claim, call: Asked | None = None) -> uuid.UUID:
    """Write the INTENT of a call, in a transaction of its own. Raises NotClaimed, BudgetReached."""
    with transaction() as session:
        return journal.intend(session, held.run.id, held.piece, held.token, call or asked())


def journaled(write: Callable[..., object], *args: Any, **kwargs: Any) -> None:
    """Write an outcome in a transaction of its own."""
    with transaction() as session:
        write(session, *args, **kwargs)


def succeed(held: Claim, call: Asked | None = None, cost: int | None = 67_350) -> uuid.UUID:
    """Journal a call that succeeded."""
    call_id = intend(held, call)
    journaled(journal.succeeded, call_id, outcome(cost))
    return call_id


def unknown(held: Claim, call: Asked | None = None) -> uuid.UUID:
    """Journal a call to which no answer came."""
    call_id = intend(held, call)
    journaled(journal.unknown, call_id, "provider_down", "no answer", None)
    return call_id


def money_of(held: Claim) -> tuple[int, int]:
    """Return what the run holds and what it has spent, in micro-USD."""
    run = run_of(held.run.id)
    return run.held_micro_usd, run.spent_micro_usd


def stage_of(held: Claim) -> Stage:
    """Return the stage that a claim is for."""
    return FULL_POST.stage(held.piece.kind, held.step)


def watch_all_along() -> None:
    """Have the watchdog count all the time that has passed, as if it had never stopped looking."""
    traffic.ask(lambda redis: redis.set(watching.KEY, 0, px=watching.MOST_GAP))


def timed_out(run_id: uuid.UUID) -> None:
    """Do what the watchdog does with a stalled run."""
    with transaction() as session:
        found = finish.time_out(session, run_id)
    with transaction() as session:
        finish.finish(session, *found)


def locked(session: Session, run_id: uuid.UUID) -> Run:
    """Return the run, locked in this session."""
    return claims.lock_run(session, run_id)
