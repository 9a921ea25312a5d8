"""Makes text readable over a picture: the part under it is blurred and toned until the contrast holds."""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from app.domain.colour import READABLE, Rgb, luminance
from workers.images.compositor.colour import luminances
from workers.images.compositor.sheet import Box, Sheet
from workers.images.compositor.theme import Palette

COARSE = 8  # the blur works on a picture this many times smaller: 60 times less to compute
BLUR = 4.0  # px of that small picture
WEAKEST, STRONGEST, STEP = 0.4, 1.0, 0.05
TARGET = READABLE + 0.9  # measured on the small picture, so with something in hand for the real one


class Edge(StrEnum):
    """The edge of the canvas that a text stands at; LEFT is where lines begin, the right in Arabic or Urdu."""

    TOP = "top"
    BOTTOM = "bottom"
    LEFT = "left"


def frost(sheet: Sheet, edge: Edge, reach: tuple[int, int], ink: Palette, fade: int) -> float:
    """Blur and tone the sheet from `edge` into it, fading out over `fade` px in the end.

    reach: px from the edge as far as text stands, and as far as muted text does. Return the strength used, 0.4 to 1:
    the least that gives each of them 4.5:1. Between the two it rises evenly, so that most of the picture is left.
    """
    total = min(sheet.frame.width if edge is Edge.LEFT else sheet.frame.height, reach[0] + fade)
    box = _strip(sheet, edge, total)
    part = sheet.cut(box)
    soft = part.reduce(COARSE).filter(ImageFilter.GaussianBlur(BLUR))
    strengths = _strengths(_from_edge(soft, edge), (-(-reach[0] // COARSE), -(-reach[1] // COARSE)), ink)
    sheet.scrim = max(sheet.scrim, round(float(strengths.max()), 2))
    along = _to_edge(Image.fromarray((strengths * 255).round().astype(np.uint8)[:, None]), edge)
    toned = Image.composite(Image.new("RGB", soft.size, ink.ground), soft, along.resize(soft.size))
    mask = _to_edge(_ramp(total, total - reach[0]), edge).resize(part.size, Image.Resampling.NEAREST)
    sheet.put(toned.resize(part.size, Image.Resampling.BILINEAR), box, mask)
    return round(float(strengths.max()), 2)


def veil(sheet: Sheet, edge: Edge, begin: int, ground: Rgb, fade: int) -> None:
    """Let what begins `begin` px from `edge` come out of the ground softly, over `fade` px."""
    total = begin + fade
    box = _strip(sheet, edge, total)
    size = box[2] - box[0], box[3] - box[1]
    mask = _to_edge(_ramp(total, fade), edge).resize(size, Image.Resampling.NEAREST)
    sheet.put(Image.new("RGB", size, ground), box, mask)


def _strip(sheet: Sheet, edge: Edge, depth: int) -> Box:
    """Return the strip along `edge` that is `depth` px deep."""
    width, height = sheet.frame.width, sheet.frame.height
    match edge:
        case Edge.BOTTOM:
            return 0, height - depth, width, height
        case Edge.TOP:
            return 0, 0, width, depth
        case Edge.LEFT:
            return 0, 0, depth, height


def _from_edge(image: Image.Image, edge: Edge) -> Image.Image:
    """Return `image` turned so that its rows run from the end of the fade, on top, to the edge."""
    match edge:
        case Edge.BOTTOM:
            return image
        case Edge.TOP:
            return image.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
        case Edge.LEFT:
            return image.transpose(Image.Transpose.ROTATE_90)


def _to_edge(image: Image.Image, edge: Edge) -> Image.Image:
    """Undo `_from_edge`."""
    return image.transpose(Image.Transpose.ROTATE_270) if edge is Edge.LEFT else _from_edge(image, edge)


def _strengths(soft: Image.Image, reach: tuple[int, int], ink: Palette) -> NDArray[np.float32]:
    """Return the strength for each row of `soft`. reach: how many of the last rows hold text, and muted text."""
    pixels = np.asarray(soft).astype(np.float32)
    ground = np.asarray(ink.ground, dtype=np.float32)
    rows = pixels.shape[0]
    starts = [max(0, rows - one) for one in reach]
    at_muted = _least(pixels[starts[1] :], ground, (ink.text, ink.muted))
    at_text = _least(pixels[starts[0] :], ground, (ink.text,)) if starts[0] < starts[1] else at_muted
    at_muted = max(at_text, at_muted)
    return np.interp(np.arange(rows), starts, (at_text, at_muted)).astype(np.float32)


def _least(pixels: NDArray[np.float32], ground: NDArray[np.float32], inks: tuple[Rgb, ...]) -> float:
    strength = WEAKEST
    while strength < STRONGEST and _worst(pixels + (ground - pixels) * strength, inks) < TARGET:
        strength = min(STRONGEST, round(strength + STEP, 2))
    return strength


def _worst(pixels: NDArray[np.float32], inks: tuple[Rgb, ...]) -> float:
    light = luminances(pixels.astype(np.uint8))
    lowest, highest = float(light.min()), float(light.max())
    contrasts = []
    for own in map(luminance, inks):
        nearest = min(max(own, lowest), highest)
        contrasts.append((max(own, nearest) + 0.05) / (min(own, nearest) + 0.05))
    return min(contrasts)


@lru_cache(maxsize=64)
def _ramp(length: int, fade: int) -> Image.Image:
    """Return a mask 1 px wide and `length` px high: 0 at the top, easing to 255 at `fade` px, 255 below."""
    along = np.clip(np.arange(length) / max(1, fade), 0, 1)
    eased = along * along * (3 - 2 * along)
    return Image.fromarray((eased * 255).round().astype(np.uint8).reshape(length, 1))
