"""`pressroom schedules`: make, see, change, run and delete schedules from the command line."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from commands import Up, pressroom, refused, said

DAILY = ("--cron", "0 9 * * 1-5", "--time-zone", "Asia/Karachi")


def schedules(up: Up, place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command on the running installation, in a folder that holds topics."""
    (place / "topics.txt").write_text("# this week\nFirst topic\n\nSecond topic\n")
    (place / "short.txt").write_text("First topic\n\nx\n")
    (place / "none.txt").write_text("# nothing\n")
    (place / "request.json").write_text('{"slides": 5, "tone": "story"}')
    return pressroom(place, "schedules", *words, PRESSROOM_DATA_DIR=str(up.place / ".pressroom"))


def listed(up: Up, place: Path) -> dict[str, str]:
    """Return each schedule's row by its name."""
    return {line.split()[0]: line for line in said(schedules(up, place)).splitlines()[1:] if line[0] != " "}


def test_a_schedule_is_made_with_topics_zone_and_tone_in_one_go(up: Up, place: Path) -> None:
    made = said(
        schedules(
            up, place, "create", "daily", *DAILY, "--pipeline", "full-post", "--topics", "topics.txt", "--set",
            "tone=punchy", "--set", "slides=7", "--missed", "catch-up-once",
        )
    )  # fmt: skip

    for told in (
        "At 09:00 on Monday through Friday, Asia/Karachi", "0 9 * * 1-5", "tone=punchy slides=7",
        "0 of 2 had their run, then it pauses", "next: First topic", "catch up once", "active",
        "next runs in Asia/Karachi", "09:00 +05:00",
    ):  # fmt: skip
        assert told in made
    assert said(schedules(up, place, "show", "daily")).splitlines()[0] == "daily"
    assert "09:00 +05:00" in listed(up, place)["daily"]


def test_what_is_edited_changes_and_all_else_stays(up: Up, place: Path) -> None:
    said(
        schedules(
            up, place, "create", "edited", *DAILY, "--topic", "Rust", "--json", "request.json", "--set", "language=de"
        )
    )
    changed = said(
        schedules(
            up, place, "edit", "edited", "--cron", "30 18 L * *", "--set", "tone=promo", "--unset", "language", "--name",
            "renamed",
        )
    )  # fmt: skip

    assert changed.startswith("renamed\n")
    for told in (
        "At 18:30 on the last day of every month",
        "Asia/Karachi",
        "tone=promo",
        "slides=5",
        "topic=Rust",
        "18:30 +05:00",
    ):
        assert told in changed
    assert "language" not in changed
    drawing = said(schedules(up, place, "edit", "renamed", "--topics", "topics.txt", "--unset", "topic", "--repeat"))
    assert "0 of 2 had their run, then from the first again" in drawing
    assert "Topics" not in said(schedules(up, place, "edit", "renamed", "--no-topics", "--topic", "Rust"))


def test_a_paused_schedule_says_so_and_goes_on_when_it_is_told(up: Up, place: Path) -> None:
    said(schedules(up, place, "create", "resting", *DAILY, "--topic", "Rust"))

    assert "schedule resting is paused" in said(schedules(up, place, "pause", "resting"))
    assert " paused" in listed(up, place)["resting"]
    resumed = said(schedules(up, place, "resume", "resting"))
    assert "schedule resting goes on" in resumed
    assert "09:00 +05:00" in resumed


def test_a_run_by_hand_is_made_and_stands_in_the_history(up: Up, place: Path) -> None:
    said(schedules(up, place, "create", "by-hand", *DAILY, "--topics", "topics.txt", "--set", "slides=5"))

    done = said(schedules(up, place, "run", "by-hand", "--wait"))

    folder = place / done.splitlines()[-1].split()[-1]
    assert json.loads((folder / "post.json").read_text())["request"]["topic"] == "First topic"
    told = said(schedules(up, place, "show", "by-hand"))
    assert "1 of 2 had their run" in told
    assert any("by hand" in line and "First topic" in line and " ready" in line for line in told.splitlines())
    ordered = said(schedules(up, place, "run", "by-hand"))
    assert "ordered, queued" in ordered
    assert "all topics had their run" in said(schedules(up, place, "show", "by-hand"))
    assert refused(schedules(up, place, "run", "by-hand")).endswith("[topics_used_up]")


def test_a_deleted_schedule_is_gone(up: Up, place: Path) -> None:
    said(schedules(up, place, "create", "short-lived", *DAILY, "--topic", "Rust"))

    assert "schedule short-lived is deleted" in said(schedules(up, place, "delete", "short-lived"))
    assert "short-lived" not in listed(up, place)
    assert refused(schedules(up, place, "delete", "short-lived")).endswith("[no_such_schedule]")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--cron", "61 9 * * *", "--topic", "Rust"), "minute '61'"),
        (("--cron", "0 9 * * *", "--time-zone", "Asia/Karachy", "--topic", "Rust"), "did you mean Asia/Karachi?"),
        (("--cron", "0 9 * * *"), "request.topic: Field required"),
        (("--cron", "0 9 * * *", "--topics", "short.txt"), "line 3: String should have at least 3"),
        (("--cron", "0 9 * * *", "--pipeline", "horoscope"), "there is no pipeline"),
        (("--cron", "0 9 * * *", "--topic", "Rust", "--brand", "nobody"), "[unknown_brand]"),
    ],
)
def test_what_is_refused_is_told_in_a_line_and_makes_nothing(
    up: Up, place: Path, words: tuple[str, ...], told: str
) -> None:
    assert told in refused(schedules(up, place, "create", "wrong", *words))
    assert refused(schedules(up, place, "show", "wrong")).endswith("[no_such_schedule]")


@pytest.mark.parametrize(
    "words",
    [("create", "x"), ("create", "x", *DAILY, "--set", "tone"), ("create", "x", *DAILY, "--topics", "none.txt"), ("edit",),
     ("create", "x", *DAILY, "--missed", "never")],
)  # fmt: skip
def test_a_wrong_usage_of_schedules_ends_with_2(up: Up, place: Path, words: tuple[str, ...]) -> None:
    assert schedules(up, place, *words).returncode == 2


def test_schedules_can_be_made_before_anything_is_up(place: Path) -> None:
    assert pressroom(place, "migrate").returncode == 0
    assert "No schedules yet" in said(pressroom(place, "schedules"))

    said(pressroom(place, "schedules", "create", "early", *DAILY, "--topic", "Rust"))

    assert "early" in said(pressroom(place, "schedules"))
