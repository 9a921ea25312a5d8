"""Files: the pictures of the folder storage, the PDF, the editable deck and the export of a run."""

from __future__ import annotations

import re
import uuid

from flask import Blueprint, Response, send_file
from flask.typing import ResponseReturnValue

from app import exports
from app.api import answers, auth
from app.db.session import transaction
from app.domain.errors import NotFound
from app.runs import view
from app.storage import IMMUTABLE, MIME_BY_EXTENSION, PPTX, SHORT_LIVED, Folder, storage

blueprint = Blueprint("files", __name__)

HAS_DIGEST = re.compile(r"[/-][0-9a-f]{12}\.[a-z]+$")  # app.domain.keys: pictures, logos, and the PDF's key
SERVED = re.compile(r"(posts|ads|brands)/[\w./-]+\.[a-z]+")
CSP = "default-src 'none'; sandbox"


@blueprint.get("/media/<path:key>")
def media(key: str) -> ResponseReturnValue:
    """Serve a stored file. Without a key: who knows its address, which nobody can guess, may see it."""
    mime = MIME_BY_EXTENSION.get(key.rsplit(".", 1)[-1])
    store = storage()
    if mime is None or not isinstance(store, Folder) or not SERVED.fullmatch(key) or "/." in key:
        raise NotFound("there is no such file")
    path = store.path(key)
    if not path.is_file():
        raise NotFound("there is no such file")
    answer = send_file(path.absolute(), mimetype=mime, conditional=True)
    answer.headers["Cache-Control"] = IMMUTABLE if HAS_DIGEST.search(key) else SHORT_LIVED
    answer.headers["Content-Security-Policy"] = CSP
    return answer


@blueprint.get("/api/runs/<uuid:run_id>/carousel.pdf")
def carousel(run_id: uuid.UUID) -> ResponseReturnValue:
    """Download the slides as a PDF; 409 before the run has ended."""
    with transaction() as session:
        run = view.owned(session, auth.user(session), run_id)
    return _download(exports.carousel_pdf(run, storage()), "application/pdf", f"{_name(run.pipeline, run_id)}.pdf")


@blueprint.get("/api/runs/<uuid:run_id>/deck.pptx")
def deck(run_id: uuid.UUID) -> ResponseReturnValue:
    """Download the slides with text that can be edited, for PowerPoint, Keynote and Google Slides; 409 before the run has ended."""
    with transaction() as session:
        run = view.owned(session, auth.user(session), run_id)
    return _download(exports.deck_pptx(run, storage()), PPTX, f"{_name(run.pipeline, run_id)}.pptx")


@blueprint.get("/api/runs/<uuid:run_id>/export.zip")
def export(run_id: uuid.UUID) -> ResponseReturnValue:
    """Download everything: pictures, PDF, editable deck, article, caption, costs and manifest; 409 before the run has ended."""
    with transaction() as session:
        run = view.owned(session, auth.user(session), run_id)
        exports.check_finished(run)
        finished = exports.read(session, run, view.run_view(session, run, storage().url, answers.links()))
    packed = exports.as_zip(exports.files(finished, storage()), run.finished_at)
    return _download(packed, "application/zip", f"{_name(run.pipeline, run_id)}.zip")


def _name(pipeline: str, run_id: uuid.UUID) -> str:
    """Return the name that a download gets on the user's disk."""
    return f"{pipeline}-{str(run_id)[:8]}"


def _download(data: bytes, mime: str, name: str) -> Response:
    answer = Response(data, mimetype=mime)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = answers.REVALIDATED
    return answer
