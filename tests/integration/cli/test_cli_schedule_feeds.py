"""`pressroom schedules` with a feed: made, shown, kept by an edit, and taken away."""

from __future__ import annotations

from pathlib import Path

from commands import Up, pressroom

FEED = "http://127.0.0.1:9/feed.xml"  # nobody answers there, and the guard refuses it


def test_a_feed_is_named_shown_kept_by_an_edit_and_taken_away(up: Up, place: Path) -> None:
    def said(*words: str) -> str:
        done = pressroom(place, "schedules", *words, PRESSROOM_DATA_DIR=str(up.place / ".pressroom"))
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    made = said("create", "heroes", "--cron", "0 6 * * *", "--pipeline", "hero-image", "--feed-url", FEED)
    edited = said("edit", "heroes", "--cron", "0 7 * * *", "--feed-items", "all")
    without = said("edit", "heroes", "--no-feed", "--set", "title=Always the same")

    assert f"{FEED}  not read yet" in made
    assert FEED in edited
    assert "At 07:00" in edited
    assert FEED not in without
    assert "title=Always the same" in without
