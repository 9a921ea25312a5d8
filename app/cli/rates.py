"""`pressroom rates`: what a US dollar is worth elsewhere. Reports use what is noted here; nothing is fetched."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import click
from rich.markup import escape

from app.cli import installation, screen
from app.db.session import transaction
from app.reports import rates
from app.reports.rates import shown


class Number(click.ParamType[Decimal]):
    """A decimal number: floats would change its last digits."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        """Return the number as it is written."""
        try:
            return Decimal(str(value))
        except InvalidOperation:
            self.fail(f"{value!r} is no number; write it as 280.50", param, ctx)


@click.group(invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context) -> None:
    """List the rates of exchange; see the commands below to note one."""
    if ctx.invoked_subcommand is None:
        _list(None)


@command.command("list")
@click.argument("currency", required=False)
def list_(currency: str | None) -> None:
    """List the rates of CURRENCY, or all, the newest first."""
    _list(currency)


def _list(currency: str | None) -> None:
    with installation.database(), transaction() as session:
        found = rates.rates(session, currency)
    if not found and currency is not None:
        screen.say(f"No rates of {escape(currency.upper())} yet.")
        return
    if not found:
        told = f"[cyan]{screen.program()} rates set PKR 280.50 --source WHO[/] notes one"
        screen.say(f"No rates yet: reports are in US dollars. {told}.")
        return
    table = screen.columns("currency", "for a US dollar", "as of", "source", right=("for a US dollar",))
    for one in found:
        table.add_row(one.currency, shown(one.rate), one.as_of.isoformat(), escape(one.source))
    screen.out().print(table)


@command.command("set")
@click.argument("currency")
@click.argument("rate", type=Number())
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), help="From which day on it counts.  [default: today]")
@click.option("--source", required=True, help="Who says so, for example a bank: it stands in every report.")
def set_(currency: str, rate: Decimal, day: datetime | None, source: str) -> None:
    """Note how many units of CURRENCY a US dollar is worth. Another rate of the same day is replaced."""
    as_of: date = datetime.now(UTC).date() if day is None else day.date()
    with installation.database(), transaction() as session:
        noted = rates.set_rate(session, currency, rate, as_of, source)
    told = f"a US dollar is {shown(noted.rate)} {noted.currency} from {noted.as_of} on ({escape(noted.source)})"
    screen.say(f"[green]✓[/] {told}", indent=2)
