"""Errors as RFC 9457 problem details: a stable `code`, what happened, and never a trace."""

from __future__ import annotations

import json
import logging
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, request
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from app.domain import errors

log = logging.getLogger(__name__)

MIME = "application/problem+json"
RETRY_AFTER_S = 5  # a restart of PostgreSQL or Redis takes about that long


def register(app: Flask) -> None:
    """Make every error of `app` a problem."""
    app.register_error_handler(errors.RequestError, of_request)
    app.register_error_handler(errors.Unavailable, of_unavailable)
    app.register_error_handler(errors.StorageError, of_storage)
    app.register_error_handler(errors.SetupError, of_setup)
    for away in (OperationalError, InterfaceError, PoolTimeout):
        app.register_error_handler(away, of_database)
    app.register_error_handler(DBAPIError, of_driver)
    app.register_error_handler(HTTPException, of_http)
    app.register_error_handler(Exception, of_bug)


def problem(status: int, code: str, detail: str, **more: Any) -> Response:
    """Return a problem+json answer; `more` are its further members."""
    body = {
        "type": f"urn:pressroom:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
        **more,
    }
    return Response(json.dumps(body, ensure_ascii=False), status, mimetype=MIME)


def of_request(error: errors.RequestError) -> Response:
    """Answer what the caller can mend."""
    fields = error.fields if isinstance(error, errors.InvalidRequest) else {}
    answer = problem(error.status, error.code, str(error), **({"fields": fields} if fields else {}))
    if error.status == HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="pressroom"'
    if isinstance(error, errors.TooManyRequests):
        answer.headers["Retry-After"] = str(error.retry_after_s)
    return answer


def of_unavailable(error: errors.Unavailable) -> Response:
    """Answer that a part is away."""
    return _later(error.code, str(error))


def of_storage(error: errors.StorageError) -> Response:
    """Answer that the bucket or folder is away."""
    log.warning("storage_unavailable", extra={"reason": str(error)})
    return _later("storage_unavailable", "the stored files cannot be reached at the moment; try again")


def of_setup(error: errors.SetupError) -> Response:
    """Answer that the operator has something to mend; only the log says what."""
    log.error("setup_incomplete", extra={"reason": str(error)})
    return _later("setup_incomplete", "this installation is not complete; its operator finds the reason in the log")


def of_database(error: Exception) -> Response:
    """Answer that PostgreSQL is away, or so busy that no connection got free."""
    log.warning("database_unavailable", extra={"reason": type(error).__name__})
    return _later("database_unavailable", "the database cannot be reached at the moment; try again")


def of_driver(error: DBAPIError) -> Response:
    """Answer an error of the driver: a lost connection is no bug, everything else is."""
    return of_database(error) if error.connection_invalidated else of_bug(error)


def of_http(error: HTTPException) -> Response:
    """Answer what Flask itself refused: unknown routes and methods, bodies that are too big."""
    if isinstance(error, RequestEntityTooLarge):
        most = (request.max_content_length or 0) // 1024
        return of_request(errors.TooLarge(f"the body is larger than {most} KB, which is the most for this request"))
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    answer = problem(status, HTTPStatus(status).name.lower(), error.description or HTTPStatus(status).phrase)
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After", "Content-Range"}:
            answer.headers[name] = value
    return answer


def of_bug(error: Exception) -> Response:
    """Answer a mistake of ours: the log has the trace, the caller has not."""
    log.error("unexpected_error", exc_info=error)
    return problem(500, "internal", "something went wrong on our side; the operator's log has the details")


def _later(code: str, detail: str) -> Response:
    answer = problem(503, code, detail)
    answer.headers["Retry-After"] = str(RETRY_AFTER_S)
    return answer
