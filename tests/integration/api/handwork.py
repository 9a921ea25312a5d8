"""Works on runs as workers do, step by step, without models: rows, journal, storage and events are real."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Any

from app import journal
from app.costs import is_asked
from app.db.models import Piece, Run
from app.db.session import transaction
from app.domain.errors import Cause
from app.domain.keys import content_digest, picture_key, piece_name
from app.domain.prices import Usage
from app.domain.states import CostBasis
from app.pipelines.catalog import all_pipelines
from app.pipelines.full_post import continuity
from app.pipelines.pipeline import Done, NewPiece
from app.runs import claims, finish
from app.storage import storage
from orders import pieces_of, run_of

COST = 1_000
CAUSES = (Cause("gateway", "a/model", "provider_down", "503 from the gateway", is_permanent=False),)
MADE_BY = {"provider": "gateway", "model": "a/model", "seconds": 4.9, "cached": False}
JPEG = b"\xff\xd8\xff\xe0 no real picture"


def work(run_id: uuid.UUID, *, fail: Collection[int] = (), unknown: Collection[int] = ()) -> None:
    """Bring a run to its end. fail: slides or images whose rendering fails. unknown: those whose cost nobody knows."""
    while open_pieces := [piece for piece in pieces_of(run_id) if piece.step is not None]:
        for piece in open_pieces:
            fails = piece.kind in ("slide", "image") and piece.position in fail
            step(piece, fails=fails, is_unknown=piece.position in unknown)
    end(run_id)


def step(piece: Piece, *, fails: bool = False, is_unknown: bool = False) -> None:
    """Do the piece's next step."""
    run = run_of(piece.run_id)
    pipeline = all_pipelines()[run.pipeline]
    assert piece.step is not None
    with transaction() as session:
        held = claims.claim(session, piece.id, piece.step, run.round)
    stage = pipeline.stage(piece.kind, held.step)
    if is_asked(stage):
        pay(run, held.piece, held.token, held.step, known=not (is_unknown and held.step == "render_image"))
    with transaction() as session:
        if fails and held.step == "render_image":
            claims.fail(session, held, "provider_down", "the provider did not answer", CAUSES)
        else:
            claims.complete(session, pipeline, held, made(run, held.piece, held.step))


def pay(run: Run, piece: Piece, token: uuid.UUID, step: str, *, known: bool = True, is_open: bool = False) -> None:
    """Journal one call. is_open: its answer has not come."""
    asked = journal.Asked(step, step, "gateway", "a/model", "0" * 64, COST * 2, 99, is_sandbox=True)
    cost, basis = (COST if known else None), (CostBasis.TABLE if known else CostBasis.UNKNOWN)
    with transaction() as session:
        call_id = journal.intend(session, run.id, piece, token, asked)
    if is_open:
        return
    with transaction() as session:
        journal.succeeded(session, call_id, journal.Outcome(cost, basis, Usage(100, 50), "a reply", 7, None, 200))


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
