"""Halftones, bars and crosses: things that stand in rows."""

from __future__ import annotations

import math
import random

from PIL import Image, ImageDraw

from workers.images.compositor.artwork.strokes import Spot, disc, near
from workers.images.compositor.theme import Palette


def dots(image: Image.Image, palette: Palette, chance: random.Random, *, has_numeral: bool) -> Spot | None:
    """Set dots that grow across the canvas, as in a printed halftone, with one in the accent colour."""
    columns = 12
    rows = max(3, round(image.height / (image.width / columns)))
    wide, high = image.width / columns, image.height / rows
    is_falling = chance.choice((True, False))
    lone = chance.randrange(7, 11), chance.randrange(1, max(2, rows // 2))
    free = range(1, 5), range(1, min(rows - 1, 5)) if has_numeral else range(0)
    for row in range(rows):
        for column in range(columns):
            if column in free[0] and row in free[1]:
                continue
            across = (column + (row if is_falling else rows - row)) / (columns + rows)
            is_lone = (column, row) == lone
            radius = min(wide, high) * (0.44 if is_lone else 0.08 + 0.34 * across)
            disc(
                image,
                ((column + 0.5) * wide, (row + 0.5) * high),
                radius,
                palette.accent if is_lone else near(palette, 0.3),
            )
    box = round(wide), round(high), round(5 * wide), round(free[1].stop * high)
    return Spot(box, palette.text, 0.98) if has_numeral else None


def _bars(image: Image.Image, palette: Palette, chance: random.Random, *, has_numeral: bool) -> Spot | None:
    """Stand bars of changing height side by side; the numeral has the left third."""
    count = 12
    first = 4 if has_numeral else 0
    lit = chance.randrange(first + 1, count)
    draw = ImageDraw.Draw(image)
    phase = chance.random() * math.tau
    for place in range(first, count):
        share = 0.46 + 0.3 * math.sin(phase + place * 0.7) + 0.1 * chance.random()
        ink = palette.accent if place == lit else near(palette, 0.1 + 0.07 * (place % 3))
        left, right = round(place * image.width / count), round((place + 1) * image.width / count) - 1
        draw.rectangle((left, image.height * (1 - share), right, image.height), fill=ink)
    return Spot((0, 0, round(image.width * first / count), image.height), palette.text) if has_numeral else None


def _crosses(image: Image.Image, palette: Palette, chance: random.Random, *, has_numeral: bool) -> Spot | None:
    """Rule a grid, fill a few of its cells; the numeral stands in a large one."""
    columns = max(4, round(image.width / max(image.width, image.height) * 9))
    cell = image.width / columns
    rows = math.ceil(image.height / cell)
    draw = ImageDraw.Draw(image)
    line = max(1, round(cell / 60))
    for n in range(1, max(columns, rows) + 1):
        draw.rectangle((n * cell, 0, n * cell + line - 1, image.height), fill=near(palette, 0.16))
        draw.rectangle((0, n * cell, image.width, n * cell + line - 1), fill=near(palette, 0.16))
    size = max(1, min(3, rows - 1))
    cells = [(c, r) for c in range(size if has_numeral else 0, columns) for r in range(max(1, rows - 1))]
    inks = [
        palette.accent,
        near(palette, 0.3),
        near(palette, 0.3),
        palette.other,
        near(palette, 0.12),
        near(palette, 0.12),
    ]
    for (column, row), ink in zip(chance.sample(cells, min(len(cells), len(inks))), inks, strict=False):
        draw.rectangle((column * cell, row * cell, (column + 1) * cell, (row + 1) * cell), fill=ink)
    box = (0, 0, round(size * cell), min(image.height, round(size * cell)))
    return Spot(box, palette.text, 0.7) if has_numeral else None


KINDS = (dots, _bars, _crosses)
