"""What an error reply means: small tables, the vendor's words first and the HTTP status second.

charged: a provider that answers with an error of its own has certainly not charged, but for a timeout on its side.
When something between us and it answers, the request may have been carried out behind that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from app.domain.provider_errors import (
    ModelRetired,
    ProviderAccount,
    ProviderBusy,
    ProviderDown,
    ProviderError,
    ProviderRejected,
)
from workers.providers import replies
from workers.providers.http import Received

CODE_FIELDS = ("code", "type", "status", "reason", "quotaId", "error_code")  # all vendors' names for a kind of error
MAX_DEPTH = 8
SERVER_ERROR = 500


@dataclass(frozen=True, slots=True)
class Told:
    """An error in the vendor's own words."""

    codes: tuple[str, ...]
    message: str

    @property
    def words(self) -> str:
        """All of it in lower case, to look for a phrase in."""
        return " ".join((*self.codes, self.message)).lower()


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of a vendor's table. It holds when a code or a phrase is there and the status is one of its own."""

    kind: type[ProviderError]
    codes: frozenset[str] = frozenset()
    phrases: tuple[str, ...] = ()
    """In lower case."""
    statuses: frozenset[int] = frozenset()
    """Empty = any."""

    def holds(self, status: int, told: Told) -> bool:
        """Return whether the error is of this kind."""
        if self.statuses and status not in self.statuses:
            return False
        return not self.codes.isdisjoint(told.codes) or any(phrase in told.words for phrase in self.phrases)


Meaning = tuple[type[ProviderError], bool | None]
BY_STATUS: dict[int, Meaning] = {
    401: (ProviderAccount, False),
    402: (ProviderAccount, False),
    403: (ProviderAccount, False),
    404: (ModelRetired, False),
    408: (ProviderDown, None),
    409: (ProviderBusy, False),
    424: (ProviderDown, False),
    429: (ProviderBusy, False),
    500: (ProviderDown, False),
    503: (ProviderBusy, False),
    529: (ProviderBusy, False),
}
WITHOUT_WORDS: dict[int, Meaning] = {  # these statuses mean "not carried out", whoever says so
    401: (ProviderAccount, False),
    413: (ProviderRejected, False),
    429: (ProviderBusy, False),
}
UNCERTAIN: Meaning = (ProviderDown, None)


def reply_of(provider: str, received: Received, rules: Sequence[Rule] = ()) -> dict[str, Any]:
    """Return the JSON object of a good reply. Raises ProviderError for anything else, also for a 200 with an error in it."""
    data = replies.parsed(received.body)
    if received.status // 100 == 2 and isinstance(data, dict) and not data.get("error"):  # noqa: PLR2004 - HTTP's 2xx
        return data
    raise refusal(provider, received, data, rules)


def refusal(provider: str, received: Received, data: Any, rules: Sequence[Rule] = ()) -> ProviderError:
    """Return what an error reply means, given its JSON (None if it has none)."""
    told = told_by(data)
    kind, charged = _meaning(received.status, told, rules)
    words = f" {'/'.join(told.codes)}: {told.message}" if told else " with what is no reply"
    return kind(
        f"{provider} answered {received.status}{words}"[:300],
        provider=provider,
        status=received.status,
        charged=charged,
        retry_after_s=received.retry_after_s,
    )


def _meaning(status: int, told: Told | None, rules: Sequence[Rule]) -> Meaning:
    if told is None:
        return WITHOUT_WORDS.get(status, UNCERTAIN)
    for rule in rules:
        if rule.holds(status, told):
            return rule.kind, False
    if status >= SERVER_ERROR or status in BY_STATUS:
        return BY_STATUS.get(status, UNCERTAIN)
    return (ProviderRejected, False) if status // 100 == 4 else UNCERTAIN  # noqa: PLR2004 - HTTP's 4xx


def told_by(data: Any) -> Told | None:
    """Return the error that a body tells of; None when it is none of the vendors' shapes.

    Shapes: `{"error": {message, type|code|status, details}}` and, with Leonardo, `{"error": "words", "code": ...}`.
    """
    error = replies.at(data, "error")
    if isinstance(error, str) and error:
        return Told(tuple(dict.fromkeys(_codes(data))), replies.text(error))
    if isinstance(error, dict) and error:
        return Told(tuple(dict.fromkeys(_codes(error))), replies.text(error.get("message")))
    return None


def _codes(value: Any, depth: int = 0) -> Iterator[str]:
    """Yield every code in an error, outermost first."""
    if depth > MAX_DEPTH:
        return
    if isinstance(value, dict):
        yield from (replies.text(value[name]) for name in CODE_FIELDS if replies.text(value.get(name)))
    inner = value.values() if isinstance(value, dict) else replies.items(value)
    for member in inner:
        if isinstance(member, dict | list):
            yield from _codes(member, depth + 1)


def no_reply(provider: str, status: int, what: str) -> ProviderDown:
    """Return the error for a good status with a body that is not what it should be: it may have been charged."""
    return ProviderDown(f"{provider} answered {status} with {what}", provider=provider, charged=None, status=status)


def cannot(provider: str, what: str) -> ProviderRejected:
    """Return the error for what a provider was never able to do; nothing was sent."""
    return ProviderRejected(f"{provider} {what}; change the route", provider=provider)
