"""Schedules on the screen: no line is wider than the terminal, and nothing that users wrote is read as markup."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from terminals import WIDTHS, Terminal

from app.cli import timetables
from app.schedules import slots

PROBLEM = {"code": "quota_exceeded:posts", "message": "the free plan allows 3 posts a month and they are used up"}
RUN = {"id": "6f1c0000-0000-4000-8000-000000000001", "status": "GENERATING_IMAGES", "links": {}}


def schedule(**changes: Any) -> dict[str, Any]:
    """Return a schedule as the API shows it."""
    cron, zone = changes.get("cron", "0 9 * * 1-5"), changes.get("time_zone", "Asia/Karachi")
    first = slots.next_slot(cron, zone, datetime.now(UTC))
    upcoming = [slot.isoformat() for slot in slots.upcoming(cron, zone, first, 5)]
    return {
        "name": "daily",
        "status": "ACTIVE",
        "pipeline": "full-post",
        "request": {"tone": "punchy", "slides": 7},
        "cron": cron,
        "time_zone": zone,
        "in_words": slots.in_words(cron),
        "topics_drawn": None,
        "topics_left": None,
        "next_topic": None,
        "repeat_topics": False,
        "missed": "skip",
        "paused_because": None,
        "upcoming": upcoming,
        "last_run": None,
        "problem": None,
        "slots": {"ordered": 4, "refused": 1, "missed": 0},
        "history": [],
        **changes,
    }


def slot(**changes: Any) -> dict[str, Any]:
    """Return a line of the history."""
    at = "2026-10-05T04:00:10+00:00"
    usual = {
        "slot": "2026-10-05T04:00:00+00:00",
        "at": at,
        "outcome": "ORDERED",
        "missed": 0,
        "topic": None,
        "run": RUN,
    }
    return {**usual, "problem": None, **changes}


@WIDTHS
def test_lists_and_schedules_fit_into_the_terminal(terminal: Terminal, width: int) -> None:
    terminal.opened(width)
    longest = schedule(
        name="n" * 100, cron="1,2,3,4,5 1,2,3,4 1,15 JAN,MAR MON,TUE", time_zone="America/Argentina/ComodRivadavia",
        topics_drawn=999, topics_left=1, next_topic="t" * 200, last_run=RUN, problem=PROBLEM,
    )  # fmt: skip

    timetables.say_list([longest, schedule()])
    heading = len(terminal.lines)
    timetables.say(
        schedule(history=[slot(topic="t" * 99), slot(outcome="REFUSED", run=None, problem=PROBLEM, missed=12)])
    )

    assert heading >= 4
    assert max(len(line) for line in terminal.lines) <= width


def test_the_next_runs_stand_in_the_schedules_own_time_and_in_utc(terminal: Terminal) -> None:
    terminal.opened(None)

    timetables.say(schedule())

    begin = next(n for n, line in enumerate(terminal.lines) if line.startswith("next runs in Asia/Karachi"))
    rows = terminal.lines[begin + 1 : begin + 6]
    assert len(rows) == 5
    assert all("09:00 +05:00" in row and " 04:00" in row and " in " in row for row in rows)


def test_slots_of_the_past_have_the_offset_that_they_had(terminal: Terminal) -> None:
    terminal.opened(None)
    summer, winter = "2026-07-06T07:00:00+00:00", "2026-12-07T08:00:00+00:00"

    timetables.say(schedule(time_zone="Europe/Berlin", history=[slot(slot=winter), slot(slot=summer)]))

    assert any("Mon 06 Jul 09:00 +02:00" in line for line in terminal.lines)
    assert any("Mon 07 Dec 09:00 +01:00" in line for line in terminal.lines)


@pytest.mark.parametrize(
    ("because", "told"),
    [("asked", "paused"), ("topics_used_up", "all topics had their run"), ("unusable", "cannot be read")],
)
def test_a_pause_says_why(terminal: Terminal, because: str, told: str) -> None:
    terminal.opened(None)

    timetables.say(schedule(status="PAUSED", paused_because=because, upcoming=[]))

    assert any(line.startswith("  State") and told in line for line in terminal.lines)


def test_what_is_wrong_stands_under_its_schedule(terminal: Terminal) -> None:
    terminal.opened(None)

    timetables.say_list([schedule(problem=PROBLEM), schedule(name="other")])

    assert terminal.lines[2] == f"  ! {PROBLEM['message']} {PROBLEM['code']}"
    assert terminal.lines[3].startswith("other")


@pytest.mark.parametrize("words", ["[red]sale[/]", "[/]", "a [link=x] b"])
def test_what_users_wrote_stands_there_as_they_wrote_it(terminal: Terminal, words: str) -> None:
    terminal.opened(None)

    timetables.say_list([schedule(name=words)])
    timetables.say(
        schedule(name=words, request={"topic": words}, topics_drawn=1, topics_left=1, next_topic=words,
                 history=[slot(topic=words)], problem={"code": "x", "message": words})
    )  # fmt: skip

    assert sum(line.count(words) for line in terminal.lines) == 6


def test_how_far_away_a_run_is_stands_there_in_words(terminal: Terminal) -> None:
    terminal.opened(None)
    soon = [(datetime.now(UTC) + timedelta(minutes=minutes, seconds=20)).isoformat() for minutes in (5, 200, 4000)]

    timetables.say(schedule(upcoming=soon))

    assert [line.split("  ")[-1] for line in terminal.lines[-3:]] == ["in 5 min", "in 3 h 20 min", "in 2 d 18 h"]
