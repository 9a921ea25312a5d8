"""manifest.json: what a run's files are, who made them, what it cost, and the proof that they may be shown."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from app.db.models import Call, Piece, Run
from app.domain.prices import usd
from app.domain.states import CallState
from app.exports.caption import INSTAGRAM_CHARACTERS
from app.exports.finished import RESULTS, Finished, Picture
from app.storage import MIME_BY_EXTENSION

FORM = 1
REMOVED = "somebody removed it from storage"
MIME = MIME_BY_EXTENSION | {
    "csv": "text/csv",
    "html": "text/html",
    "json": "application/json",
    "md": "text/markdown",
    "txt": "text/plain",
}
NOT_PROOF = frozenset({"key", "mime", "width", "height", "bytes", "sha256", "title", "body", "alt_text", "on_picture"})
"""What a composed slide's row says that stands elsewhere in the manifest; all else of it is how it was drawn."""


def manifest(finished: Finished, files: Mapping[str, bytes]) -> dict[str, Any]:
    """Return the manifest of a finished run and its other files, as JSON has it; the same run gives the same one.

    form          1; a number for each change that readers have to know of
    run           id, pipeline and its version, state, round, created_at, finished_at, language, format, request; made_from: the
                  run whose pictures it has in another format, or null
    made_from     of such a run: id and round of that one, whose manifest has the models and what they cost; else null
    brand         the brand kit as it was when the run was ordered
    texts         hook, slides, article, quote; caption: how long it is, and whether Instagram takes it whole
    cost          micro_usd and usd of the calls whose cost is known; unknown_calls; sandbox: nothing was really paid
    pieces        per piece its state, the hash of its picture's prompt, and its models: per step, purpose, provider and
                  model the calls, the hashes of their prompts, and micro_usd and usd; null = nobody knows
    files         per file name, mime, bytes, sha256; of a picture also width, height, alt, digital_source_type, who
                  made it (null = no model), the original it was made from, and of a slide its proof; of the PDF
                  whether the slides are in it as they are
    missing_files what there should be and is not: name, and the reason why

    Prompts are told by their SHA-256, never by their words.
    """
    run = finished.run
    shown = {picture.name: picture for picture in finished.pictures}
    return {
        "form": FORM,
        "run": {
            "id": str(run.id),
            "pipeline": run.pipeline,
            "pipeline_version": run.pipeline_version,
            "state": run.state,
            "round": run.round,
            "made_from": str(run.made_from) if run.made_from else None,
            "created_at": _time(run.created_at),
            "finished_at": _time(run.finished_at),
            "language": finished.language,
            "format": run.request.get("format") or run.request.get("aspect_ratio"),
            "request": {name: value for name, value in run.request.items() if name != "prompts"},
        },
        "made_from": _made_from(run),
        "brand": run.brand,
        "texts": {**finished.texts, "slides": [asdict(slide) for slide in finished.slides]},
        "caption": _caption(files.get("caption.txt")),
        "cost": _cost(finished.calls) | ({"sandbox": True} if run.is_sandbox else {}),  # a copy's source made the calls
        "pieces": _pieces(finished),
        "files": [_file(name, data, shown.get(name), files) for name, data in files.items()],
        "missing_files": _missing(finished, files),
    }


def _made_from(run: Run) -> dict[str, Any] | None:
    if run.made_from is None:
        return None
    note = "texts and pictures are that run's: its manifest has the models and what they cost; here is what came after"
    return {"id": str(run.made_from), "round": run.made_from_round, "note": note}


def _missing(finished: Finished, files: Mapping[str, bytes]) -> list[dict[str, Any]]:
    """Return the files that a reader would look for in vain."""
    lacking = [
        {"name": finished.stem(piece), "reason": (piece.failure or {}).get("message") or "it was not made"}
        for piece in finished.lacking
    ]
    gone = [{"name": picture.name, "reason": REMOVED} for picture in finished.pictures if picture.name not in files]
    unbound = []
    if any(picture.piece.kind == finished.pipeline.carousel for picture in finished.pictures):
        unbound = [
            {"name": name, "reason": REMOVED if finished.result(field) else "the slides could not be bound"}
            for field, name in RESULTS.items()
            if name not in files
        ]
    return [*lacking, *gone, *unbound]


def _file(name: str, data: bytes, picture: Picture | None, files: Mapping[str, bytes]) -> dict[str, Any]:
    mime = MIME.get(name.rpartition(".")[2], "application/octet-stream")
    told = {"name": name, "mime": mime, "bytes": len(data), "sha256": sha256(data).hexdigest()}
    if picture is not None:
        return told | _picture(picture)
    if name == "carousel.pdf":  # one slide at a time: they may lie on a disk
        return told | {"slides_as_they_are": all(files[other] in data for other in files if other[:2].isdigit())}
    return told


def _picture(picture: Picture) -> dict[str, Any]:
    made, stored = picture.piece.picture, picture.stored
    told: dict[str, Any] = {
        "width": stored.get("width"),
        "height": stored.get("height"),
        "alt": picture.alt_text,
        "digital_source_type": picture.source.value,
        "made_by": None,
        "original": None,
    }
    if made is not None:
        told["made_by"] = {name: made.get(name) for name in ("provider", "model", "cached")}
        told["original"] = {name: made.get(name) for name in ("mime", "width", "height", "bytes", "sha256")}
        told["original"]["had_content_credentials"] = (made.get("labelled") or {}).get("had_credentials")
    if picture.is_composed:
        told["proof"] = {name: value for name, value in stored.items() if name not in NOT_PROOF}
    return told


def _pieces(finished: Finished) -> list[dict[str, Any]]:
    names, by_piece = finished.piece_names, _by_piece(finished.calls)
    return [
        {
            "name": names[piece.id],
            "kind": piece.kind,
            "position": piece.position,
            "state": piece.state,
            "failure": (piece.failure or {}).get("code"),
            "prompt_sha256": _prompt_hash(piece),
            "models": _models(by_piece.get(piece.id, [])),
        }
        for piece in finished.pieces
    ]


def _prompt_hash(piece: Piece) -> str | None:
    return sha256(piece.prompt.encode()).hexdigest() if piece.prompt else None


def _by_piece(calls: Iterable[Call]) -> dict[uuid.UUID, list[Call]]:
    found: dict[uuid.UUID, list[Call]] = {}
    for call in calls:
        found.setdefault(call.piece_id, []).append(call)
    return found


def _models(calls: Sequence[Call]) -> list[dict[str, Any]]:
    """Return the models that worked on a piece, in the order in which each was first asked."""
    groups: dict[tuple[str, str, str, str], list[Call]] = {}
    for call in calls:
        groups.setdefault((call.step, call.purpose, call.provider, call.model), []).append(call)
    return [
        {
            "step": step,
            "purpose": purpose,
            "provider": provider,
            "model": model,
            "calls": len(asked),
            "accepted": _accepted(asked),
            "prompts_sha256": list(dict.fromkeys(call.prompt_hash for call in asked)),
            **_sum(asked),
        }
        for (step, purpose, provider, model), asked in groups.items()
    ]


def _accepted(calls: Sequence[Call]) -> int | None:
    """Return how many replies were used; None of texts, which are judged as a whole."""
    judged = [call.accepted for call in calls if call.accepted is not None]
    return sum(judged) if judged else None


def _sum(calls: Sequence[Call]) -> dict[str, Any]:
    """Return what calls cost together; null when one of them has a cost that nobody knows."""
    costs = [call.cost_micro_usd for call in calls]
    known = [cost for cost in costs if cost is not None]
    total = sum(known) if len(known) == len(costs) else None
    return {"cost_micro_usd": total, "cost_usd": None if total is None else usd(total)}


def _cost(calls: Sequence[Call]) -> dict[str, Any]:
    known = sum(call.cost_micro_usd or 0 for call in calls)
    return {
        "micro_usd": known,
        "usd": usd(known),
        "calls": len(calls),
        "unknown_calls": sum(call.cost_micro_usd is None and call.state is not CallState.INTENT for call in calls),
        "sandbox": any(call.is_sandbox for call in calls),
    }


def _caption(data: bytes | None) -> dict[str, Any] | None:
    if data is None:
        return None
    characters = len(data.decode())
    return {"characters": characters, "fits_instagram": characters <= INSTAGRAM_CHARACTERS}


def _time(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds") if moment else None
