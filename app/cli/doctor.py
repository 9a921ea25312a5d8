"""`pressroom doctor`: what this machine has and lacks, and how to get it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

import click
from rich.markup import escape

from app.cli import checks, models, reporting, screen, servers
from app.cli.checks import Row, Verdict

MARKS = {Verdict.OK: "[green]✓ ok[/]", Verdict.WARNING: "[yellow]! warning[/]", Verdict.PROBLEM: "[red]✗ problem[/]"}
CHECKS: tuple[Callable[[], Iterator[Row]], ...] = (
    checks.python,
    checks.pictures,
    checks.programs,
    checks.data_dir,
    servers.database,
    servers.redis,
    checks.files,
    models.keys,
    models.price_list,
    models.routing,
    reporting.work_by_hand,
    checks.free_ports,
)


@click.command
def command() -> None:
    """Check what this machine has and lacks, and how to get it. Exit code 1 when something must be mended."""
    with screen.out().status("looking ..."):
        rows = [row for check in CHECKS for row in check()]
    if screen.out().is_terminal:
        _print_table(rows)
    else:
        for row in rows:
            screen.tell(f"{row.verdict:<8} {row.name:<12} {row.found}" + (f" -> {row.todo}" if row.todo else ""))
    _print_serving()
    problems = [row for row in rows if row.verdict is Verdict.PROBLEM]
    warnings = [row for row in rows if row.verdict is Verdict.WARNING]
    screen.say()
    if problems:
        many = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        screen.say(f"[red]{many}[/] to mend first: {escape(', '.join(row.name for row in problems))}")
        sys.exit(1)
    hints = f" [dim]({len(warnings)} to look at)[/]" if warnings else ""
    screen.say(f"[green]Ready.[/]{hints} [cyan]{screen.program()} demo[/] makes a post.")


def _print_serving() -> None:
    """Print who is asked for what, and who would be with a key."""
    headings = ("purpose", "has no key", "asked in this order")
    lines = [(one.purpose, one.passed_over, one.asked) for one in models.serving()]
    if not lines:
        return
    screen.say()
    if screen.out().is_terminal:
        table = screen.columns(*headings, flexible=headings[1:])
        for line in lines:
            table.add_row(*map(escape, line))
        screen.out().print(table)
        return
    widths = [max(len(line[n]) for line in (headings, *lines)) for n in range(len(headings))]
    for line in (headings, *lines):
        screen.tell("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


def _print_table(rows: list[Row]) -> None:
    table = screen.columns("", "what", "found", "what to do", flexible=("found", "what to do"))
    for row in rows:
        table.add_row(MARKS[row.verdict], row.name, escape(row.found), escape(row.todo))
    screen.out().print(table)
