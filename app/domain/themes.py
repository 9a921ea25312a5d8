"""The looks that come with Pressroom: colours, a pair of typefaces and a few details, by name. A brand starts from one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Pairing(StrEnum):
    """Two typefaces that go together: headlines and text. Scripts that they lack have typefaces of their own."""

    EDITORIAL = "editorial"  # Fraunces over Inter
    MODERN = "modern"  # Space Grotesk over Inter
    BOLD = "bold"  # Archivo over Inter


class Mark(StrEnum):
    """The small sign in the accent colour that stands over a headline."""

    BAR = "bar"
    LINE = "line"  # a hairline across the column, its beginning thick
    SQUARES = "squares"  # three in a row
    DISC = "disc"


class Artwork(StrEnum):
    """What stands in for a picture."""

    GEOMETRY = "geometry"  # tiles, rings, arches
    LINES = "lines"  # fine lines: waves, arcs, hatching
    GRID = "grid"  # halftones, bars, crosses
    SHAPES = "shapes"  # a few very large ones, as on a poster


class Treatment(StrEnum):
    """What is done to the colours of a picture."""

    NATURAL = "natural"
    MONO = "mono"  # black and white
    DUOTONE = "duotone"  # from the dark ground to the light one


@dataclass(frozen=True, slots=True)
class Theme:
    """Five colours as #rrggbb, a pair of typefaces, details. Whatever the colours are, text is kept readable on each ground."""

    background: str
    """The deck's first ground; scrims over pictures take the darker of this and `surface`."""
    surface: str
    """The second ground, that slides alternate with; best of the other lightness."""
    text: str
    """Text on `background`. On `surface` the better of `text` and `background` is used."""
    muted: str
    """Handle, counter, secondary lines on `background`."""
    accent: str
    """Rules, marks, patterns, figures, and the ground of the last slide."""
    fonts: Pairing = Pairing.EDITORIAL
    radius: int = 28
    """Of the corners of pictures and panels, px on a canvas 1080 px wide; 0 = square."""
    mark: Mark = Mark.BAR
    artwork: Artwork = Artwork.GEOMETRY
    treatment: Treatment = Treatment.NATURAL


THEMES: dict[str, Theme] = {
    "midnight": Theme("#0b1220", "#f4f1ea", "#f8fafc", "#9fb0c8", "#4f9dff"),
    "paper": Theme(
        "#f6efe2", "#21352d", "#1c2420", "#6a6c60", "#d4512a", radius=0, mark=Mark.LINE, artwork=Artwork.LINES
    ),
    "signal": Theme(
        *("#0e0e0e", "#f1f1ec", "#fafaf7", "#a6a6a0", "#d3f012"),
        fonts=Pairing.MODERN,
        radius=0,
        mark=Mark.SQUARES,
        artwork=Artwork.GRID,
        treatment=Treatment.MONO,
    ),
    "poster": Theme(
        *("#fff3e4", "#2b1a66", "#1b1235", "#6f6486", "#ff5140"),
        fonts=Pairing.BOLD,
        radius=64,
        mark=Mark.DISC,
        artwork=Artwork.SHAPES,
        treatment=Treatment.DUOTONE,
    ),
    "harbour": Theme(
        *("#f3f7f7", "#0c3440", "#0d2228", "#56707a", "#12a594"),
        fonts=Pairing.MODERN,
        radius=20,
        artwork=Artwork.GEOMETRY,
    ),
    "velvet": Theme(
        *("#24101f", "#fbe9df", "#fff6f0", "#c9a9b8", "#f26a43"),
        radius=44,
        mark=Mark.DISC,
        artwork=Artwork.LINES,
    ),
}
DEFAULT_THEME = THEMES["midnight"]
