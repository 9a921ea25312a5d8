"""The live picture of a run: a bar per stage, a cell per piece, time and money. Plain lines where no terminal is."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.live import Live
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from app.cli import screen
from app.cli.watch import Followed

BAR_WIDTH = 40
STATES = ("PENDING", "PROMPTED", "RENDERED", "READY")
FULL, EMPTY = "■", "·"
NUMBERED = ("slide", "image")
NAMES = {"article": "cover"}  # what people call the picture of that piece
MIN_TITLE, MAX_TITLE = 16, 60
FIGURES_WIDTH = 50  # what a heading has beside its title: generating images · 1 min 07 s · $1.234567


def show(runs: Iterable[Followed], title: str) -> Followed:
    """Show a run until it is over; return it as it ended."""
    return _show_live(runs, title) if screen.out().is_terminal else _show_lines(runs, title)


def _show_live(runs: Iterable[Followed], title: str) -> Followed:
    picture = _Picture(title)
    with Live(picture, console=screen.out(), refresh_per_second=12):
        for picture.run in runs:
            pass
    assert picture.run is not None, "a run is seen at least once"
    return picture.run


def _show_lines(runs: Iterable[Followed], title: str) -> Followed:
    """Print a line when a stage has made its last piece, or will make no more."""
    screen.tell(title)
    told: set[str] = set()
    followed = None
    for followed in runs:
        for stage in followed.view["progress"]["stages"]:
            step, made = stage["step"], stage["done"] + stage["failed"]
            if step not in told and (made == stage["total"] or followed.is_over):
                told.add(step)
                failed = f", {stage['failed']} failed" if stage["failed"] else ""
                count = f"{stage['done']}/{stage['total']}"
                screen.tell(f"  {screen.seconds(followed.elapsed_s):>8}  {screen.words(step):<14} {count:>6}{failed}")
    assert followed is not None, "a run is seen at least once"
    return followed


class _Picture:
    """What Live draws, 12 times a second: the clock runs while the run is quiet."""

    def __init__(self, title: str) -> None:
        self.run: Followed | None = None
        self._title = title
        self._started = time.monotonic()
        self._spinner = Spinner("dots", style="cyan")

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw."""
        del console
        if self.run is None:
            yield self._heading("ordering", 0, options.max_width)
            return
        view = self.run.view
        yield self._heading(screen.words(view["status"]), view["cost"]["micro_usd"], options.max_width)
        yield Text()
        yield _bars(view["progress"]["stages"])
        yield Text()
        yield _cells(view, options.max_width)

    def _heading(self, status: str, micro_usd: int, width: int) -> Table:
        is_over = self.run is not None and self.run.is_over
        elapsed_s = self.run.elapsed_s if is_over and self.run else time.monotonic() - self._started
        line = Table.grid(padding=(0, 1))
        mark = Text("✓", "green") if is_over else self._spinner.render(time.monotonic())
        figures = f"[dim]{status} · {screen.seconds(elapsed_s)} · {screen.dollars(micro_usd)}[/]"
        title = screen.clipped(self._title, max(min(MAX_TITLE, width - FIGURES_WIDTH), MIN_TITLE))
        line.add_row(" ", mark, f"[bold]{escape(title)}[/]", figures)
        return line


def _bars(stages: list[dict[str, Any]]) -> Table:
    table = Table.grid(padding=(0, 2))
    for stage in stages:
        done, failed, total = stage["done"], stage["failed"], stage["total"]
        bar = ProgressBar(total=max(total, 1), completed=done + failed, width=BAR_WIDTH, complete_style="cyan")
        count = Text(f"{done}/{total}", "green" if done == total else "default")
        if failed:
            count.append(f"  {failed} failed", "red")
        table.add_row("", screen.words(stage["step"]), bar, count)
    return table


def _cells(view: dict[str, Any], width: int) -> Group:
    """Return a cell for each picture, with a square for each thing that is made on its way; in rows as wide as the terminal."""
    pictures = sorted(
        (p for p in view["pieces"] if p["kind"] != "content"),
        key=lambda p: (p["kind"] != "slide", p["kind"], p["position"]),
    )
    if not pictures:
        return Group(Text("   the pictures follow when the texts are there", "dim"), Text())
    way = _way(view)
    lines: list[Text] = []
    room = 0
    for piece in pictures:
        name = str(piece["position"] + 1) if piece["kind"] in NUMBERED else NAMES.get(piece["kind"], piece["kind"])
        taken = max(len(name), len(way)) + 1
        if taken > room:
            lines += [Text("   "), Text("   ")]
            room = width - 3
        names, states = lines[-2:]
        names.append(name.ljust(taken), "dim")
        states.append_text(_cell(piece, list(way.values())))
        states.append(" " * (taken - len(way)))
        room -= taken
    legend = "  ".join(f"{FULL} {name}" for name in way)
    return Group(*lines, Text(f"   {legend}", "dim"))


def _way(view: dict[str, Any]) -> dict[str, str]:
    """Return what is made on the way of a picture, and the piece's state when it is there."""
    steps = {stage["step"] for stage in view["progress"]["stages"]}
    drafted = {"prompt": "PROMPTED"} if "draft_prompt" in steps else {}
    return drafted | {"picture": "RENDERED", "slide" if "compose" in steps else "review": "READY"}


def _cell(piece: dict[str, Any], way: list[str]) -> Text:
    if piece["status"] == "FAILED":
        return Text("✗".ljust(len(way)), "bold red")
    passed = sum(STATES.index(state) <= STATES.index(piece["status"]) for state in way)
    done = Text(FULL * passed, "green" if passed == len(way) else "cyan")
    if passed < len(way):
        done.append(FULL if piece["working"] else EMPTY, "yellow" if piece["working"] else "dim")
        done.append(EMPTY * (len(way) - passed - 1), "dim")
    return done
