"""Makes text readable over a picture: the part under it is blurred and toned until the contrast holds."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PIL import Image, ImageFilter

from workers.images.compositor.colour import READABLE, Rgb, luminance, luminances
from workers.images.compositor.sheet import Box, Sheet
from workers.images.compositor.theme import Palette

COARSE = 8  # the blur works on a picture this many times smaller: 60 times less to compute
WEAKEST, STRONGEST, STEP = 0.46, 1.0, 0.06
TARGET = READABLE + 0.9  # measured on the small picture, so with something in hand for the real one


def frost(sheet: Sheet, top: int, ink: Palette, fade: int) -> float:
    """Blur and tone the sheet from `top` (y, px) to the bottom edge, fading in over the `fade` px above it.

    Return the strength used, 0.46 to 1: the least that gives text and muted text 4.5:1 below `top`.
    """
    start = max(0, top - fade)
    box = (0, start, sheet.frame.width, sheet.frame.height)
    mask = _ramp(sheet.frame.height - start, top - start)
    return _tone(sheet, box, ink, mask.resize((box[2], box[3] - box[1])), (0, top - start))


def frost_side(sheet: Sheet, right: int, ink: Palette, fade: int) -> float:
    """As `frost`, for text on the left: from x = 0 to `right`, fading out over the `fade` px beyond."""
    width = min(sheet.frame.width, right + fade)
    mask = _ramp(width, width - right).transpose(Image.Transpose.ROTATE_270)  # the ramp's top becomes the right end
    box = (0, 0, width, sheet.frame.height)
    return _tone(sheet, box, ink, mask.resize((width, sheet.frame.height)), (right, 0))


def _tone(sheet: Sheet, box: Box, ink: Palette, mask: Image.Image, text: tuple[int, int]) -> float:
    """Tone `box` through `mask`. text: where text begins (y) or ends (x) in it, 0 = from edge to edge."""
    part = sheet.image.crop(box)
    soft = part.reduce(COARSE).filter(ImageFilter.GaussianBlur(5))
    ground = Image.new("RGB", soft.size, ink.ground)
    ends_at, starts_at = text[0] // COARSE or soft.width, text[1] // COARSE
    under = soft.crop((0, min(starts_at, soft.height - 1), ends_at, soft.height))
    strength = _least_strength(under, ink)
    sheet.scrim = max(sheet.scrim, strength)
    toned = Image.blend(soft, ground, strength).resize(part.size, Image.Resampling.BICUBIC)
    sheet.image.paste(toned, box, mask)
    return strength


def _least_strength(under: Image.Image, ink: Palette) -> float:
    pixels = np.asarray(under).astype(np.float32)
    strength = WEAKEST
    while strength < STRONGEST:
        toned = pixels + (np.asarray(ink.ground, dtype=np.float32) - pixels) * strength
        if _worst(toned, (ink.text, ink.muted)) >= TARGET:
            return strength
        strength = round(strength + STEP, 2)
    return STRONGEST


def _worst(pixels: np.ndarray[tuple[int, ...], np.dtype[np.float32]], inks: tuple[Rgb, ...]) -> float:
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
