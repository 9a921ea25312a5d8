"""Colours and their contrast, after WCAG 2.2."""

from __future__ import annotations

import re
from functools import cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Rgb: TypeAlias = tuple[int, int, int]

WHITE: Rgb = (255, 255, 255)
BLACK: Rgb = (0, 0, 0)

_HEX = re.compile(r"[0-9a-fA-F]{6}")

KNEE = 0.04045  # sRGB is linear below it (IEC 61966-2-1)
READABLE = 4.5  # WCAG 2.2 SC 1.4.3, which also covers images of text


def rgb(hexadecimal: str) -> Rgb:
    """Return `#rrggbb` as three numbers 0..255. Raises ValueError for anything else."""
    digits = hexadecimal.removeprefix("#")
    if not _HEX.fullmatch(digits):
        raise ValueError(f"{hexadecimal!r} is not a colour; write it as #rrggbb")
    return int(digits[0:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)


def mix(one: Rgb, other: Rgb, share: float) -> Rgb:
    """Return `one` with `share` (0..1) of `other` in it."""
    r, g, b = (round(a + (z - a) * share) for a, z in zip(one, other, strict=True))
    return r, g, b


@cache
def _linear() -> NDArray[np.float32]:
    """Return the linear light of each sRGB byte (WCAG 2.2, relative luminance)."""
    value = np.arange(256) / 255
    return np.where(value <= KNEE, value / 12.92, ((value + 0.055) / 1.055) ** 2.4).astype(np.float32)


@cache
def _weighted() -> tuple[NDArray[np.float32], ...]:
    return tuple(_linear() * np.float32(weight) for weight in (0.2126, 0.7152, 0.0722))


def luminance(colour: Rgb) -> float:
    """Return the relative luminance, 0 (black) to 1 (white)."""
    return float(sum(table[value] for table, value in zip(_weighted(), colour, strict=True)))


def luminances(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the relative luminance of every pixel of an array (height, width, 3)."""
    red, green, blue = _weighted()
    total: NDArray[np.float32] = red[pixels[..., 0]] + green[pixels[..., 1]] + blue[pixels[..., 2]]
    return total


def ratio(one: float, other: float) -> float:
    """Return the contrast of two luminances, 1 to 21."""
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


def contrast(one: Rgb, other: Rgb) -> float:
    """Return the contrast of two colours, 1 to 21."""
    return ratio(luminance(one), luminance(other))


def readable(colour: Rgb, ground: Rgb, minimum: float = READABLE) -> Rgb:
    """Return `colour`, moved towards black or white no further than its contrast on `ground` asks."""
    pole = max(WHITE, BLACK, key=lambda end: contrast(end, ground))
    for step in range(21):
        candidate = mix(colour, pole, step / 20)
        if contrast(candidate, ground) >= minimum:
            return candidate
    return pole
