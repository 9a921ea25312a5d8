"""Reading requests: JSON objects, Idempotency-Keys. What PostgreSQL could not store is refused here."""

from __future__ import annotations

import hashlib
import json
from typing import Any, NoReturn, TypeVar

from flask import request
from pydantic import BaseModel, ValidationError

from app.domain.errors import InvalidRequest, MalformedRequest

MAX_IDEMPOTENCY_KEY = 200
MAX_DEPTH = 20  # the deepest honest request has 3 levels
Model = TypeVar("Model", bound=BaseModel)


def json_object() -> dict[str, Any]:
    """Return the request's body, a JSON object; none counts as empty. Raises MalformedRequest, RequestEntityTooLarge."""
    raw = request.get_data(cache=True)
    if not raw:
        return {}
    try:
        body = json.loads(raw, parse_constant=_refuse)
    except (ValueError, RecursionError):  # no JSON, no UTF-8, a number of 5,000 digits, 60,000 brackets
        raise MalformedRequest("the body is not JSON") from None
    if not isinstance(body, dict):
        raise MalformedRequest("the body is not a JSON object", code="not_an_object")
    if not _is_storable(body, MAX_DEPTH):
        raise MalformedRequest(
            f"the body has a NUL or half a surrogate pair in a text, or more than {MAX_DEPTH} levels",
            code="unusable_json",
        )
    return body


def parsed(model: type[Model]) -> Model:
    """Return the body as `model`. Raises InvalidRequest that names each wrong field, MalformedRequest."""
    try:
        return model.model_validate(json_object())
    except ValidationError as exc:
        fields = {".".join(str(part) for part in e["loc"]) or "body": e["msg"] for e in exc.errors()}
        told = "; ".join(f"{name}: {reason}" for name, reason in fields.items())
        raise InvalidRequest(f"the request is not valid: {told}", fields=fields) from None


def idempotency(body: Any) -> tuple[str, bytes] | None:
    """Return (key, hash of method, path and body) when the request has an Idempotency-Key. Raises InvalidRequest."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not 1 <= len(key) <= MAX_IDEMPOTENCY_KEY or not (key.isascii() and key.isprintable()):
        reason = f"1 to {MAX_IDEMPOTENCY_KEY} printable ASCII characters"
        raise InvalidRequest(f"an Idempotency-Key has {reason}", fields={"Idempotency-Key": reason})
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return key, hashlib.sha256(f"{request.method} {request.path}\n{canonical}".encode()).digest()


def _refuse(constant: str) -> NoReturn:
    """Refuse NaN and Infinity: Python reads them, JSON has none."""
    raise ValueError(constant)


def _is_storable(value: Any, levels: int) -> bool:
    """Return whether PostgreSQL can keep every text in `value`, and it has at most that many levels."""
    match value:
        case str():
            return "\0" not in value and not any("\ud800" <= character <= "\udfff" for character in value)
        case dict():
            inner = [*value, *value.values()]
        case list():
            inner = value
        case _:
            return True
    return levels > 0 and all(_is_storable(part, levels - 1) for part in inner)
