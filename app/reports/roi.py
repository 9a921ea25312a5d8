"""What runs cost against what the same work by hand would: hours, their worth, the gain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db.models import Piece, Run, User
from app.domain.prices import usd
from app.domain.states import PieceState
from app.reports.costs import Dimension, costs, delivered, is_delivered, known
from app.reports.manual_work import HourlyRate, ManualWork, Work
from app.reports.periods import Period
from app.reports.rates import EXACT, Rate, currency_named, shown
from app.reports.tables import amount

MINUTES = 60


@dataclass(frozen=True, slots=True)
class Line:
    """What one pipeline saved. Money in the report's currency."""

    pipeline: str
    work: Work | None
    """None = nobody said what it saves."""
    delivered: int
    """Runs, or the pieces that `work.per` names."""
    cost_micro_usd: int
    """Of all its runs of the month, delivered or not."""
    in_doubt_micro_usd: int
    cost: Decimal
    """As `cost_micro_usd`."""
    hours: Decimal
    value: Decimal
    """What the hours are worth."""

    @property
    def is_known(self) -> bool:
        """Whether anybody knows what it cost; otherwise `cost` and `gain` say nothing."""
        return known(self.cost_micro_usd, self.in_doubt_micro_usd) is not None

    @property
    def gain(self) -> Decimal:
        """What is left of the value; below 0 = it did not pay."""
        return self.value - self.cost


@dataclass(frozen=True, slots=True)
class Roi:
    """What a month saved."""

    period: Period
    currency: str
    rate: Rate | None
    """None = US dollars."""
    hourly: HourlyRate
    is_sandbox: bool
    lines: Sequence[Line]

    @property
    def total(self) -> Line:
        """All pipelines together; `delivered` counts different things."""
        lines = self.lines
        return Line(
            "",
            None,
            sum(one.delivered for one in lines),
            sum(one.cost_micro_usd for one in lines),
            sum(one.in_doubt_micro_usd for one in lines),
            sum((one.cost for one in lines), Decimal(0)),
            sum((one.hours for one in lines), Decimal(0)),
            sum((one.value for one in lines), Decimal(0)),
        )


def roi(session: Session, period: Period, work: ManualWork, user: User | None = None) -> Roi:
    """Return what a month's runs saved, in the currency of the hourly rate. user: whose runs; None = all.

    Raises NotFound when there is no rate of exchange.
    """
    currency = currency_named(work.rate.currency)
    report = costs(session, period, (Dimension.PIPELINE,), user=user, currency=currency)
    spent = {str(row.labels[0]): row.figures for row in report.rows}
    made = delivered(session, period, user=user, sandbox=report.asks_for)
    lines = []
    for name in sorted(spent.keys() | made.keys()):
        one, figures = work.pipelines.get(name), spent.get(name)
        count = made.get(name, 0)
        if one is not None and one.per is not None and count:
            count = _pieces(session, period, name, one.per, user, sandbox=report.asks_for)
        cost, doubt = (figures.cost_micro_usd, figures.in_doubt_micro_usd) if figures else (0, 0)
        hours = count * one.minutes / MINUTES if one else Decimal(0)
        value = (hours * work.rate.per_hour).quantize(EXACT)
        lines.append(Line(name, one, count, cost, doubt, _converted(cost, report.rate), hours, value))
    return Roi(period, currency, report.rate, work.rate, report.is_sandbox, lines)


def _pieces(
    session: Session, period: Period, pipeline: str, kind: str, user: User | None, *, sandbox: bool | None
) -> int:
    """Return how many pieces of a kind the delivered runs of a pipeline have."""
    query = (
        select(func.count())
        .select_from(Piece)
        .join(Run, Run.id == Piece.run_id)
        .where(Piece.kind == kind, Piece.state == PieceState.READY)
        .where(Run.pipeline == pipeline, *is_delivered(period, user, sandbox=sandbox))
    )
    return session.scalar(query) or 0


def _converted(micro_usd: int, rate: Rate | None) -> Decimal:
    return (Decimal(micro_usd) / 1_000_000).quantize(EXACT) if rate is None else rate.converted(micro_usd)


def as_json(found: Roi) -> dict[str, Any]:
    """Return it as JSON has it; amounts as text in the currency of the hourly rate."""
    rate = found.rate
    return {
        "month": found.period.name,
        "currency": found.currency,
        "rate": None if rate is None else shown(rate.rate),
        "rate_as_of": None if rate is None else rate.as_of.isoformat(),
        "rate_source": None if rate is None else rate.source,
        "per_hour": str(found.hourly.per_hour),
        "per_hour_source": found.hourly.source,
        "sandbox": found.is_sandbox,
        "pipelines": [_line(one) | _assumed(one.work) for one in found.lines],
        "total": _line(found.total),
    }


def _assumed(work: Work | None) -> dict[str, Any]:
    if work is None:
        return {"minutes": None, "per": None, "source": None}
    return {"minutes": str(work.minutes), "per": work.per or "run", "source": work.source}


def _line(line: Line) -> dict[str, Any]:
    return {
        **({"pipeline": line.pipeline} if line.pipeline else {}),
        "delivered": line.delivered,
        "hours": str(round(line.hours, 2)),
        "value": amount(line.value),
        "cost": amount(line.cost) if line.is_known else None,
        "cost_usd": usd(line.cost_micro_usd) if line.is_known else None,
        "in_doubt_usd": usd(line.in_doubt_micro_usd),
        "gain": amount(line.gain) if line.is_known else None,
        "ratio": ratio(line),
    }


def ratio(line: Line) -> float | None:
    """Return how many times its cost the work by hand is worth; None when it cost nothing."""
    return round(float(line.value / line.cost), 1) if line.cost else None
