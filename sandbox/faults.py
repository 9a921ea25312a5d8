"""Faults scripted over HTTP: which calls go wrong, and how."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, field
from typing import Any

from sandbox.calls import Ask, Json, Kind, RetryForm, Vendor
from sandbox.fault_names import PLACES, Fault, known_params, known_variants


class FaultError(ValueError):
    """Raised when a fault rule cannot be used; the message says why."""


_ERROR_STATUSES = range(400, 600)
_MOST_WORDS = 100_000


@dataclass(frozen=True, slots=True)
class Match:
    """Which calls a rule is for; what is None does not matter."""

    model: str | None = None
    kind: Kind | None = None
    """None: any call that reaches a model. Polls, downloads and moderations are struck only by their own name."""
    prompt_contains: str | None = None
    """Compared without regard to case."""
    call_numbers: tuple[int, ...] | None = None
    """1 is the first call that fits the rest of the match."""
    rate: float | None = None
    """Share of the fitting calls, 0..1, picked by the seed and the request."""
    times: int | None = None
    """At most so often."""
    vendor: Vendor | None = None
    picture_sha256: str | None = None
    """Hex digest, or its beginning, of a picture shown with the call."""

    def fits(self, ask: Ask) -> bool:
        """Tell whether the call itself is meant; its kind, counts and rate come after."""
        return (
            self.model in (None, ask.model)
            and self.vendor in (None, ask.vendor)
            and self._shows(ask.pictures)
            and (self.prompt_contains or "").lower() in f"{ask.system}\n{ask.prompt}".lower()
        )

    def _shows(self, pictures: tuple[bytes, ...]) -> bool:
        """Tell whether the picture meant is among those shown."""
        start = self.picture_sha256
        return start is None or any(hashlib.sha256(data).hexdigest().startswith(start) for data in pictures)


@dataclass(slots=True)
class Rule:
    """One scripted fault, and how often it was met."""

    match: Match
    fault: Fault
    params: Json = field(default_factory=dict)
    seen: int = 0
    """Calls that fitted the match."""
    applied: int = 0
    """Calls that were made to fail."""

    def wants(self, ask: Ask, key: str) -> bool:
        """Count the call as seen and tell whether this rule would make it go wrong."""
        if not (self._is_for(ask) and self.match.fits(ask)):
            return False
        self.seen += 1
        if self.match.times is not None and self.applied >= self.match.times:
            return False
        if self.match.call_numbers is not None and self.seen not in self.match.call_numbers:
            return False
        luck = random.Random(f"fault:{self.fault}:{key}").random()
        return self.match.rate is None or luck < self.match.rate

    def _is_for(self, ask: Ask) -> bool:
        """Tell whether calls of this kind are meant: without a kind, those that this fault is about."""
        if self.match.kind is not None:
            return self.match.kind is ask.kind
        if self.fault is Fault.FLAGGED:
            return ask.kind is Kind.MODERATION or ask.is_job
        return ask.kind.is_paid

    def as_json(self) -> Json:
        """Return the rule as it was put, with its counts."""
        match = {name: value for name in Match.__slots__ if (value := getattr(self.match, name)) is not None}
        return {
            "match": match, "fault": self.fault.value, "params": self.params,
            "seen": self.seen, "applied": self.applied,
        }  # fmt: skip


def strike(rules: list[Rule], ask: Ask, key: str) -> Rule | None:
    """Show a call to every rule and return the first that wants it, counted as applied."""
    willing = [rule for rule in rules if rule.wants(ask, key)]
    if not willing:
        return None
    willing[0].applied += 1
    return willing[0]


def blocked_words(rules: list[Rule]) -> tuple[str, ...]:
    """Return the words for which rules block a prompt, so that a rewrite can do without them."""
    return tuple(
        rule.match.prompt_contains for rule in rules if rule.fault is Fault.BLOCKED and rule.match.prompt_contains
    )


def read_rules(body: object) -> list[Rule]:
    """Read the rules of `PUT /sandbox/faults`: a list, or an object with a list `rules`.

    Raises: FaultError.
    """
    items = body.get("rules") if isinstance(body, dict) else body
    if not isinstance(items, list):
        raise FaultError('faults must be a list of {"match": {...}, "fault": name, "params": {...}}')
    return [_read_rule(item, f"rule {number}") for number, item in enumerate(items, start=1)]


def _read_rule(item: object, where: str) -> Rule:
    if not isinstance(item, dict):
        raise FaultError(f"{where} must be an object, not {item!r}")
    if unknown := set(item) - {"match", "fault", "params", "seen", "applied"}:
        raise FaultError(f"{where}: unknown member {min(unknown)!r}; use match, fault, params")
    try:
        fault = Fault(item.get("fault", ""))
    except ValueError:
        raise FaultError(f"{where}: unknown fault {item.get('fault')!r}; known: {', '.join(Fault)}") from None
    params = item.get("params") or {}
    _check_params(fault, params, where)
    return Rule(_read_match(item.get("match") or {}, where), fault, params)


def _check_params(fault: Fault, params: object, where: str) -> None:
    if not isinstance(params, dict):
        raise FaultError(f"{where}: params must be an object")
    known = known_params(fault)
    if unknown := set(params) - known:
        raise FaultError(f"{where}: {fault} does not know the param {min(unknown)!r}; known: {sorted(known)}")
    for name in {"seconds", "after_s"} & set(params):
        if not _is_number(params[name]) or params[name] < 0:
            raise FaultError(f"{where}: {name} must be a number of seconds, not {params[name]!r}")
    if fault is Fault.HTTP_STATUS and params.get("status") not in _ERROR_STATUSES:
        raise FaultError(f"{where}: http_status needs a param status of 400..599, not {params.get('status')!r}")
    if fault is Fault.SLOW_FIRST_BYTE and "seconds" not in params:
        raise FaultError(f"{where}: slow_first_byte needs a param seconds")
    _check_choices(fault, params, where)


def _check_choices(fault: Fault, params: Json, where: str) -> None:
    """Refuse a word that is not one of those a param can take."""
    choices = {
        "variant": known_variants(fault),
        "place": PLACES,
        "retry_form": [form.value for form in RetryForm],
    }
    for name, words in choices.items():
        if name in params and str(params[name]) not in words:
            raise FaultError(f"{where}: {name} must be one of {', '.join(sorted(words))}, not {params[name]!r}")
    if not isinstance(params.get("categories", []), list):
        raise FaultError(f"{where}: categories must be a list of names, not {params['categories']!r}")
    if type(params.get("words", 1)) is not int or not 1 <= params.get("words", 1) <= _MOST_WORDS:
        raise FaultError(f"{where}: words must be a whole number of 1..{_MOST_WORDS}, not {params['words']!r}")


def _read_match(item: object, where: str) -> Match:
    if not isinstance(item, dict):
        raise FaultError(f"{where}: match must be an object")
    if unknown := set(item) - set(Match.__slots__):
        raise FaultError(f"{where}: unknown match {min(unknown)!r}; known: {', '.join(Match.__slots__)}")
    for name in ("model", "prompt_contains", "picture_sha256"):
        if item.get(name) is not None and not isinstance(item[name], str):
            raise FaultError(f"{where}: {name} must be a string, not {item[name]!r}")
    return Match(
        model=item.get("model"),
        kind=_read_kind(item.get("kind"), where),
        prompt_contains=item.get("prompt_contains"),
        call_numbers=_read_numbers(item.get("call_numbers"), where),
        rate=_read_rate(item.get("rate"), where),
        vendor=_read_vendor(item.get("vendor"), where),
        picture_sha256=item.get("picture_sha256"),
        times=_read_numbers([item["times"]], where)[0] if item.get("times") is not None else None,  # type: ignore[index]  # a list gives a tuple
    )


def _read_kind(value: object, where: str) -> Kind | None:
    try:
        return None if value is None else Kind(str(value))
    except ValueError:
        raise FaultError(f"{where}: kind must be one of {', '.join(Kind)}, not {value!r}") from None


def _read_vendor(value: object, where: str) -> Vendor | None:
    try:
        return None if value is None else Vendor(str(value))
    except ValueError:
        raise FaultError(f"{where}: vendor must be one of {', '.join(Vendor)}, not {value!r}") from None


def _read_numbers(value: object, where: str) -> tuple[int, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not all(type(n) is int and n >= 1 for n in value):
        raise FaultError(f"{where}: call_numbers and times count from 1; got {value!r}")
    return tuple(value)


def _read_rate(value: Any, where: str) -> float | None:
    if value is None:
        return None
    if not _is_number(value) or not 0 <= value <= 1:
        raise FaultError(f"{where}: rate must be between 0 and 1, not {value!r}")
    return float(value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
