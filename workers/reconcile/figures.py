"""What is compared: calls as our journal has them, as their provider reports them, and what came of it. Money in micro-USD."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from app.domain.prices import micro_usd
from app.domain.states import CallState

MOST_USD = 10**9
ROUNDING = 1  # micro-USD: the journal rounds each call up


@dataclass(frozen=True, slots=True)
class Booked:
    """A call as our journal has it."""

    id: uuid.UUID
    model: str
    state: CallState
    cost_micro_usd: int | None
    worst_micro_usd: int
    ref: str | None
    """The provider's id; None = no answer told one."""
    started_at: datetime
    ended_at: datetime | None
    tokens_in: int | None = None
    tokens_out: int | None = None
    is_fresh: bool = False
    """It may be under way or waited for still, or too new for its provider's books."""

    @property
    def is_settled(self) -> bool:
        """Whether it was charged and its cost is known."""
        return self.state is CallState.SUCCEEDED and self.cost_micro_usd is not None

    @property
    def is_in_doubt(self) -> bool:
        """Whether nobody knows what it cost, and whoever made it has given up."""
        return self.state is CallState.UNKNOWN or (self.state is CallState.SUCCEEDED and self.cost_micro_usd is None)


@dataclass(frozen=True, slots=True)
class Used:
    """A call as its provider reports it."""

    model: str
    cost_micro_usd: int | None
    """None = the report tells none that can be believed."""
    ref: str | None = None
    label: str | None = None
    """The journal's id of the call, where it was sent along."""
    at: datetime | None = None
    """When the provider has it; None = only the day is told, or nothing."""
    tokens_in: int | None = None
    tokens_out: int | None = None


@dataclass(frozen=True, slots=True)
class ModelUse:
    """All calls of one model, as their provider reports them."""

    model: str
    calls: int
    cost_micro_usd: int


def micro_usd_of(amount_usd: object) -> int:
    """Return a sum of US dollars in micro-USD; 0 for what is none."""
    if isinstance(amount_usd, bool) or not isinstance(amount_usd, str | int | float):
        return 0
    try:
        amount = Decimal(str(amount_usd)[:40])
    except InvalidOperation:
        return 0
    return micro_usd(amount) if amount.is_finite() and 0 < amount < MOST_USD else 0


@dataclass(frozen=True, slots=True)
class Pair:
    """One call in both books."""

    booked: Booked
    used: Used

    @property
    def drift_micro_usd(self) -> int:
        """What the provider says it cost more than we do; 0 within the rounding, or when one of them does not say."""
        ours, theirs = self.booked.cost_micro_usd, self.used.cost_micro_usd
        if ours is None or theirs is None or abs(theirs - ours) <= ROUNDING:
            return 0
        return theirs - ours


class Verdict(StrEnum):
    """What a comparison says."""

    MATCHED = "matched"
    MISSING = "missing"
    """We have more than the provider."""
    EXTRA = "extra"
    """The provider has more than we."""
    DRIFT = "drift"
    """The calls agree, their money does not."""


@dataclass(frozen=True, slots=True)
class Line:
    """One model in both books."""

    model: str
    calls: int
    """Settled, in our journal."""
    micro_usd: int
    open_calls: int
    """Of ours that may or may not have been charged."""
    open_micro_usd: int
    """What those cost at most."""
    their_calls: int
    their_micro_usd: int
    rejected: int = 0
    """Calls that the provider refused; some providers count them."""

    @property
    def verdict(self) -> Verdict:
        """Compare, with room for what is open and for rounding."""
        if self.their_calls < self.calls:
            return Verdict.MISSING
        if self.their_calls > self.calls + self.open_calls + self.rejected:
            return Verdict.EXTRA
        least = self.micro_usd - self.calls * ROUNDING
        most = self.micro_usd + self.calls * ROUNDING + self.open_micro_usd
        return Verdict.MATCHED if least <= self.their_micro_usd <= most else Verdict.DRIFT


@dataclass(slots=True)
class Findings:
    """What a comparison found."""

    pairs: list[Pair] = field(default_factory=list)
    missing: list[Booked] = field(default_factory=list)
    """In our journal, charged, and not in the provider's books."""
    extra: list[Used] = field(default_factory=list)
    in_doubt: list[Booked] = field(default_factory=list)
    """In doubt, and the provider does not have them, or did not say."""
    unanswered: set[uuid.UUID] = field(default_factory=set)
    """Calls that were asked for without an answer: the provider may have them."""
    not_compared: list[Booked] = field(default_factory=list)
    """Too new, not answered for, or without an id to ask by."""
    lines: list[Line] = field(default_factory=list)
    is_partial: bool = False
    """Something that was asked for did not come: nobody may say that all agrees."""
    notes: list[str] = field(default_factory=list)
    """What could not be done, in words for the operator."""

    @property
    def matched(self) -> list[Pair]:
        """Settled calls that the provider has too."""
        return [pair for pair in self.pairs if pair.booked.is_settled]

    @property
    def drifting(self) -> list[Pair]:
        """Those for which the provider names another price."""
        return [pair for pair in self.matched if pair.drift_micro_usd]

    @property
    def to_settle(self) -> list[Pair]:
        """Calls in doubt of which the provider says what they cost, and which nobody waits for any more."""
        return [
            pair
            for pair in self.pairs
            if pair.booked.is_in_doubt and not pair.booked.is_fresh and pair.used.cost_micro_usd is not None
        ]

    @property
    def left_in_doubt(self) -> list[Booked]:
        """Calls in doubt that stay so, oldest first: they count at their worst case."""
        settled = {pair.booked.id for pair in self.to_settle}
        found = [pair.booked for pair in self.pairs if pair.booked.is_in_doubt and pair.booked.id not in settled]
        return sorted([*self.in_doubt, *found], key=lambda call: call.started_at)

    @property
    def agrees(self) -> bool:
        """Whether all was compared and nothing is missing, extra or drifting."""
        return not (
            self.is_partial
            or self.missing
            or self.extra
            or self.drifting
            or any(line.verdict is not Verdict.MATCHED for line in self.lines)
        )


def lines_of(booked: Sequence[Booked], used: Sequence[ModelUse], pairs: Sequence[Pair]) -> list[Line]:
    """Return both books by model. `pairs`: what was found for single calls; a call in doubt counts at what it says."""
    found = {pair.booked.id: pair.used.cost_micro_usd for pair in pairs}
    reported = {one.model: one for one in used}
    lines = []
    for model in sorted({one.model for one in booked} | set(reported)):
        ours = [one for one in booked if one.model == model]
        costs = [found.get(one.id) if one.cost_micro_usd is None else one.cost_micro_usd for one in ours]
        sure = [
            cost
            for one, cost in zip(ours, costs, strict=True)
            if cost is not None and one.state is not CallState.FAILED and not one.is_fresh
        ]
        still_open = [
            one
            for one, cost in zip(ours, costs, strict=True)
            if one.state is not CallState.FAILED and (cost is None or one.is_fresh)
        ]
        theirs = reported.get(model, ModelUse(model, 0, 0))
        rejected = sum(one.state is CallState.FAILED for one in ours)
        at_most = sum(max(one.worst_micro_usd, one.cost_micro_usd or 0) for one in still_open)
        lines.append(
            Line(model, len(sure), sum(sure), len(still_open), at_most, theirs.calls, theirs.cost_micro_usd, rejected)
        )
    return [line for line in lines if line.calls or line.open_calls or line.their_calls]
