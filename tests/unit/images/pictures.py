"""Pictures for the tests, in the size that providers send (928x1152 px, 4:5)."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

SIZE = (928, 1152)


def png(image: Image.Image) -> bytes:
    """Return `image` as PNG, packed quickly."""
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=1)
    return out.getvalue()


def plain(colour: tuple[int, int, int]) -> bytes:
    """Return a picture of one colour."""
    return png(Image.new("RGB", SIZE, colour))


def noise() -> bytes:
    """Return a picture of random pixels."""
    pixels = np.random.default_rng(1).integers(0, 256, (SIZE[1], SIZE[0], 3), dtype=np.uint8)
    return png(Image.fromarray(pixels))


def busy() -> bytes:
    """Return a picture of hard black and white stripes and squares, from fine to coarse."""
    y, x = np.mgrid[0 : SIZE[1], 0 : SIZE[0]]
    checks = ((x // 64 + y // 64) % 2) ^ ((x // 9) % 2 & (y > 700))
    return png(Image.fromarray((checks * 255).astype(np.uint8)).convert("RGB"))


PICTURES = {
    "white": plain((255, 255, 255)),
    "black": plain((0, 0, 0)),
    "grey": plain((119, 119, 119)),
    "accent": plain((79, 157, 255)),
    "noise": noise(),
    "busy": busy(),
}
