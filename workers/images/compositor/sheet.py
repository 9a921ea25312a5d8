"""The canvas under work: shapes, pictures and texts, with a record of how well the texts can be read."""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from app.domain.colour import Rgb, luminance
from workers.images.compositor.artwork import disc_mask
from workers.images.compositor.colour import luminances
from workers.images.compositor.frame import Frame
from workers.images.compositor.runs import Run
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

    @property
    def is_mirrored(self) -> bool:
        """Whether the page is read from right to left, so that all stands mirrored to where layouts place it."""
        return self.frame.is_rtl

    def area(self, box: Box) -> Box:
        """Return where a box of a layout (left, top, right, bottom) lies on `image`."""
        if not self.is_mirrored:
            return box
        return self.frame.width - box[2], box[1], self.frame.width - box[0], box[3]

    def cut(self, box: Box) -> Image.Image:
        """Return a copy of what is under a layout's box, as the layout sees it: mirrored on a mirrored sheet."""
        part = self.image.crop(self.area(box))
        return part.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if self.is_mirrored else part

    def put(self, part: Image.Image, box: Box, mask: Image.Image | None = None) -> None:
        """Lay down what `cut` gave, through `mask` (white = the part); both as the layout sees them."""
        if self.is_mirrored:
            part = part.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
            mask = mask.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if mask else None
        self.image.paste(part, self.area(box), mask)

    def picture(self, picture: Image.Image, at: tuple[int, int], radius: int = 0) -> None:
        """Lay a picture down with its left top corner at `at`; radius rounds its corners, px. It is never flipped."""
        box = self.area((at[0], at[1], at[0] + picture.width, at[1] + picture.height))
        self.image.paste(picture, box[:2], _rounded(picture.size, radius) if radius else None)

    def panel(self, box: Box, colour: Rgb, radius: int = 0) -> None:
        """Fill a box (left, top, right, bottom)."""
        size = box[2] - box[0], box[3] - box[1]
        self.image.paste(colour, self.area(box), _rounded(size, radius) if radius else None)

    def disc(self, centre: tuple[int, int], radius: int, colour: Rgb) -> None:
        """Fill a disc."""
        box = self.area((centre[0] - radius, centre[1] - radius, centre[0] + radius, centre[1] + radius))
        self.image.paste(colour, box[:2], disc_mask(2 * radius))

    def polygon(self, points: list[tuple[float, float]], colour: Rgb) -> None:
        """Fill a polygon with smooth edges."""
        if self.is_mirrored:
            points = [(self.frame.width - x, y) for x, y in points]
        left, top = (int(min(p[axis] for p in points)) for axis in (0, 1))
        right, bottom = (int(max(p[axis] for p in points)) + 2 for axis in (0, 1))
        mask = Image.new("L", ((right - left) * 4, (bottom - top) * 4), 0)
        ImageDraw.Draw(mask).polygon([((x - left) * 4, (y - top) * 4) for x, y in points], fill=255)
        self.image.paste(colour, (left, top), mask.reduce(4))

    def write(self, block: Block, at: tuple[int, int], colour: Rgb) -> None:
        """Write `block` with the cap line of its first line at `at`; take down contrast, missing glyphs, overflow.

        On a mirrored sheet `at` is the layout's left, which becomes the right edge of every line.
        """
        self.missing_glyphs += block.missing_glyphs
        if not block.lines:
            return
        left, top = at
        draw = ImageDraw.Draw(self.image)
        box = self.area((left, top - block.rise, left + block.width, top + block.height + block.descent))
        self.contrast = min(self.contrast, worst_contrast(self.image, box, colour, self.frame.px(TILE)))
        self.least_type_px = min(self.least_type_px or block.size_px, block.size_px)
        for runs, start, width, swing in zip(block.runs, block.starts, block.widths(), block.swings(), strict=True):
            x = self.frame.width - left - width if self.is_mirrored else float(left)
            self._line(draw, runs, (x + swing, top + start), block.size_px, colour)

    def mark(self, mark: str, font: ImageFont.FreeTypeFont, at: tuple[int, int], colour: Rgb) -> None:
        """Draw an ornament, such as a large quotation mark, with the left top corner of its ink at `at`."""
        left, top, right, bottom = (round(edge) for edge in font.getbbox(mark, anchor="ls"))
        x, y, *_rest = self.area((at[0], at[1], at[0] + right - left, at[1] + bottom - top))
        ImageDraw.Draw(self.image).text((x - left, y - top), mark, colour, font, "ls")

    def _line(
        self,
        draw: ImageDraw.ImageDraw,
        runs: tuple[Run, ...],
        at: tuple[float, int],
        size_px: int,
        colour: Rgb,
    ) -> None:
        """Draw the runs side by side on the baseline that begins at `at`."""
        x, y = at
        for run in runs:
            font = run.font(size_px)
            way = run.direction, run.language
            draw.text((x, y), run.text, colour, font, "ls", direction=way[0], language=way[1])
            ink = font.getbbox(run.text, direction=way[0], language=way[1], anchor="ls")
            self._watch(ink, (x, y))
            x += run.width * size_px

    def _watch(self, ink: tuple[float, float, float, float], at: tuple[float, float]) -> None:
        """Take down whether ink left the safe area."""
        frame, slack = self.frame, self.frame.px(6)  # side bearings and the tail of an italic may reach over a little
        self.has_overflow |= (
            at[0] + ink[0] < frame.safe_left - slack
            or at[1] + ink[1] < frame.safe_top
            or at[0] + ink[2] > frame.safe_right + slack
            or at[1] + ink[3] > frame.safe_bottom
        )


def worst_contrast(image: Image.Image, box: Box, colour: Rgb, tile_px: int) -> float:
    """Return the lowest contrast (1 to 21) of `colour` with any tile of `image` inside `box`.

    A tile's luminance is the mean of its pixels' linear light, as the eye blends them.
    """
    left, top = max(0, box[0]), max(0, box[1])
    right, bottom = min(image.width, max(box[2], left + tile_px)), min(image.height, max(box[3], top + tile_px))
    light = luminances(np.asarray(image.crop((left, top, right, bottom))))
    rows, columns = (_tiles(length, tile_px) for length in light.shape)
    whole = light[rows.ravel()][:, columns.ravel()]
    tiles = whole.reshape(*rows.shape, *columns.shape).mean(axis=(1, 3))
    own = np.float32(luminance(colour))
    ratios = (np.maximum(tiles, own) + 0.05) / (np.minimum(tiles, own) + 0.05)
    return float(ratios.min())


def _tiles(length: int, tile_px: int) -> NDArray[np.intp]:
    """Return the pixels of each tile along an edge. The last tile ends with it, and overlaps the one before."""
    tile = min(tile_px, length)
    starts = np.append(np.arange(0, length - tile, tile), length - tile)
    return (starts[:, None] + np.arange(tile)).astype(np.intp)


@lru_cache(maxsize=16)
def _rounded(size: tuple[int, int], radius: int) -> Image.Image:
    """Return a mask of `size` px, white with round corners. Only the corners are drawn fine: it is five times faster."""
    mask = Image.new("L", size, 255)
    disc = disc_mask(2 * radius)
    right, bottom = size[0] - radius, size[1] - radius
    for x, y, u, v in ((0, 0, 0, 0), (right, 0, radius, 0), (0, bottom, 0, radius), (right, bottom, radius, radius)):
        mask.paste(disc.crop((u, v, u + radius, v + radius)), (x, y))
    return mask
