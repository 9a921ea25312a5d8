"""Edits a picture that was sent along: the result is that picture, in other light."""

from __future__ import annotations

import hashlib
import io

import numpy as np
from PIL import Image, ImageOps

from sandbox.calls import RefusedError, Trouble
from sandbox.painter_colours import palette_for

TINT = 0.38  # share of the new colours: seen at once, and the picture is still known by its dHash
GRAIN = 3.0  # as the painter's
_LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)


def size_of(data: bytes) -> tuple[int, int]:
    """Return width and height. Raises: RefusedError when the bytes are no picture."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            return image.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise RefusedError(Trouble.INVALID_REQUEST, "The input image could not be read.") from None


def retouch(data: bytes, prompt: str, size: tuple[int, int], key: str) -> Image.Image:
    """Return the picture cut to a size and tinted with the prompt's colours. Raises: RefusedError."""
    size_of(data)
    try:
        with Image.open(io.BytesIO(data)) as image:
            pixels = np.asarray(ImageOps.fit(image.convert("RGB"), size), np.float32) / 255
    except (OSError, ValueError, SyntaxError):
        raise RefusedError(Trouble.INVALID_REQUEST, "The input image could not be read.") from None
    digest = hashlib.sha256(f"retouch:{key}:{prompt}".encode("utf-8", "surrogatepass")).digest()
    random = np.random.default_rng(int.from_bytes(digest[:16], "big"))
    tinted = palette_for(prompt, random).ramp(pixels @ _LUMINANCE)
    mixed = (pixels * (1 - TINT) + tinted * TINT) * 255
    grain = random.standard_normal((*mixed.shape[:2], 1), np.float32) * GRAIN
    return Image.fromarray(np.clip(mixed + grain, 0, 255).astype(np.uint8))
