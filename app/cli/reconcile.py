"""`pressroom reconcile`: our journal of calls beside the provider's books."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from rich.markup import escape

from app.cli import elsewhere, installation, screen, tables
from app.cli.tables import Column
from app.embedded.lock import read_owner
from app.embedded.ports import LOOPBACK
from app.settings import KEY_SETTINGS, settings

SHOWN = 10
MODEL = 24  # characters of a model's name
DISAGREE = 1  # exit code
Report = Mapping[str, Any]


@click.command
@click.option("--provider", type=click.Choice(list(KEY_SETTINGS)), default="gateway", show_default=True)
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="First day, UTC.  [default: 7 days ago]")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Last day, UTC.  [default: today]")
@click.option("--usage-csv", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE",
              help="Compare with a usage export instead of asking: columns model, cost (USD) and id, time or requests;"
                   " tokens if there are any.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Show what would be settled, and settle nothing.")
@click.option("--write-off-after", type=click.IntRange(1), metavar="DAYS",
              help="Settle what is still in doubt after so many days.")  # fmt: skip
@click.option("--write-off-at", type=click.Choice(["worst", "zero"]), default="worst", show_default=True,
              help="What written-off calls count as: their worst case, or nothing.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON; money in micro-USD.")
def command(
    provider: str,
    since: datetime | None,
    until: datetime | None,
    usage_csv: Path | None,
    write_off_after: int | None,
    write_off_at: str,
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Compare our journal with what a provider reports, and settle the calls in doubt.

    Without --usage-csv the gateway is asked for each call, and once for its sums of the days ($0.005 by its prices).
    A call in doubt is settled only when the provider names it, or when one row of the file is the only one that it
    can be. The exit code is 1 when something is missing, extra, or of another price; a cron line tells you by that.
    """
    today = datetime.now(UTC).date()
    first = since.date() if since else today - timedelta(days=7)
    last = until.date() if until else today
    if first > last:
        raise click.UsageError(f"--since {first} is later than --until {last}")
    given = {"usage-csv": usage_csv and usage_csv.absolute(), "write-off-after": write_off_after}
    options = [f"--provider={provider}", f"--since={first}", f"--until={last}", f"--write-off-at={write_off_at}"]
    options += [f"--{name}={value}" for name, value in given.items() if value is not None]
    options += ["--dry-run"] if dry_run else []
    with installation.database() as folder, installation.adopted(_sandbox(folder)):
        report = elsewhere.watched(
            "workers.reconcile", options, doing="looking up calls", failed="nothing was compared"
        )
    if as_json:
        click.echo(json.dumps(report, ensure_ascii=False, indent=2))
    else:
        _print(report, provider, first, last, is_dry=dry_run)
    if not report["agrees"]:
        sys.exit(DISAGREE)


def _sandbox(folder: Path) -> dict[str, str]:
    """Return where the sandbox listens that `up` runs here, when it stands in and nobody said where."""
    owner = read_owner(folder)
    if owner is None or "sandbox" not in owner.ports or settings().sandbox_url or not settings().is_sandboxed:
        return {}
    return {"PRESSROOM_SANDBOX_URL": f"http://{LOOPBACK}:{owner.ports['sandbox']}"}


def _print(report: Report, provider: str, first: date, last: date, *, is_dry: bool) -> None:
    matched, doubt = report["matched"], report["in_doubt"]
    settled, written_off = report["settled"], report["written_off"]
    would = "would be settled" if is_dry else "settled"
    facts = [
        ("matched", f"{_calls(matched['calls'])}, {screen.dollars(matched['micro_usd'])}"),
        ("missing", _bad(_missing(report), "of ours that the provider does not have")),
        ("extra", _bad(_extra(report), "that the journal does not have")),
        ("price drift", _drift(report)),
        (
            "settled",
            f"{_calls(settled['calls'])} in doubt {would}, {screen.dollars(settled['micro_usd'])}"
            if settled["calls"]
            else "-",
        ),
        ("in doubt", f"{_calls(doubt['calls'])}, at most {screen.dollars(doubt['worst_micro_usd'])}"),
    ]
    if written_off["calls"]:
        facts.append(("written off", f"{_calls(written_off['calls'])} {'would be ' if is_dry else ''}written off"))
    if report["not_compared"]:
        facts.append(("not compared", f"{_calls(report['not_compared'])}: too new, or without an id to ask by"))
    screen.say(f"[bold]{escape(provider)}[/] [dim]{first} to {last}, UTC[/]")
    screen.facts(facts)
    _print_models(report["models"])
    _print_drift(report["drift"])
    for name in ("missing", "extra", "in_doubt"):
        _print_calls(screen.words(name), report[name]["rows"])
    for note in report["notes"]:
        screen.say(f"[yellow]![/] {escape(note)}")


def _calls(count: int) -> str:
    return "1 call" if count == 1 else f"{count} calls"


def _bad(count: int, what: str) -> str:
    return f"[red]{_calls(count)}[/] {what}" if count else "[green]none[/]"


def _missing(report: Report) -> int:
    """Return the calls that only we have: looked for one by one, or counted by model, which may be the same ones."""
    beyond = sum(max(int(line["calls"]) - int(line["their_calls"]), 0) for line in report["models"])
    return max(int(report["missing"]["calls"]), beyond)


def _extra(report: Report) -> int:
    lines = report["models"]
    known = [int(line["calls"] + line["open_calls"] + line["rejected"]) for line in lines]
    beyond = sum(max(int(line["their_calls"]) - most, 0) for line, most in zip(lines, known, strict=True))
    return max(int(report["extra"]["calls"]), beyond)


def _drift(report: Report) -> str:
    if calls := sum(row["calls"] for row in report["drift"]):
        return _bad(calls, "of another price")
    count = sum(line["verdict"] == "drift" for line in report["models"])
    return f"[red]{count} model{'s' if count > 1 else ''}[/] whose sums differ" if count else "[green]none[/]"


def _print_models(lines: Sequence[Report]) -> None:
    if not lines:
        return
    screen.say()
    columns = [
        Column("model", [escape(screen.clipped(line["model"], MODEL)) for line in lines]),
        Column("our calls", [str(line["calls"]) for line in lines], is_right=True),
        Column("theirs", [str(line["their_calls"]) for line in lines], is_right=True),
        Column("our cost", [screen.dollars(line["micro_usd"]) for line in lines], is_right=True),
        Column("theirs", [screen.dollars(line["their_micro_usd"]) for line in lines], is_right=True),
        Column("open", [str(line["open_calls"]) if line["open_calls"] else "" for line in lines], True, 1),
        Column("", [_verdict(line["verdict"]) for line in lines]),
    ]
    for row in tables.rows(tables.fitting(columns, screen.out().width)):
        screen.say(row)


def _verdict(verdict: str) -> str:
    return "[green]✓[/]" if verdict == "matched" else f"[red]{verdict}[/]"


def _print_drift(rows: Sequence[Report]) -> None:
    for row in rows:
        ours, theirs = screen.dollars(row["our_micro_usd"]), screen.dollars(row["their_micro_usd"])
        screen.say(f"[red]✗[/] {escape(row['model'])}: {_calls(row['calls'])}, ours {ours}, theirs {theirs}")


def _print_calls(heading: str, rows: Sequence[Report]) -> None:
    if not rows:
        return
    screen.say()
    shown = rows[:SHOWN]
    columns = [
        Column(heading, [str(row.get("id") or row["ref"] or "-") for row in shown]),
        Column("model", [escape(screen.clipped(row["model"], MODEL)) for row in shown]),
        Column("UTC", [_time(row.get("started_at") or row.get("at")) for row in shown], rank=2),
        Column(
            "cost", ["" if row["micro_usd"] is None else screen.dollars(row["micro_usd"]) for row in shown], True, 3
        ),
        Column("at most", [_most(row) for row in shown], is_right=True, rank=1),
    ]
    for row in tables.rows(tables.fitting(columns, screen.out().width)):
        screen.say(row)
    if len(rows) > SHOWN:
        screen.say("[dim]and more: --json lists them[/]")


def _time(told: str | None) -> str:
    return datetime.fromisoformat(told).strftime("%Y-%m-%d %H:%M:%S") if told else "-"


def _most(row: Report) -> str:
    return screen.dollars(row["worst_micro_usd"]) if "worst_micro_usd" in row else ""
