"""The values that pass between a vendor's wire format and the rest of the sandbox."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Json = dict[str, Any]  # a JSON object at the edge of the process


class Vendor(StrEnum):
    """Whose wire format a call speaks."""

    GATEWAY = "gateway"
    GEMINI = "gemini"
    ANTHROPIC = "anthropic"
    OPENAI = "openai"
    LEONARDO = "leonardo"


class Kind(StrEnum):
    """What a call asks for."""

    TEXT = "text"
    JSON = "json"
    IMAGE = "image"
    TRANSCRIPT = "transcript"
    MODERATION = "moderation"
    POLL = "poll"
    """How a job stands; free."""
    DOWNLOAD = "download"
    """A finished job's picture; free."""

    @property
    def is_paid(self) -> bool:
        """Tell whether such a call reaches a model and goes on the bill."""
        return self in (Kind.TEXT, Kind.JSON, Kind.IMAGE, Kind.TRANSCRIPT)


class Trouble(StrEnum):
    """Why a call is refused, in no vendor's words; each wire file says it in its own."""

    UNAUTHORIZED = "unauthorized"
    INVALID_REQUEST = "invalid_request"
    MODEL_NOT_FOUND = "model_not_found"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    RATE_LIMITED = "rate_limited"
    OVERLOADED = "overloaded"
    INTERNAL_ERROR = "internal_error"
    BLOCKED = "blocked"


class RetryForm(StrEnum):
    """Where and how an error says when to come back."""

    VENDOR = "vendor"
    """As this vendor does: Gemini in the body, the others in seconds in the header."""
    SECONDS = "seconds"
    HTTP_DATE = "http_date"
    MILLISECONDS = "milliseconds"
    """In the header `retry-after-ms`."""
    BODY = "body"
    NONE = "none"


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
        retry_form: RetryForm = RetryForm.VENDOR,
        variant: str = "",
        param: str | None = None,
        code: str | None = None,
    ) -> None:
        """Keep what the wire file needs; `status`, `error_type` and `code` overrule the vendor's own.

        `variant` picks among a vendor's ways of saying the same trouble.
        """
        super().__init__(message or trouble.value)
        self.trouble = trouble
        self.message = message
        self.status = status
        self.error_type = error_type
        self.retry_after = retry_after
        self.retry_form = retry_form
        self.variant = variant
        self.param = param
        self.code = code
        self.seed = ""  # of the request's id, set when the reply is made


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
    vendor: Vendor = Vendor.GATEWAY
    pictures: tuple[bytes, ...] = ()
    """The pictures shown, as far as their bytes came with the request."""
    size: tuple[int, int] | None = None
    """Width and height in pixels; None: the 1K size of the aspect ratio."""
    count: int = 1
    """How many pictures to make."""
    mime: str = "image/png"
    """The type of the pictures to make."""
    image_tokens: int | None = None
    """Output tokens of one picture where the request decides; None: the model's figure."""
    audio_s: float = 0.0
    """Seconds of sound that came with the request."""
    is_job: bool = False
    """Answered at once with an id; the pictures are made later."""
    options: Json = field(default_factory=dict)
    """What only the vendor's own rendering needs."""


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
    """Text and pictures shown."""
    completion_tokens: int
    """Text and pictures made, without thoughts."""
    cost_micro_usd: int | None
    """None: the model has no known price, or the reply must not tell one."""
    pictures: tuple[Picture, ...] = ()
    finish_reason: str = "stop"
    """`stop`, `length`, `content_filter` or `empty`; each wire file says it in its own words."""
    created_at: int = 0
    """Unix seconds, derived from the request so that the bytes repeat."""
    priced: bool = True
    """False: the reply leaves out its cost."""
    input_image_tokens: int = 0
    """The pictures' share of the prompt tokens."""
    image_tokens: int = 0
    """The pictures' share of the completion tokens."""
    thought_tokens: int = 0
    """Billed as output on top of the completion tokens."""
    fault: str = ""
    """The name of the fault that this answer suffers."""
    variant: str = ""
    """Which of the vendor's ways of it."""

    @property
    def picture(self) -> Picture | None:
        """Return the first picture."""
        return self.pictures[0] if self.pictures else None


def fingerprint(value: object) -> str:
    """Return the sha256 hex digest of a JSON value, whatever the order of its keys."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()
