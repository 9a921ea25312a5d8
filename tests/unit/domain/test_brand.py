"""A brand: a theme with colours, fonts and words of its own."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from app.domain.brand import DEFAULT_BRAND, VISUAL_STYLES, BrandKit, KitBody, Logo
from app.domain.themes import DEFAULT_THEME, THEMES, Pairing

LOGO = Logo(key="brands/b/logo-0123456789ab.png", width=600, height=200, bytes=1600, sha256="0" * 64, has_alpha=True)
STORED_BEFORE_THEMES = {
    "background": "#0b1220",
    "surface": "#f4f1ea",
    "text": "#f8fafc",
    "muted": "#9fb0c8",
    "accent": "#ff5500",
    "handle": "@acme",
    "voice": "dry",
    "visual_style": "line drawings",
}


def test_the_default_is_midnight_and_nothing_clashes() -> None:
    assert DEFAULT_BRAND.look() == DEFAULT_THEME == THEMES["midnight"]
    assert DEFAULT_BRAND.warnings() == []


@pytest.mark.parametrize("theme", THEMES)
def test_a_kit_that_names_a_theme_alone_looks_like_it(theme: str) -> None:
    kit = BrandKit(theme=theme)

    assert kit.look() == THEMES[theme]
    assert kit.visual_style == VISUAL_STYLES[theme]


def test_what_a_kit_says_goes_before_its_theme() -> None:
    look = BrandKit(theme="paper", accent="#123456", fonts=Pairing.BOLD).look()

    assert (look.accent, look.fonts) == ("#123456", Pairing.BOLD)
    assert (look.background, look.text) == (THEMES["paper"].background, THEMES["paper"].text)


def test_a_kit_that_was_stored_before_there_were_themes_still_looks_the_same() -> None:
    kit = BrandKit.model_validate(STORED_BEFORE_THEMES)

    assert kit.look().accent == "#ff5500"
    assert kit.visual_style == "line drawings"
    assert kit.logo is None


def test_an_unknown_theme_is_told_with_those_that_exist() -> None:
    with pytest.raises(ValidationError) as refused:
        KitBody(theme="sgnal")

    (error,) = refused.value.errors()
    assert error["msg"] == f"there is no theme 'sgnal'; take one of {', '.join(THEMES)}"


@pytest.mark.parametrize(
    "wrong",
    [
        {"accent": "red"},
        {"accent": "#12345"},
        {"accent": "#123456\n"},
        {"accent": 5},
        {"theme": None},
        {"theme": 5},
        {"fonts": "comic"},
        {"handle": "x" * 41},
        {"visual_style": "x" * 301},
        {"visual_style": 5},
        {"colour": "#123456"},
        {"logo": LOGO.model_dump()},
        {"logo": None},
    ],
)
def test_a_body_says_only_what_users_may_say(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        KitBody.model_validate(wrong)

    assert [error["loc"][0] for error in refused.value.errors()] == [*wrong]


def test_words_become_one_line() -> None:
    kit = KitBody(handle="  @acme\n", voice="dry\nand  exact", visual_style="ink\r\nStyle: other")

    assert (kit.handle, kit.voice, kit.visual_style) == ("@acme", "dry and exact", "ink Style: other")


@pytest.mark.parametrize("empty", ["", "  ", "\n"])
def test_an_empty_text_counts_as_left_out(empty: str) -> None:
    kit = KitBody(theme="signal", handle=empty, voice=empty, visual_style=empty)

    assert kit == KitBody(theme="signal")
    assert kit.handle is None


def test_a_kit_is_the_same_after_it_was_stored() -> None:
    kit = BrandKit(theme="poster", fonts=Pairing.MODERN, muted="#666666", handle="@a", logo=LOGO)

    assert BrandKit.model_validate(json.loads(json.dumps(kit.model_dump()))) == kit


def test_a_logo_on_a_ground_of_its_own_is_mentioned() -> None:
    assert BrandKit(logo=LOGO).warnings() == []
    (only,) = BrandKit(logo=LOGO.model_copy(update={"has_alpha": False})).warnings()
    assert "stands on slides as a box" in only


def test_colours_that_clash_are_mentioned() -> None:
    (only,) = BrandKit(theme="signal", muted="#333333").warnings()

    assert only.startswith("muted on background is 1.5:1")


def test_every_theme_has_a_style_for_its_pictures() -> None:
    assert VISUAL_STYLES.keys() == THEMES.keys()


def test_a_handle_that_wide_slides_may_leave_out_is_mentioned() -> None:
    assert BrandKit(handle="@" + "w" * 27).warnings() == []
    (only,) = BrandKit(handle="@acme-international-consulting").warnings()
    assert "may be left out on wide slides" in only
