"""Typographic backgrounds: what a slide shows when it has no picture. Varied by a seed, in the theme's manner.

To add one: write a kind (an image, colours, chance; says where a numeral may stand), and list it in its family.
"""

from __future__ import annotations

import random

from PIL import Image, ImageDraw

from app.domain.themes import Artwork, Pairing, Theme
from workers.images.compositor.artwork import geometry, grid, lines, shapes
from workers.images.compositor.artwork.proportion import proportion
from workers.images.compositor.artwork.strokes import Kind, Spot, disc_mask
from workers.images.compositor.fonts import Face, font
from workers.images.compositor.theme import Palette

__all__ = ["disc_mask", "paint", "proportion"]

_FAMILIES: dict[Artwork, tuple[Kind, ...]] = {
    Artwork.GEOMETRY: (*geometry.KINDS, grid.dots),
    Artwork.LINES: lines.KINDS,
    Artwork.GRID: grid.KINDS,
    Artwork.SHAPES: shapes.KINDS,
}


def paint(
    size: tuple[int, int], palette: Palette, theme: Theme, seed: tuple[int | str, int], numeral: str = ""
) -> Image.Image:
    """Return a background of `size` px; the same arguments give the same pixels.

    seed: of the deck, and the slide's place in it: neighbours are never of one kind. numeral: shown large, may be empty.
    """
    chance = random.Random(f"{seed[0]}/{seed[1]}")
    image = Image.new("RGB", size, palette.ground)
    spot = _kind(_FAMILIES[theme.artwork], *seed)(image, palette, chance, has_numeral=bool(numeral))
    if numeral and spot:
        _numeral(image, numeral, spot, theme.fonts)
    return image


def _kind(kinds: tuple[Kind, ...], seed: int | str, index: int) -> Kind:
    """Return the kind of a slide: all of them come before one comes again, and no two neighbours are of one kind."""
    order: list[Kind] = []
    for turn in range(index // len(kinds) + 1):
        new = random.Random(f"{seed}/{turn}").sample(kinds, len(kinds))
        if order and new[0] is order[-1]:
            new.append(new.pop(0))
        order += new
    return order[index]


def _numeral(image: Image.Image, numeral: str, spot: Spot, fonts: Pairing) -> None:
    """Set the numeral in the middle of its spot, filling at most its share of width and height."""
    box = spot.box
    probe = font(Face.DISPLAY, 100, fonts).getbbox(numeral, anchor="ls")
    wide, high = box[2] - box[0], box[3] - box[1]
    size_px = int(100 * spot.share * min(wide / (probe[2] - probe[0]), high / (probe[3] - probe[1])))
    opened = font(Face.DISPLAY, max(12, size_px), fonts)
    left, top, right, bottom = opened.getbbox(numeral, anchor="ls")
    at = (box[0] + box[2] - left - right) / 2, (box[1] + box[3] - top - bottom) / 2
    ImageDraw.Draw(image).text(at, numeral, font=opened, fill=spot.ink, anchor="ls")
