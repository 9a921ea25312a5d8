"""`pressroom show`: the latest runs, or one of them in full."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.markup import escape

from app.cli import calls, client, folder, options, ordering, pictures, screen

COLOURS = {"READY": "green", "PARTIAL": "yellow", "FAILED": "red", "CANCELED": "dim"}
MAX_WHY = 60
OTHER_COLUMNS = 62  # characters that a line of the list takes beside the title


@click.command
@click.argument("run_id", required=False, metavar="[ID]")
@click.option("--json", "as_json", is_flag=True, help="Print what the API answers.")
@click.option("--calls", "with_calls", is_flag=True, help="Show every call to a model that the run made; needs an ID.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the run's files into this folder; needs an ID.")
@click.option("--limit", type=click.IntRange(1, 100), default=15, show_default=True, help="How many runs to list.")
@options.api
def command(
    run_id: str | None,
    limit: int,
    url: str | None,
    key: str | None,
    out: Path | None,
    *,
    as_json: bool,
    with_calls: bool,
) -> None:
    """Show the latest runs, or the one with this ID; its first characters are enough."""
    if run_id is None and (with_calls or out is not None):
        raise click.UsageError(f"{'--calls' if with_calls else '--out'} needs the ID of a run")
    with client.readable(url, key) as api:
        if run_id is None:
            runs = api.runs(limit)
            _print_json(runs) if as_json else _list(runs)
        elif with_calls:
            found = api.calls(api.full_id(run_id))
            _print_json(found) if as_json else calls.say(found)
        else:
            run = api.run(api.full_id(run_id))
            _print_json(run) if as_json else _show(run)
            if out is not None:
                written = folder.download(api, run["id"], out)
                if not as_json:
                    ordering.say_files(written)


def _list(runs: list[dict[str, Any]]) -> None:
    if not runs:
        screen.say(f'No runs yet. [cyan]{screen.program()} demo --topic "..."[/] makes one.')
        return
    table = screen.columns("run", "pipeline", "title", "state", "done", "cost", "made", right=("done", "cost"))
    room = max(screen.out().width - OTHER_COLUMNS, 16)
    for run in runs:
        progress = run["progress"]
        table.add_row(
            run["id"][:8],
            run["pipeline"],
            escape(screen.clipped(run["title"], min(room, MAX_WHY))),
            _state("WORKING" if run["status"].startswith("GENERATING") else run["status"]),
            f"{progress['done']}/{progress['total']}",
            screen.dollars(run["cost"]["micro_usd"]),
            _age(run["created_at"]),
        )
    screen.out().print(table)
    if any(run["cost"]["sandbox"] for run in runs):
        screen.say("[dim]Costs of sandbox runs are by the price list; nothing was really paid.[/]")


def _show(run: dict[str, Any]) -> None:
    progress, cost = run["progress"], run["cost"]
    notes = f"[dim]{cost['calls']} calls[/]" + (
        "  [yellow]sandbox: nothing was really paid[/]" if cost["sandbox"] else ""
    )
    if cost["unknown_calls"]:
        notes += f"  [red]{cost['unknown_calls']} of unknown cost[/]"
    screen.say(f"[bold]{escape(run['title'])}[/]")
    facts = [
        ("Run", f"{run['id']}  [dim]{run['pipeline']}, round {run['round']}[/]"),
        ("State", f"{_state(run['status'])}  [dim]{progress['done']} of {progress['total']} pieces[/]"),
        ("Ordered", _moment(run["created_at"]) + _lasted(run)),
        ("Cost", f"{screen.dollars(cost['micro_usd'])}  {notes}"),
    ]
    if run["made_from"]:
        facts.insert(1, ("Made from", f"{run['made_from']}  [dim]in the format {run['request']['format']}[/]"))
    if run["failure"]:
        facts.append(("Why", escape(str(run["failure"]["message"]))))
    screen.facts(facts)
    screen.say()
    if pictures.is_batch(run):
        pictures.say(run)
    else:
        _print_pieces(run["pieces"])
    screen.say()
    _print_costs(run)


def _print_pieces(pieces: list[dict[str, Any]]) -> None:
    table = screen.columns("piece", "state", "cost", "title", right=("cost",), flexible=("title",))
    for piece in sorted(pieces, key=lambda p: (p["kind"] != "content", p["kind"] != "slide", p["kind"], p["position"])):
        name = f"slide {piece['position'] + 1}" if piece["kind"] == "slide" else piece["kind"]
        why = (
            piece["failure"]["message"] if piece["failure"] else piece["data"].get("title") or piece["data"].get("hook")
        )
        price = "unknown" if piece["cost_micro_usd"] is None else screen.dollars(piece["cost_micro_usd"])
        table.add_row(name, _state(piece["status"]), price, escape(screen.clipped(str(why or ""), MAX_WHY)))
    screen.out().print(table)


def _print_costs(run: dict[str, Any]) -> None:
    table = screen.columns("purpose", "calls", "cost", right=("calls", "cost"))
    for purpose, spent in run["cost"]["purposes"].items():
        cost = "unknown" if spent["micro_usd"] is None else screen.dollars(spent["micro_usd"])
        table.add_row(screen.words(purpose), str(spent["calls"]), cost)
    screen.out().print(table)


def _lasted(run: dict[str, Any]) -> str:
    if run["started_at"] is None or run["finished_at"] is None:
        return ""
    lasted = datetime.fromisoformat(run["finished_at"]) - datetime.fromisoformat(run["started_at"])
    return f"  [dim]made in {screen.seconds(lasted.total_seconds())}[/]"


def _state(state: str) -> str:
    return f"[{COLOURS.get(state, 'cyan')}]{screen.words(state)}[/]"


def _age(iso: str) -> str:
    """Return how long ago something was, or its day when that is more than a day: `5 min ago`."""
    moment = datetime.fromisoformat(iso)
    minutes = int((datetime.now(UTC) - moment).total_seconds() // 60)
    if minutes < 60:  # noqa: PLR2004 - an hour
        return f"{minutes} min ago" if minutes else "just now"
    return f"{minutes // 60} h ago" if minutes < 24 * 60 else f"{moment:%Y-%m-%d}"


def _moment(iso: str) -> str:
    return datetime.fromisoformat(iso).astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def _print_json(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))
