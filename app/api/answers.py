"""Answers: JSON with an ETag, the links of a run, and publishing what a commit has made due."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from typing import Any

from flask import Response, current_app, request

from app import broker, traffic
from app.domain.errors import Unavailable
from app.runs.view import Links
from app.settings import settings

log = logging.getLogger(__name__)

ADMIT_WINDOW_MS = 200
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


def admit() -> None:
    """Have the queued runs looked at, after the commit of an order.

    A pass looks at all of them: of the orders of a fifth of a second the first has one started at once, the second has
    one started when the time is over, and the others have none. A pass for each kept two cores busy at 100 orders a
    second (p99 of the order: 0.5 s).
    """
    if _is_first("pressroom:admit:now"):
        publish("upkeep.admit")
    elif _is_first("pressroom:admit:soon"):
        publish("upkeep.admit", countdown=ADMIT_WINDOW_MS / 1000)


def _is_first(name: str) -> bool:
    """Return whether nobody asked this in the last fifth of a second; while Redis is away everybody is first."""
    try:
        return bool(traffic.ask(lambda redis: redis.set(name, 1, nx=True, px=ADMIT_WINDOW_MS)))
    except Unavailable:
        return True  # `publish` says that Redis is away, and beat comes in any case


def publish(task: str, args: Sequence[str] = (), *, countdown: float = 0) -> None:
    """Publish a task after a commit. While Redis is away nothing is lost: beat and the relay do it later."""
    try:
        broker.send(task, args, **({"countdown": countdown} if countdown else {}))
    except Unavailable:
        log.warning("left_to_beat", extra={"task": task})
