"""`pressroom prices`: what models cost by the table, as of when and by whose word, and which purposes may ask them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import click
from rich.markup import escape

from app import prices, routes
from app.cli import screen, tables
from app.cli.tables import Column
from app.domain.errors import SetupError
from app.domain.prices import MILLION
from app.prices import Listed

INDENT = 4
CENT, HUNDREDTH_OF_CENT = Decimal("0.01"), Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Line:
    """What some models cost, all the same."""

    names: Sequence[str]
    """As routes name them, the maker's own first."""
    listed: Listed
    purposes: Sequence[str]
    """Whose routes name one of them."""


@click.command
@click.option("--json", "as_json", is_flag=True, help="Print the table as JSON; amounts in USD.")
def command(*, as_json: bool) -> None:
    """Show what models cost, as of when and by whose word, and for which purposes they are routed."""
    purposes, problem = _purposes()
    lines = _lines(prices.prices(), purposes)
    if as_json:
        click.echo(json.dumps([_told(line) for line in lines], ensure_ascii=False, indent=2))
    else:
        _print(lines)
    if problem is not None:
        raise problem


def _purposes() -> tuple[Mapping[str, Sequence[str]], SetupError | None]:
    """Return for which purposes a model is routed, and why that is not known: who lacks a price looks here for one."""
    found: dict[str, list[str]] = {}
    try:
        for name, purpose in routes.routes().purposes.items():
            for route in purpose.routes:
                found.setdefault(route.use, []).append(name)
    except SetupError as exc:
        return {}, exc
    return found, None


def _lines(table: Mapping[str, Listed], purposes: Mapping[str, Sequence[str]]) -> list[Line]:
    """Return one line per table of the files; a name that a file of one's own prices anew has left the shipped table's."""
    names: dict[int, list[str]] = {}
    for use, listed in table.items():
        names.setdefault(id(listed), []).append(use)
    return [
        Line(uses, table[uses[0]], list(dict.fromkeys(purpose for use in uses for purpose in purposes.get(use, ()))))
        for uses in names.values()
    ]


def _told(line: Line) -> dict[str, Any]:
    amounts = line.listed.model_dump(mode="json", exclude={"also"}, exclude_none=True)
    return {"models": list(line.names), **amounts, "can": sorted(line.listed.can), "purposes": list(line.purposes)}


def _print(lines: Sequence[Line]) -> None:
    heading, *rows = tables.rows(tables.fitting(_figures(lines), screen.out().width - INDENT))
    screen.say(heading, indent=INDENT)
    for line, row in zip(lines, rows, strict=True):
        first, *others = line.names
        also = f"; [dim]also[/] {escape(', '.join(others))}" if others else ""
        screen.paragraph(f"[bold]{escape(first)}[/]{also}")
        screen.say(row, indent=INDENT)
        used = f"for {', '.join(line.purposes)}" if line.purposes else "not routed"
        screen.paragraph(f"[dim]{line.listed.as_of}, {escape(line.listed.source)}; {escape(used)}[/]", indent=INDENT)
    screen.say()
    units = "US dollars. Text and image: per million tokens. A picture: from its smallest or coarsest to its finest."
    screen.paragraph(f"[dim]{units}[/]")
    screen.paragraph("[dim]PRESSROOM_PRICES names a file of your own; app/prices.toml says how to write it.[/]")


def _figures(lines: Sequence[Line]) -> list[Column]:
    listed = [line.listed for line in lines]
    return [
        Column("text in", [_usd(one.text_in) for one in listed], is_right=True),
        Column("cached", [_usd(one.cached_in) for one in listed], is_right=True),
        Column("text out", [_usd(one.text_out) for one in listed], is_right=True),
        Column("image in", [_usd(one.image_in) for one in listed], is_right=True),
        Column("image out", [_usd(one.image_out) for one in listed], is_right=True),
        Column("a picture", [_of_picture(one) for one in listed], is_right=True),
        Column("a request", [_of_request(one) for one in listed], is_right=True),
        Column("a second", [_usd(one.per_second) for one in listed], is_right=True, rank=1),
    ]


def _usd(amount: Decimal | None) -> str:
    """Return an exact amount, in cents at least."""
    if amount is None:
        return "-"
    cents = amount.quantize(CENT)
    return f"${cents if cents == amount else amount.normalize():f}"


def _of_picture(listed: Listed) -> str:
    if listed.image_out is None:
        return _usd(listed.per_picture)
    tokens = listed.image_tokens.values()
    least, most = (
        (listed.image_out * count / MILLION).quantize(HUNDREDTH_OF_CENT) for count in (min(tokens), max(tokens))
    )
    return _between(least, most)


def _of_request(listed: Listed) -> str:
    if listed.free:
        return "[green]free[/]"
    if listed.per_request is None or listed.dearest_request is None:
        return _usd(listed.per_request)
    return _between(listed.per_request, listed.dearest_request)


def _between(least: Decimal, most: Decimal) -> str:
    return _usd(least) if least == most else f"{_usd(least)}-{_usd(most).removeprefix('$')}"
