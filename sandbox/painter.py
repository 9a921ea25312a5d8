"""The painter: a picture worth looking at for any prompt, the same for the same key.

Painted at half size and grown, with light mottling and film grain at full size: about 0.1 s a picture.
"""

from __future__ import annotations

import hashlib
import io
import math

import numpy as np
from PIL import Image, PngImagePlugin

from sandbox import painter_forms, painter_lands, painter_lines
from sandbox.calls import Ask, Picture
from sandbox.painter_colours import palette_for
from sandbox.painter_tools import Canvas, Field, Paint

# Pixels of the 1K pictures by ratio (Gemini API documentation, image generation, 2026-09).
SIZES = {
    "1:1": (1024, 1024), "2:3": (848, 1264), "3:2": (1264, 848), "3:4": (896, 1200), "4:3": (1200, 896),
    "4:5": (928, 1152), "5:4": (1152, 928), "9:16": (768, 1376), "16:9": (1376, 768), "21:9": (1584, 672),
}  # fmt: skip
GENERATOR = "Pressroom sandbox"
QUALITY = 90  # of JPEG and WebP
GRAIN = 3.0  # standard deviation, in steps of 255: seen as texture, not as noise
MOTTLE = 0.09  # depth of the light's unevenness; it also keeps the dHashes of calm pictures apart

PAINTERS = (*painter_lands.PAINTERS, *painter_forms.PAINTERS, *painter_lines.PAINTERS)


def paint(prompt: str, aspect_ratio: str, key: str) -> Picture:
    """Return a PNG for a prompt at the ratio's 1K size (an unknown ratio: square)."""
    size = SIZES.get(aspect_ratio, SIZES["1:1"])
    return Picture(encode(render(prompt, size, key)), "image/png")


def size_of(ask: Ask) -> tuple[int, int]:
    """Return the pixels that a call asks for."""
    return ask.size or SIZES.get(ask.aspect_ratio, SIZES["1:1"])


def ratio_nearest(size: tuple[int, int]) -> str:
    """Return the known aspect ratio that is nearest to a size."""
    return min(SIZES, key=lambda name: abs(math.log(SIZES[name][0] / SIZES[name][1]) - math.log(size[0] / size[1])))


def render(prompt: str, size: tuple[int, int], key: str, painter: int | None = None) -> Image.Image:
    """Return the picture itself; `painter` overrules the choice, to look at one."""
    digest = hashlib.sha256(f"{key}:{prompt}".encode("utf-8", "surrogatepass")).digest()
    random = np.random.default_rng(int.from_bytes(digest[:16], "big"))
    number = digest[16] % len(PAINTERS) if painter is None else painter
    canvas = Canvas((size[0] + 1) // 2, (size[1] + 1) // 2, random, palette_for(prompt, random))
    return _finish(_mottle(canvas, PAINTERS[number](canvas)), size, random)


def encode(image: Image.Image, mime: str = "image/png") -> bytes:
    """Return the bytes of a PNG marked as made by the sandbox, or of a JPEG or WebP."""
    if mime != "image/png":
        other = io.BytesIO()
        image.save(other, mime.partition("/")[2].upper(), quality=QUALITY)
        return other.getvalue()
    note = PngImagePlugin.PngInfo()
    note.add_text("Generator", GENERATOR)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1, pnginfo=note)
    return buffer.getvalue()


def _mottle(canvas: Canvas, paint: Paint) -> Paint:
    """Let the light fall unevenly and darken the corners a little, as behind a real lens."""
    light: Field = canvas.noise(5, octaves=1) - np.float32(0.5)
    across = (canvas.x / np.float32(canvas.aspect) - np.float32(0.5)) ** 2 + (canvas.y - np.float32(0.5)) ** 2
    return paint * (1 + 2 * np.float32(MOTTLE) * light - np.float32(0.28) * across)[..., None]


def _finish(paint: Paint, size: tuple[int, int], random: np.random.Generator) -> Image.Image:
    """Grow to full size and lay film grain over it."""
    small = Image.fromarray((np.clip(paint, 0, 1) * 255).astype(np.uint8))
    grown = np.asarray(small.resize(size, Image.Resampling.BICUBIC)).astype(np.int16)
    tile = (random.standard_normal((256, 256)) * GRAIN).round().astype(np.int16)
    rows, columns = -(-size[1] // 256), -(-size[0] // 256)
    grain = np.tile(tile, (rows, columns))[: size[1], : size[0]]
    grown += grain[..., None]
    return Image.fromarray(np.clip(grown, 0, 255, out=grown).astype(np.uint8))
