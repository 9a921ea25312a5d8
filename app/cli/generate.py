"""`pressroom generate`: order a run from a running Pressroom."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, TextIO

import click
from rich.markup import escape

from app.cli import client, folder, options, ordering, screen

OUT = Path("pressroom-out")
TITLES = ("topic", "question", "product", "idea")  # what a request is about, where it has one of these


@click.command
@click.argument("pipeline")
@click.option("--topic", help="What it is about; short for --field topic=...")
@click.option("--field", "fields", multiple=True, metavar="NAME=VALUE", help="A field of the request; may be repeated.")
@click.option(
    "--json", "body", type=click.File(), metavar="FILE", help="The request as a JSON file; - reads it from stdin."
)
@click.option("--wait", is_flag=True, help="Watch it being made, then write its files into a folder.")
@click.option("--out", type=click.Path(path_type=Path), help="That folder.  [default: ./pressroom-out/TITLE]")
@options.api
def command(
    pipeline: str,
    topic: str | None,
    fields: tuple[str, ...],
    body: TextIO | None,
    out: Path | None,
    url: str | None,
    key: str | None,
    *,
    wait: bool,
) -> None:
    """Order a run of PIPELINE, such as full-post.

    \b
    pressroom generate full-post --topic "DevOps for Junior Engineers" --wait
    pressroom generate full-post --topic "Rust" --field slides=7 --field tone=punchy
    """  # noqa: D301 - \b is how click is told to keep the lines
    request = _read(body) | dict(_field(text) for text in fields) | ({"topic": topic} if topic is not None else {})
    with client.running(url, key) as api:
        ordered = api.order(pipeline, request)
        if not wait:
            _say_ordered(ordered)
            return
        title = next((str(request[name]) for name in TITLES if name in request), pipeline)
        screen.tell(f"Ordered {ordered['id']}")
        screen.say()
        try:
            run = ordering.watched(api, ordered, title)
        except KeyboardInterrupt:
            screen.say(f"It goes on without you: [cyan]{screen.program()} show {ordered['id'][:8]}[/]", indent=2)
            sys.exit(130)
        files = ordering.fetched(api, run, out or folder.place(OUT, title, ordered["id"]))
    ordering.report(run, files)
    ordering.say_files(files)
    if run.view["status"] != "READY":
        sys.exit(1)


def _say_ordered(ordered: dict[str, Any]) -> None:
    screen.say(f"[green]✓[/] ordered, {escape(screen.words(ordered['status']))}", indent=2)
    screen.facts([("Run", ordered["id"]), *((name.title(), url) for name, url in ordered["links"].items())])
    screen.say()
    screen.say(f"[cyan]{screen.program()} show {ordered['id']}[/]", indent=2)


def _read(file: TextIO | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        found = json.load(file)
    except ValueError as exc:
        raise click.BadParameter(f"{file.name} is not JSON: {exc}", param_hint="--json") from None
    if not isinstance(found, dict):
        raise click.BadParameter(f"{file.name} holds no JSON object", param_hint="--json")
    return found


def _field(text: str) -> tuple[str, Any]:
    """Return name and value of NAME=VALUE; a value that reads as JSON is that: 7, true, ["a"]."""
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise click.BadParameter(f"{text!r} is not NAME=VALUE", param_hint="--field")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value
