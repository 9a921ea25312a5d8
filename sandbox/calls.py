"""The values that pass between a vendor's wire format and the rest of the sandbox."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Json = dict[str, Any]  # a JSON object at the edge of the process


class Kind(StrEnum):
    """What a call asks for."""

    TEXT = "text"
    JSON = "json"
    IMAGE = "image"


class Trouble(StrEnum):
    """Why a call is refused, in no vendor's words; each wire file says it in its own."""

    UNAUTHORIZED = "unauthorized"
    INVALID_REQUEST = "invalid_request"
    MODEL_NOT_FOUND = "model_not_found"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    RATE_LIMITED = "rate_limited"
    OVERLOADED = "overloaded"
    INTERNAL_ERROR = "internal_error"


class RefusedError(Exception):
    """Raised when a call gets an error reply instead of an answer."""

    def __init__(
        self,
        trouble: Trouble,
        message: str = "",
        *,
        status: int | None = None,
        error_type: str | None = None,
        retry_after: str | None = None,
    ) -> None:
        """Keep what the wire file needs; `status` and `error_type` overrule the vendor's own."""
        super().__init__(message or trouble.value)
        self.trouble = trouble
        self.message = message
        self.status = status
        self.error_type = error_type
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Ask:
    """One request to a model, read from any vendor's wire format."""

    model: str
    kind: Kind
    system: str
    prompt: str
    """The text of all user messages, in order."""
    schema_name: str = ""
    schema: Json = field(default_factory=dict)
    aspect_ratio: str = "1:1"
    input_images: int = 0
    fingerprint: str = ""
    """Equal for identical requests: sha256 over model, messages, modalities and format."""


@dataclass(frozen=True, slots=True)
class Picture:
    """Encoded bytes and the type that the reply declares for them."""

    data: bytes
    mime: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the sandbox's model replied, and what it cost."""

    id: str
    text: str
    prompt_tokens: int
    completion_tokens: int
    cost_micro_usd: int | None
    """None: the model has no known price, or the reply must not tell one."""
    picture: Picture | None = None
    finish_reason: str = "stop"
    created_at: int = 0
    """Unix seconds, derived from the request so that the bytes repeat."""
    priced: bool = True
    """False: the reply leaves out its cost."""


def fingerprint(value: object) -> str:
    """Return the sha256 hex digest of a JSON value, whatever the order of its keys."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()
