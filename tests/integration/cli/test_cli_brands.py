"""`pressroom brands`: make, see, change and use a brand from the command line."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from commands import Up, pressroom, refused, said

from app.domain.themes import THEMES
from pngs import logo


def brands(up: Up, place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command on the running installation, in a folder that holds logos."""
    (place / "logo.png").write_bytes(logo())
    (place / "opaque.png").write_bytes(logo(mode="RGB"))
    (place / "logo.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(99))
    return pressroom(place, "brands", *words, PRESSROOM_DATA_DIR=str(up.place / ".pressroom"))


def listed(up: Up, place: Path) -> list[str]:
    """Return the names of all brands."""
    return [line.split()[0] for line in said(brands(up, place)).splitlines()[1:]]


def test_a_brand_is_made_with_theme_colour_handle_and_logo_in_one_go(up: Up, place: Path) -> None:
    made = said(
        brands(
            up, place, "create", "acme", "--theme", "signal", "--accent", "#ff5500", "--handle", "@acme",
            "--logo", "logo.png", "--voice", "dry and exact",
        )
    )  # fmt: skip

    for told in ("signal  with its own accent", "@acme", "dry and exact", "120 × 70 px", "/media/brands/", "#ff5500"):
        assert told in made
    assert "!" not in made
    assert said(brands(up, place, "show", "acme")) == made
    row = next(line for line in said(brands(up, place, "list")).splitlines() if line.startswith("acme "))
    look = THEMES["signal"]
    assert row.split()[1:] == [
        "signal",
        look.background,
        look.surface,
        look.text,
        look.muted,
        "#ff5500",
        "@acme",
        "120",
        "×",
        "70",
    ]


def test_what_is_edited_changes_and_all_else_stays(up: Up, place: Path) -> None:
    said(brands(up, place, "create", "edited", "--theme", "signal", "--accent", "#ff5500", "--logo", "logo.png"))

    changed = said(brands(up, place, "edit", "edited", "--theme", "paper", "--handle", "@e", "--name", "renamed"))

    assert changed.startswith("renamed\n")
    for told in ("paper  with its own accent", "@e", "120 × 70 px", "warm paper"):  # the style goes with the theme
        assert told in changed
    assert "edited" not in listed(up, place)
    plain = said(brands(up, place, "edit", "renamed", "--accent", "", "--handle", ""))
    assert "paper  as it is" in plain
    assert "@e" not in plain


def test_a_style_of_ones_own_outlives_a_change_of_theme(up: Up, place: Path) -> None:
    said(brands(up, place, "create", "styled", "--theme", "signal", "--visual-style", "ink drawings"))

    assert "ink drawings" in said(brands(up, place, "edit", "styled", "--theme", "paper"))
    assert "warm paper" in said(brands(up, place, "edit", "styled", "--visual-style", ""))


def test_what_clashes_is_mentioned(up: Up, place: Path) -> None:
    made = said(brands(up, place, "create", "weak", "--muted", "#333344", "--logo", "opaque.png"))

    assert "! muted on background is 1.5:1" in made
    assert "! the logo has no transparency" in made
    assert "2 warnings" in said(brands(up, place))


def test_a_logo_is_given_and_taken(up: Up, place: Path) -> None:
    said(brands(up, place, "create", "bare"))

    assert "has a logo of 120 × 70 px" in said(brands(up, place, "logo", "bare", "logo.png"))
    assert "has no logo" in said(brands(up, place, "logo", "bare", "--remove"))
    assert "/media/" not in said(brands(up, place, "show", "bare"))


def test_a_deleted_brand_is_gone(up: Up, place: Path) -> None:
    said(brands(up, place, "create", "short lived"))

    assert "brand short lived is deleted" in said(brands(up, place, "delete", "short lived"))
    assert refused(brands(up, place, "delete", "short lived")).endswith("[no_such_brand]")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("create", "wrong", "--theme", "sgnal"), "take one of midnight, paper, signal, poster"),
        (("create", "wrong", "--accent", "red"), "kit.accent"),
        (("create", "wrong", "--fonts", "comic"), "'editorial', 'modern' or 'bold'"),
        (("create", "wrong", "--logo", "logo.jpg"), "a logo must be a PNG, and this is a JPEG"),
        (("create", "wrong", "--logo", "nowhere.png"), "cannot read nowhere.png"),
        (("show", "wrong"), "you have no brand 'wrong'"),
        (("edit", "wrong", "--handle", "@x"), "[no_such_brand]"),
        (("logo", "wrong", "logo.png"), "[no_such_brand]"),
    ],
)
def test_what_is_refused_is_told_in_a_line_and_makes_nothing(
    up: Up, place: Path, words: tuple[str, ...], told: str
) -> None:
    assert told in refused(brands(up, place, *words))
    assert "wrong" not in listed(up, place)


@pytest.mark.parametrize("words", [("logo", "acme"), ("logo", "acme", "logo.png", "--remove"), ("create",)])
def test_a_wrong_usage_of_brands_ends_with_2(up: Up, place: Path, words: tuple[str, ...]) -> None:
    assert brands(up, place, *words).returncode == 2


def test_themes_are_listed_where_nothing_has_ever_run(place: Path) -> None:
    table = said(pressroom(place, "brands", "themes"))

    for name, theme in THEMES.items():
        assert f"{name} " in table
        assert theme.accent in table
    assert not (place / ".pressroom").exists()


def test_a_run_is_ordered_with_a_brand_by_its_name(up: Up, place: Path) -> None:
    said(brands(up, place, "create", "7", "--visual-style", "neon on wet asphalt"))  # a name that reads as a number
    (place / "prompts.txt").write_text("a red fox\n")
    where = {"PRESSROOM_DATA_DIR": str(up.place / ".pressroom")}

    done = pressroom(place, "generate", "images", "--file", "prompts.txt", "--brand", "7", "--wait", **where)

    folder = Path(said(done).splitlines()[-1].split()[-1])
    run = json.loads((folder / "run.json").read_text())
    assert run["request"]["brand"] == "7"
    assert run["pieces"][0]["prompt"] == "a red fox. Style: neon on wet asphalt."
    unknown = pressroom(place, "generate", "images", "--file", "prompts.txt", "--brand", "nobody", **where)
    assert refused(unknown).endswith("[unknown_brand]")


def test_brands_can_be_made_before_anything_is_up(place: Path) -> None:
    assert pressroom(place, "migrate").returncode == 0
    assert "No brands yet" in said(pressroom(place, "brands"))
    (place / "logo.png").write_bytes(logo())

    said(pressroom(place, "brands", "create", "early", "--logo", "logo.png"))

    assert "120 × 70" in said(pressroom(place, "brands"))
