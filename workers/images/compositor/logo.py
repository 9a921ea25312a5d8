"""The brand's logo: scaled to a safe size, and put on a plate where it would vanish."""

from __future__ import annotations

import io
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from app.domain.colour import WHITE, Rgb
from app.domain.errors import PictureRefused
from workers.images.compositor.colour import luminances
from workers.images.compositor.drawing import Drawing
from workers.images.compositor.furniture import counter_middle
from workers.images.compositor.sheet import Box
from workers.images.compositor.theme import Tone

Pixels: TypeAlias = NDArray[np.uint8]
INK = 96  # alpha from which a pixel counts as seen, of 255
# A logo is seen when MOSTLY of its ink, as a share, has a contrast of SEEN with what is under it.
SEEN, MOSTLY = 4.0, 0.8
OPAQUE = 255
ALIKE = 24  # of 255: colours of a border that differ by no more are one, as a JPEG that became a PNG leaves them
LEAST_DRAWN = 0.02  # share of an opaque logo that is not its ground
IN_LINE = 48  # design px of height
PAD = 20  # design px between the logo and its plate's edge


def line_logo(drawing: Drawing) -> None:
    """Draw the slide's logo in the line of the counter, where the handle would be; nothing without one."""
    frame, most = drawing.frame, drawing.px(IN_LINE)
    middle = min(counter_middle(drawing.page), frame.safe_bottom - (most + 1) // 2)
    stamp(drawing, (frame.margin, middle - most // 2), (frame.columns(4), most), is_centred=True)


def stamp(drawing: Drawing, at: tuple[int, int], most: tuple[int, int], *, is_centred: bool = False) -> None:
    """Draw the slide's logo with its left top corner at `at`, at most as large as `most` px; nothing without a logo.

    is_centred: a lower one, with its plate, stands in the middle of that height. Raises PictureRefused when it is not a picture.
    """
    data = drawing.page.slide.logo
    if data is None:
        return
    logo = _scaled(data, most)
    box = _placed(logo, at, most, is_centred=is_centred)
    plate = _plate(drawing, logo) if _seen(logo, np.asarray(drawing.sheet.cut(box))) < MOSTLY else None
    if plate:
        pad = min(drawing.px(PAD), most[1] // 5)
        inner = most[0] - 2 * pad, most[1] - 2 * pad
        logo = _scaled(data, inner)
        box = _placed(logo, (at[0] + pad, at[1] + pad), inner, is_centred=is_centred)
        outer = (box[0] - pad, box[1] - pad, box[2] + pad, box[3] + pad)
        drawing.panel(outer, plate, min(drawing.radius, pad))
    under = drawing.sheet.cut(box)
    if drawing.sheet.is_mirrored:  # `cut` mirrors what it gives, a logo never is
        under = under.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    under.paste(logo, (0, 0), logo.getchannel("A"))
    drawing.sheet.picture(under, box[:2])
    drawing.furnish(box)


def _placed(logo: Image.Image, at: tuple[int, int], most: tuple[int, int], *, is_centred: bool) -> Box:
    top = at[1] + (most[1] - logo.height) // 2 * is_centred
    return at[0], top, at[0] + logo.width, top + logo.height


def _plate(drawing: Drawing, logo: Image.Image) -> Rgb | None:
    """Return the colour of the plate that shows the logo best.

    A logo on a ground of its own goes on in that ground, or has no plate when its border has many colours.
    """
    if logo.getchannel("A").getextrema()[0] == OPAQUE:
        own, is_plain = _border(logo)
        if not is_plain or _seen(logo, _filled(logo, own)) >= LEAST_DRAWN:
            return own if is_plain else None
    grounds = [*(drawing.on(tone).ground for tone in (Tone.LIGHT, Tone.DEEP)), WHITE]
    return max(grounds, key=lambda ground: _seen(logo, _filled(logo, ground)))


def _filled(logo: Image.Image, colour: Rgb) -> Pixels:
    return np.full((logo.height, logo.width, 3), colour, np.uint8)


def _border(logo: Image.Image) -> tuple[Rgb, bool]:
    """Return the usual colour of the logo's outermost pixels, and whether most of them have it."""
    pixels = np.asarray(logo)[..., :3]
    edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]]).astype(int)
    red, green, blue = (round(float(one)) for one in np.median(edge, axis=0))
    near = np.abs(edge - (red, green, blue)).max(axis=1) <= ALIKE
    return (red, green, blue), bool(near.mean() >= MOSTLY)


def _seen(logo: Image.Image, under: Pixels) -> float:
    """Return the share of the logo's ink, 0 to 1, that stands out from what is under it."""
    pixels = np.asarray(logo)
    ink = pixels[..., 3] >= INK
    own, other = luminances(pixels[..., :3])[ink], luminances(under)[ink]
    if not own.size:
        return 1.0
    contrasts = (np.maximum(own, other) + 0.05) / (np.minimum(own, other) + 0.05)
    return float((contrasts >= SEEN).mean())


def _rgba(image: Image.Image) -> Image.Image:
    """Return an image in RGBA. 16-bit greys are scaled, which Pillow would clip to white."""
    if not image.mode.startswith("I"):
        return image.convert("RGBA")
    greys = np.asarray(image)
    grey = Image.fromarray((greys // 256).astype(np.uint8))
    clear = image.info.get("transparency")
    seen = np.full(greys.shape, OPAQUE) if clear is None else np.where(greys == clear, 0, OPAQUE)
    return Image.merge("RGBA", (grey, grey, grey, Image.fromarray(seen.astype(np.uint8))))


@lru_cache(maxsize=16)
def _scaled(data: bytes, most: tuple[int, int]) -> Image.Image:
    """Return the logo without its clear border, as large as `most` px allows."""
    try:
        logo = _rgba(Image.open(io.BytesIO(data)))
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as exc:
        raise PictureRefused(
            f"the logo of {len(data)} bytes cannot be decoded: {exc}", code="picture_refused:undecodable"
        ) from exc
    box = logo.getchannel("A").point([0] * 8 + [255] * 248).getbbox() or (0, 0, logo.width, logo.height)
    width, height = box[2] - box[0], box[3] - box[1]
    scale = min(most[0] / width, most[1] / height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return logo.resize(size, Image.Resampling.LANCZOS, box=box, reducing_gap=3.0)
