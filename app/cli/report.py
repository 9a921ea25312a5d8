"""`pressroom report`: what calls cost, what each of them did, and what that saved, of all users."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.markup import escape
from sqlalchemy.orm import Session

from app.cli import installation, reporting, screen
from app.cli.users import named
from app.db.models import Run, User
from app.db.session import transaction
from app.domain.errors import NotFound
from app.reports import costs, manual_work, periods, rates, roi, steps, tables
from app.reports.charts import chart

Command = TypeVar("Command", bound=Callable[..., Any])
SUFFIXES = (".csv", ".json", ".svg", ".png")


@click.group
def command() -> None:
    """Show what calls cost, what each of them did, and what that saved."""


def _common(function: Command) -> Command:
    """Add --month and --user."""
    user = click.option("--user", "name", metavar="NAME", help="Of one user.  [default: of all]")
    month = click.option("--month", metavar="YYYY-MM", help="Which month, UTC.  [default: this one]")
    return month(user(function))


@contextmanager
def _asked(name: str | None) -> Iterator[tuple[Session, User | None]]:
    with installation.database(), transaction() as session:
        yield session, None if name is None else named(session, name)


@command.command("costs")
@_common
@click.option(
    "--group", "by", default="provider,model", show_default=True, metavar="NAMES",
    help=f"By what, with commas: any of {', '.join(costs.Dimension)}.",
)  # fmt: skip
@click.option("--currency", default=rates.USD, show_default=True, help="As noted by `pressroom rates`.")
@click.option("--sandbox/--real", default=None, help="Calls to the stand-in, or real ones.  [default: real, if any]")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help=f"Write a file: {', '.join(SUFFIXES)}.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def costs_(
    month: str | None,
    name: str | None,
    by: str,
    currency: str,
    *,
    sandbox: bool | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Show what a month cost: a table, or a file with --out; .svg and .png draw each day."""
    if out is not None and out.suffix.lower() not in SUFFIXES:
        raise click.BadParameter(f"its name ends with one of {', '.join(SUFFIXES)}", param_hint="--out")
    today = datetime.now(UTC).date()
    period, group_by = periods.month(month, today), costs.dimensions(by.split(","))
    with _asked(name) as (session, user):
        found = costs.costs(session, period, group_by, user=user, currency=currency, sandbox=sandbox)
        drawn = chart(session, period, group_by, user=user, currency=currency, sandbox=sandbox)
    match out.suffix.lower() if out else "":
        case ".csv":
            data = tables.as_csv(found).encode()
        case ".json":
            data = _pretty(tables.as_json(found)).encode()
        case ".svg" | ".png" as suffix:
            from app.reports import plot  # noqa: PLC0415 - Matplotlib takes half a second

            data = plot.draw(drawn, today, "svg" if suffix == ".svg" else "png")
        case _:
            click.echo(_pretty(tables.as_json(found)), nl=False) if as_json else reporting.say_costs(found)
            return
    if out is not None:
        try:
            out.write_bytes(data)
        except OSError as exc:
            raise click.FileError(str(out), exc.strerror) from None
        screen.say(f"[green]✓[/] {escape(str(out))}", indent=2)


@command.command("steps")
@_common
@click.option("--run", "run_id", type=click.UUID, help="Of one run, in whatever month.")
@click.option("--currency", help="Beside US dollars.  [default: PKR, null while it has no rate]")
@click.option("--out", type=click.File("w", encoding="utf-8", lazy=True), default="-", help="Write a file.")
def steps_(month: str | None, name: str | None, run_id: uuid.UUID | None, currency: str | None, out: Any) -> None:
    """Print the step log as JSON lines: model, tokens, cost and outcome of each call; no prompt, no reply."""
    period = periods.month(month, datetime.now(UTC).date())
    with _asked(name) as (session, user):
        run = None if run_id is None else session.get(Run, run_id)
        if run is not None:
            beside = steps.second(session, currency, run.created_at.astimezone(UTC).date())
            lines = steps.of_run(session, run.id, beside)
        elif run_id is not None:
            raise NotFound(f"there is no run {run_id}")
        else:
            lines = steps.of_month(session, period, steps.second(session, currency, period.last), user)
        for line in lines:
            out.write(line)


@command.command("roi")
@_common
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def roi_(month: str | None, name: str | None, *, as_json: bool) -> None:
    """Hold what a month's runs cost against the same work by hand; PRESSROOM_MANUAL_WORK names your own figures."""
    period = periods.month(month, datetime.now(UTC).date())
    work = manual_work.manual_work()
    with _asked(name) as (session, user):
        found = roi.roi(session, period, work, user)
    click.echo(_pretty(roi.as_json(found)), nl=False) if as_json else reporting.say_roi(found)


def _pretty(told: dict[str, Any]) -> str:
    return json.dumps(told, ensure_ascii=False, indent=2) + "\n"
