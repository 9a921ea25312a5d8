"""A report of costs as JSON and as CSV: the same columns in both, every row with the rate that it was converted at."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from app.domain.prices import usd
from app.pipelines import csv_rows
from app.reports import rates
from app.reports.costs import Figures, Report, per
from app.reports.rates import Rate

CENTS = 2


def as_json(report: Report) -> dict[str, Any]:
    """Return a report as JSON has it. Money in micro-USD, and as text in US dollars and the currency that was asked for."""
    total = report.total
    posts = {"posts": report.posts} | _money("cost_per_post", report.micro_usd_per_post, report.rate)
    at_most = {
        "cost_per_post": per(total.post_micro_usd + total.post_doubt_micro_usd, report.posts),
        "cost_per_image": per(total.picture_micro_usd + total.picture_doubt_micro_usd, total.images),
        "cost_per_accepted_image": per(total.picture_micro_usd + total.picture_doubt_micro_usd, total.accepted_images),
    }
    for name, micro_usd in at_most.items():
        posts |= _money(f"{name}_at_most", micro_usd, report.rate)
    return {
        "month": report.period.name,
        "group_by": list(report.group_by),
        "currency": report.currency,
        **_rate(report.rate),
        "sandbox": report.is_sandbox,
        "left_out_calls": report.left_out_calls,
        "rows": _rows(report),
        "total": _figures(total, report.rate) | posts,
    }


def as_csv(report: Report) -> str:
    """Return the rows of a report as CSV text; without a row there is only the header."""
    rows = [
        {**row, "month": report.period.name, "sandbox": report.is_sandbox, **_rate(report.rate)}
        for row in _rows(report)
    ]
    columns = ["month", *report.group_by, *_figures(Figures(), report.rate), "sandbox", *_rate(report.rate)]
    return csv_rows.written(list(dict.fromkeys(columns)), rows)


def _rows(report: Report) -> list[dict[str, Any]]:
    return [
        dict(zip(report.group_by, row.labels, strict=True)) | _figures(row.figures, report.rate) | _rate(report.rate)
        for row in report.rows
    ]


def _figures(figures: Figures, rate: Rate | None) -> dict[str, Any]:
    return {
        "calls": figures.calls,
        "images": figures.images,
        "accepted_images": figures.accepted_images,
        "cached_images": figures.cached_images,
        "tokens_in": figures.tokens_in,
        "tokens_out": figures.tokens_out,
        "tokens_cached": figures.tokens_cached,
        "tokens_image": figures.tokens_image,
        "unknown_calls": figures.unknown_calls,
        **_money("cost", figures.known_micro_usd, rate),
        **_money("in_doubt", figures.in_doubt_micro_usd, rate),
        **_money("cost_per_image", figures.micro_usd_per_image, rate),
        **_money("cost_per_accepted_image", figures.micro_usd_per_accepted_image, rate),
    }


def _money(name: str, micro_usd: int | None, rate: Rate | None) -> dict[str, Any]:
    """Return an amount under each name that it has: `cost_micro_usd`, `cost_usd`, `cost_pkr`; None = there is none."""
    told: dict[str, Any] = {
        f"{name}_micro_usd": micro_usd,
        f"{name}_usd": None if micro_usd is None else usd(micro_usd),
    }
    if rate is not None:
        told[f"{name}_{rate.currency.lower()}"] = None if micro_usd is None else amount(rate.converted(micro_usd))
    return told


def _rate(rate: Rate | None) -> dict[str, Any]:
    """Return how amounts were converted; nothing where they were not."""
    if rate is None:
        return {}
    return {
        "rate": rates.shown(rate.rate),
        "rate_as_of": rate.as_of.isoformat(),
        "rate_source": rate.source,
    }


def amount(value: Decimal) -> str:
    """Return an amount of any currency as `usd` does: to the last place that is not zero, at least two."""
    whole, _, rest = f"{value:f}".partition(".")
    return f"{whole}.{rest.rstrip('0').ljust(CENTS, '0')}"
