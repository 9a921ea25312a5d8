"""The colours of a deck, and the grounds that its slides stand on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from app.domain.colour import BLACK, WHITE, Rgb, contrast, luminance, mix, rgb
from app.domain.inks import ALIKE, inks
from app.domain.themes import Theme

DEEP = 12.0  # contrast of white with the ground that pictures are shaded with
CLEAR = 7.5  # contrast of muted text with the ground that pictures are shaded with
FIGURE = 4.7  # least contrast of a large figure
BENT = 0.4  # an accent that had to be mixed with more black or white than this is no longer the accent


class Tone(StrEnum):
    """Which ground a slide stands on."""

    LIGHT = "light"  # the lighter of background and surface
    DARK = "dark"  # the darker of the two
    DEEP = "deep"  # the same, made dark enough to shade pictures with
    ACCENT = "accent"


@dataclass(frozen=True, slots=True)
class Palette:
    """Ready colours for one ground; text, muted and figure hold at least 4.5:1 on it; accent 2.2:1."""

    ground: Rgb
    text: Rgb
    muted: Rgb
    accent: Rgb
    """For marks and large shapes, not for text."""
    figure: Rgb
    """The accent as a text may have it."""
    hairline: Rgb
    other: Rgb
    """The ground that the deck alternates with, for shapes."""


@lru_cache(maxsize=256)
def palette(theme: Theme, tone: Tone) -> Palette:
    """Return the colours of `theme` on the ground that `tone` names."""
    dark, light = sorted((rgb(theme.background), rgb(theme.surface)), key=luminance)
    match tone:
        case Tone.LIGHT:
            return _on(light, theme, dark)
        case Tone.DARK:
            return _on(dark, theme, light)
        case Tone.DEEP:
            return _over_pictures(_on(_nearest(dark, WHITE, DEEP)[0], theme, light))
        case Tone.ACCENT:
            return _on(rgb(theme.accent), theme, rgb(theme.background))


def _on(ground: Rgb, theme: Theme, other: Rgb) -> Palette:
    used = inks(theme, ground)
    figure, bent = _nearest(rgb(theme.accent), ground, FIGURE)
    return Palette(
        ground=ground,
        text=used.text,
        muted=used.muted,
        accent=used.mark,
        figure=figure if bent <= BENT else used.text,
        hairline=mix(ground, used.text, 0.22),
        other=other if contrast(other, ground) > ALIKE else max(BLACK, WHITE, key=lambda end: contrast(end, ground)),
    )


def _over_pictures(colours: Palette) -> Palette:
    """Return `colours` with a stronger muted: if it were just readable on the plain ground, no picture could shine through."""
    return replace(colours, muted=_nearest(colours.muted, colours.ground, CLEAR)[0])


def _nearest(colour: Rgb, against: Rgb, minimum: float) -> tuple[Rgb, float]:
    """Return `colour` with as much black or white as its contrast with `against` asks, and how much that was, 0 to 1."""
    pole = max(WHITE, BLACK, key=lambda end: contrast(end, against))
    for step in range(21):
        candidate = mix(colour, pole, step / 20)
        if contrast(candidate, against) >= minimum:
            return candidate, step / 20
    return pole, 1.0
