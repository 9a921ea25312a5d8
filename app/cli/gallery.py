"""`pressroom gallery`: every slide design on one page, for people who change how slides look."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from app.cli import screen
from app.domain.errors import SetupError

SHOWN_PROBLEMS = 10


@click.command
@click.option("--out", type=click.Path(path_type=Path), default=Path("pressroom-out/gallery"), show_default=True,
              help="Folder of the page, its pictures and its contact sheets.")  # fmt: skip
@click.option("--quick", is_flag=True, help="Every design in every format once: some seconds.")
@click.option(
    "--all", "is_all", is_flag=True, help="All combinations of designs, themes, formats and languages: minutes."
)
@click.option("--full", is_flag=True, help="Keep the slides in their whole size: about 250 KB each.")
@click.option("--pictures", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="A folder of pictures to use in place of the painted ones.")  # fmt: skip
@click.option("--docs", type=click.Path(file_okay=False, path_type=Path),
              help="Write only the themes' previews for the documentation, into this folder.")  # fmt: skip
@click.option("--open/--no-open", "is_opened", default=False, help="Open the page in the browser.")
def command(
    out: Path, pictures: Path | None, docs: Path | None, *, quick: bool, is_all: bool, full: bool, is_opened: bool
) -> None:
    """Draw every slide design in every theme, format and language, with its proof, as a page and contact sheets."""
    if quick and is_all:
        raise click.UsageError("choose --quick or --all")
    flags = [name for name, is_set in (("--quick", quick), ("--all", is_all), ("--full", full)) if is_set]
    paths = [f"--{name}={path}" for name, path in (("out", out), ("pictures", pictures), ("docs", docs)) if path]
    told = _watched(_lines([*flags, *paths]))
    if docs:
        for path in told["written"]:
            screen.tell(path)
        return
    page = Path(told["page"]).resolve()
    screen.say(escape(told["summary"]))
    for problem in told["problems"][:SHOWN_PROBLEMS]:
        screen.say(f"[red]✗[/] {escape(problem)}", indent=2)
    screen.tell(f"page            {page}")
    screen.tell(f"contact sheets  {len(told['sheets'])} beside it, sheet-*.png")
    if is_opened:
        webbrowser.open(page.as_uri())


def _lines(options: list[str]) -> Iterator[dict[str, Any]]:
    """Yield what the gallery tells. A process of its own: this code never imports the compositor."""
    argv = [sys.executable, "-m", "workers.gallery", "--json", *options]
    with tempfile.TemporaryFile("w+") as errors:  # a pipe that nobody reads would fill up and stop the process
        with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=errors, text=True) as process:  # noqa: S603 - ours
            assert process.stdout is not None
            for line in process.stdout:
                yield json.loads(line)
        errors.seek(0)
        said = errors.read().strip()
    if process.returncode:
        reason = said.splitlines()[-1] if said else f"exit code {process.returncode}"
        raise SetupError(f"the gallery was not drawn: {reason}")


def _watched(lines: Iterator[dict[str, Any]]) -> dict[str, Any]:
    """Show a bar until the last line; return it."""
    told: dict[str, Any] = {}
    columns = TextColumn("{task.description}"), BarColumn(40), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=screen.out(), transient=True, disable=not screen.out().is_terminal) as progress:
        task = progress.add_task("drawing slides", total=None)
        for told in lines:
            if "total" in told:
                progress.update(task, completed=told["done"], total=told["total"])
    return told
