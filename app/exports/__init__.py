"""A finished run as files: what `/export.zip` holds and what the CLI writes into a folder.

Every file follows from the rows and the stored bytes, so that the same run gives the same bytes.
"""

from __future__ import annotations

import csv
import io
import json
import uuid
import zipfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from app import records
from app.db.models import Call, Run
from app.domain.errors import NotFound
from app.domain.plain_text import plain
from app.domain.states import PieceState
from app.exports import article, manifest
from app.exports.caption import caption
from app.exports.finished import RESULTS, Finished, check_finished, read
from app.exports.wording import plain_values
from app.pipelines.catalog import all_pipelines
from app.storage import Storage

__all__ = ["Finished", "as_zip", "carousel_pdf", "check_finished", "deck_pptx", "files", "read"]

ZIP_EPOCH = datetime(1980, 1, 1, tzinfo=UTC)  # the earliest that a zip can say
PACKED_ALREADY = (".jpg", ".png", ".webp", ".pdf", ".pptx")


def files(finished: Finished, storage: Storage) -> dict[str, bytes]:
    """Return the run's files by name: pictures, PDF, editable deck, article, caption, the whole view, costs, manifest.

    No text in them holds hidden characters; see `plain`. Raises StorageError.
    """
    stored = {picture.name: _first(storage, picture.keys) for picture in finished.pictures}
    stored |= {name: _first(storage, [key]) for field, name in RESULTS.items() if (key := finished.result(field))}
    found = {name: data for name, data in stored.items() if data is not None}
    words = {
        "article.md": article.markdown(finished),
        "article.html": article.html(finished),
        "caption.txt": caption(finished),
        "post.json" if finished.run.pipeline == "full-post" else "run.json": _json(finished.view),
        "costs.csv": costs_csv(finished.calls, finished.piece_names),
    }
    words |= pipeline_files(finished)
    found |= {name: plain(text).encode() for name, text in words.items() if text}
    found["manifest.json"] = _json(manifest.manifest(finished, found)).encode()
    return found


def pipeline_files(finished: Finished) -> dict[str, str]:
    """Return the further files that the run's pipeline makes of its READY pieces: a CSV, for example."""
    pipeline = all_pipelines()[finished.run.pipeline]
    made: dict[str, list[Mapping[str, Any]]] = {}
    for piece in finished.pieces:
        if piece.state is PieceState.READY:
            made.setdefault(piece.kind, []).append(piece.data)
    return dict(pipeline.files(pipeline.request.model_validate(finished.run.request), made))


def carousel_pdf(run: Run, storage: Storage) -> bytes:
    """Return the run's PDF. Raises Conflict before the run has ended, NotFound when it has none, StorageError."""
    return _result(run, "carousel_pdf", storage)


def deck_pptx(run: Run, storage: Storage) -> bytes:
    """Return the run's slides to be edited. Raises Conflict before the run has ended, NotFound, StorageError."""
    return _result(run, "deck_pptx", storage)


def as_zip(found: Mapping[str, bytes], moment: datetime | None) -> bytes:
    """Return files as a zip, all dated `moment`: the same run gives the same bytes. Pictures are not packed again."""
    date = max(moment or ZIP_EPOCH, ZIP_EPOCH).astimezone(UTC).timetuple()[:6]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in found.items():
            packed = zipfile.ZIP_STORED if name.endswith(PACKED_ALREADY) else zipfile.ZIP_DEFLATED
            info = zipfile.ZipInfo(name, date)
            info.external_attr = 0o644 << 16
            archive.writestr(info, data, packed)
    return buffer.getvalue()


def costs_csv(calls: Sequence[Call], names: Mapping[uuid.UUID, str]) -> str:
    """Return one line per call; an unknown cost is an empty cell, never 0."""
    buffer = io.StringIO()
    rows = csv.DictWriter(buffer, records.COLUMNS, lineterminator="\n")
    rows.writeheader()
    rows.writerows(records.records(calls, dict(names)))
    return buffer.getvalue()


def _result(run: Run, field: str, storage: Storage) -> bytes:
    check_finished(run)
    if key := (run.result or {}).get(field):
        return storage.get(key)
    raise NotFound(
        f"this run has no {RESULTS[field]}: no slide of it was made, or they could not be bound", code="no_carousel"
    )


def _json(value: object) -> str:
    return json.dumps(plain_values(value), ensure_ascii=False, indent=2) + "\n"


def _first(storage: Storage, keys: Sequence[str]) -> bytes | None:
    """Return the bytes of the first key that is there; None when somebody removed them: other files are still worth having."""
    for key in keys:
        try:
            return storage.get(key)
        except NotFound:
            continue
    return None
