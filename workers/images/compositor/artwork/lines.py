"""Fine lines: waves, arcs, hatching."""

from __future__ import annotations

import math
import random

from PIL import Image

from workers.images.compositor.artwork.strokes import Field, Spot, disc, near, on_accent
from workers.images.compositor.theme import Palette

STROKE = 420  # a line's width is the long side divided by this


def _stroke(image: Image.Image) -> float:
    return max(image.size) / STROKE


def _waves(image: Image.Image, palette: Palette, chance: random.Random, *, has_numeral: bool) -> Spot | None:
    """Draw waves below each other, each a little later than the one above; a sun stands over them."""
    width, height = image.size
    unit, thin = max(width, height), _stroke(image)
    sun = min(width, height) * 0.24
    across = width * chance.choice((0.24, 0.3, 0.7))
    disc(image, (across, height * 0.4), sun, palette.accent)
    phase, gap, first = chance.random() * math.tau, unit / 44, height * 0.42
    waves = [
        [
            (
                x,
                first
                + n * gap
                + unit * (0.03 + 0.012 * math.sin(n / 3 + phase)) * math.sin(x / unit * 5.2 + phase + n * 0.13),
            )
            for x in range(-8, width + 24, max(8, width // 60))
        ]
        for n in range(math.ceil((height - first) / gap) + 2)
    ]
    sea, field = Field(image.size), Field(image.size)
    sea.polygon([*waves[0], (width + 24, height), (-8, height)])
    sea.onto(image, palette.ground)
    for wave in waves:
        field.line(wave, thin)
    field.onto(image, near(palette, 0.42))
    box = (round(across - sun), round(height * 0.4 - sun), round(across + sun), round(height * 0.44))
    return Spot(box, on_accent(palette), 0.62) if has_numeral else None


def _arcs(image: Image.Image, palette: Palette, chance: random.Random, *, has_numeral: bool) -> Spot | None:
    """Draw circles around a point on the edge, closer and closer, one of them thick."""
    width, height = image.size
    unit, thin = max(width, height), _stroke(image)
    is_left = chance.choice((True, False))
    centre = (width * (-0.05 if is_left else 1.05), height * chance.choice((0.1, 0.95)))
    field, count = Field(image.size), 26
    thick = chance.randrange(9, 16)
    for n in range(count):
        if n != thick:
            field.ring(centre, unit * (0.06 + 0.034 * n), thin)
    field.onto(image, near(palette, 0.36))
    accent = Field(image.size)
    accent.ring(centre, unit * (0.06 + 0.034 * thick) + thin * 2.5, thin * 6)
    accent.onto(image, palette.accent)
    if not has_numeral:
        return None
    high = min(height, round(width * 0.5))
    box = (round(width * 0.5), 0, width, high) if is_left else (0, 0, round(width * 0.5), high)
    disc(image, ((box[0] + box[2]) / 2, high / 2), high * 0.36, palette.ground)
    return Spot(box, palette.text, 0.44)


def _hatching(image: Image.Image, palette: Palette, chance: random.Random, *, has_numeral: bool) -> Spot | None:
    """Hatch two leaning planes against each other; a disc stands where they meet."""
    width, height = image.size
    unit, thin = max(width, height), _stroke(image)
    field, gap = Field(image.size), unit / 46
    lean = chance.choice((0.5, 0.8))
    middle = width * chance.choice((0.36, 0.62))
    for n in range(math.ceil((width + height) / gap) * 2):
        y = n * gap - width
        field.line([(-4, y), (middle, y + middle * lean)], thin)
        field.line([(middle, y + middle * lean), (width + 4, y + middle * lean - (width - middle) * lean)], thin)
    field.onto(image, near(palette, 0.34))
    radius = min(width, height) * 0.27
    disc(image, (middle, height * 0.5), radius, palette.accent)
    box = (round(middle - radius), round(height * 0.5 - radius), round(middle + radius), round(height * 0.5 + radius))
    return Spot(box, on_accent(palette), 0.56) if has_numeral else None


KINDS = (_waves, _arcs, _hatching)
