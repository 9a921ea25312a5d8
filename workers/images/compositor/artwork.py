"""Typographic backgrounds: what a slide shows when it has no picture. Geometry and a numeral, varied by a seed."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from functools import lru_cache
from typing import TypeAlias

from PIL import Image, ImageDraw

from workers.images.compositor.colour import Rgb, contrast, mix
from workers.images.compositor.fonts import Face, font
from workers.images.compositor.theme import Palette

LARGE = 700  # px; from here on twice is fine enough
FINE = 4  # shapes are drawn this many times larger and scaled down, for smooth edges


def paint(size: tuple[int, int], palette: Palette, seed: int | str, numeral: str = "") -> Image.Image:
    """Return a background of `size` px; the same arguments give the same pixels. numeral: shown large, may be empty."""
    chance = random.Random(f"{seed}:{numeral}")
    kind = chance.choice(_KINDS)
    image = Image.new("RGB", size, palette.ground)
    kind(image, palette, chance, numeral)
    return image


def _tiles(image: Image.Image, palette: Palette, chance: random.Random, numeral: str) -> None:
    """Fill a grid with quarter discs, half discs and dots; the numeral takes four cells."""
    columns, rows = _grid(image.width, image.height)
    xs = [round(image.width * column / columns) for column in range(columns + 1)]
    ys = [round(image.height * row / rows) for row in range(rows + 1)]
    inks = [palette.ground, palette.ground, _near(palette), palette.other, palette.accent]
    for row in range(rows):
        for column in range(columns):
            size = xs[column + 1] - xs[column], ys[row + 1] - ys[row]
            ground, ink = _two(chance, inks)
            tile = Image.new("RGB", size, ground)
            mask = _mask(chance.choice(_SHAPES), max(size)).rotate(90 * chance.randrange(4)).resize(size)
            tile.paste(ink, (0, 0), mask)
            image.paste(tile, (xs[column], ys[row]))
    if numeral and rows > 1:
        first = chance.randrange(columns - 1)
        box = (xs[first], ys[0], xs[first + 2], ys[2])
        image.paste(palette.accent, box)
        _numeral(image, numeral, box, max(palette.text, palette.other, key=lambda ink: contrast(ink, palette.accent)))


def _grid(width: int, height: int) -> tuple[int, int]:
    """Return the columns (4 to 6, on a wide canvas 6 to 8) and rows whose cells come nearest to squares."""

    def bent(columns: int) -> float:
        rows = max(1, round(height * columns / width))
        return abs(math.log(height * columns / width / rows))

    columns = min(range(4, 7) if height > width * 0.8 else range(6, 9), key=bent)
    return columns, max(1, round(height * columns / width))


def _rings(image: Image.Image, palette: Palette, chance: random.Random, numeral: str) -> None:
    """Draw wide rings around an upper corner and set the numeral on the free side."""
    is_left = chance.choice((True, False))
    inks = [palette.accent, _near(palette), palette.other, palette.accent]
    radius = min(image.width * 0.62, image.height * 0.94)
    for place, ink in enumerate(inks):
        for share, colour in ((1 - place / 4, ink), (1 - place / 4 - 0.125, palette.ground)):
            _disc(image, (0 if is_left else image.width, 0), radius * share, colour)
    free = (
        (round(radius), 0, image.width, image.height) if is_left else (0, 0, image.width - round(radius), image.height)
    )
    _numeral(image, numeral, free, palette.text)


def _dots(image: Image.Image, palette: Palette, chance: random.Random, numeral: str) -> None:
    """Set dots that grow across the canvas, as in a printed halftone, with one in the accent colour."""
    columns = 12
    rows = max(3, round(image.height / (image.width / columns)))
    wide, high = image.width / columns, image.height / rows
    is_falling = chance.choice((True, False))
    lone = chance.randrange(7, 11), chance.randrange(1, max(2, rows // 2))
    free = range(1, 5), range(1, min(rows - 1, 5)) if numeral else range(0)
    for row in range(rows):
        for column in range(columns):
            if column in free[0] and row in free[1]:
                continue
            across = (column + (row if is_falling else rows - row)) / (columns + rows)
            is_lone = (column, row) == lone
            radius = min(wide, high) * (0.44 if is_lone else 0.08 + 0.34 * across)
            ink = palette.accent if is_lone else _near(palette, 0.3)
            _disc(image, ((column + 0.5) * wide, (row + 0.5) * high), radius, ink)
    if free[1]:
        _numeral(
            image,
            numeral,
            (round(wide), round(high), round(5 * wide), round((free[1].stop) * high)),
            palette.text,
            0.98,
        )


def _bars(image: Image.Image, palette: Palette, chance: random.Random, numeral: str) -> None:
    """Stand bars of changing height side by side, rounded at the top; the numeral has the left third."""
    count = 9
    first = 3 if numeral else 0
    lit = chance.randrange(first + 1, count)
    draw = ImageDraw.Draw(image)
    phase = chance.random() * math.tau
    for place in range(first, count):
        share = 0.5 + 0.28 * math.sin(phase + place * 0.9) + 0.1 * chance.random()
        top = image.height * (1 - share)
        ink = palette.accent if place == lit else _near(palette, 0.1 + 0.06 * (place % 3))
        left, right = round(place * image.width / count), round((place + 1) * image.width / count) - 1
        radius = (right - left + 1) / 2
        draw.rectangle((left, top + radius, right, image.height), fill=ink)
        _disc(image, (left + radius, top + radius), radius, ink)
    _numeral(image, numeral, (0, 0, round(image.width * first / count), image.height), palette.text, 0.62)


Kind: TypeAlias = Callable[[Image.Image, Palette, random.Random, str], None]
_KINDS: tuple[Kind, ...] = (_tiles, _rings, _dots, _bars)
_SHAPES = ("quarter", "quarter", "half", "dot", "ring", "plain")


def _near(palette: Palette, share: float = 0.14) -> Rgb:
    return mix(palette.ground, palette.text, share)


def _two(chance: random.Random, inks: list[Rgb]) -> tuple[Rgb, Rgb]:
    one = chance.choice(inks)
    return one, chance.choice([ink for ink in inks if ink != one])


def _numeral(image: Image.Image, numeral: str, box: tuple[int, int, int, int], ink: Rgb, share: float = 0.66) -> None:
    """Set the numeral in the middle of `box`, filling at most `share` of its width and height."""
    if not numeral:
        return
    probe = font(Face.DISPLAY, 100).getbbox(numeral, anchor="ls")
    wide, high = box[2] - box[0], box[3] - box[1]
    size_px = int(100 * share * min(wide / (probe[2] - probe[0]), high / (probe[3] - probe[1])))
    opened = font(Face.DISPLAY, max(12, size_px))
    left, top, right, bottom = opened.getbbox(numeral, anchor="ls")
    at = (box[0] + box[2] - left - right) / 2, (box[1] + box[3] - top - bottom) / 2
    ImageDraw.Draw(image).text(at, numeral, font=opened, fill=ink, anchor="ls")


def _disc(image: Image.Image, centre: tuple[float, float], radius: float, ink: Rgb) -> None:
    """Draw a disc with smooth edges."""
    size = max(1, round(2 * radius))
    at = round(centre[0] - radius), round(centre[1] - radius)
    image.paste(ink, at, disc_mask(size))


@lru_cache(maxsize=256)
def disc_mask(size: int) -> Image.Image:
    """Return a smooth disc of `size` px across, white on black."""
    fine = FINE if size < LARGE else 2
    mask = Image.new("L", (size * fine, size * fine), 0)
    ImageDraw.Draw(mask).ellipse((0, 0, size * fine - 1, size * fine - 1), fill=255)
    return mask.reduce(fine)


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
