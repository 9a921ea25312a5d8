"""Single colours and their contrast, after WCAG 2.2."""

from __future__ import annotations

import re
from functools import cache
from typing import TypeAlias

Rgb: TypeAlias = tuple[int, int, int]

WHITE: Rgb = (255, 255, 255)
BLACK: Rgb = (0, 0, 0)
READABLE = 4.5  # WCAG 2.2 SC 1.4.3, which also covers images of text

_HEX = re.compile(r"[0-9a-fA-F]{6}")
_KNEE = 0.04045  # sRGB is linear below it (IEC 61966-2-1)
_STEPS = 20  # between a colour and black or white


def rgb(hexadecimal: str) -> Rgb:
    """Return `#rrggbb` as three numbers 0..255. Raises ValueError for anything else."""
    digits = hexadecimal.removeprefix("#")
    if not _HEX.fullmatch(digits):
        raise ValueError(f"{hexadecimal!r} is not a colour; write it as #rrggbb")
    return int(digits[0:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)


def hexadecimal(colour: Rgb) -> str:
    """Return three numbers 0..255 as `#rrggbb`."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


def mix(one: Rgb, other: Rgb, share: float) -> Rgb:
    """Return `one` with `share` (0..1) of `other` in it."""
    r, g, b = (round(a + (z - a) * share) for a, z in zip(one, other, strict=True))
    return r, g, b


@cache
def _linear() -> tuple[float, ...]:
    """Return the linear light of each sRGB byte."""
    values = (n / 255 for n in range(256))
    return tuple(value / 12.92 if value <= _KNEE else ((value + 0.055) / 1.055) ** 2.4 for value in values)


def luminance(colour: Rgb) -> float:
    """Return the relative luminance, 0 (black) to 1 (white)."""
    red, green, blue = (_linear()[value] for value in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def ratio(one: float, other: float) -> float:
    """Return the contrast of two luminances, 1 to 21."""
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


def contrast(one: Rgb, other: Rgb) -> float:
    """Return the contrast of two colours, 1 to 21."""
    return ratio(luminance(one), luminance(other))


def readable(colour: Rgb, ground: Rgb, minimum: float = READABLE) -> Rgb:
    """Return `colour`, moved towards black or white no further than its contrast on `ground` asks."""
    pole = max(WHITE, BLACK, key=lambda end: contrast(end, ground))
    for step in range(_STEPS + 1):
        candidate = mix(colour, pole, step / _STEPS)
        if contrast(candidate, ground) >= minimum:
            return candidate
    return pole
