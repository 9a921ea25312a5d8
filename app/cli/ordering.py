"""Order a run, show it being made, and say how it ended: what `demo` and `generate --wait` share."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rich.markup import escape

from app.cli import folder, pictures, progress, screen
from app.cli.client import Api
from app.cli.watch import Followed, follow

OUT = Path("pressroom-out")  # where folders of runs are made unless told otherwise
NUMBERED = re.compile(r"(image-)?\d+\.\w+")  # the files of slides, and of images


def say_ordered(ordered: Mapping[str, Any]) -> None:
    """Say where an order can be followed, for those who do not wait."""
    screen.say(f"[green]✓[/] ordered, {escape(screen.words(ordered['status']))}", indent=2)
    names = {"made_from": "Made from"}
    links = [(names.get(name, name.title()), url) for name, url in ordered["links"].items()]
    screen.facts([("Run", ordered["id"]), *links])
    screen.say()
    screen.say(f"[cyan]{screen.program()} show {ordered['id']}[/]", indent=2)


def see_through(api: Api, ordered: Mapping[str, Any], title: str, out: Path) -> None:
    """Show a run until it is over, write its files into a folder and say how it ended; exit code 1 unless it is READY."""
    screen.tell(f"Ordered {ordered['id']}")
    screen.say()
    try:
        run = watched(api, ordered, title)
    except KeyboardInterrupt:
        screen.say(f"It goes on without you: [cyan]{screen.program()} show {ordered['id'][:8]}[/]", indent=2)
        sys.exit(130)
    files = fetched(api, run, out)
    report(run, files)
    say_files(files)
    if run.view["status"] != "READY":
        sys.exit(1)


def watched(api: Api, ordered: Mapping[str, Any], title: str, check: Callable[[], None] = lambda: None) -> Followed:
    """Show a run until it is over. Raises PressroomError."""
    return progress.show(follow(api, ordered["id"], ordered["links"]["events"], check), title)


def fetched(api: Api, run: Followed, target: Path) -> Path | None:
    """Return the folder that the run's files were written into; None when it made nothing to write."""
    if run.view["status"] not in {"READY", "PARTIAL"}:
        return None
    return folder.download(api, run.view["id"], target)


def report(run: Followed, files: Path | None) -> None:
    """Say how a run ended: why if it is not READY, what was made, what it cost, how long each stage took."""
    view, cost = run.view, run.view["cost"]
    screen.say()
    lines = []
    if pictures.is_batch(view):
        pictures.say(view)
        screen.say()
        pictures.say_where_calls_are(view)
        lines.append(("Images", pictures.summary(view)))
    elif view["failure"] is not None:
        _say_failures(view)
    if files:
        lines.append(("Made", f"[dim]{escape(contents(files))}[/]"))
    unknown = f" and {cost['unknown_calls']} of unknown cost" if cost["unknown_calls"] else ""
    prices = "  [yellow]by the price list; sandbox: nothing was really paid[/]" if cost["sandbox"] else ""
    paid = screen.dollars(cost["micro_usd"])
    lines.append(("Cost", f"[bold]{paid}[/]  [dim]{cost['calls']} calls{unknown}[/]{prices}"))
    spans = [f"{screen.words(step)} {screen.seconds(end - begin)}" for step, begin, end in run.spans()]
    overlap = "; they overlap" if len(spans) > 1 else ""
    lines.append(("Time", f"[bold]{screen.seconds(run.elapsed_s)}[/]  [dim]{' · '.join(spans)}{overlap}[/]"))
    if cost["sandbox"]:
        lines.append(("Models", "[yellow]sandbox[/]: the texts and pictures are stand-ins, and their metadata says so"))
    screen.facts(lines)


def say_files(files: Path | None) -> None:
    """Say where the files are: the last line, for people and for scripts."""
    if files is not None:
        screen.say()
        screen.say(f"Files in [bold]{escape(str(files))}[/]")


def _say_failures(view: Mapping[str, Any]) -> None:
    screen.say(f"[red]{view['status']}[/]  {escape(str(view['failure']['message']))}", indent=2)
    for piece in view["pieces"]:
        if piece["failure"]:
            name = f"{piece['kind']} {piece['position'] + 1}"
            screen.say(f"[red]✗[/] {name}: {escape(str(piece['failure']['message']))}", indent=4)
    screen.say()


def contents(files: Path) -> str:
    """Return what is in the folder, in a line: `00.jpg .. 10.jpg  article-cover.jpg  ...`."""
    names = [path.name for path in files.iterdir()]
    numbered = sorted(name for name in names if NUMBERED.fullmatch(name))
    rest = sorted(set(names) - set(numbered), key=lambda name: (name.split(".")[-1] != "jpg", name))
    ends = list(dict.fromkeys([numbered[0], numbered[-1]])) if numbered else []
    return "  ".join([*([" .. ".join(ends)] if ends else []), *rest])
