"""`pressroom quote`: what a run would cost, before it is ordered."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

import click
from rich.markup import escape

from app.cli import client, generate, options, screen, tables


@click.command
@generate.order
@click.option("--as-json", is_flag=True, help="Print the API's answer, for programs.")
@options.api
def command(
    pipeline: str,
    topic: str | None,
    brand: str | None,
    fields: tuple[str, ...],
    body: TextIO | None,
    lines: TextIO | None,
    url: str | None,
    key: str | None,
    *,
    as_json: bool,
) -> None:
    """Show what a run of PIPELINE would cost, as expected and at most. Nothing is ordered or charged.

    \b
    pressroom quote full-post --topic "DevOps for Junior Engineers"
    pressroom quote full-post --topic "Rust" --field slides=7 --field max_cost_usd=0.50
    """  # noqa: D301 - \b is how click is told to keep the lines
    asked = generate.Asked.of(pipeline, {"topic": topic, "brand": brand}, fields, body, lines)
    with client.running(url, key) as api:
        quoted = asked.sent(api.quote)
    if as_json:
        click.echo(json.dumps(quoted, indent=2))
        return
    _say(quoted)


def _say(quoted: Mapping[str, Any]) -> None:
    screen.say()
    for row in tables.rows(tables.fitting(_columns(quoted["stages"]), screen.out().width - 4)):
        screen.say(row, indent=2)
    screen.say()
    taken = ", ".join(
        f"{amount} {unit.removesuffix('s') if amount == 1 else unit}" for unit, amount in quoted["charges"].items()
    )
    is_short = quoted["reserved_micro_usd"] < quoted["expected_micro_usd"]
    note = (
        "[yellow]less than is expected: not everything may be made[/]"
        if is_short
        else "[dim]what is not spent comes back[/]"
    )
    facts = [
        ("Expected", f"[bold]{screen.dollars(quoted['expected_micro_usd'])}[/]"),
        ("At most", f"{screen.dollars(quoted['worst_micro_usd'])}  [dim]the stages share it; no run passes it[/]"),
        ("Reserved", f"{screen.dollars(quoted['reserved_micro_usd'])}  {note}"),
        ("Takes", f"{taken} [dim]of the month[/]"),
    ]
    if quoted["refused_by"] is not None:
        facts.append(("Refused", f"[red]{escape(quoted['refused_by']['message'])}[/]"))
    screen.facts(facts)


def _columns(stages: Sequence[Mapping[str, Any]]) -> list[tables.Column]:
    return [
        tables.Column("Stage", [screen.words(stage["purpose"]) for stage in stages]),
        tables.Column("Calls", [str(stage["calls"]) for stage in stages], is_right=True),
        tables.Column("Expected", [screen.dollars(stage["expected_micro_usd"]) for stage in stages], is_right=True),
        tables.Column("At most", [screen.dollars(stage["worst_micro_usd"]) for stage in stages], is_right=True),
        tables.Column("First model", [escape(stage["models"][0]) for stage in stages], rank=1),
    ]
