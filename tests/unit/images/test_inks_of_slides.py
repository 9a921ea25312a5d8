"""What the API tells of a brand's colours is what slides are drawn with."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from app.domain.colour import luminance, rgb
from app.domain.inks import Ground, tokens
from app.domain.themes import THEMES, Theme
from workers.images.compositor.colour import luminances
from workers.images.compositor.theme import Tone, palette

bytes_ = st.integers(0, 255)
hexes = st.builds("#{:02x}{:02x}{:02x}".format, bytes_, bytes_, bytes_)


def same(ground: Ground, look: Theme, tone: Tone) -> bool:
    """Whether a ground is told as it is drawn."""
    drawn = palette(look, tone)
    pairs = (
        (ground.ground, drawn.ground),
        (ground.text.colour, drawn.text),
        (ground.muted.colour, drawn.muted),
        (ground.mark.colour, drawn.accent),
    )
    return all(rgb(told) == used for told, used in pairs)


@given(st.builds(Theme, hexes, hexes, hexes, hexes, hexes) | st.sampled_from([*THEMES.values()]))
@example(THEMES["midnight"])
@example(THEMES["signal"])
def test_the_tokens_of_a_look_are_the_compositors_palette(look: Theme) -> None:
    told = tokens(look)
    dark, light = sorted((told.background, told.surface), key=lambda ground: luminance(rgb(ground.ground)))

    assert same(light, look, Tone.LIGHT)
    assert same(dark, look, Tone.DARK)
    assert same(told.accent, look, Tone.ACCENT)


@given(hexes)
def test_a_pixel_is_as_light_as_its_colour(one: str) -> None:
    pixel = np.array([[rgb(one)]], dtype=np.uint8)

    assert abs(float(luminances(pixel)[0, 0]) - luminance(rgb(one))) < 1e-6
