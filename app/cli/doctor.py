"""`pressroom doctor`: what this machine has and lacks, and how to get it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

import click
from rich.markup import escape

from app.cli import checks, screen, servers
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
    checks.models,
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
    problems = [row for row in rows if row.verdict is Verdict.PROBLEM]
    warnings = [row for row in rows if row.verdict is Verdict.WARNING]
    screen.say()
    if problems:
        many = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        screen.say(f"[red]{many}[/] to mend first: {escape(', '.join(row.name for row in problems))}")
        sys.exit(1)
    hints = f" [dim]({len(warnings)} to look at)[/]" if warnings else ""
    screen.say(f"[green]Ready.[/]{hints} [cyan]{screen.program()} demo[/] makes a post.")


def _print_table(rows: list[Row]) -> None:
    table = screen.columns("", "what", "found", "what to do", flexible=("found", "what to do"))
    for row in rows:
        table.add_row(MARKS[row.verdict], row.name, escape(row.found), escape(row.todo))
    screen.out().print(table)
