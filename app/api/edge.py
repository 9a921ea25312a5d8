"""What every answer has: security headers, how fast its key may ask, and one line in the log."""

from __future__ import annotations

import logging
import re
import time
import uuid

from flask import Flask, Response, g, request
from werkzeug.exceptions import RequestEntityTooLarge

from app import logs
from app.api import pace
from app.domain import png

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
    pace.count()
    if request.endpoint in LONG_BODIES:
        request.max_content_length = LONG_BODIES[request.endpoint]
    body = request.get_data(cache=True)
    if request.content_length is None and len(body) >= (request.max_content_length or 0) > 0:
        raise RequestEntityTooLarge  # Werkzeug cuts a chunked body at the limit and says nothing


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
