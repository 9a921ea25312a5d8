"""A share as a part of a hundred dots."""

from __future__ import annotations

import math

from PIL import Image

from workers.images.compositor.artwork.strokes import disc, near
from workers.images.compositor.theme import Palette

HUNDRED = 100
_COLUMNS = (5, 10, 20, 25, 50)
FILLED = 0.38  # a dot's radius, as a share of its cell


def proportion(size: tuple[int, int], palette: Palette, share: float) -> Image.Image:
    """Return a hundred dots from the left of `size` px, as many of them in the accent colour as `share` (0 to 1) says."""
    image = Image.new("RGB", size, palette.ground)
    wanted = size[0] / size[1]
    columns = min(_COLUMNS, key=lambda count: abs(math.log(count * count / HUNDRED / wanted)))
    rows = HUNDRED // columns
    cell = min(size[0] / (columns - 1 + 2 * FILLED), size[1] / (rows - 1 + 2 * FILLED))
    left, top = cell * (FILLED - 0.5), (size[1] - rows * cell) / 2  # dots begin at the very edge, as letters do
    lit = round(share * HUNDRED)
    for n in range(HUNDRED):
        centre = left + (n % columns + 0.5) * cell, top + (n // columns + 0.5) * cell
        disc(image, centre, cell * FILLED, palette.accent if n < lit else near(palette, 0.16))
    return image
