"""`pressroom budgets`: what a month may cost, in all and of whom."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import click
from rich.markup import escape

from app import alerts, budget_limits
from app.budget_limits import Standing
from app.cli import installation, screen
from app.db.session import transaction
from app.domain.budgets import BudgetScope
from app.domain.plans import month_of
from app.domain.prices import MILLION, usd


class Usd(click.ParamType[int]):
    """An amount in US dollars, exact to the micro-dollar."""

    name = "usd"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return micro-USD."""
        if isinstance(value, int):
            return value
        try:
            amount = Decimal(str(value).removeprefix("$")) * MILLION
        except InvalidOperation:
            self.fail(f"{value!r} is no amount in dollars", param, ctx)
        if not amount.is_finite() or amount != amount.to_integral_value() or amount < 0:
            self.fail(f"{value!r} is no amount in dollars: 0 or more, at most six decimals", param, ctx)
        return int(amount)


@click.group(invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context) -> None:
    """Show where this month's budgets stand; see the commands below to change them.

    An order takes of every budget that binds it what it may cost at most, and is refused where that has no room.
    """
    if ctx.invoked_subcommand is None:
        _list()


@command.command("list")
def list_budgets() -> None:
    """Show where this month's budgets stand."""
    _list()


def _list() -> None:
    now = datetime.now(UTC)
    with installation.database(), transaction() as session:
        found = budget_limits.standings(session, now)
    if not found:
        screen.say(
            f"No budgets yet. [cyan]{screen.program()} budgets set --installation 100[/] makes one: $100 a month."
        )
        return
    amounts = ("limit", "spent", "reserved", "left", "projected")
    table = screen.columns("budget", *amounts, right=amounts)
    for standing in found:
        table.add_row(*_row(standing))
    screen.say(f"[dim]{month_of(now):%B %Y}, UTC[/]")
    screen.out().print(table)
    for standing in found:
        for alert in standing.alerts:
            told = alerts.sentence(alert, standing.budget.scope, standing.name)
            screen.say(f"[yellow]![/] {escape(told)} [dim]{alert.created_at:%Y-%m-%d %H:%M}[/]", indent=2)


def _row(standing: Standing) -> Iterator[str]:
    limit = standing.budget.limit_micro_usd
    yield escape(f"{standing.budget.scope} {standing.name}".strip())
    yield f"${usd(limit)}"
    yield f"${usd(standing.spent)}"
    yield f"${usd(standing.used - standing.spent)}"
    yield f"${usd(limit - standing.used)}" if standing.used < limit else "[red]none[/]"
    if standing.projected is None:
        yield "[dim]too early[/]"
    else:
        colour = "yellow" if standing.projected > limit else "default"
        yield f"[{colour}]${usd(standing.projected)}[/]"


@command.command("set")
@click.option("--installation", "whole", type=Usd(), metavar="USD", help="All that is ordered here.")
@click.option(
    "--provider", "providers", type=(str, Usd()), multiple=True, metavar="NAME USD", help="Calls to a provider."
)
@click.option("--user", "users", type=(str, Usd()), multiple=True, metavar="NAME USD", help="What a user orders.")
@click.option(
    "--key", "keys", type=(str, Usd()), multiple=True, metavar="PREFIX USD", help="What is ordered with a key."
)
def set_budgets(
    whole: int | None,
    providers: tuple[tuple[str, int], ...],
    users: tuple[tuple[str, int], ...],
    keys: tuple[tuple[str, int], ...],
) -> None:
    """Set what a month (UTC) may cost, in dollars; from now on, and with what this month has cost already.

    All of them, or none. 0 lets nothing be paid for.
    """
    wanted: list[tuple[BudgetScope, str, int]] = [
        *([] if whole is None else [(BudgetScope.INSTALLATION, "", whole)]),
        *((BudgetScope.PROVIDER, name, limit) for name, limit in providers),
        *((BudgetScope.USER, name, limit) for name, limit in users),
        *((BudgetScope.KEY, prefix, limit) for prefix, limit in keys),
    ]
    if not wanted:
        raise click.UsageError("say whose: --installation 100, --provider gemini 20, --user NAME 5 or --key PREFIX 2")
    now = datetime.now(UTC)
    with installation.database(), transaction() as session:
        for scope, name, limit in wanted:
            budget_limits.set_limit(session, scope, name, limit, now)
    for scope, name, limit in wanted:
        screen.say(f"[green]✓[/] {escape(f'{scope} {name}'.strip())}: ${usd(limit)} a month", indent=2)


@command.command("remove")
@click.option("--installation", "whole", is_flag=True, help="That of all that is ordered here.")
@click.option("--provider", "providers", multiple=True, metavar="NAME", help="That of a provider.")
@click.option("--user", "users", multiple=True, metavar="NAME", help="That of a user.")
@click.option("--key", "keys", multiple=True, metavar="PREFIX", help="That of a key.")
def remove_budgets(whole: bool, providers: tuple[str, ...], users: tuple[str, ...], keys: tuple[str, ...]) -> None:  # noqa: FBT001 - click passes flags so
    """Take budgets away, with what they told: nothing else is limited any more."""
    gone: list[tuple[BudgetScope, str]] = [
        *([(BudgetScope.INSTALLATION, "")] if whole else []),
        *((BudgetScope.PROVIDER, name) for name in providers),
        *((BudgetScope.USER, name) for name in users),
        *((BudgetScope.KEY, prefix) for prefix in keys),
    ]
    if not gone:
        raise click.UsageError("say whose: --installation, --provider NAME, --user NAME or --key PREFIX")
    with installation.database(), transaction() as session:
        for scope, name in gone:
            budget_limits.remove(session, scope, name)
    for scope, name in gone:
        screen.say(f"[green]✓[/] {escape(f'{scope} {name}'.strip())} has no budget any more", indent=2)
