"""The brand's logo: scaled to a safe size, and put on a plate where it would vanish."""

from __future__ import annotations

import io
from functools import lru_cache

import numpy as np
from PIL import Image, UnidentifiedImageError

from app.domain.errors import PictureRefused
from workers.images.compositor.colour import WHITE, Rgb, luminances
from workers.images.compositor.drawing import Drawing
from workers.images.compositor.theme import Tone

INK = 96  # alpha from which a pixel counts as seen, of 255
# A logo is seen when MOSTLY of its ink, as a share, has a contrast of SEEN with what is under it.
SEEN, MOSTLY = 4.0, 0.8
IN_LINE = 48  # design px of height
PAD = 20  # design px between the logo and its plate's edge


def line_logo(drawing: Drawing) -> None:
    """Draw the slide's logo in the line of the counter, where the handle would be; nothing without one."""
    frame = drawing.frame
    stamp(drawing, (frame.margin, frame.footer_rule + drawing.px(18)), (frame.columns(4), drawing.px(IN_LINE)))


def stamp(drawing: Drawing, at: tuple[int, int], most: tuple[int, int]) -> None:
    """Draw the slide's logo with its left top corner at `at`, at most as large as `most` px; nothing without a logo.

    Raises PictureRefused when it is not a picture.
    """
    data = drawing.page.slide.logo
    if data is None:
        return
    logo = _scaled(data, most)
    box = (at[0], at[1], at[0] + logo.width, at[1] + logo.height)
    if _seen(logo, np.asarray(drawing.sheet.cut(box))) < MOSTLY:
        pad = min(drawing.px(PAD), most[1] // 5)
        logo = _scaled(data, (most[0] - 2 * pad, most[1] - 2 * pad))
        outer = (at[0], at[1], at[0] + logo.width + 2 * pad, at[1] + logo.height + 2 * pad)
        drawing.panel(outer, _plate(drawing, logo), min(drawing.radius, pad))
        box = (outer[0] + pad, outer[1] + pad, outer[2] - pad, outer[3] - pad)
    under = drawing.sheet.cut(box)
    if drawing.sheet.is_mirrored:  # `cut` mirrors what it gives, a logo never is
        under = under.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    under.paste(logo, (0, 0), logo.getchannel("A"))
    drawing.sheet.picture(under, box[:2])
    drawing.furnish(box)


def _plate(drawing: Drawing, logo: Image.Image) -> Rgb:
    """Return the colour of the plate that shows the logo best."""
    grounds = [*(drawing.on(tone).ground for tone in (Tone.LIGHT, Tone.DEEP)), WHITE]
    return max(grounds, key=lambda ground: _seen(logo, np.full((logo.height, logo.width, 3), ground, np.uint8)))


def _seen(logo: Image.Image, under: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> float:
    """Return the share of the logo's ink, 0 to 1, that stands out from what is under it."""
    pixels = np.asarray(logo)
    ink = pixels[..., 3] >= INK
    own, other = luminances(pixels[..., :3])[ink], luminances(under)[ink]
    if not own.size:
        return 1.0
    contrasts = (np.maximum(own, other) + 0.05) / (np.minimum(own, other) + 0.05)
    return float((contrasts >= SEEN).mean())


@lru_cache(maxsize=16)
def _scaled(data: bytes, most: tuple[int, int]) -> Image.Image:
    """Return the logo without its clear border, as large as `most` px allows."""
    try:
        logo = Image.open(io.BytesIO(data)).convert("RGBA")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as exc:
        raise PictureRefused(
            f"the logo of {len(data)} bytes cannot be decoded: {exc}", code="picture_refused:undecodable"
        ) from exc
    box = logo.getchannel("A").point([0] * 8 + [255] * 248).getbbox() or (0, 0, logo.width, logo.height)
    width, height = box[2] - box[0], box[3] - box[1]
    scale = min(most[0] / width, most[1] / height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return logo.resize(size, Image.Resampling.LANCZOS, box=box, reducing_gap=3.0)
