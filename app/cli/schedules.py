"""`pressroom schedules`: what is ordered by the clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TextIO

import click
from rich.markup import escape

from app.cli import client, folder, options, ordering, screen, timetables
from app.cli.generate import COMMENT, named_value, read_object
from app.domain.schedules import FeedItems, MissedPolicy

Lines = Sequence[tuple[int, str]]
KEPT = (
    "name",
    "pipeline",
    "request",
    "cron",
    "time_zone",
    "topics",
    "topics_into",
    "repeat_topics",
    "feed_url",
    "feed_items",
    "missed",
)
"""What of a schedule as the API shows it can be sent back."""
ITEMS = {"without-image": FeedItems.WITHOUT_IMAGE, "all": FeedItems.ALL}
MISSED = {"skip": MissedPolicy.SKIP, "catch-up-once": MissedPolicy.CATCH_UP_ONCE}


_wish_options = options.several(
    click.option("--cron", metavar="EXPRESSION", help="When: `0 9 * * 1-5` is 9:00 from Monday to Friday."),
    click.option("--time-zone", metavar="ZONE", help="Whose time that is, as Asia/Karachi.  [default: UTC]"),
    click.option("--pipeline", metavar="PIPELINE", help="What is ordered.  [default: full-post]"),
    click.option("--topic", help="What each run is about; short for --set topic=..."),
    click.option("--brand", metavar="NAME", help="One of your brands; short for --set brand=..."),
    click.option(
        "--set", "fields", multiple=True, metavar="NAME=VALUE", help="A field of the request; may be repeated."
    ),
    click.option(
        "--json", "body", type=click.File(), metavar="FILE", help="The request as a JSON file; - reads stdin."
    ),
    click.option(
        "--topics",
        type=click.File(encoding="utf-8-sig"),
        metavar="FILE",
        help="A file of topics, one a line, each for one run, in this order; empty lines and those that begin"
        " with # are left out.",
    ),
    click.option("--topics-into", metavar="FIELD", help="Where a topic goes in the request.  [default: topic]"),
    click.option(
        "--repeat/--no-repeat",
        "repeat_topics",
        default=None,
        help="Begin again after the last topic, or pause.  [default: pause]",
    ),
    click.option(
        "--feed-url",
        metavar="URL",
        help="An RSS or Atom feed or a JSON list: each run is about one of its articles, the oldest first.",
    ),
    click.option(
        "--feed-items",
        type=click.Choice([*ITEMS]),
        help="Which of its articles: those that bring no picture along, or all.  [default: without-image]",
    ),
    click.option(
        "--missed",
        type=click.Choice([*MISSED]),
        help="What becomes of slots that were missed while nothing ran: nothing, or one run for all.  [default: skip]",
    ),
)
"""An option for each part of a schedule; its value is None where it was not given."""


@click.group(invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context) -> None:
    """List schedules; see the commands below to make and change them.

    \b
    pressroom schedules create daily --cron "0 9 * * 1-5" --time-zone Asia/Karachi --topics topics.txt --set tone=punchy
    pressroom schedules create mondays --cron "0 8 * * 1" --topic "The week ahead" --missed catch-up-once
    pressroom schedules create heroes --cron "0 6 * * *" --pipeline hero-image --feed-url https://example.com/feed.xml
    """  # noqa: D301 - \b is how click is told to keep the lines
    options.list_by_default(ctx, list_)


@command.command("list")
@options.api
def list_(url: str | None, key: str | None) -> None:
    """List your schedules, each with its next run and what is wrong with it."""
    with client.readable(url, key) as api:
        schedules = api.schedules()
    if not schedules:
        screen.say(f'No schedules yet. [cyan]{screen.program()} schedules create NAME --cron "0 9 * * *"[/] makes one.')
        return
    timetables.say_list(schedules)


@command.command
@click.argument("name")
@options.api
def show(name: str, url: str | None, key: str | None) -> None:
    """Show the schedule NAME: its next five runs, and what came of its latest slots."""
    with client.readable(url, key) as api:
        timetables.say(api.schedule(_id(api, name)))


@command.command
@click.argument("name")
@_wish_options
@options.api
def create(name: str, topics: TextIO | None, url: str | None, key: str | None, **said: Any) -> None:
    """Make a schedule called NAME. It orders its first run at its next slot."""
    if said["cron"] is None:
        raise click.UsageError('say when with --cron, for example --cron "0 9 * * 1-5"')
    lines = _lines(topics)
    wished = {"name": name, "pipeline": "full-post", "request": {}} | _said(said, lines, {})
    with client.readable(url, key) as api:
        timetables.say(_telling_lines(lines, partial(api.create_schedule, wished)))


@command.command
@click.argument("name")
@click.option("--name", "new_name", metavar="NAME", help="What it is called from now on.")
@_wish_options
@click.option("--unset", multiple=True, metavar="FIELD", help="Take a field out of the request; may be repeated.")
@click.option("--no-topics", is_flag=True, help="Take the topics away.")
@click.option("--no-feed", is_flag=True, help="Take the feed away.")
@options.api
def edit(
    name: str,
    new_name: str | None,
    unset: tuple[str, ...],
    topics: TextIO | None,
    url: str | None,
    key: str | None,
    *,
    no_topics: bool,
    no_feed: bool,
    **said: Any,
) -> None:
    """Change what you name of the schedule NAME. A new list of topics leaves out those that had their run."""
    lines = _lines(topics)
    with client.readable(url, key) as api:
        before = api.schedule(_id(api, name))
        kept = {field: before[field] for field in KEPT if before[field] is not None}
        wished = kept | {"name": new_name or name} | _said(said, lines, before["request"])
        wished["request"] = {field: value for field, value in wished["request"].items() if field not in unset}
        gone = ({"topics", "topics_into"} if no_topics else set()) | ({"feed_url", "feed_items"} if no_feed else set())
        wished = {field: value for field, value in wished.items() if field not in gone}
        timetables.say(_telling_lines(lines, partial(api.replace_schedule, before["id"], wished)))


@command.command
@click.argument("name")
@options.api
def pause(name: str, url: str | None, key: str | None) -> None:
    """Have the schedule NAME order nothing until it is resumed."""
    with client.readable(url, key) as api:
        api.pause_schedule(_id(api, name))
    screen.say(f"[green]✓[/] schedule {escape(name)} is paused", indent=2)


@command.command
@click.argument("name")
@options.api
def resume(name: str, url: str | None, key: str | None) -> None:
    """Have the schedule NAME order again, from its next slot on."""
    with client.readable(url, key) as api:
        schedule = api.resume_schedule(_id(api, name))
    screen.say(f"[green]✓[/] schedule {escape(name)} goes on", indent=2)
    screen.say()
    timetables.say_upcoming(schedule)


@command.command
@click.argument("name")
@click.option("--wait", is_flag=True, help="Watch it being made, then write its files into a folder.")
@click.option("--out", type=click.Path(path_type=Path), help="That folder.  [default: ./pressroom-out/TITLE]")
@options.api
def run(name: str, out: Path | None, url: str | None, key: str | None, *, wait: bool) -> None:
    """Order an extra run of the schedule NAME now; its next slot stays where it is."""
    with client.running(url, key) as api:
        ordered = api.run_schedule(_id(api, name))
        if not wait:
            ordering.say_ordered(ordered)
            return
        title = str(api.run(ordered["id"])["title"])
        ordering.see_through(api, ordered, title, out or folder.place(ordering.OUT, title, ordered["id"]))


@command.command
@click.argument("name")
@options.api
def delete(name: str, url: str | None, key: str | None) -> None:
    """Delete the schedule NAME with its history; its runs stay."""
    with client.readable(url, key) as api:
        api.delete_schedule(_id(api, name))
    screen.say(f"[green]✓[/] schedule {escape(name)} is deleted", indent=2)


def _id(api: client.Api, name: str) -> str:
    """Return the id of the schedule of that name. Raises NotFound."""
    return str(client.named(api.schedules(), name, "schedule")["id"])


def _said(said: dict[str, Any], topics: Lines | None, before: dict[str, Any]) -> dict[str, Any]:
    """Return what was said of a schedule, its request put together from all options that add to it."""
    plain = ("cron", "time_zone", "pipeline", "topics_into", "repeat_topics", "feed_url")
    wished = {name: said[name] for name in plain if said[name] is not None}
    short = {name: said[name] for name in ("topic", "brand") if said[name] is not None}
    named = dict(named_value(text, "--set") for text in said["fields"])
    wished["request"] = before | read_object(said["body"]) | named | short
    if said["feed_items"] is not None:
        wished["feed_items"] = ITEMS[said["feed_items"]].value
    if said["missed"] is not None:
        wished["missed"] = MISSED[said["missed"]].value
    if topics is not None:
        wished["topics"] = [line for _, line in topics]
    return wished


def _lines(file: TextIO | None) -> Lines | None:
    """Return the topics of a file, one a line, with the number of each line. Raises BadParameter."""
    if file is None:
        return None
    try:
        read = [(n, line.strip()) for n, line in enumerate(file, start=1)]
    except UnicodeDecodeError as exc:
        raise click.BadParameter(f"{file.name} is not UTF-8: {exc.reason}", param_hint="--topics") from None
    found = [(n, line) for n, line in read if line and not line.startswith(COMMENT)]
    if not found:
        raise click.BadParameter(f"{file.name} holds no topic; write one a line", param_hint="--topics")
    return found


def _telling_lines(topics: Lines | None, ask: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return what the API answers; its refusal of `topics.3` names the line of the file. Raises ApiError, ApiAway."""
    try:
        return ask()
    except client.ApiError as exc:
        if topics is None or not exc.fields:
            raise
        told = []
        for name, reason in exc.fields.items():
            field, _, place = name.partition(".")
            is_line = field == "topics" and place.isdecimal()
            told.append(f"line {topics[int(place)][0]}: {reason}" if is_line else f"{name}: {reason}")
        message = f"the schedule is not valid: {'; '.join(told)}"
        raise client.ApiError(message, code=exc.code, fields=exc.fields) from None
