"""Tiles, rings and arches."""

from __future__ import annotations

import math
import random
from functools import lru_cache

from PIL import Image, ImageDraw

from app.domain.colour import Rgb
from workers.images.compositor.artwork.strokes import FINE, Spot, disc, near, on_accent
from workers.images.compositor.theme import Palette

_SHAPES = ("quarter", "quarter", "half", "dot", "ring", "plain")


def _tiles(image: Image.Image, palette: Palette, chance: random.Random, *, has_numeral: bool) -> Spot | None:
    """Fill a grid with quarter discs, half discs and dots; the numeral takes four cells."""
    columns, rows = _grid(image.width, image.height)
    xs = [round(image.width * column / columns) for column in range(columns + 1)]
    ys = [round(image.height * row / rows) for row in range(rows + 1)]
    inks = [palette.ground, palette.ground, near(palette), palette.other, palette.accent]
    for row in range(rows):
        for column in range(columns):
            size = xs[column + 1] - xs[column], ys[row + 1] - ys[row]
            ground, ink = _two(chance, inks)
            tile = Image.new("RGB", size, ground)
            mask = _mask(chance.choice(_SHAPES), max(size)).rotate(90 * chance.randrange(4)).resize(size)
            tile.paste(ink, (0, 0), mask)
            image.paste(tile, (xs[column], ys[row]))
    if not has_numeral or rows == 1:
        return None
    first = chance.randrange(columns - 1)
    box = (xs[first], ys[0], xs[first + 2], ys[2])
    image.paste(palette.accent, box)
    return Spot(box, on_accent(palette))


def _grid(width: int, height: int) -> tuple[int, int]:
    """Return the columns (4 or 5, on a wide canvas 5 to 7) and rows whose cells come nearest to squares."""

    def bent(columns: int) -> float:
        rows = max(1, round(height * columns / width))
        return abs(math.log(height * columns / width / rows))

    columns = min(range(4, 6) if height > width * 0.8 else range(5, 8), key=bent)
    return columns, max(1, round(height * columns / width))


def _two(chance: random.Random, inks: list[Rgb]) -> tuple[Rgb, Rgb]:
    one = chance.choice(inks)
    return one, chance.choice([ink for ink in inks if ink != one])


@lru_cache(maxsize=64)
def _mask(shape: str, cell: int) -> Image.Image:
    """Return one tile's shape, white on black, `cell` px square."""
    side = cell * FINE
    mask = Image.new("L", (side, side), 0)
    draw = ImageDraw.Draw(mask)
    match shape:
        case "quarter":
            draw.ellipse((-side, -side, side, side), fill=255)
        case "half":
            draw.ellipse((0, -side // 2, side, side // 2), fill=255)
        case "dot":
            draw.ellipse((side * 0.28, side * 0.28, side * 0.72, side * 0.72), fill=255)
        case "ring":
            draw.ellipse((side * 0.14, side * 0.14, side * 0.86, side * 0.86), fill=255)
            draw.ellipse((side * 0.34, side * 0.34, side * 0.66, side * 0.66), fill=0)
    return mask.reduce(FINE)


def _rings(image: Image.Image, palette: Palette, chance: random.Random, *, has_numeral: bool) -> Spot | None:
    """Draw wide rings around an upper corner; the numeral stands on the free side."""
    is_left = chance.choice((True, False))
    inks = [palette.accent, near(palette), palette.other, palette.accent]
    radius = min(image.width * 0.62, image.height * 0.94)
    for place, ink in enumerate(inks):
        for share, colour in ((1 - place / 4, ink), (1 - place / 4 - 0.125, palette.ground)):
            disc(image, (0 if is_left else image.width, 0), radius * share, colour)
    reach = round(radius)
    if image.height > image.width:
        box = (0, reach, image.width, image.height)
    else:
        box = (reach, 0, image.width, image.height) if is_left else (0, 0, image.width - reach, image.height)
    return Spot(box, palette.text) if has_numeral else None


def _arches(image: Image.Image, palette: Palette, chance: random.Random, *, has_numeral: bool) -> Spot | None:
    """Stand arches in arches side by side, as seen in an arcade; the numeral stands in place of the first."""
    count = max(2, min(6, round(image.width / image.height * 2.6)))
    first = round(count / 3) if has_numeral else 0
    wide = image.width / count
    for place in range(first, count):
        inks = [near(palette, 0.12), palette.other, palette.accent, near(palette, 0.3)]
        turn = chance.randrange(4)
        crown = image.height * (0.12 + 0.26 * chance.random())
        for step, inset in enumerate((0.0, 0.16, 0.32)):
            half = wide * (0.5 - inset)
            _arch(image, (wide * (place + 0.5), crown + half + wide * inset), half, inks[(turn + step) % 4])
    return Spot((0, 0, round(wide * first), image.height), palette.text, 0.62) if has_numeral else None


def _arch(image: Image.Image, centre: tuple[float, float], half: float, ink: Rgb) -> None:
    disc(image, centre, half, ink)
    left = round(centre[0] - half)
    image.paste(ink, (left, round(centre[1]), left + max(1, round(2 * half)), image.height))


KINDS = (_tiles, _rings, _arches)
