"""A logo for the gallery: a sign and a word in one dark colour, as many brands have it."""

from __future__ import annotations

import io
from functools import cache

from PIL import Image, ImageDraw, ImageFont

INK = (24, 28, 36, 255)
SIZE = (640, 160)


@cache
def logo() -> bytes:
    """Return a PNG with a see-through ground."""
    image = Image.new("RGBA", SIZE, (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((8, 12, 144, 148), 34, fill=INK)
    draw.ellipse((44, 48, 108, 112), fill=(255, 140, 60, 255))
    draw.text((180, 80), "morning", font=ImageFont.load_default(112), fill=INK, anchor="lm")
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()
