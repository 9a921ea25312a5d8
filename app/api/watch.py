"""The events process' side: one thread per watcher, which waits on its run's channel and writes."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from flask import Blueprint, Response, current_app, request
from flask.typing import ResponseReturnValue

from app.api import auth
from app.api.channels import Hub
from app.api.places import Places
from app.db.session import transaction
from app.domain.errors import InvalidRequest
from app.runs import view

blueprint = Blueprint("watch", __name__)

MAX_DIGITS = 15
SEND_TIMEOUT_S = 20.0  # who reads nothing for so long is gone: the thread is needed for others
CORS = {
    "Access-Control-Allow-Origin": "*",  # no cookies: a key or a ticket opens the stream
    "Access-Control-Allow-Headers": "Authorization, Last-Event-ID",
    "Access-Control-Max-Age": "600",
}


@dataclass(frozen=True, slots=True)
class Times:
    """How long a stream waits for what, in seconds."""

    heartbeat_s: float = 15.0
    """A comment goes out after this long without an event, so that proxies keep the connection."""
    life_s: float = 300.0
    """A stream ends after this long; the client comes back with Last-Event-ID."""
    retry_s: float = 2.0
    """How soon it comes back."""


USUAL = Times()


@blueprint.get("/api/runs/<uuid:run_id>/events")
def watch(run_id: uuid.UUID) -> ResponseReturnValue:
    """Stream a run's events from `Last-Event-ID` on; 204, which stops EventSource, when there is nothing to come.

    Raises TooManyRequests, Unavailable: too many watch already.
    """
    after = _last_event_id()
    with transaction() as session:
        user = auth.watcher(session, run_id)
        run = view.owned(session, user, run_id)
        after = min(after, run.last_event)
    if run.state.is_terminal and after == run.last_event:
        return Response(status=204, headers=CORS)
    _give_up_on_the_deaf()
    hub: Hub = current_app.extensions["hub"]
    places: Places = current_app.extensions["places"]
    place = places.take(user.id, run_id)
    answer = Response(lines(hub, run_id, after), mimetype="text/event-stream", headers=CORS)
    # Not in `lines`: what is never asked for its first line, as after HEAD, never gets to its own `finally`.
    answer.call_on_close(partial(places.leave, place))
    answer.headers["X-Accel-Buffering"] = "no"
    return answer


@blueprint.after_request
def allow_every_origin(response: Response) -> Response:
    """Let pages of the web process read our problems, too."""
    response.headers.update(CORS)
    return response


def lines(
    hub: Hub, run_id: uuid.UUID, after: int, times: Times = USUAL, clock: Callable[[], float] = time.monotonic
) -> Iterator[bytes]:
    """Yield the stream after event `after`: every event once and in order, and heartbeats between them.

    It ends after the run's last event, or after `times.life_s`. Nothing is held before the first line is asked for.
    """
    retry = f"retry: {times.retry_s * 1000:.0f}\n\n".encode()
    with hub.watching(run_id) as channel:
        yield retry
        end = clock() + times.life_s
        while (left := end - clock()) > 0:
            fresh, is_over = channel.after(after, min(times.heartbeat_s, left))
            after += len(fresh)
            yield b"".join(fresh) or b": heartbeat\n\n"
            if fresh and is_over:
                return
        yield retry


def _last_event_id() -> int:
    """Return the number of the last event that the client has; 0 = none. Raises InvalidRequest."""
    text = request.headers.get("Last-Event-ID") or request.args.get("last_event_id") or "0"
    if not (text.isascii() and text.isdecimal() and len(text) <= MAX_DIGITS):
        reason = "the id of an event that you got"
        raise InvalidRequest(f"Last-Event-ID is {reason}", fields={"Last-Event-ID": reason})
    return int(text)


def _give_up_on_the_deaf() -> None:
    """Bound each write of this connection; gunicorn leaves its socket in the environment."""
    if (connection := request.environ.get("gunicorn.socket")) is not None:
        connection.settimeout(SEND_TIMEOUT_S)
