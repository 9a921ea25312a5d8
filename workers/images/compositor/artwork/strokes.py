"""What all kinds of artwork are drawn with."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from PIL import Image, ImageDraw

from app.domain.colour import Rgb, contrast, mix
from workers.images.compositor.theme import Palette

LARGE = 700  # px; from here on twice is fine enough
FINE = 4  # small shapes are drawn this many times larger and scaled down, for smooth edges
DOUBLE = 2  # and fields of lines so many times


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a numeral may stand in an artwork."""

    box: tuple[int, int, int, int]
    ink: Rgb
    share: float = 0.66
    """Of the box's width and height that it fills at most."""


class Kind(Protocol):
    """A manner of drawing."""

    def __call__(
        self, image: Image.Image, palette: Palette, chance: random.Random, *, has_numeral: bool
    ) -> Spot | None:
        """Draw on an image filled with the ground; return where a numeral may stand if one will come."""
        ...


def near(palette: Palette, share: float = 0.14) -> Rgb:
    """Return the ground with `share` of the text's colour in it."""
    return mix(palette.ground, palette.text, share)


def on_accent(palette: Palette) -> Rgb:
    """Return what can be read best on the accent."""
    return max(palette.text, palette.other, key=lambda ink: contrast(ink, palette.accent))


def disc(image: Image.Image, centre: tuple[float, float], radius: float, ink: Rgb) -> None:
    """Draw a disc with smooth edges."""
    size = max(1, round(2 * radius))
    at = round(centre[0] - radius), round(centre[1] - radius)
    image.paste(ink, at, disc_mask(size))


@lru_cache(maxsize=256)
def disc_mask(size: int) -> Image.Image:
    """Return a smooth disc of `size` px across, white on black."""
    fine = FINE if size < LARGE else DOUBLE
    mask = Image.new("L", (size * fine, size * fine), 0)
    ImageDraw.Draw(mask).ellipse((0, 0, size * fine - 1, size * fine - 1), fill=255)
    return mask.reduce(fine)


class Field:
    """A field of lines and shapes in one colour with smooth edges; coordinates are px of the image."""

    def __init__(self, size: tuple[int, int]) -> None:
        """Start empty."""
        self._mask = Image.new("L", (size[0] * DOUBLE, size[1] * DOUBLE), 0)
        self._draw = ImageDraw.Draw(self._mask)

    def line(self, points: Iterable[tuple[float, float]], width: float) -> None:
        """Add a line through `points`."""
        self._draw.line([(x * DOUBLE, y * DOUBLE) for x, y in points], 255, round(width * DOUBLE), joint="curve")

    def ring(self, centre: tuple[float, float], radius: float, width: float) -> None:
        """Add a circle."""
        box = [(centre[0] - radius) * DOUBLE, (centre[1] - radius) * DOUBLE]
        box += [(centre[0] + radius) * DOUBLE, (centre[1] + radius) * DOUBLE]
        self._draw.ellipse(box, outline=255, width=round(width * DOUBLE))

    def polygon(self, points: Iterable[tuple[float, float]]) -> None:
        """Add a filled polygon."""
        self._draw.polygon([(x * DOUBLE, y * DOUBLE) for x, y in points], fill=255)

    def onto(self, image: Image.Image, ink: Rgb) -> None:
        """Lay the field on `image`."""
        image.paste(ink, (0, 0), self._mask.reduce(DOUBLE))
