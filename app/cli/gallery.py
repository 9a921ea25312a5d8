"""`pressroom gallery`: every slide design on one page, for people who change how slides look."""

from __future__ import annotations

import webbrowser
from pathlib import Path

import click
from rich.markup import escape

from app.cli import elsewhere, screen

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
    told = elsewhere.watched(
        "workers.gallery", ["--json", *flags, *paths], doing="drawing slides", failed="the gallery was not drawn"
    )
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
