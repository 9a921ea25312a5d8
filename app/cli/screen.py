"""What is written to the terminal: lines that survive a pipe, steps that tick, money and time for people."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

MICRO = 1_000_000
PIPE_WIDTH = 240
SANDBOX_NOTE = "[yellow]sandbox[/]: no provider key is set; texts and pictures are stand-ins and nothing is paid"


@cache
def out() -> Console:
    """Return standard output; in a pipe a line may be as long as it is."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)


def say(markup: str = "", *, indent: int = 0) -> None:
    """Print one line of rich markup, never wrapped: addresses and commands are copied from it."""
    out().print(" " * indent + markup, soft_wrap=True)


def paragraph(markup: str, *, indent: int = 0) -> None:
    """Print words, wrapped and indented in a terminal; one line in a pipe."""
    if out().is_terminal:
        out().print(Padding(Text.from_markup(markup), (0, 0, 0, indent)))
    else:
        say(markup, indent=indent)


def tell(plain: str) -> None:
    """Print one line as it is."""
    out().print(escape(plain), soft_wrap=True)


@contextmanager
def step(name: str) -> Iterator[None]:
    """Show that something is being done, then that it is done and how long it took."""
    started = time.monotonic()
    with out().status(f"{escape(name)} ..."):
        yield
    say(f"[green]✓[/] {escape(name)} [dim]{seconds(time.monotonic() - started)}[/]", indent=2)


def facts(pairs: list[tuple[str, str]]) -> None:
    """Print names and values (rich markup) in two columns; in a pipe nothing is wrapped."""
    width = max(len(name) for name, _ in pairs)
    if not out().is_terminal:
        for name, value in pairs:
            say(f"{escape(name.ljust(width))}  {value}", indent=2)
        return
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", width=width)
    table.add_column(overflow="fold")
    for name, value in pairs:
        table.add_row(name, value)
    out().print(Padding(table, (0, 0, 0, 2)))


def short(path: Path) -> str:
    """Return a path as people type it here: relative when it lies below the folder they stand in."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def columns(*headings: str, right: tuple[str, ...] = (), flexible: tuple[str, ...] = ()) -> Table:
    """Return an aligned table without lines; the flexible columns are folded where the terminal is narrow."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for heading in headings:
        table.add_column(
            heading,
            justify="right" if heading in right else "left",
            no_wrap=heading not in flexible,
            overflow="fold" if heading in flexible else "ellipsis",
        )
    return table


def dollars(micro_usd: int) -> str:
    """Return an amount in US dollars, exact to the micro-dollar: `$0.041300`."""
    whole, rest = divmod(micro_usd, MICRO)
    return f"${whole}.{rest:06d}"


def words(name: str) -> str:
    """Return a step's or state's name as people say it."""
    return name.replace("_", " ").lower()


def clipped(text: str, most: int) -> str:
    """Return a text of at most `most` characters."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def seconds(duration_s: float) -> str:
    """Return a duration: `3.2 s`, `1 min 07 s`."""
    if duration_s < 60:  # noqa: PLR2004 - a minute
        return f"{duration_s:.1f} s"
    minutes, rest = divmod(round(duration_s), 60)
    return f"{minutes} min {rest:02d} s"


def program() -> str:
    """Return how this command was called, for commands that people copy: with the data dir that they named."""
    called = Path(sys.argv[0])
    is_on_path = shutil.which(called.name) == str(called)
    root = click.get_current_context().find_root()
    named = root.params.get("data_dir")
    return (called.name if is_on_path else short(called.absolute())) + (f" --data-dir {named}" if named else "")
