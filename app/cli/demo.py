"""`pressroom demo`: one topic becomes a folder of files, with nothing installed or set beforehand."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click
from rich.markup import escape

from app import costs
from app.cli import folder, installation, launch, ordering, screen
from app.cli.client import Api
from app.cli.launch import Machine, Wish
from app.domain.errors import SetupError
from app.pipelines.catalog import pipeline_named
from app.runs.accept import parse
from app.settings import settings

TOPIC = "DevOps for Junior Engineers"
PIPELINE = "full-post"
OUT = Path("pressroom-demo")


@click.command
@click.option("--topic", default=TOPIC, show_default=True, help="What the post is about, 3 to 200 characters.")
@click.option(
    "--latency",
    default="instant",
    show_default=True,
    metavar="instant|brief|fixed:S",
    help="How long the sandbox takes to answer; `brief` takes as long as real models.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Folder for the files.  [default: ./pressroom-demo/TOPIC]")
@click.option("--sandbox", is_flag=True, help="Use the sandbox although a provider key is set.")
@click.option("--yes", is_flag=True, help="With a provider key: do not ask before it costs money.")
def command(topic: str, latency: str, out: Path | None, *, sandbox: bool, yes: bool) -> None:
    """Make one post from a topic, watch it being made, and get its files.

    Starts what it needs for the moment, or uses what `pressroom up` runs on the same data dir.
    """
    launch.end_in_order()
    parse(pipeline_named(PIPELINE), {"topic": topic})  # a wrong topic is told before anything is started
    screen.say("[bold]Pressroom demo[/]  [dim]one topic becomes a carousel, an article, a quote and all their pictures[/]")
    screen.say()
    wish = Wish(latency=latency, flower=False, sandbox=sandbox)
    with _machine(wish) as machine:
        if not machine.is_sandboxed:
            if sandbox:
                raise SetupError("what runs on this data dir uses real models; stop it, or choose another --data-dir")
            _agree(topic, is_agreed=yes)
        api = Api.at(machine.api_url, machine.key.text)
        screen.say()
        run = ordering.watched(api, api.order(PIPELINE, {"topic": topic}), topic, machine.check)
        files = ordering.fetched(api, run, out or folder.place(OUT, topic, run.view["id"]))
    ordering.report(run, files)
    _say_next(is_kept=machine.supervisor is None)
    ordering.say_files(files)
    if run.view["status"] != "READY":
        sys.exit(1)


@contextmanager
def _machine(wish: Wish) -> Iterator[Machine]:
    """Yield what runs on the data dir, or start it for the moment."""
    with ExitStack() as opened:
        with screen.step("PostgreSQL and Redis"):
            services = opened.enter_context(installation.claimed(installation.data_dir()))
        if services.owned:
            yield opened.enter_context(launch.started(services, wish))
            opened.enter_context(screen.out().status("stopping ..."))
            return
        screen.say(f"[green]✓[/] using what runs on {escape(screen.short(services.data_dir))} already", indent=2)
        yield launch.attached(services)


def _agree(topic: str, *, is_agreed: bool) -> None:
    """Say that this costs money, and ask if somebody is there. Raises click.Abort."""
    pipeline = pipeline_named(PIPELINE)
    lines = costs.quote(pipeline, parse(pipeline, {"topic": topic}))
    expected = screen.dollars(sum(line.expected_micro_usd for line in lines))
    worst = screen.dollars(sum(line.worst_micro_usd for line in lines))
    screen.say()
    screen.say(f"[yellow]AI_GATEWAY_API_KEY is set: real models, about {expected}, at most {worst}.[/]", indent=2)
    screen.say(f"[dim]`{screen.program()} demo --sandbox` costs nothing.[/]", indent=2)
    if not is_agreed and sys.stdin.isatty() and settings().ai_gateway_api_key is not None:
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
