"""Answers: JSON with an ETag, the links of a run, and publishing what a commit has made due."""

from __future__ import annotations

import hashlib
import logging
import time
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
_covered_until = 0.0  # of the monotonic clock: a pass that comes then sees every commit before


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
    global _covered_until  # noqa: PLW0603 - what this process was told
    if time.monotonic() < _covered_until:
        return  # the pass that comes sees this commit: Redis need not be asked
    now = time.monotonic()
    first, covered_ms = _agree()
    if first:
        publish("upkeep.admit", countdown=ADMIT_WINDOW_MS / 1000 if covered_ms else 0)
    _covered_until = now + covered_ms / 1000


# KEYS: a pass has just started, one will start. ARGV: how long that holds, in ms.
# Returns {1 = the asker is to start the pass, ms for which the one to come covers every commit; 0 = start it now}.
AGREE = """
if redis.call('SET', KEYS[1], 1, 'NX', 'PX', ARGV[1]) then return {1, 0} end
if redis.call('SET', KEYS[2], 1, 'NX', 'PX', ARGV[1]) then return {1, tonumber(ARGV[1])} end
return {0, math.max(redis.call('PTTL', KEYS[2]), 0)}
"""


def _agree() -> tuple[bool, int]:
    """Return whether a pass is to be started, and for how many ms it will cover all commits; without Redis: yes, 0."""
    try:
        first, covered_ms = traffic.run(AGREE, ["pressroom:admit:now", "pressroom:admit:soon"], ADMIT_WINDOW_MS)
    except Unavailable:
        return True, 0  # `publish` says that Redis is away, and beat comes in any case
    return bool(first), covered_ms


def publish(task: str, args: Sequence[str] = (), *, countdown: float = 0) -> None:
    """Publish a task after a commit. While Redis is away nothing is lost: beat and the relay do it later."""
    try:
        broker.send(task, args, **({"countdown": countdown} if countdown else {}))
    except Unavailable:
        log.warning("left_to_beat", extra={"task": task})
