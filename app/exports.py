"""A finished run as files: what `/export.zip` holds and what the CLI writes into a folder."""

from __future__ import annotations

import csv
import io
import json
import uuid
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import records
from app.db.models import Call, Piece, Run
from app.domain.errors import Conflict, NotFound
from app.storage import EXTENSIONS, Storage

ZIP_EPOCH = datetime(1980, 1, 1, tzinfo=UTC)  # the earliest that a zip can say


@dataclass(frozen=True, slots=True)
class Finished:
    """The rows of a finished run, read at once, so that its files are gathered without a database session."""

    run: Run
    pieces: Sequence[Piece]
    calls: Sequence[Call]
    view: Mapping[str, Any]
    """What the API shows of the run: post.json, or run.json where it is no post."""


def read(session: Session, run: Run, view: Mapping[str, Any]) -> Finished:
    """Return all rows that an export needs. Raises Conflict while the run is worked on."""
    check_finished(run)
    pieces = session.scalars(select(Piece).where(Piece.run_id == run.id).order_by(Piece.kind, Piece.position)).all()
    return Finished(run, pieces, records.calls_of(session, run.id), view)


def check_finished(run: Run) -> None:
    """Do nothing when the run has ended. Raises Conflict."""
    if not run.state.is_terminal:
        raise Conflict(f"the run is {run.state}; its files are there when it has ended", code="not_finished")


def files(finished: Finished, storage: Storage) -> dict[str, bytes]:
    """Return the run's files by name: pictures, PDF, article, the whole view and every call's cost.

    Raises StorageError.
    """
    found = {name: _bytes(storage, stored["key"]) for name, stored in _pictures(finished.pieces)}
    if key := (finished.run.result or {}).get("carousel_pdf"):
        found["carousel.pdf"] = _bytes(storage, key)
    if text := article_markdown(finished.view.get("texts") or {}):
        found["article.md"] = text.encode()
    whole = "post.json" if finished.run.pipeline == "full-post" else "run.json"
    found[whole] = json.dumps(finished.view, ensure_ascii=False, indent=2).encode()
    found["costs.csv"] = costs_csv(finished.calls, finished.pieces).encode()
    return {name: data for name, data in found.items() if data is not None}


def carousel_pdf(run: Run, storage: Storage) -> bytes:
    """Return the run's PDF. Raises Conflict before the run has ended, NotFound when it has none, StorageError."""
    check_finished(run)
    if key := (run.result or {}).get("carousel_pdf"):
        return storage.get(key)
    raise NotFound("this run has no carousel: no slide of it was made", code="no_carousel")


def as_zip(found: Mapping[str, bytes], moment: datetime | None) -> bytes:
    """Return files as a zip, all dated `moment`: the same run gives the same bytes. Pictures are not packed again."""
    date = max(moment or ZIP_EPOCH, ZIP_EPOCH).astimezone(UTC).timetuple()[:6]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in found.items():
            packed = zipfile.ZIP_DEFLATED if name.endswith((".md", ".json", ".csv")) else zipfile.ZIP_STORED
            info = zipfile.ZipInfo(name, date)
            info.external_attr = 0o644 << 16
            archive.writestr(info, data, packed)
    return buffer.getvalue()


def article_markdown(texts: Mapping[str, Any]) -> str | None:
    """Return a run's article with its quote as Markdown; None when it has none."""
    article, quote = texts.get("article"), texts.get("quote")
    if not article:
        return None
    parts = [f"# {article['title']}", article["intro"]]
    for section in article["sections"]:
        parts += [f"## {section['heading']}", section["body"]]
    parts.append(article["conclusion"])
    if quote:
        parts.append(f"> {quote['text']}\n>\n> {quote['author']}")
    return "\n\n".join(parts) + "\n"


def costs_csv(calls: Sequence[Call], pieces: Sequence[Piece]) -> str:
    """Return one line per call; an unknown cost is an empty cell, never 0."""
    buffer = io.StringIO()
    rows = csv.DictWriter(buffer, records.COLUMNS, lineterminator="\n")
    rows.writeheader()
    rows.writerows(records.records(calls, _names(pieces)))
    return buffer.getvalue()


def _names(pieces: Sequence[Piece]) -> dict[uuid.UUID, str]:
    return records.piece_names((piece.id, piece.kind, piece.position) for piece in pieces)


def _pictures(pieces: Sequence[Piece]) -> list[tuple[str, dict[str, Any]]]:
    """Return (file name, stored picture) of each picture: composed where it was, as rendered where nothing is."""
    found, names = [], _names(pieces)
    for piece in pieces:
        stored = piece.composed or piece.picture
        if piece.is_picture and stored is not None:
            name = f"{piece.position:02d}" if piece.kind == "slide" else names[piece.id]
            found.append((f"{name}.{EXTENSIONS.get(stored['mime'], 'bin')}", stored))
    return sorted(found, key=lambda pair: pair[0])


def _bytes(storage: Storage, key: str) -> bytes | None:
    """Return the bytes of a key; None when somebody removed them: the other files are still worth having."""
    try:
        return storage.get(key)
    except NotFound:
        return None
