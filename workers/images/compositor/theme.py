"""The colours of a deck, and the grounds that its slides stand on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from app.domain.themes import Theme
from workers.images.compositor.colour import BLACK, WHITE, Rgb, contrast, luminance, mix, readable, rgb

SAME, ALIKE = 1.2, 1.5  # contrast below which two colours are one to the eye, or too near to alternate


class Tone(StrEnum):
    """Which ground a slide stands on."""

    GROUND = "ground"
    SURFACE = "surface"
    DARK = "dark"  # the darker of the two: what pictures are shaded with
    ACCENT = "accent"


@dataclass(frozen=True, slots=True)
class Palette:
    """Ready colours for one ground; text and muted hold at least 4.5:1 on it; marks 2.2:1."""

    ground: Rgb
    text: Rgb
    muted: Rgb
    accent: Rgb
    """For marks and large shapes, not for text."""
    hairline: Rgb
    other: Rgb
    """The ground that the deck alternates with, for shapes."""


@lru_cache(maxsize=256)
def palette(theme: Theme, tone: Tone) -> Palette:
    """Return the colours of `theme` on the ground that `tone` names."""
    background, surface = rgb(theme.background), rgb(theme.surface)
    match tone:
        case Tone.GROUND:
            return _on(background, theme, surface)
        case Tone.SURFACE:
            return _on(surface, theme, background)
        case Tone.DARK:
            dark, light = sorted((background, surface), key=luminance)
            deep = readable(dark, WHITE, 12.0)
            return _on(deep, theme, light)
        case Tone.ACCENT:
            return _on(rgb(theme.accent), theme, background)


def _on(ground: Rgb, theme: Theme, other: Rgb) -> Palette:
    inks = (rgb(theme.text), rgb(theme.background), rgb(theme.surface))
    text = readable(max(inks, key=lambda ink: contrast(ink, ground)), ground, 5.0)
    # A theme's muted is chosen for its background; elsewhere the text's own colour, softened, keeps the hue right.
    soft = rgb(theme.muted) if ground == rgb(theme.background) else mix(text, ground, 0.34)
    accent = rgb(theme.accent)
    mark = text if contrast(accent, ground) < SAME else readable(accent, ground, 2.2)
    return Palette(
        ground=ground,
        text=text,
        muted=readable(soft, ground, 5.0),
        accent=mark,
        hairline=mix(ground, text, 0.22),
        other=other if contrast(other, ground) > ALIKE else max(BLACK, WHITE, key=lambda end: contrast(end, ground)),
    )
