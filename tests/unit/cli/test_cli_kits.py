"""Brands on the screen: no table is wider than the terminal, and nothing that users wrote is read as markup."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest
from terminals import WIDTHS, Terminal

from app.cli import kits
from app.domain.brand import BrandKit
from app.domain.themes import THEMES

LOGO = {"url": "http://127.0.0.1:8000/media/brands/x/logo-0123456789ab.png", "width": 600, "height": 200, "bytes": 1638}
LARGEST = LOGO | {"width": 4000, "height": 4000}


def brand(name: str = "acme", logo: dict[str, Any] | None = None, **kit: Any) -> dict[str, Any]:
    """Return a brand as the API shows it."""
    whole = BrandKit(**kit)
    return {
        "id": "0",
        "name": name,
        "kit": whole.model_dump(mode="json", exclude={"logo"}),
        "tokens": asdict(whole.tokens()),
        "warnings": whole.warnings(),
        "logo": logo,
    }


@WIDTHS
def test_lists_and_themes_fit_into_the_terminal(terminal: Terminal, width: int) -> None:
    terminal.opened(width)
    longest = brand("x" * 100, LARGEST, theme="midnight", handle="@" + "h" * 39, muted="#333333", text="#222222")

    kits.say_list([longest, brand()])
    kits.say_themes(THEMES)
    kits.say(longest | {"name": "acme", "logo": None})

    assert max(len(line) for line in terminal.lines) <= width
    assert terminal.lines[1].endswith("4000 × 4000  3 warnings")


def test_in_a_pipe_colours_have_their_names(terminal: Terminal) -> None:
    terminal.opened(None)

    kits.say_list([brand(theme="signal", accent="#ff5500")])

    look = THEMES["signal"]
    assert terminal.lines[1].split()[:7] == [
        "acme",
        "signal",
        look.background,
        look.surface,
        look.text,
        look.muted,
        "#ff5500",
    ]


def test_a_brand_shows_each_ink_with_its_contrast(terminal: Terminal) -> None:
    terminal.opened(None)

    kits.say(brand(logo=LOGO))

    row = next(line for line in terminal.lines if line.startswith("background"))
    assert row.split() == ["background", "#0b1220", "#f8fafc", "17.8:1", "#9fb0c8", "8.4:1", "#4f9dff", "6.7:1"]
    assert any("600 × 200 px" in line and LOGO["url"] in line for line in terminal.lines)


@pytest.mark.parametrize("words", ["[red]sale[/]", "[/]", "a [link=x] b"])
def test_what_users_wrote_stands_there_as_they_wrote_it(terminal: Terminal, words: str) -> None:
    terminal.opened(None)

    kits.say(brand(words, handle=words, voice=words, visual_style=words))
    kits.say_list([brand(words, handle=words)])
    kits.say_logo(words, None)

    assert sum(line.count(words) for line in terminal.lines) == 7


def test_a_brand_that_only_another_release_can_read_is_named_with_the_reason(terminal: Terminal) -> None:
    terminal.opened(80)
    unknown = brand("later") | {"kit": None, "tokens": None, "warnings": ["another release has written it"]}

    kits.say_list([unknown, brand()])
    assert terminal.lines[1].split() == ["later", "-", "-", "-", "-", "1", "warning"]
    assert terminal.lines[2].split()[0] == "acme"

    kits.say(unknown)
    assert terminal.lines[-2:] == ["later", "! another release has written it"]
