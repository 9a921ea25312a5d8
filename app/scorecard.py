"""How each model did: success, seconds, refusals and money, read from the journal of calls."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import BigInteger, ColumnElement, and_, cast, extract, func, select, true
from sqlalchemy.orm import Session

from app.db.models import Call
from app.domain.capabilities import Capability
from app.domain.provider_errors import ProviderBusy
from app.domain.states import CallState, CostBasis
from app.routes import NEEDS

PICTURE_PURPOSES = tuple(name for name, need in NEEDS.items() if need in (Capability.IMAGE, Capability.EDIT))
GATE = "picture_refused:"  # what the code of a refused picture begins with; the gate's name follows


@dataclass(frozen=True, slots=True)
class Score:
    """What one model did since a moment. Rates and seconds are of calls that were made: what came from the cache was not."""

    provider: str
    model: str
    is_sandbox: bool
    """The stand-in answered: nothing of this was really paid."""
    calls: int
    """Calls that are over."""
    succeeded: int
    """Calls that brought a reply, whether it was then used or not."""
    busy: int
    """Calls that were put off because too much was asked (429, overloaded): asked again later, and no failure."""
    median_s: float | None
    """Of the calls that succeeded; None = there are none."""
    p95_s: float | None
    refused: int
    """Pictures that a gate refused."""
    commonest_gate: str | None
    """The gate that refused most of them."""
    pictures: int
    """Pictures that were paid for and passed every gate."""
    known_micro_usd: int
    """Cost of the calls whose cost is known."""
    unknown_costs: int
    """Calls that may have been charged, nobody knows how much."""
    known_picture_micro_usd: int
    """As known_micro_usd, of the calls for pictures."""
    unknown_picture_costs: int
    cached: int
    """Pictures that were there already: no call was made."""

    @property
    def success_rate(self) -> float | None:
        """Share of the calls that succeeded, 0 to 1, without those that were put off; None when there is none."""
        tried = self.calls - self.busy
        return self.succeeded / tried if tried else None

    @property
    def cost_micro_usd(self) -> int | None:
        """What the calls cost; None when the cost of one is unknown."""
        return None if self.unknown_costs else self.known_micro_usd

    @property
    def known_micro_usd_per_picture(self) -> int | None:
        """What an accepted picture cost at least, with the refused ones that were paid for on the way; None without one."""
        return -(-self.known_picture_micro_usd // self.pictures) if self.pictures else None

    @property
    def micro_usd_per_picture(self) -> int | None:
        """What an accepted picture cost; None without one, and when the cost of a call is unknown."""
        return None if self.unknown_picture_costs else self.known_micro_usd_per_picture


def scores(session: Session, since: timedelta) -> list[Score]:
    """Return how each model did in the calls of all users that started in the last `since`, the busiest provider first."""
    is_made = Call.cost_basis.is_distinct_from(CostBasis.CACHE)
    is_good = and_(is_made, Call.state == CallState.SUCCEEDED)
    is_refused = and_(is_made, Call.accepted.is_(False), Call.error_code.startswith(GATE))
    is_picture = Call.purpose.in_(PICTURE_PURPOSES)
    is_unknown = Call.cost_micro_usd.is_(None)
    seconds = extract("epoch", Call.ended_at - Call.started_at)
    gate = func.substr(Call.error_code, len(GATE) + 1)
    figures = {
        "provider": Call.provider,
        "model": Call.model,
        "is_sandbox": Call.is_sandbox,
        "calls": func.count().filter(is_made),
        "succeeded": func.count().filter(is_good),
        "busy": func.count().filter(Call.state == CallState.FAILED, Call.error_code == ProviderBusy.code),
        "median_s": func.percentile_cont(0.5).within_group(seconds).filter(is_good),
        "p95_s": func.percentile_cont(0.95).within_group(seconds).filter(is_good),
        "refused": func.count().filter(is_refused),
        "commonest_gate": func.mode().within_group(gate).filter(is_refused),
        "pictures": func.count().filter(is_good, is_picture, Call.accepted.is_(True)),
        "known_micro_usd": _sum(),
        "unknown_costs": func.count().filter(is_unknown),
        "known_picture_micro_usd": _sum(is_picture),
        "unknown_picture_costs": func.count().filter(is_unknown, is_picture),
        "cached": func.count().filter(Call.cost_basis == CostBasis.CACHE),
    }
    rows = session.execute(
        select(*figures.values())
        .where(Call.started_at > func.now() - since, Call.state != CallState.INTENT)
        .group_by(Call.provider, Call.model, Call.is_sandbox)
    )
    found = [Score(**dict(zip(figures, row, strict=True))) for row in rows]
    calls_of: Counter[str] = Counter()
    for one in found:
        calls_of[one.provider] += one.calls
    return sorted(found, key=lambda one: (-calls_of[one.provider], one.provider, -one.calls, one.model, one.is_sandbox))


def _sum(*conditions: ColumnElement[bool]) -> ColumnElement[int]:
    """Return the sum of the costs that are known; PostgreSQL sums bigint to numeric."""
    return cast(func.coalesce(func.sum(Call.cost_micro_usd).filter(true(), *conditions), 0), BigInteger)
