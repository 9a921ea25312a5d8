"""Schedules on the screen: when they come, what they order, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rich.markup import escape

from app.cli import screen, tables
from app.cli.tables import Column

MAX_NAME, MAX_WHEN, MAX_TOPIC, MAX_VALUE = 18, 40, 36, 60
SHOWN_SLOTS = 10  # of the history; the API has more
PAUSED = {
    "asked": "paused",
    "topics_used_up": "paused: all topics had their run",
    "unusable": "paused: its expression or zone cannot be read",
}
SHORT_ID = 8
STATES = {"ORDERED": "green", "REFUSED": "red", "MISSED": "yellow", "NOTHING_NEW": "dim"}


def say_list(schedules: Sequence[Mapping[str, Any]]) -> None:
    """Print schedules, one row each, and under it what is wrong with it."""
    columns = [
        Column("schedule", [_clipped(one["name"], MAX_NAME) for one in schedules]),
        Column("pipeline", [_clipped(one["pipeline"], MAX_NAME) for one in schedules], rank=2),
        Column("when", [_clipped(one["in_words"], MAX_WHEN) for one in schedules], rank=1),
        Column("next", [_next(one) for one in schedules]),
        Column("zone", [escape(one["time_zone"]) for one in schedules], rank=3),
        Column("topics left", ["" if (n := one["topics_left"]) is None else str(n) for one in schedules], True, 4),
        Column("last run", [_run(one["last_run"]) for one in schedules], rank=5),
    ]
    heading, *lines = tables.rows(tables.fitting(columns, screen.out().width))
    screen.say(heading)
    for line, one in zip(lines, schedules, strict=True):
        screen.say(line)
        _say_problem(one)


def say(schedule: Mapping[str, Any]) -> None:
    """Print a schedule: what it is, when it comes next, and what came of its latest slots."""
    screen.say(f"[bold]{escape(schedule['name'])}[/]")
    cron, zone = escape(schedule["cron"]), escape(schedule["time_zone"])
    screen.facts(
        [
            ("When", f"{escape(schedule['in_words'])}, {zone}  [dim]{cron}[/]"),
            ("Orders", f"{escape(schedule['pipeline'])}  [dim]{_request(schedule['request'])}[/]"),
            *([("Topics", _topics(schedule))] if schedule["topics_left"] is not None else []),
            *([("Feed", _feed(schedule))] if schedule.get("feed_url") else []),
            ("Missed", screen.words(schedule["missed"])),
            ("State", "active" if schedule["status"] == "ACTIVE" else f"[yellow]{_paused(schedule)}[/]"),
            ("Last run", _run(schedule["last_run"])),
            ("So far", ", ".join(f"{count} {name}" for name, count in schedule["slots"].items())),
        ]
    )
    _say_problem(schedule)
    if schedule["upcoming"]:
        screen.say()
        say_upcoming(schedule)
    if schedule["history"]:
        screen.say()
        _say_history(schedule)


def say_upcoming(schedule: Mapping[str, Any]) -> None:
    """Print the next runs in the schedule's own time and in UTC."""
    moments = [datetime.fromisoformat(text) for text in schedule["upcoming"]]
    table = screen.columns(f"next runs in {escape(schedule['time_zone'])}", "UTC", "")
    for moment in moments:
        table.add_row(_moment(moment), f"{moment.astimezone(UTC):%a %H:%M}", f"[dim]{_until(moment)}[/]")
    screen.out().print(table)


def _say_history(schedule: Mapping[str, Any]) -> None:
    rows = schedule["history"][:SHOWN_SLOTS]
    columns = [
        Column("slot", [_slot(row, schedule) for row in rows]),
        Column("outcome", [f"[{STATES[row['outcome']]}]{screen.words(row['outcome'])}[/]" for row in rows]),
        Column("missed", [str(row["missed"] or "") for row in rows], is_right=True, rank=3),
        Column("topic", [_clipped(row["topic"] or "", MAX_TOPIC) for row in rows], rank=2),
        Column("run", [_run(row["run"]) for row in rows]),
        Column("", [f"[red]{escape(row['problem']['code'])}[/]" if row["problem"] else "" for row in rows], rank=1),
    ]
    for line in tables.rows(tables.fitting(columns, screen.out().width)):
        screen.say(line)


def _say_problem(schedule: Mapping[str, Any]) -> None:
    if problem := schedule["problem"]:
        told = f"[red]![/] {escape(problem['message'])} [dim]{escape(problem['code'])}[/]"
        screen.paragraph(told, indent=2)


def _next(schedule: Mapping[str, Any]) -> str:
    if not schedule["upcoming"]:
        return "[yellow]paused[/]" if schedule["status"] == "PAUSED" else "?"
    return _moment(datetime.fromisoformat(schedule["upcoming"][0]))


def _paused(schedule: Mapping[str, Any]) -> str:
    return PAUSED.get(schedule["paused_because"], "paused")


def _topics(schedule: Mapping[str, Any]) -> str:
    drawn, left = schedule["topics_drawn"], schedule["topics_left"]
    then = "then from the first again" if schedule["repeat_topics"] else "then it pauses"
    following = schedule["next_topic"]
    told = f"{drawn} of {drawn + left} had their run, {then}"
    return told if following is None else f"{told}  [dim]next: {_clipped(following, MAX_TOPIC)}[/]"


def _feed(schedule: Mapping[str, Any]) -> str:
    which = "" if schedule["feed_items"] == "all" else " without a picture"
    count = schedule["feed_waiting"]
    read = schedule["feed_read_at"]
    waiting = f"{count} article{'' if count == 1 else 's'}{which} wait{'s' if count == 1 else ''}"
    told = f"{waiting}, read {_moment(datetime.fromisoformat(read))}" if read else "not read yet"
    return f"{escape(schedule['feed_url'])}  [dim]{told}[/]"


def _request(request: Mapping[str, Any]) -> str:
    """Return a request as `--set` takes it: `tone=punchy slides=7`."""
    values = ((name, value if isinstance(value, str) else json.dumps(value)) for name, value in request.items())
    return " ".join(f"{escape(name)}={_clipped(value, MAX_VALUE)}" for name, value in values)


def _run(run: Mapping[str, Any] | None) -> str:
    return "-" if run is None else f"{run['id'][:SHORT_ID]} {screen.words(run['status'])}"


def _slot(row: Mapping[str, Any], schedule: Mapping[str, Any]) -> str:
    """Return when a slot was due in the schedule's own time; or that there was none."""
    if row["slot"] is None:
        return f"[dim]by hand, {datetime.fromisoformat(row['at']):%d %b %H:%M} UTC[/]"
    moment = datetime.fromisoformat(row["slot"])
    try:
        return _moment(moment.astimezone(ZoneInfo(schedule["time_zone"])))
    except (ZoneInfoNotFoundError, ValueError):  # a zone that only the API knows
        return _moment(moment)


def _moment(moment: datetime) -> str:
    """Return `Mon 05 Oct 09:00 +05:00`."""
    return f"{moment:%a %d %b %H:%M} {moment.isoformat()[-6:]}"


def _until(moment: datetime) -> str:
    """Return how far away a moment is: `in 3 h 20 min`."""
    minutes = max(0, round((moment - datetime.now(UTC)) / timedelta(minutes=1)))
    days, hours = divmod(minutes // 60, 24)
    if days:
        return f"in {days} d {hours} h"
    return f"in {hours} h {minutes % 60:02d} min" if hours else f"in {minutes} min"


def _clipped(text: str, most: int) -> str:
    return escape(screen.clipped(" ".join(text.split()), most))
