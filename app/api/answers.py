"""Answers: JSON with an ETag, the links of a run, and publishing what a commit has made due."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from typing import Any

from flask import Response, current_app, request

from app import broker
from app.domain.errors import Unavailable
from app.runs.view import Links
from app.settings import settings

log = logging.getLogger(__name__)

REVALIDATED = "private, no-cache"  # kept by the browser, asked about each time


def links() -> Links:
    """Return where users reach this installation."""
    public = settings().public_url.rstrip("/")
    return Links(public, (settings().events_url or public).rstrip("/"))


def tagged(body: dict[str, Any]) -> Response:
    """Return `body` with a weak ETag of all that is in it; 304 when the caller has it already."""
    text = current_app.json.dumps(body)
    response = Response(text, mimetype="application/json")
    response.headers["Cache-Control"] = REVALIDATED
    response.set_etag(hashlib.sha256(text.encode()).hexdigest()[:24], weak=True)
    response.make_conditional(request.environ)
    return response


def publish(task: str, args: Sequence[str] = ()) -> None:
    """Publish a task after a commit. While Redis is away nothing is lost: beat and the relay do it later."""
    try:
        broker.send(task, args)
    except Unavailable:
        log.warning("left_to_beat", extra={"task": task})
