"""Works on runs as workers do, step by step, without models: rows, journal, storage and events are real."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from app import events, journal
from app.costs import is_asked
from app.db.models import Call, Piece, Run
from app.db.session import transaction
from app.domain.errors import Cause
from app.domain.keys import content_digest, picture_key, piece_name
from app.domain.prices import Usage
from app.domain.states import CallState, CostBasis, RunState
from app.pipelines.catalog import all_pipelines
from app.pipelines.full_post import continuity
from app.pipelines.pipeline import Done, NewPiece
from app.runs import claims, finish
from app.runs.accept import new_pieces
from app.runs.claims import Claim
from app.storage import storage
from making import write
from orders import run_of

COST = 1_000
CAUSES = (Cause("gateway", "a/model", "provider_down", "503 from the gateway", is_permanent=False),)
FAILURE = ("provider_down", "the provider did not answer", CAUSES)
MADE_BY = {"provider": "gateway", "model": "a/model", "seconds": 4.9, "cached": False}
JPEG = b"\xff\xd8\xff\xe0 no real picture"


def work(run_id: uuid.UUID, *, fail: Collection[int] = (), unknown: Collection[int] = ()) -> None:
    """Bring a run to its end. fail: slides or images whose rendering fails. unknown: those whose cost nobody knows."""
    while all_step(run_id, fail, unknown):
        pass
    end(run_id)


def all_step(run_id: uuid.UUID, fail: Collection[int], unknown: Collection[int]) -> bool:
    """Do the next step of every piece that has one; return whether there was one.

    It leaves what `step` leaves (a test holds it to that), in ten statements for all pieces and not twenty for each.
    """
    with transaction() as session:
        run = claims.lock_run(session, run_id)
        pieces = [piece for piece in finish.pieces_of(session, run_id) if piece.step is not None]
        if not pieces:
            return False
        begin(session, run, pieces[0])
        told: list[events.type_and_data] = []
        for piece in pieces:
            assert piece.step is not None
            is_picture = piece.step == "render_image"
            if is_asked(all_pipelines()[run.pipeline].stage(piece.kind, piece.step)):
                session.add(a_call(run, piece, piece.step, known=not (is_picture and piece.position in unknown)))
            if is_picture and piece.position in fail and piece.kind in ("slide", "image"):
                piece.attempt, piece.sent_count = piece.attempt + 1, 0
                claims.give_up(piece, *FAILURE)
                told.append(claims.piece_event(piece))
            else:
                told += move(session, run, piece, made(run, piece, piece.step))
        session.flush()
        events.record(session, run, *told)
    return True


def begin(session: Session, run: Run, piece: Piece) -> None:
    """Take the run out of QUEUED, as the first claim of a round does."""
    if run.started_at is None:
        run.started_at = datetime.now(UTC)
        if run.state is RunState.QUEUED:
            run.state = RunState.GENERATING_IMAGES if piece.is_picture else RunState.GENERATING_TEXT
            events.record(session, run, (f"run.{run.state.lower()}", {"state": run.state, "round": run.round}))
    run.progressed_at = datetime.now(UTC)


def move(session: Session, run: Run, piece: Piece, done: Done) -> list[events.type_and_data]:
    """Write what a step made and move the piece to its next step; return what is told of it."""
    pipeline = all_pipelines()[run.pipeline]
    write(pipeline, piece, done)
    told = [claims.piece_event(piece)]
    if done.opens:
        session.add_all(new_pieces(pipeline, run, done.opens))
        run.state = RunState.GENERATING_IMAGES
        told.append(("run.generating_images", {"state": run.state, "round": run.round}))
    return told


def a_call(run: Run, piece: Piece, step: str, *, known: bool) -> Call:
    """Return the row of a call that succeeded, its money spent. known: whether anybody can say what it cost."""
    asked, got = question(step), reply(known=known)
    run.spent_micro_usd += asked.worst_micro_usd if got.cost_micro_usd is None else got.cost_micro_usd
    now = datetime.now(UTC)
    return Call(
        user_id=run.user_id, run_id=run.id, piece_id=piece.id, round=piece.round, version=piece.version, take=piece.take,
        attempt=piece.attempt + 1, step=step, purpose=asked.purpose, provider=asked.provider, model=asked.model,
        prompt_hash=asked.prompt_hash, is_sandbox=True, worst_micro_usd=asked.worst_micro_usd, state=CallState.SUCCEEDED,
        cost_micro_usd=got.cost_micro_usd, cost_basis=got.cost_basis, tokens_in=100, tokens_out=50, tokens_cached=0,
        tokens_image=0, reply=got.reply, reply_bytes=got.reply_bytes, http_status=got.http_status, started_at=now,
        ended_at=now,
    )  # fmt: skip


def step(piece: Piece, *, fails: bool = False, is_unknown: bool = False) -> None:
    """Do the piece's next step, all in one transaction, which is quicker than a worker's four."""
    assert piece.step is not None
    with transaction() as session:
        held = claims.claim(session, piece.id, piece.step, piece.round)
        pipeline = all_pipelines()[held.run.pipeline]
        is_picture = held.step == "render_image"
        if is_asked(pipeline.stage(piece.kind, held.step)):
            call_id = opened_call(session, held)
            journal.succeeded(session, call_id, reply(known=not (is_unknown and is_picture)))
        if fails and is_picture:
            claims.fail(session, held, *FAILURE)
        else:
            claims.complete(session, pipeline, held, made(held.run, held.piece, held.step))


def opened_call(session: Session, held: Claim) -> uuid.UUID:
    """Journal a call whose answer has not come; return its id."""
    return journal.intend(session, held.run.id, held.piece, held.token, question(held.step))


def question(step: str) -> journal.Asked:
    """Return what is known of a step's call before it leaves."""
    return journal.Asked(step, step, "gateway", "a/model", "0" * 64, COST * 2, 99, is_sandbox=True)


def reply(*, known: bool) -> journal.Outcome:
    """Return the outcome of a call. known: whether anybody can say what it cost."""
    cost, basis = (COST, CostBasis.TABLE) if known else (None, CostBasis.UNKNOWN)
    return journal.Outcome(cost, basis, Usage(100, 50), "a reply", 7, None, 200)


def made(run: Run, piece: Piece, step: str) -> Done:
    """Return what a step makes."""
    match step:
        case "write_content":
            return Done(data={"hook": "Look!"}, opens=opened(run))
        case "draft_prompt":
            return Done(prompt="a quiet desk in warm light")
        case "render_image":
            return Done(picture=stored(run, piece, b"raw") | MADE_BY)
        case "review_image":
            return Done(review={"skipped": "turned_off"})
        case _:
            return Done(composed=stored(run, piece, b"slide") | {"alt_text": "a slide"})


def opened(run: Run) -> list[NewPiece]:
    """Return the pieces that the text opens."""
    inner = {"image_theme": "a desk", "continuity": continuity(run.request["topic"])}
    slides = [
        NewPiece("slide", n, {"title": f"Slide {n}", "body": "One thing.", **inner})
        for n in range(run.request["slides"])
    ]
    article = {
        "title": "The article",
        "intro": "It begins.",
        "sections": [{"heading": f"Part {n}", "body": "Much."} for n in range(3)],
        "conclusion": "It ends.",
        **inner,
    }
    quote = {"text": "Less is more.", "author": "Mies", "title": "Less is more.", **inner}
    return [*slides, NewPiece("article", 0, article), NewPiece("quote", 0, quote)]


def stored(run: Run, piece: Piece, salt: bytes) -> dict[str, Any]:
    """Store a picture and return what the row keeps of it."""
    data = JPEG + salt + str(piece.id).encode()
    digest = content_digest(data)
    key = picture_key(run.id, piece_name(piece.kind, piece.position), digest, "jpg")
    storage().put(key, data)
    return {"key": key, "mime": "image/jpeg", "width": 1080, "height": 1350, "bytes": len(data), "sha256": digest}


def end(run_id: uuid.UUID) -> None:
    """Finish the round; a post gets a PDF and backgrounds."""
    run = run_of(run_id)
    if all_pipelines()[run.pipeline].layout is None:
        with transaction() as session:
            assert finish.finish(session, run_id, run.round) is not None
        return
    key = f"posts/{run_id}/carousel-{content_digest(b'%PDF-1')[:12]}.pdf"
    storage().put(key, b"%PDF-1")
    deck = f"posts/{run_id}/deck-{content_digest(b'PK')[:12]}.pptx"
    storage().put(deck, b"PK")
    with transaction() as session:
        drawn = {
            piece.id: stored(run, piece, b"background") | {"alt_text": "typographic"}
            for piece in finish.pieces_of(session, run_id)
            if piece.is_picture and piece.failure
        }
        assert finish.finish(session, run_id, run.round, {"carousel_pdf": key, "deck_pptx": deck}, drawn) is not None
