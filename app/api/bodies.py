"""Reading requests: JSON objects, Idempotency-Keys. What PostgreSQL could not store is refused here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any, NoReturn, TypeVar

from flask import request
from pydantic import BaseModel, ValidationError

from app.domain import wrong_fields
from app.domain.errors import InvalidRequest, MalformedRequest

MAX_IDEMPOTENCY_KEY = 200
MAX_DEPTH = 20  # the deepest honest request has 3 levels
MAX_MEMBERS = 5_000  # the longest honest request has some 1,100: a thousand topics, and a hundred prompts
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
    if not _is_usable(body):
        raise MalformedRequest(
            f"the body has a NUL or half a surrogate pair in a text, more than {MAX_DEPTH} levels,"
            f" or more than {MAX_MEMBERS:,} fields and list items",
            code="unusable_json",
        )
    return body


def parsed(model: type[Model]) -> Model:
    """Return the body as `model`. Raises InvalidRequest that names the wrong fields, MalformedRequest."""
    try:
        return model.model_validate(json_object())
    except ValidationError as exc:
        raise wrong_fields.refusal(exc) from None


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


def _is_usable(body: dict[str, Any]) -> bool:
    """Return whether PostgreSQL can keep every text in `body`, and it has neither too many levels nor too many members."""
    members = 0
    level: list[Any] = [body]
    for _ in range(MAX_DEPTH + 1):
        members += sum(len(value) for value in level if isinstance(value, dict | list))
        if members > MAX_MEMBERS or not all(_is_storable(value) for value in level if isinstance(value, str)):
            return False
        level = [part for value in level for part in _parts(value)]
    return not level


def _parts(value: Any) -> Iterable[Any]:
    """Return what is in a value, names too."""
    match value:
        case dict():
            return [*value, *value.values()]
        case list():
            return value
        case _:
            return ()


def _is_storable(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)
