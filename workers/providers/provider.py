"""What every provider takes and gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol

from app.domain.prices import Usage


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Schema:
    """What a structured reply shall look like."""

    name: str
    schema: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply that was received and is paid for, usable or not."""

    text: str
    picture: bytes | None
    usage: Usage | None
    cost_micro_usd: int | None
    """What the provider says it cost; None = it does not say."""
    ref: str | None
    """The provider's id of the generation."""
    status: int
    is_blocked: bool = False
    """A safety filter held the result back."""


class Provider(Protocol):
    """Speaks one provider's API. Both methods raise ProviderError and nothing else."""

    name: str

    def chat(self, model: str, messages: list[Message], *, schema: Schema | None, max_tokens: int) -> Answer:
        """Return a text reply; with `schema`, a JSON text that the provider tries to fit to it."""

    def picture(self, model: str, prompt: str, *, aspect_ratio: str) -> Answer:
        """Return a picture as raw bytes, as the provider sent it."""
