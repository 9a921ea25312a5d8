"""`pressroom generate`: order a run from a running Pressroom."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TextIO

import click

from app.cli import client, folder, options, ordering
from app.pipelines.catalog import all_pipelines

PROMPTS = "prompts"  # the field that --file fills
COMMENT = "#"


ORDER: tuple[Callable[[Any], Any], ...] = (
    click.argument("pipeline"),
    click.option("--topic", help="What it is about; short for --field topic=..."),
    click.option("--brand", metavar="NAME", help="One of your brands; short for --field brand=..."),
    click.option(
        "--field",
        "fields",
        multiple=True,
        metavar="NAME=VALUE",
        help="A field of the request; may be repeated. NAME=@FILE takes a file's text.",
    ),
    click.option(
        "--json", "body", type=click.File(), metavar="FILE", help="The request as a JSON file; - reads it from stdin."
    ),
    click.option(
        "--file",
        "lines",
        type=click.File(encoding="utf-8-sig"),
        metavar="FILE",
        help="For images: a file of prompts, one a line; empty lines and those that begin with # are left out."
        " - reads them from stdin.",
    ),
)


def order(function: options.Command) -> options.Command:
    """Add PIPELINE and the options that say what is ordered."""
    for add in reversed(ORDER):
        function = add(function)
    return function


@click.command
@order
@click.option("--wait", is_flag=True, help="Watch it being made, then write its files into a folder.")
@click.option("--out", type=click.Path(path_type=Path), help="That folder.  [default: ./pressroom-out/TITLE]")
@options.api
def command(
    pipeline: str,
    topic: str | None,
    brand: str | None,
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
    pressroom generate full-post --topic "Rust" --brand acme --field slides=7 --field tone=punchy
    pressroom generate images --file prompts.txt --field aspect_ratio=16:9 --wait
    """  # noqa: D301 - \b is how click is told to keep the lines
    asked = Asked.of(pipeline, {"topic": topic, "brand": brand}, fields, body, lines)
    with client.running(url, key) as api:
        ordered = asked.sent(api.order)
        if not wait:
            ordering.say_ordered(ordered)
            return
        title = str(api.run(ordered["id"])["title"])
        ordering.see_through(api, ordered, title, out or folder.place(ordering.OUT, title, ordered["id"]))


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks for."""

    pipeline: str
    request: Mapping[str, Any]
    numbers: Sequence[int]
    """Of each prompt its line in the file."""

    @classmethod
    def of(
        cls,
        pipeline: str,
        short: Mapping[str, str | None],
        fields: Iterable[str],
        body: TextIO | None,
        lines: TextIO | None,
    ) -> Self:
        """Return the request that the options make. Raises BadParameter."""
        request = (
            read_object(body)
            | dict(map(named_value, fields))
            | {name: said for name, said in short.items() if said is not None}
        )
        numbers: list[int] = []
        if lines is not None:
            numbers, request[PROMPTS] = _prompts(pipeline, lines)
        return cls(pipeline, request, numbers)

    def sent(self, send: Callable[[str, Mapping[str, Any]], dict[str, Any]]) -> dict[str, Any]:
        """Return the API's answer. Raises ApiError that names the lines of the file, ApiAway."""
        try:
            return send(self.pipeline, self.request)
        except client.ApiError as exc:
            raise _with_lines(exc, self.numbers) from None


def read_object(file: TextIO | None) -> dict[str, Any]:
    """Return the JSON object of a file; empty without one. Raises BadParameter."""
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


def _text_of(file: Path, option: str) -> str:
    """Return a file's text, without the mark that some editors begin it with. Raises BadParameter."""
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as exc:
        raise click.BadParameter(f"{file} cannot be read as UTF-8 text: {exc}", param_hint=option) from exc


def named_value(text: str, option: str = "--field") -> tuple[str, Any]:
    """Return name and value of NAME=VALUE; a value that reads as JSON is that: 7, true, ["a"]. Raises BadParameter.

    NAME=@FILE takes the file's text, where there is such a file: a CSV is longer than a command line may be.
    """
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise click.BadParameter(f"{text!r} is not NAME=VALUE", param_hint=option)
    if value.startswith("@") and (named := Path(value[1:]).expanduser()).is_file():
        return name, _text_of(named, option)
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value
