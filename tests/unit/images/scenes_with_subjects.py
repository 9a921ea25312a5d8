"""Pictures whose subject is known: discs on a calm ground. What a cut left of them can be counted."""

from __future__ import annotations

import io
from functools import cache

import numpy as np
from PIL import Image, ImageDraw

from workers.images.compositor.photo import Photo

RED, BLUE = (214, 52, 44), (34, 60, 190)
TALL, WIDE, SQUARE = (600, 900), (900, 600), (640, 640)


@cache
def scene(size: tuple[int, int], *discs: tuple[float, float, float, tuple[int, int, int]], grain: float = 3) -> bytes:
    """Return a PNG with discs (x, y, radius as shares of the sides and the shorter side, colour) on a pale gradient."""
    width, height = size
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    ground = np.stack([208 + 24 * y / height, 214 + 14 * x / width, 206 + 20 * y / height], -1)
    image = Image.fromarray(ground.astype(np.uint8))
    for across, down, share, colour in discs:
        radius = share * min(size)
        centre = across * width, down * height
        box = (centre[0] - radius, centre[1] - radius, centre[0] + radius, centre[1] + radius)
        ImageDraw.Draw(image).ellipse(box, fill=colour)
    noisy = np.asarray(image) + grain * _noise(size)
    out = io.BytesIO()
    Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(out, "PNG", compress_level=0)
    return out.getvalue()


@cache
def _noise(size: tuple[int, int]) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.random.default_rng(3).standard_normal((size[1], size[0], 1), np.float32)


def mask(image: Image.Image, colour: tuple[int, int, int]) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Return where `image` has about that colour."""
    near = [
        channel.point([255 if abs(value - wanted) < 60 else 0 for value in range(256)])
        for channel, wanted in zip(image.split(), colour, strict=True)
    ]
    return np.asarray(np.logical_and.reduce([np.asarray(one) > 0 for one in near]))


def kept(data: bytes, size: tuple[int, int], colour: tuple[int, int, int] = RED) -> float:
    """Return the share (0 to 1) of the discs of a colour that a cut to `size` px shows."""
    photo = Photo(data, size)
    scale = photo.enlargement(size)
    before = mask(Image.open(io.BytesIO(data)), colour).sum()
    return float(mask(photo.cover(size), colour).sum() / scale**2 / before)


def middle(image: Image.Image, colour: tuple[int, int, int] = RED) -> tuple[float, float]:
    """Return the middle of what has a colour, as shares of width and height."""
    down, across = np.nonzero(mask(image, colour))
    return float(across.mean() / image.width), float(down.mean() / image.height)
