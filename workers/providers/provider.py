"""What every provider takes and gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

from app.domain.capabilities import Capability
from app.domain.prices import Usage


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str
    pictures: tuple[bytes, ...] = ()
    """Pictures that the turn shows, as stored: for providers that can see."""


@dataclass(frozen=True, slots=True)
class Schema:
    """What a structured reply shall look like."""

    name: str
    schema: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """How one request is made: the model, its deadline and the route's own parameters."""

    model: str
    timeout_s: float
    options: Mapping[str, Any] = field(default_factory=dict)
    """From the routes file, for example {"quality": "medium"}; what a provider does not know is refused at start."""
    label: str | None = None
    """The journal's id of the call, for a provider that reports by names of ours; None = it has none."""


@dataclass(frozen=True, slots=True)
class Leaving:
    """A call that is in the journal and about to leave."""

    label: str
    """Its id in the journal."""
    note_ref: Callable[[str], None]
    """To be told the provider's id of a job as soon as it is known."""
    micro_usd: int
    """What it may cost at most."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a research answer has something from."""

    url: str
    title: str | None = None


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
    sources: tuple[Source, ...] = ()
    """Of a research answer; empty = unsourced."""
    declared_type: str | None = None
    """The media type that the provider says its picture is, without parameters; None = it says none."""
    asked_px: tuple[int, int] | None = None
    """Width and height that the provider was asked for; None = it was asked for a ratio, or for nothing."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a moderation says of a picture or a text."""

    flagged: bool
    categories: tuple[str, ...] = ()
    """What it is flagged for, in the provider's words, sorted."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A file with sound."""

    name: str
    """With the ending of its format, by which a provider knows it."""
    data: bytes
    media_type: str


class Provider(Protocol):
    """Speaks one provider's API. The methods raise ProviderError and nothing else.

    What `can` does not declare raises ProviderRejected without a request.
    """

    name: str
    can: frozenset[Capability]

    def chat(self, call: Call, messages: Sequence[Message], *, schema: Schema | None, max_tokens: int) -> Answer:
        """Return a text reply; with `schema`, a JSON text that the provider tries to fit to it."""

    def picture(
        self,
        call: Call,
        prompt: str,
        *,
        aspect_ratio: str,
        reference: bytes | None = None,
        note_ref: Callable[[str], None] = lambda _: None,
    ) -> Answer:
        """Return a picture as raw bytes, as the provider sent it.

        reference: a picture to be edited as the prompt says.
        note_ref: told the provider's id of a job as soon as it is known, before it is waited for.
        """

    def resume(self, call: Call, ref: str) -> Answer:
        """Wait for a job that was submitted before, instead of paying again; for providers with jobs."""


@runtime_checkable
class Moderator(Protocol):
    """A provider that judges whether something may be shown. Raises ProviderError: what is not judged may not pass."""

    def moderate(self, call: Call, picture: bytes | None, text: str | None) -> Verdict:
        """Return the verdict on a picture, a text, or both together."""


@runtime_checkable
class Transcriber(Protocol):
    """A provider that writes down what is said."""

    def transcribe(self, call: Call, recording: Recording, *, about: str) -> Answer:
        """Return what is said in a recording, with times where the model tells them. Raises ProviderError.

        about: what it is about, in a line; "" = nobody said.
        """
