"""Reads requests in the shape of OpenAI's chat completions: the gateway's and OpenAI's own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from flask import Request

from sandbox.calls import Json, Kind, RefusedError, Trouble
from sandbox.encoding import bytes_of_url

REFUSED_KEY = "wrong"  # every vendor refuses it; any other key of its shape will do


@dataclass(frozen=True, slots=True)
class Said:
    """What the messages of a chat hold."""

    system: str
    prompt: str
    pictures: tuple[bytes, ...]
    """Those whose bytes came along."""
    input_images: int
    """All that were shown."""


def bearer(request: Request) -> str:
    """Return the key of an `Authorization: Bearer` header; empty without one, or for the refused key."""
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" and key.strip() != REFUSED_KEY else ""


def authorize(request: Request) -> None:
    """Refuse a call without a key. Raises: RefusedError."""
    if not bearer(request):
        raise RefusedError(Trouble.UNAUTHORIZED)


def read_json(request: Request) -> Json:
    """Return a request's JSON object. Raises: RefusedError."""
    try:
        body = json.loads(request.get_data(cache=True))
    except ValueError:
        raise RefusedError(Trouble.INVALID_REQUEST, "The request body is not valid JSON") from None
    if not isinstance(body, dict):
        raise RefusedError(Trouble.INVALID_REQUEST, "The request body must be a JSON object")
    if body.get("stream"):
        raise RefusedError(Trouble.INVALID_REQUEST, "stream: the sandbox answers without streaming only")
    return body


def read_model(body: Json) -> str:
    """Return the model's name. Raises: RefusedError."""
    model = body.get("model")
    if not isinstance(model, str) or not model:
        raise RefusedError(Trouble.INVALID_REQUEST, "model: expected a non-empty string", param="model")
    return model


def read_messages(messages: object) -> Said:
    """Return the texts by role and all pictures shown. Raises: RefusedError."""
    if not isinstance(messages, list) or not messages:
        raise RefusedError(Trouble.INVALID_REQUEST, "messages: expected a non-empty array", param="messages")
    system, prompt, pictures = [], [], []
    for message in messages:
        role = message.get("role") if isinstance(message, dict) else None
        if role not in ("system", "developer", "user", "assistant", "tool"):
            raise RefusedError(Trouble.INVALID_REQUEST, f"messages: unknown role {role!r}", param="messages")
        text, shown = _read_content(message.get("content"))
        pictures += shown
        if role in ("system", "developer"):
            system.append(text)
        elif role == "user":
            prompt.append(text)
    known = tuple(data for data in pictures if data is not None)
    return Said("\n".join(system), "\n".join(prompt), known, len(pictures))


def _read_content(content: object) -> tuple[str, list[bytes | None]]:
    """Return the text and the pictures of one message: a string, or a list of parts."""
    if content is None or isinstance(content, str):
        return content or "", []
    if not isinstance(content, list):
        raise RefusedError(Trouble.INVALID_REQUEST, "messages: content must be a string or an array of parts")
    texts: list[str] = []
    pictures: list[bytes | None] = []
    for part in content:
        match part:
            case {"type": "text", "text": str(text)}:
                texts.append(text)
            case {"type": "image_url", "image_url": {"url": str(url)}}:
                pictures.append(bytes_of_url(url))
            case _:
                raise RefusedError(Trouble.INVALID_REQUEST, "messages: unknown content part", param="messages")
    return "\n".join(texts), pictures


def read_format(body: Json) -> tuple[Kind, str, Json]:
    """Return the kind of call and, for JSON, the schema's name and the schema. Raises: RefusedError."""
    modalities = body.get("modalities")
    if isinstance(modalities, list) and "image" in modalities:
        return Kind.IMAGE, "", {}
    match body.get("response_format"):
        case {"type": "json_schema", "json_schema": {"name": str(name), "schema": dict(schema)}}:
            return Kind.JSON, name, schema
        case {"type": "json", "name": str(name), "schema": dict(schema)}:  # the gateway's older shape
            return Kind.JSON, name, schema
        case {"type": "json_object" | "json"}:
            return Kind.JSON, "", {}
        case None | {"type": "text"}:
            return Kind.TEXT, "", {}
        case _:
            raise RefusedError(
                Trouble.INVALID_REQUEST,
                "response_format: expected json_schema with name and schema",
                param="response_format",
            )


def dig(value: Any, *names: str) -> Any:
    """Return a nested member, or None where the path ends early."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value
