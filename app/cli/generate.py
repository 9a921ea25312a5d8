"""`pressroom generate`: order a run from a running Pressroom."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

import click
from rich.markup import escape

from app.cli import client, folder, options, ordering, screen
from app.pipelines.catalog import all_pipelines

OUT = Path("pressroom-out")
PROMPTS = "prompts"  # the field that --file fills
COMMENT = "#"


@click.command
@click.argument("pipeline")
@click.option("--topic", help="What it is about; short for --field topic=...")
@click.option("--field", "fields", multiple=True, metavar="NAME=VALUE", help="A field of the request; may be repeated.")
@click.option(
    "--json", "body", type=click.File(), metavar="FILE", help="The request as a JSON file; - reads it from stdin."
)
@click.option(
    "--file",
    "lines",
    type=click.File(encoding="utf-8-sig"),
    metavar="FILE",
    help="For images: a file of prompts, one a line; empty lines and those that begin with # are left out."
    " - reads them from stdin.",
)
@click.option("--wait", is_flag=True, help="Watch it being made, then write its files into a folder.")
@click.option("--out", type=click.Path(path_type=Path), help="That folder.  [default: ./pressroom-out/TITLE]")
@options.api
def command(
    pipeline: str,
    topic: str | None,
    fields: tuple[str, ...],
    body: TextIO | None,
    lines: TextIO | None,
    out: Path | None,
    url: str | None,
    key: str | None,
    *,
    wait: bool,
) -> None:
    """Order a run of PIPELINE: full-post makes a post of a topic, images a picture of each prompt.

    \b
    pressroom generate full-post --topic "DevOps for Junior Engineers" --wait
    pressroom generate full-post --topic "Rust" --field slides=7 --field tone=punchy
    pressroom generate images --file prompts.txt --field aspect_ratio=16:9 --wait
    """  # noqa: D301 - \b is how click is told to keep the lines
    request = _read(body) | dict(_field(text) for text in fields) | ({"topic": topic} if topic is not None else {})
    numbers: list[int] = []
    if lines is not None:
        numbers, request[PROMPTS] = _prompts(pipeline, lines)
    with client.running(url, key) as api:
        try:
            ordered = api.order(pipeline, request)
        except client.ApiError as exc:
            raise _with_lines(exc, numbers) from None
        if not wait:
            _say_ordered(ordered)
            return
        title = str(api.run(ordered["id"])["title"])
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


def _prompts(pipeline: str, file: TextIO) -> tuple[list[int], list[str]]:
    """Return the prompts of a file, one a line, with the number of each line. Raises BadParameter."""
    known = all_pipelines()
    takers = [name for name, one in known.items() if PROMPTS in one.request.model_fields]
    if pipeline in known and pipeline not in takers:  # an unknown one is for the API to refuse: it may know more
        told = f"{pipeline} takes no list of prompts; only {', '.join(takers)} does"
        raise click.BadParameter(told, param_hint="--file")
    try:
        read = [(n, line.strip()) for n, line in enumerate(file, start=1)]
    except UnicodeDecodeError as exc:
        raise click.BadParameter(f"{file.name} is not UTF-8: {exc.reason}", param_hint="--file") from None
    found = [(n, line) for n, line in read if line and not line.startswith(COMMENT)]
    if not found:
        raise click.BadParameter(f"{file.name} holds no prompt; write one a line", param_hint="--file")
    return [n for n, _ in found], [line for _, line in found]


def _with_lines(exc: client.ApiError, numbers: Sequence[int]) -> client.ApiError:
    """Return the API's refusal with the lines of the file in the place of its own `prompts.3`, where it names some."""
    told = []
    for name, reason in exc.fields.items():
        field, _, place = name.partition(".")
        is_line = field == PROMPTS and place.isdecimal() and int(place) < len(numbers)
        told.append(f"line {numbers[int(place)]}: {reason}" if is_line else f"{name}: {reason}")
    if not (numbers and told):
        return exc
    return client.ApiError(f"the request is not valid: {'; '.join(told)}", code=exc.code, fields=exc.fields)


def _field(text: str) -> tuple[str, Any]:
    """Return name and value of NAME=VALUE; a value that reads as JSON is that: 7, true, ["a"]."""
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise click.BadParameter(f"{text!r} is not NAME=VALUE", param_hint="--field")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value
