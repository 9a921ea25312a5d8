"""A few very large shapes, as on a poster."""

from __future__ import annotations

import random

from PIL import Image, ImageDraw

from workers.images.compositor.artwork.strokes import Spot, disc, near, on_accent
from workers.images.compositor.theme import Palette


def _sun(image: Image.Image, palette: Palette, chance: random.Random, *, has_numeral: bool) -> Spot | None:
    """Let a sun rise behind two hills."""
    width, height = image.size
    unit = min(width, height)
    is_left = chance.choice((True, False))
    across = width * (0.34 if is_left else 0.66)
    radius = unit * 0.36
    centre = across, height * 0.46
    disc(image, centre, radius, palette.accent)
    for share, ink, where in ((0.92, near(palette, 0.2), 0.85), (0.8, palette.other, 0.1)):
        reach = max(width, height) * share
        x = width * (where if is_left else 1 - where)
        disc(image, (x, height * (0.76 if ink == palette.other else 0.62) + reach), reach, ink)
    box = (round(across - radius), round(centre[1] - radius), round(across + radius), round(centre[1] + radius * 0.3))
    return Spot(box, on_accent(palette), 0.6) if has_numeral else None


def _petals(image: Image.Image, palette: Palette, chance: random.Random, *, has_numeral: bool) -> Spot | None:
    """Set petals, each two quarter discs in a square, into a coarse grid."""
    columns = max(2, round(image.width / min(image.size) * 2))
    cell = image.width / columns
    rows = max(1, round(image.height / cell))
    inks = [palette.accent, palette.other, near(palette, 0.2)]
    turn = chance.randrange(3)
    for row in range(rows + 1):
        for column in range(columns):
            if has_numeral and row == column == 0:
                continue
            corner = column * cell, row * cell
            _petal(image, corner, cell, inks[(row + column + turn) % 3], is_rising=(row + column) % 2 == 0)
    return Spot((0, 0, round(cell), min(image.height, round(cell))), palette.text, 0.6) if has_numeral else None


def _petal(
    image: Image.Image, corner: tuple[float, float], cell: float, ink: tuple[int, int, int], *, is_rising: bool
) -> None:
    """Fill where two discs around opposite corners of a square meet."""
    side = round(cell)
    masks = []
    for is_far in (False, True):
        x = side if is_far == is_rising else 0
        mask = Image.new("L", (side * 2, side * 2), 0)
        y = 0 if is_far else side
        ImageDraw.Draw(mask).ellipse([2 * (x - side), 2 * (y - side), 2 * (x + side), 2 * (y + side)], fill=255)
        masks.append(mask)
    both = Image.composite(masks[0], Image.new("L", masks[0].size, 0), masks[1]).reduce(2)
    image.paste(ink, (round(corner[0]), round(corner[1])), both)


def _halves(image: Image.Image, palette: Palette, chance: random.Random, *, has_numeral: bool) -> Spot | None:
    """Set one half disc against another, turned and moved by a half."""
    width, height = image.size
    radius = min(width * 0.34, height * 0.48)
    is_left = chance.choice((True, False))
    middle = width * (0.62 if is_left else 0.38) if has_numeral else width * 0.5
    line = round(height * 0.5)
    upper, lower = palette.accent, palette.other
    for ink, x, top, bottom in ((upper, middle - radius * 0.5, 0, line), (lower, middle + radius * 0.5, line, height)):
        part = Image.new("RGB", (width, bottom - top), palette.ground)
        disc(part, (x, line - top), radius, ink)
        image.paste(part, (0, top))
    disc(image, (middle + radius * 0.98, line - radius * 0.42), radius * 0.3, near(palette, 0.26))
    free = width - (middle + 1.5 * radius), middle - 1.5 * radius
    if not has_numeral:
        return None
    box = (round(width - free[0]), 0, width, height) if free[0] > free[1] else (0, 0, round(free[1]), height)
    return Spot(box, palette.text, 0.8) if box[2] - box[0] > width * 0.1 else None


KINDS = (_sun, _petals, _halves)
