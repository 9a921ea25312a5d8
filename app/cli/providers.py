"""`pressroom providers`: how each model does, what a provider is asked at the moment, and which are left alone."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

import click
from rich.markup import escape

from app import routes, traffic
from app.cli import installation, screen, tables
from app.cli.tables import Column
from app.db.session import transaction
from app.domain.capabilities import Capability
from app.domain.errors import Unavailable
from app.routes import Kind
from app.scorecard import Score, scores
from app.traffic import BreakerState, LimitState

SINCE = {"24h": timedelta(hours=24), "7d": timedelta(days=7), "30d": timedelta(days=30)}
GOOD, FAIR = 0.95, 0.8  # success rates from which on they are shown in green, in yellow
PAINTS = (Capability.IMAGE, Capability.EDIT)
INDENT = 4


@dataclass(frozen=True, slots=True)
class Traffic:
    """What goes on at the providers now."""

    limits: Sequence[tuple[LimitState, int]]
    """Each with the requests that may be in flight at once."""
    models: Mapping[tuple[str, Kind], set[str]]
    """What is routed, by provider and kind."""
    breakers: Sequence[BreakerState]


@click.command
@click.option("--since", type=click.Choice(list(SINCE)), default="24h", show_default=True, help="How far back to look.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON; money in micro-USD.")
@click.option("--reset", is_flag=True, help="Close all breakers, so that every provider is asked again.")
def command(since: str, *, as_json: bool, reset: bool) -> None:
    """Show how each model does: success, seconds, refused pictures, cost; and its provider's breakers and limits."""
    with installation.servers():
        if reset:
            count = traffic.reset_breakers()
            told = f"{count} breaker{'s' if count > 1 else ''} closed" if count else "all breakers were closed already"
            screen.say(f"[green]✓[/] {told}: every provider is asked", indent=2)
            return
        with transaction() as session:
            found = scores(session, SINCE[since])
        now = _traffic()
    if as_json:
        _print_json(found, now)
        return
    _print_scores(found, since)
    screen.say()
    if now is None:
        screen.say("[red]Redis does not answer[/], so limits and breakers are not known; see that it runs")
    else:
        _print_traffic(now)


def _traffic() -> Traffic | None:
    """Return what goes on at each provider that is routed and has a key; None while Redis is away."""
    models: defaultdict[tuple[str, Kind], set[str]] = defaultdict(set)
    for purpose in routes.routes().purposes:
        kind: Kind = "image" if routes.NEEDS.get(purpose) in PAINTS else "text"
        for route in routes.able(purpose):
            models[route.provider, kind].add(route.model)
    kinds = sorted(models)
    try:
        limits = traffic.limits_now(kinds)
        most = [routes.limit_of(*one).in_flight for one in kinds]
        return Traffic(list(zip(limits, most, strict=True)), models, traffic.breakers_now())
    except Unavailable:
        return None


def _print_json(found: Sequence[Score], now: Traffic | None) -> None:
    names = ("success_rate", "cost_micro_usd", "micro_usd_per_picture")
    told: dict[str, Any] = {
        "models": [asdict(one) | {name: getattr(one, name) for name in names} for one in found],
        "limits": now and [asdict(one) | {"at_most": most} for one, most in now.limits],
        "breakers": now and [asdict(one) for one in now.breakers],
    }
    click.echo(json.dumps(told, ensure_ascii=False, indent=2))


def _print_scores(found: Sequence[Score], since: str) -> None:
    if not found:
        screen.say(f"No model was asked in the last {since}; `--since` looks further back.")
        return
    is_mixed = len({one.is_sandbox for one in found}) > 1
    names = [f"{one.provider}/{one.model}" + (" (sandbox)" if is_mixed and one.is_sandbox else "") for one in found]
    model = Column("model", [escape(name) for name in names])
    figures = _figures(found)
    wide = screen.out().width
    if tables.width([model, *(column for column in figures if column.rank == 0)]) <= wide:
        for row in tables.rows(tables.fitting([model, *figures], wide)):
            screen.say(row)
    else:
        heading, *rows = tables.rows(tables.fitting(figures, wide - INDENT))
        screen.say(heading, indent=INDENT)
        for name, row in zip(names, rows, strict=True):
            screen.say(f"[bold]{escape(name)}[/]")
            screen.say(row, indent=INDENT)
    _print_notes(found)


def _figures(found: Sequence[Score]) -> list[Column]:
    return [
        Column("calls", [str(one.calls) for one in found], is_right=True),
        Column("ok", [_rate(one.success_rate) for one in found], is_right=True),
        Column("put off", [str(one.busy) if one.busy else "" for one in found], is_right=True, rank=2),
        Column("median", [_seconds(one.median_s) for one in found], is_right=True),
        Column("p95", [_seconds(one.p95_s) for one in found], is_right=True),
        Column("refused", [_refused(one) for one in found], is_right=True),
        Column("cost", [_money(one.known_micro_usd, one.unknown_costs) for one in found], is_right=True),
        Column(
            "per picture",
            [_money(one.known_micro_usd_per_picture, one.unknown_picture_costs) for one in found],
            is_right=True,
        ),
        Column("cached", [str(one.cached) if one.cached else "" for one in found], is_right=True, rank=1),
    ]


def _rate(rate: float | None) -> str:
    if rate is None:
        return "-"
    colour = "green" if rate >= GOOD else "yellow" if rate >= FAIR else "red"
    return f"[{colour}]{int(rate * 100)}%[/]"  # never rounded up to 100


def _seconds(duration_s: float | None) -> str:
    return "-" if duration_s is None else f"{duration_s:.1f} s"


def _refused(one: Score) -> str:
    if not one.refused:
        return "-"
    return f"{one.refused} [dim]{escape(str(one.commonest_gate))}[/]"


def _money(known_micro_usd: int | None, unknown: int) -> str:
    """Return an amount, with ? for the part that nobody knows."""
    if known_micro_usd is None:
        return "-"
    if not known_micro_usd and unknown:
        return "?"
    return screen.dollars(known_micro_usd) + (" + ?" if unknown else "")


def _print_notes(found: Sequence[Score]) -> None:
    if unknown := sum(one.unknown_costs for one in found):
        calls = "one call" if unknown == 1 else f"{unknown} calls"
        screen.say(f"[red]?[/] [dim]{calls} of unknown cost, which may have been charged[/]")
    if any(one.is_sandbox for one in found):
        told = (
            "answered by the sandbox" if all(one.is_sandbox for one in found) else "(sandbox): answered by the stand-in"
        )
        screen.say(f"[dim]{told}; costs are by the price list, nothing was really paid[/]")


def _print_traffic(now: Traffic) -> None:
    limits = [one for one, _ in now.limits]
    columns = [
        Column("provider", [escape(one.provider) for one in limits]),
        Column("kind", [one.kind for one in limits]),
        Column("in flight", [f"{one.in_flight} of {most}" for one, most in now.limits], is_right=True),
        Column("waiting", [str(one.waiting) for one in limits], is_right=True),
        Column("paused", [screen.seconds(one.paused_s) if one.paused_s else "-" for one in limits], is_right=True),
        Column("breaker", [_breaker_of(one, now) for one in limits]),
    ]
    for row in tables.rows(columns):
        screen.say(row)
    if now.breakers:
        screen.say()
    for breaker in now.breakers:
        why = f"{escape(breaker.message)} [dim]({escape(breaker.code)})[/]"
        screen.paragraph(f"[bold]{escape(breaker.scope)}[/] {_state(breaker)}: {why}")
    if now.breakers:
        screen.say(f"[dim]Is it mended?[/] [cyan]{screen.program()} providers --reset[/] [dim]closes them at once.[/]")


def _breaker_of(limit: LimitState, now: Traffic) -> str:
    """Return whether a provider is asked for a kind of request, in markup."""
    who, models = limit.provider, now.models[limit.provider, "image" if limit.kind == "image" else "text"]
    open_ones = [one for one in now.breakers if one.scope in (who, f"{who}:{limit.kind}")]
    if open_ones:
        return _state(max(open_ones, key=lambda one: one.open_for_s))
    count = sum(one.scope in {f"{who}/{model}" for model in models} for one in now.breakers)
    return "[green]closed[/]" + (f" [yellow]but for {count} model{'s' if count > 1 else ''}[/]" if count else "")


def _state(breaker: BreakerState) -> str:
    if breaker.is_half_open:
        return "[yellow]half open[/], the next call finds out"
    return f"[red]open[/] for {screen.seconds(breaker.open_for_s)}"
