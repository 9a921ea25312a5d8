"""A finished post as its exports read it: rows without a database."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from app.db.models import Call, Piece, Run
from app.domain.keys import content_digest, picture_key
from app.domain.states import CallState, PieceState, RunState
from app.exports.finished import Finished

RUN_ID = uuid.UUID(int=7)
AT = datetime(2026, 11, 21, 9, tzinfo=UTC)
PROOF = {"layout": "split", "contrast": 7.1, "missing_glyphs": 0, "overflow": False, "least_type_px": 30, "scrim": 0.4}
PROMPT = "a lighthouse of server racks at dusk"


def jpeg(name: str) -> bytes:
    return b"\xff\xd8\xff\xe0" + name.encode()


def stored(name: str, **more: Any) -> dict[str, Any]:
    data = jpeg(name)
    digest = content_digest(data)
    key = picture_key(RUN_ID, name, digest, "jpg")
    size = {"width": 1080, "height": 1350, "bytes": len(data)}
    return {"key": key, "mime": "image/jpeg", "sha256": digest, **size, **more}


def made_by() -> dict[str, Any]:
    labelled = {"key": f"posts/{RUN_ID}/x/labelled.jpg", "sha256": "1" * 64, "bytes": 9, "had_credentials": True}
    return {"provider": "gateway", "model": "a/model", "cached": False, "labelled": labelled}


def piece(kind: str, position: int, data: dict[str, Any], **fields: Any) -> Piece:
    name = f"{kind}-{position}"
    usual: dict[str, Any] = {
        "picture": stored(name + "-raw", **made_by()),
        "composed": stored(name, alt_text=f"Words of {name}.", on_picture=True, **PROOF),
        "state": PieceState.READY,
        "prompt": PROMPT,
    }
    return Piece(
        id=uuid.uuid5(RUN_ID, name), run_id=RUN_ID, kind=kind, position=position, is_picture=True, data=data,
        **{**usual, **fields},
    )  # fmt: skip


def call(of: Piece, number: int, **fields: Any) -> Call:
    usual: dict[str, Any] = {
        "purpose": "render_image", "step": "render_image", "provider": "gateway", "model": "a/model",
        "prompt_hash": "b" * 64, "state": CallState.SUCCEEDED, "accepted": True, "cost_micro_usd": 67_350,
        "is_sandbox": True, "round": 1, "attempt": 1,
    }  # fmt: skip
    at = AT + timedelta(seconds=number)
    return Call(id=uuid.UUID(int=100 + number), run_id=RUN_ID, piece_id=of.id, started_at=at, **{**usual, **fields})


def finished(
    slides: int = 3, texts: dict[str, Any] | None = None, pieces: list[Piece] | None = None, **request: Any
) -> Finished:
    """Return a READY post of so many slides."""
    run = Run(
        id=RUN_ID, pipeline="full-post", pipeline_version=1, state=RunState.READY, round=1, brand={},
        request={"topic": "Queues", "language": "en", "format": "4:5", **request},
        created_at=AT, finished_at=AT + timedelta(minutes=1),
    )  # fmt: skip
    if pieces is None:
        pieces = [piece("slide", n, {"title": f"Title {n}", "body": f"Body {n}."}) for n in range(slides)]
        pieces += [
            piece("article", 0, {"title": "The article"}),
            piece("quote", 0, {"text": "Less.", "author": "Mies"}),
        ]
    return Finished(run, pieces, [call(pieces[0], 1)] if pieces else [], {"texts": texts or post_texts()})


def post_texts(**changes: Any) -> dict[str, Any]:
    article = {
        "title": "The article",
        "intro": "It begins. It goes on.",
        "sections": [{"heading": f"Part {n}", "body": "Much.\n\nMore."} for n in range(3)],
        "conclusion": "It ends.",
    }
    return {"hook": "Look!", "article": article, "quote": {"text": "Less is more.", "author": "Mies"}, **changes}
