"""What a theme does to the colours of a picture."""

from __future__ import annotations

from functools import lru_cache

from PIL import Image

from app.domain.colour import Rgb, mix
from app.domain.themes import Treatment

DEEPEST = 0.55  # share of black in the darkest tone of a duotone: without it pictures look washed out
STEEPER = 1.16  # contrast that is added to black and white


def treated(image: Image.Image, treatment: Treatment, dark: Rgb, light: Rgb) -> Image.Image:
    """Return an RGB picture as a theme shows it. dark, light: what black and white become in a duotone."""
    match treatment:
        case Treatment.NATURAL:
            return image
        case Treatment.MONO:
            grey = image.convert("L").point(_steeper())
            return Image.merge("RGB", (grey, grey, grey))
        case Treatment.DUOTONE:
            grey = image.convert("L").point(_steeper())
            deep = mix(dark, (0, 0, 0), DEEPEST)
            return Image.merge("RGB", [grey.point(_ramp(a, b, c)) for a, b, c in zip(deep, dark, light, strict=True)])


@lru_cache(maxsize=1)
def _steeper() -> list[int]:
    return [min(255, max(0, round((value - 120) * STEEPER + 122))) for value in range(256)]


@lru_cache(maxsize=64)
def _ramp(low: int, middle: int, high: int) -> list[int]:
    """Return a table from `low` at 0 over `middle` at a third to `high` at 255."""
    knee = 84
    return [
        round(
            low + (middle - low) * value / knee
            if value < knee
            else middle + (high - middle) * (value - knee) / (255 - knee)
        )
        for value in range(256)
    ]
