"""`pressroom demo`: one topic becomes a folder of files, with nothing installed or set beforehand."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import click
from rich.markup import escape

from app import costs
from app.cli import folder, installation, launch, options, ordering, screen
from app.cli.client import Api, ApiAway
from app.cli.launch import Machine
from app.cli.watch import Followed
from app.cli.wishes import Wish
from app.domain.errors import SetupError
from app.pipelines.catalog import pipeline_named
from app.runs.accept import parse

TOPIC = "DevOps for Junior Engineers"
PIPELINE = "full-post"
OUT = Path("pressroom-demo")


@click.command
@click.option("--topic", default=TOPIC, show_default=True, help="What the post is about, 3 to 200 characters.")
@options.latency("instant")
@click.option("--out", type=click.Path(path_type=Path), help="Folder for the files.  [default: ./pressroom-demo/TOPIC]")
@options.sandbox
@click.option("--yes", is_flag=True, help="With a provider key: do not ask before it costs money.")
def command(topic: str, latency: str, out: Path | None, *, sandbox: bool, yes: bool) -> None:
    """Make one post from a topic, watch it being made, and get its files.

    Starts what it needs for the moment, or uses what `pressroom up` runs on the same data dir.
    """
    launch.end_in_order()
    parse(pipeline_named(PIPELINE), {"topic": topic})  # a wrong topic is told before anything is started
    screen.say("[bold]Pressroom demo[/]  [dim]a topic becomes a carousel, an article, a quote and pictures[/]")
    screen.say()
    wish = Wish(latency=latency, flower=False, sandbox=sandbox, gives_way=False)
    try:
        machine, run, files = _made(wish, topic, out, is_agreed=yes)
    except KeyboardInterrupt:
        screen.say(f"Stopped; what is made is kept, and `{screen.program()} up` goes on with it.", indent=2)
        sys.exit(130)
    ordering.report(run, files)
    _say_next(is_kept=machine.supervisor is None)
    ordering.say_files(files)
    if files is None:
        screen.say(f"[dim]What happened stands in {escape(screen.short(machine.data_dir / 'logs'))}[/]", indent=2)
    if run.view["status"] != "READY":
        sys.exit(1)


def _made(wish: Wish, topic: str, out: Path | None, *, is_agreed: bool) -> tuple[Machine, Followed, Path | None]:
    """Return what made the post, how it ended and its files. The run is ordered once, whoever makes it."""
    ordered: dict[str, Any] | None = None
    while True:
        with _machine(wish) as machine:
            api = Api.at(machine.api_url, machine.key.text)
            try:
                if ordered is None:
                    _check_models(machine, wish, topic, is_agreed=is_agreed)
                    screen.say()
                    ordered = api.order(PIPELINE, {"topic": topic})
                run = ordering.watched(api, api.run(ordered["id"]), topic, machine.check)
                files = ordering.fetched(api, run, out or folder.place(OUT, topic, ordered["id"]))
            except ApiAway:
                if not machine.is_gone:
                    raise
            except KeyboardInterrupt:
                screen.say()
                screen.say("Stopping ... [dim]Ctrl-C again stops at once.[/]", indent=2)
                raise
            else:
                return machine, run, files
        screen.say("[yellow]![/] what ran here was stopped; starting it again", indent=2)


@contextmanager
def _machine(wish: Wish) -> Iterator[Machine]:
    """Yield what runs on the data dir, or start it for the moment."""
    with ExitStack() as opened:
        with screen.step("PostgreSQL and Redis"):
            services = opened.enter_context(installation.claimed(installation.data_dir()))
        if services.owned:
            yield opened.enter_context(launch.started(services, wish))
            with screen.out().status("stopping ..."):
                opened.close()
            return
        screen.say(f"[green]✓[/] using what runs on {escape(screen.short(services.data_dir))} already", indent=2)
        yield opened.enter_context(launch.attached(services))


def _check_models(machine: Machine, wish: Wish, topic: str, *, is_agreed: bool) -> None:
    """Do nothing when the sandbox answers; with real models, ask first. Raises SetupError, click.Abort."""
    if machine.is_sandboxed:
        return
    if wish.sandbox:
        raise SetupError("what runs on this data dir uses real models; stop it, or choose another --data-dir")
    _agree(topic, is_agreed=is_agreed)


def _agree(topic: str, *, is_agreed: bool) -> None:
    """Say that this costs money, and ask if somebody is there. Raises click.Abort."""
    pipeline = pipeline_named(PIPELINE)
    quote = costs.quote(pipeline, parse(pipeline, {"topic": topic}))
    expected, worst = screen.dollars(quote.expected_micro_usd), screen.dollars(quote.worst_micro_usd)
    screen.say()
    screen.say(f"[yellow]A provider's key is set: real models, about {expected}, at most {worst}.[/]", indent=2)
    screen.say(f"[dim]`{screen.program()} demo --sandbox` costs nothing.[/]", indent=2)
    if not is_agreed and sys.stdin.isatty():
        click.confirm("  Go on?", abort=True)


def _say_next(*, is_kept: bool) -> None:
    screen.say()
    screen.say("Next", indent=2)
    tries = [
        (f'{screen.program()} demo --topic "..."', "your own topic"),
        (f"{screen.program()} demo --latency brief", "with the patience that real models need"),
        (f"{screen.program()} show", "what was made"),
    ]
    if not is_kept:
        tries.append((f"{screen.program()} up", "keep it running: the API, Flower and a key"))
    width = max(len(line) for line, _ in tries)
    for line, why in tries:
        screen.say(f"[cyan]{escape(line.ljust(width))}[/]  [dim]{why}[/]", indent=4)
