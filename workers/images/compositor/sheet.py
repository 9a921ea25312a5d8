"""The canvas under work: shapes, pictures and texts, with a record of how well the texts can be read."""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

import numpy as np
from PIL import Image, ImageDraw

from workers.images.compositor.artwork import disc_mask
from workers.images.compositor.colour import Rgb, luminance, luminances
from workers.images.compositor.fonts import font
from workers.images.compositor.frame import Frame
from workers.images.compositor.setting import Block

Box: TypeAlias = tuple[int, int, int, int]
TILE = 12  # px at 1080 wide: about the size of a letter's counter, so that a bright speck under one letter is seen


class Sheet:
    """An RGB canvas. Draw all that lies under a text before the text: contrast is measured when it is written."""

    def __init__(self, frame: Frame, ground: Rgb) -> None:
        """Start with a plain `ground`."""
        self.frame = frame
        self.image = Image.new("RGB", (frame.width, frame.height), ground)
        self.contrast = 21.0
        """Lowest so far."""
        self.missing_glyphs = 0
        self.has_overflow = False
        self.least_type_px = 0
        self.scrim = 0.0
        """Strongest so far."""

    def picture(self, picture: Image.Image, at: tuple[int, int], radius: int = 0) -> None:
        """Lay a picture down with its left top corner at `at`; radius rounds its corners, px."""
        self.image.paste(picture, at, _rounded(picture.size, radius) if radius else None)

    def panel(self, box: Box, colour: Rgb, radius: int = 0) -> None:
        """Fill a box (left, top, right, bottom)."""
        size = box[2] - box[0], box[3] - box[1]
        self.image.paste(colour, box, _rounded(size, radius) if radius else None)

    def disc(self, centre: tuple[int, int], radius: int, colour: Rgb) -> None:
        """Fill a disc."""
        self.image.paste(colour, (centre[0] - radius, centre[1] - radius), disc_mask(2 * radius))

    def polygon(self, points: list[tuple[float, float]], colour: Rgb) -> None:
        """Fill a polygon with smooth edges."""
        left, top = (int(min(p[axis] for p in points)) for axis in (0, 1))
        right, bottom = (int(max(p[axis] for p in points)) + 2 for axis in (0, 1))
        mask = Image.new("L", ((right - left) * 4, (bottom - top) * 4), 0)
        ImageDraw.Draw(mask).polygon([((x - left) * 4, (y - top) * 4) for x, y in points], fill=255)
        self.image.paste(colour, (left, top), mask.reduce(4))

    def write(self, block: Block, at: tuple[int, int], colour: Rgb, *, is_footer: bool = False) -> None:
        """Write `block` with the cap line of its first line at `at`; take down contrast, missing glyphs, overflow."""
        if not block.lines:
            return
        left, top = at
        opened = font(block.face, block.size_px)
        draw = ImageDraw.Draw(self.image)
        box = (left, top, left + block.width, top + block.height + block.descent)
        self.contrast = min(self.contrast, worst_contrast(self.image, box, colour, self.frame.px(TILE)))
        self.missing_glyphs += block.missing_glyphs
        self.least_type_px = min(self.least_type_px or block.size_px, block.size_px)
        for line, start in zip(block.lines, block.starts, strict=True):
            draw.text((left, top + start), line, font=opened, fill=colour, anchor="ls")
            self._watch(opened.getbbox(line, anchor="ls"), (left, top + start), is_footer=is_footer)

    def _watch(self, ink: tuple[float, float, float, float], at: tuple[int, int], *, is_footer: bool) -> None:
        """Take down whether ink left the safe area: margins, and the strip of the viewer's controls."""
        frame, slack = self.frame, self.frame.px(6)  # side bearings and the tail of an italic may reach over a little
        bottom = frame.height - (frame.margin // 2 if is_footer else frame.clear_bottom)
        self.has_overflow |= (
            at[0] + ink[0] < frame.margin - slack
            or at[1] + ink[1] < frame.margin // 2
            or at[0] + ink[2] > frame.width - frame.margin + slack
            or at[1] + ink[3] > bottom
        )


def worst_contrast(image: Image.Image, box: Box, colour: Rgb, tile_px: int) -> float:
    """Return the lowest contrast (1 to 21) of `colour` with any tile of `image` inside `box`.

    A tile's luminance is the mean of its pixels' linear light, as the eye blends them.
    """
    left, top = max(0, box[0]), max(0, box[1])
    right, bottom = min(image.width, max(box[2], left + tile_px)), min(image.height, max(box[3], top + tile_px))
    light = luminances(np.asarray(image.crop((left, top, right, bottom))))
    rows, columns = max(1, light.shape[0] // tile_px), max(1, light.shape[1] // tile_px)
    whole = light[: rows * tile_px, : columns * tile_px]
    tiles = whole.reshape(rows, whole.shape[0] // rows, columns, whole.shape[1] // columns).mean(axis=(1, 3))
    own = np.float32(luminance(colour))
    ratios = (np.maximum(tiles, own) + 0.05) / (np.minimum(tiles, own) + 0.05)
    return float(ratios.min())


@lru_cache(maxsize=16)
def _rounded(size: tuple[int, int], radius: int) -> Image.Image:
    """Return a mask of `size` px, white with round corners. Only the corners are drawn fine: it is five times faster."""
    mask = Image.new("L", size, 255)
    disc = disc_mask(2 * radius)
    right, bottom = size[0] - radius, size[1] - radius
    for x, y, u, v in ((0, 0, 0, 0), (right, 0, radius, 0), (0, bottom, 0, radius), (right, bottom, radius, radius)):
        mask.paste(disc.crop((u, v, u + radius, v + radius)), (x, y))
    return mask
