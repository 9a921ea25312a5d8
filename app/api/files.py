"""Files: the pictures of the folder storage, the PDF, the editable deck and the export of a run."""

from __future__ import annotations

import os
import re
import threading
import uuid
from collections.abc import Iterator
from typing import IO

from flask import Blueprint, Response, send_file
from flask.typing import ResponseReturnValue

from app import exports
from app.api import answers, auth, edge, pace
from app.db.session import transaction
from app.domain.errors import NotFound, Unavailable
from app.exports import Finished
from app.runs import view
from app.storage import IMMUTABLE, MIME_BY_EXTENSION, PPTX, SHORT_LIVED, Folder, storage

blueprint = Blueprint("files", __name__)

HAS_DIGEST = re.compile(r"[/-][0-9a-f]{12}\.[a-z]+$")  # app.domain.keys: pictures, logos, and the PDF's key
SERVED = re.compile(r"(posts|ads|brands)/[\w./-]+\.[a-z]+")
CSP = "default-src 'none'; sandbox"
MAX_PACKED = 2  # zips that a process makes at once: each reads up to a hundred pictures, and has the PDF in memory
PACKING_WAIT_S = 5
_packing = threading.BoundedSemaphore(MAX_PACKED)


@blueprint.get("/media/<path:key>")
def media(key: str) -> ResponseReturnValue:
    """Serve a stored file. Without a key: who knows its address, which nobody can guess, may see it."""
    mime = MIME_BY_EXTENSION.get(key.rsplit(".", 1)[-1])
    store = storage()
    if mime is None or not isinstance(store, Folder) or not SERVED.fullmatch(key) or "/." in key:
        raise NotFound("there is no such file")
    if not store.has(key):
        raise NotFound("there is no such file")
    answer = send_file(store.path(key).absolute(), mimetype=mime, conditional=True)
    answer.headers["Cache-Control"] = IMMUTABLE if HAS_DIGEST.search(key) else SHORT_LIVED
    answer.headers["Content-Security-Policy"] = CSP
    return answer


@blueprint.get("/api/runs/<uuid:run_id>/carousel.pdf")
def carousel(run_id: uuid.UUID) -> ResponseReturnValue:
    """Download the slides as a PDF; 409 before the run has ended."""
    with transaction() as session:
        run = view.owned(session, auth.user(session), run_id)
    with pace.slow():
        data = exports.carousel_pdf(run, storage())
    return _download(data, "application/pdf", f"{_name(run.pipeline, run_id)}.pdf")


@blueprint.get("/api/runs/<uuid:run_id>/deck.pptx")
def deck(run_id: uuid.UUID) -> ResponseReturnValue:
    """Download the slides with text that can be edited, for PowerPoint, Keynote and Google Slides; 409 before the run has ended."""
    with transaction() as session:
        run = view.owned(session, auth.user(session), run_id)
    with pace.slow():
        data = exports.deck_pptx(run, storage())
    return _download(data, PPTX, f"{_name(run.pipeline, run_id)}.pptx")


@blueprint.get("/api/runs/<uuid:run_id>/export.zip")
def export(run_id: uuid.UUID) -> ResponseReturnValue:
    """Download everything: pictures, PDF, editable deck, article, caption, costs and manifest; 409 before the run has ended."""
    with transaction() as session:
        run = view.owned(session, auth.user(session), run_id)
        exports.check_finished(run)
        finished = exports.read(session, run, view.run_view(session, run, storage().url, answers.links()))
    with pace.slow():
        file = _packed(finished)
    answer = _download(_pieces(file), "application/zip", f"{_name(run.pipeline, run_id)}.zip")
    answer.content_length = os.fstat(file.fileno()).st_size
    answer.call_on_close(file.close)
    return answer


def _packed(finished: Finished) -> IO[bytes]:
    """Return the run's zip. Raises Unavailable when others are being made all the time, StorageError."""
    if not _packing.acquire(timeout=PACKING_WAIT_S):
        raise Unavailable("too many exports are being made at the moment; try again", code="busy_with_exports")
    try:
        return exports.packed(finished, storage())
    finally:
        _packing.release()


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    """Yield a file in pieces, each of which has its own bound to be read within; then close it."""
    with file:
        while piece := file.read(edge.PIECE_BYTES):
            yield piece


def _name(pipeline: str, run_id: uuid.UUID) -> str:
    """Return the name that a download gets on the user's disk."""
    return f"{pipeline}-{str(run_id)[:8]}"


def _download(data: bytes | Iterator[bytes], mime: str, name: str) -> Response:
    answer = Response(data, mimetype=mime)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = answers.REVALIDATED
    return answer
