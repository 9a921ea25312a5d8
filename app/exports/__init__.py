"""A finished run as files: what `/export.zip` holds and what the CLI writes into a folder.

Every file follows from the rows and the stored bytes, so that the same run gives the same bytes.
"""

from __future__ import annotations

import csv
import io
import json
import tempfile
import uuid
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import IO, Any

from app import records
from app.db.models import Call, Run
from app.domain.errors import NotFound, StorageError
from app.domain.plain_text import plain
from app.domain.states import PieceState
from app.exports import article, manifest
from app.exports.caption import caption
from app.exports.finished import RESULTS, Finished, check_finished, read
from app.exports.wording import plain_values
from app.ordered import pipeline_of, request_of
from app.storage import Storage

__all__ = ["Finished", "carousel_pdf", "check_finished", "deck_pptx", "packed", "read"]

ZIP_EPOCH = datetime(1980, 1, 1, tzinfo=UTC)  # the earliest that a zip can say
Date = tuple[int, int, int, int, int, int]
MANIFEST = "manifest.json"
PACKED_ALREADY = (".jpg", ".png", ".webp", ".pdf", ".pptx")


def packed(finished: Finished, storage: Storage) -> IO[bytes]:
    """Return a zip of the run's pictures, PDF, editable deck, article, caption, the whole view, costs and manifest.

    All files are dated as the run's end: the same run gives the same bytes. Pictures are not packed again, and no text
    holds hidden characters; see `plain`. No more than two files are in memory at once: 100 pictures have 300 MB. What is
    returned is a temporary file at its start, which is gone when it is closed. Raises StorageError.
    """
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the caller's to close
    try:
        date = _date(finished.run.finished_at)
        with zipfile.ZipFile(file, "w") as archive:
            for name, data in _all_but_manifest(finished, storage):
                _add(archive, name, data, date)
            _add(archive, MANIFEST, _json(manifest.manifest(finished, _Packed(archive))).encode(), date)
        file.seek(0)
    except BaseException as exc:
        with suppress(OSError):  # a full disk refuses what is still to be written
            file.close()
        if isinstance(exc, OSError):
            raise StorageError(f"the folder of temporary files did not take a zip: {exc.strerror}") from exc
        raise
    return file


class _Packed(Mapping[str, bytes]):
    """The files of an archive that is being written; each is read back when it is asked for."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def __getitem__(self, name: str) -> bytes:
        return self._archive.read(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._archive.namelist())

    def __len__(self) -> int:
        return len(self._archive.namelist())


def _all_but_manifest(finished: Finished, storage: Storage) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of each file, one after the other, in the order of the zip."""
    stored = {picture.name: picture.keys for picture in finished.pictures}
    stored |= {name: [key] for field, name in RESULTS.items() if (key := finished.result(field))}
    for name, keys in stored.items():
        if (data := _first(storage, keys)) is not None:
            yield name, data
    words = {
        "article.md": article.markdown(finished),
        "article.html": article.html(finished),
        "caption.txt": caption(finished),
        "post.json" if finished.run.pipeline == "full-post" else "run.json": _json(finished.view),
        "costs.csv": costs_csv(finished.calls, finished.piece_names),
    }
    words |= pipeline_files(finished)
    for name, text in words.items():
        if text:
            yield name, plain(text).encode()


def pipeline_files(finished: Finished) -> dict[str, str]:
    """Return the further files that the run's pipeline makes of its READY pieces: a CSV, for example."""
    pipeline = pipeline_of(finished.run)
    made: dict[str, list[Mapping[str, Any]]] = {}
    for piece in finished.pieces:
        if piece.state is PieceState.READY:
            made.setdefault(piece.kind, []).append(piece.data)
    return dict(pipeline.files(request_of(finished.run), made))


def carousel_pdf(run: Run, storage: Storage) -> bytes:
    """Return the run's PDF. Raises Conflict before the run has ended, NotFound when it has none, StorageError."""
    return _result(run, "carousel_pdf", storage)


def deck_pptx(run: Run, storage: Storage) -> bytes:
    """Return the run's slides to be edited. Raises Conflict before the run has ended, NotFound, StorageError."""
    return _result(run, "deck_pptx", storage)


def _add(archive: zipfile.ZipFile, name: str, data: bytes, date: Date) -> None:
    info = zipfile.ZipInfo(name, date)
    info.external_attr = 0o644 << 16
    archive.writestr(info, data, zipfile.ZIP_STORED if name.endswith(PACKED_ALREADY) else zipfile.ZIP_DEFLATED)


def _date(moment: datetime | None) -> Date:
    at = max(moment or ZIP_EPOCH, ZIP_EPOCH).astimezone(UTC)
    return (at.year, at.month, at.day, at.hour, at.minute, at.second)


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
