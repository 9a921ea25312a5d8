"""The luminance of whole pictures, after WCAG 2.2; of single colours app.domain.colour has it."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from app.domain.colour import luminance


@cache
def _weighted() -> tuple[NDArray[np.float32], ...]:
    """Return what each byte of red, green and blue adds to the luminance."""
    ends = ((1, 0, 0), (0, 1, 0), (0, 0, 1))
    return tuple(np.array([luminance((n * r, n * g, n * b)) for n in range(256)], dtype=np.float32) for r, g, b in ends)


def luminances(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the relative luminance of every pixel of an array (height, width, 3)."""
    red, green, blue = _weighted()
    total: NDArray[np.float32] = red[pixels[..., 0]] + green[pixels[..., 1]] + blue[pixels[..., 2]]
    return total
