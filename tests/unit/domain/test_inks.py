"""What is drawn with on each ground: readable whatever the colours are, and told where it is not what was asked."""

from __future__ import annotations

import re
from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import colour
from app.domain.colour import BLACK, WHITE, Rgb, contrast, rgb
from app.domain.inks import clashes, tokens
from app.domain.themes import DEFAULT_THEME, THEMES, Theme

bytes_ = st.integers(0, 255)
hexes = st.builds("#{:02x}{:02x}{:02x}".format, bytes_, bytes_, bytes_)
looks = st.builds(Theme, hexes, hexes, hexes, hexes, hexes)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (WHITE, BLACK, 21.0),
        (WHITE, WHITE, 1.0),
        ((0x77, 0x77, 0x77), WHITE, 4.48),  # the grey that is just not readable on white
        ((0x76, 0x76, 0x76), WHITE, 4.54),
        ((255, 0, 0), WHITE, 4.0),
        ((0, 0, 255), WHITE, 8.59),
    ],
)
def test_contrast_is_that_of_wcag(one: Rgb, other: Rgb, expected: float) -> None:
    assert contrast(one, other) == pytest.approx(expected, abs=0.01)
    assert contrast(one, other) == contrast(other, one)


@pytest.mark.parametrize("text", ["", "#", "#fff", "red", "#gggggg", "#0b12200", "#0b1220\n", "0x0b1220"])
def test_what_is_no_colour_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write it as #rrggbb"):
        rgb(text)


@given(hexes)
def test_a_colour_survives_being_read_and_written(text: str) -> None:
    assert colour.hexadecimal(rgb(text)) == text


@given(hexes, hexes, st.floats(1, 4.58))
def test_every_ground_has_a_readable_version_of_every_colour(ink: str, ground: str, minimum: float) -> None:
    assert contrast(colour.readable(rgb(ink), rgb(ground), minimum), rgb(ground)) >= minimum


@given(looks)
def test_all_text_is_readable_on_all_grounds_whatever_the_colours_are(look: Theme) -> None:
    for ground in asdict(tokens(look)).values():
        for name, least in (("text", 4.5), ("muted", 4.5), ("mark", 1.2)):
            ink = ground[name]
            measured = contrast(rgb(ink["colour"]), rgb(ground["ground"]))
            assert measured >= least
            assert measured - 0.01 < ink["contrast"] <= measured


@given(looks)
def test_a_clash_is_told_with_the_colour_that_is_used_instead(look: Theme) -> None:
    first = tokens(look).background
    for told in clashes(look):
        if found := re.fullmatch(r"(\w+) on background is (\S+):1, .*; it will be \w+ to (#\w{6})", told):
            name, said, used = found.groups()
            asked = getattr(look, name)
            assert used == getattr(first, {"accent": "mark"}.get(name, name)).colour != asked
            assert float(said) <= contrast(rgb(asked), rgb(look.background)) < float(said) + 0.11


@pytest.mark.parametrize("name", THEMES)
def test_no_theme_of_ours_clashes(name: str) -> None:
    assert clashes(THEMES[name]) == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"muted": "#4a5568"}, "muted on background is 2.4:1, and 4.5:1 is needed; it will be lightened to #808895"),
        ({"text": "#222222"}, "text on background is 1.1:1"),
        ({"accent": "#0b1220"}, "accent on background is 1.0:1"),
        ({"surface": "#101828"}, "background and surface are nearly the same (1.0:1)"),
    ],
)
def test_each_weak_colour_has_its_own_sentence(changes: dict[str, str], told: str) -> None:
    (only,) = clashes(replace(DEFAULT_THEME, **changes))  # type: ignore[arg-type]  # colours only

    assert only.startswith(told)
