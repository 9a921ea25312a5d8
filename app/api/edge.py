"""What every answer has: security headers, and one line in the log."""

from __future__ import annotations

import logging
import time

from flask import Flask, Response, g, request
from werkzeug.exceptions import RequestEntityTooLarge

from app.domain import png

log = logging.getLogger(__name__)

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}
QUIET = ("/healthz", "/readyz")  # probes come every few seconds
MAX_LONG_BODY_BYTES = 2400 * 1024  # a hundred prompts of 2,000 characters, each 12 bytes at most as JSON escapes it
MAX_TOPICS_BODY_BYTES = 256 * 1024  # a thousand topics of usual length
LONG_BODIES = {
    "generate.generate": MAX_LONG_BODY_BYTES,
    "generate.quote": MAX_LONG_BODY_BYTES,
    "brands.put_logo": png.MAX_BYTES,
    "schedules.create_schedule": MAX_TOPICS_BODY_BYTES,
    "schedules.replace_schedule": MAX_TOPICS_BODY_BYTES,
}


def register(app: Flask) -> None:
    """Add headers and the log line to `app`."""
    app.before_request(_start)
    app.after_request(_finish)


def _start() -> None:
    """Read the body before any transaction opens: a caller who sends slowly must not hold a database session."""
    g.started = time.perf_counter()
    if request.endpoint in LONG_BODIES:
        request.max_content_length = LONG_BODIES[request.endpoint]
    body = request.get_data(cache=True)
    if request.content_length is None and len(body) >= (request.max_content_length or 0) > 0:
        raise RequestEntityTooLarge  # Werkzeug cuts a chunked body at the limit and says nothing


def _finish(response: Response) -> Response:
    """Add the headers that an endpoint did not set itself, and log the request: no headers, bodies or keys."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
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
