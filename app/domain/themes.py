"""The looks that come with Pressroom: colours and a pair of typefaces, by name. A brand starts from one of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Pairing(StrEnum):
    """Two typefaces that go together: headlines and text. Scripts that they lack have typefaces of their own."""

    EDITORIAL = "editorial"  # Fraunces over Inter
    MODERN = "modern"  # Space Grotesk over Inter
    BOLD = "bold"  # Archivo over Inter


@dataclass(frozen=True, slots=True)
class Theme:
    """Five colours as #rrggbb and a pair of typefaces. Whatever the colours are, text is kept readable on each ground."""

    background: str
    """The deck's first ground; scrims over pictures take the darker of this and `surface`."""
    surface: str
    """The second ground, that slides alternate with; best of the other lightness."""
    text: str
    """Text on `background`. On `surface` the better of `text` and `background` is used."""
    muted: str
    """Handle, counter, secondary lines on `background`."""
    accent: str
    """Rules, marks, patterns, and the ground of the last slide."""
    fonts: Pairing = Pairing.EDITORIAL


THEMES: dict[str, Theme] = {
    "midnight": Theme("#0b1220", "#f4f1ea", "#f8fafc", "#9fb0c8", "#4f9dff", Pairing.EDITORIAL),
    "paper": Theme("#f7f1e6", "#22332c", "#1d2320", "#6b6f66", "#d9552c", Pairing.EDITORIAL),
    "signal": Theme("#101010", "#f2f2ee", "#fafaf7", "#a6a6a0", "#d7f205", Pairing.MODERN),
    "poster": Theme("#fff6ec", "#2a1a5e", "#1b1235", "#6f6486", "#ff4d3d", Pairing.BOLD),
}
DEFAULT_THEME = THEMES["midnight"]
