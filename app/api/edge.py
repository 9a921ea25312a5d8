"""What every request has: an end, however slow its client; security headers, its key's pace, and one line in the log."""

from __future__ import annotations

import logging
import re
import socket
import threading
import time
import uuid
from contextlib import suppress

from flask import Flask, Response, g, request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from app import logs
from app.api import pace
from app.domain import png
from app.domain.errors import RequestTimeout

log = logging.getLogger(__name__)

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
QUIET = ("/healthz", "/readyz", "/metrics")  # probes and scrapes come every few seconds
MAX_LONG_BODY_BYTES = 2400 * 1024  # a hundred prompts of 2,000 characters, each 12 bytes at most as JSON escapes it
MAX_TOPICS_BODY_BYTES = 256 * 1024  # a thousand topics of usual length
LONG_BODIES = {
    "generate.generate": MAX_LONG_BODY_BYTES,
    "quote.quote": MAX_LONG_BODY_BYTES,
    "brands.put_logo": png.MAX_BYTES,
    "schedules.create_schedule": MAX_TOPICS_BODY_BYTES,
    "schedules.replace_schedule": MAX_TOPICS_BODY_BYTES,
}
SILENCE_S = 20  # who sends or reads nothing for so long is gone: the thread is needed for others
BODY_S = 60  # within which a body has come, also one of which a byte comes now and then
PIECE_BYTES = 64 * 1024  # a client has to read that much in SILENCE_S
SEND_BUFFER_BYTES = 256 * 1024  # who reads is seen to when a third of it is free: by itself it grows to megabytes


def register(app: Flask) -> None:
    """Add headers and the log line to `app`."""
    app.before_request(_start)
    app.after_request(_finish)
    app.teardown_request(_forget)


def _start() -> None:
    """Read the body before any transaction opens: a caller who sends slowly must not hold a database session."""
    g.started = time.perf_counter()
    g.request_id = _request_id()
    named = {name: value for name, value in (request.view_args or {}).items() if isinstance(value, uuid.UUID)}
    logs.bind_only({"request_id": g.request_id, **named})
    _lose_patience()
    pace.count()
    if request.endpoint in LONG_BODIES:
        request.max_content_length = LONG_BODIES[request.endpoint]
    body = _body()
    if request.content_length is None and len(body) >= (request.max_content_length or 0) > 0:
        raise RequestEntityTooLarge  # Werkzeug cuts a chunked body at the limit and says nothing


def _lose_patience() -> None:
    """Bound each wait for this request's client: gunicorn waits without end."""
    if (connection := _connection()) is not None:
        connection.settimeout(SILENCE_S)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)


def _connection() -> socket.socket | None:
    """Return the client's socket, which gunicorn leaves in the environment; None = another server, or none."""
    return request.environ.get("gunicorn.socket")


def _body() -> bytes:
    """Return the body. Raises RequestTimeout when it does not come."""
    connection = _connection()
    if connection is None or not (request.content_length or "HTTP_TRANSFER_ENCODING" in request.environ):
        return request.get_data(cache=True)
    is_late = threading.Event()

    def stop_reading() -> None:
        is_late.set()
        with suppress(OSError):  # it is closed already
            connection.shutdown(socket.SHUT_RD)

    # A timer of its own: the timeout of a socket begins anew with each byte.
    timer = threading.Timer(BODY_S, stop_reading)
    timer.daemon = True
    timer.start()
    try:
        body = request.get_data(cache=True)
    except ClientDisconnected as exc:
        if isinstance(exc.__context__, TimeoutError):
            stop_reading()  # gunicorn would wait for it once more, for 2 s, when it closes the connection
        if is_late.is_set():
            raise _timed_out() from exc
        raise
    finally:
        timer.cancel()
    if is_late.is_set():
        raise _timed_out()
    return body


def _timed_out() -> RequestTimeout:
    return RequestTimeout(
        f"the body did not come: nothing for {SILENCE_S} s, or not all of it in {BODY_S} s; send it again"
    )


def _request_id() -> str:
    """Return the id that a proxy gave this request, if it looks like one, else a new one."""
    told = request.headers.get("X-Request-Id", "")
    return told if REQUEST_ID.fullmatch(told) else uuid.uuid4().hex


def _forget(_: BaseException | None) -> None:
    """What this thread does next is not this request."""
    logs.bind_only({})


def _finish(response: Response) -> Response:
    """Add the headers that an endpoint did not set itself, and log the request: no headers, bodies or keys."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    pace.tell(response)
    response.headers["X-Request-Id"] = g.request_id
    _cut(response)
    log.log(
        logging.DEBUG if request.path in QUIET else logging.INFO,
        "request",
        extra={
            "method": request.method,
            "path": request.path,
            "status": response.status_code,
            "ms": round((time.perf_counter() - g.started) * 1000, 1),
            "user_id": g.get("user_id"),
        },
    )
    return response


def _cut(response: Response) -> None:
    """Hand a long answer over in pieces: a socket's timeout is one of all that it is handed at once, however it goes on."""
    if response.is_sequence and (response.calculate_content_length() or 0) > PIECE_BYTES:
        data = response.get_data()
        response.content_length = len(data)
        response.response = (data[at : at + PIECE_BYTES] for at in range(0, len(data), PIECE_BYTES))  # no second copy
