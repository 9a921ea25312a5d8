"""Pictures for the gallery, painted here: like photographs in light, depth and where their subject stands."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Field: TypeAlias = NDArray[np.float32]
Colour: TypeAlias = tuple[int, int, int]
# Pixels of a provider's 1K pictures (Gemini API documentation, image generation, 2026-09).
SIZES_PX = {"4:5": (928, 1152), "1:1": (1024, 1024), "16:9": (1376, 768), "9:16": (768, 1376)}
GRAIN = 2.5  # standard deviation, steps of 255


class Canvas:
    """A picture being painted at half size, and its coordinates: x and y from 0, the shorter side is 1."""

    def __init__(self, size: tuple[int, int], seed: int) -> None:
        """Start with black."""
        width, height = size[0] // 2, size[1] // 2
        unit = min(width, height)
        self.wide, self.high = width / unit, height / unit
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        self.x: Field = x / unit
        self.y: Field = y / unit
        self.soft = 1.5 / unit
        self.random = np.random.default_rng(seed)
        self.paint: Field = np.zeros((height, width, 3), np.float32)

    def over(self, colour: Colour | Field, cover: Field | float) -> None:
        """Lay a colour over what is there; cover: 0 to 1."""
        share = np.broadcast_to(np.asarray(cover, np.float32), self.x.shape)[..., None]
        self.paint += (np.asarray(colour, np.float32) - self.paint) * share

    def gradient(self, top: Colour, bottom: Colour) -> None:
        """Fill from top to bottom."""
        share = (self.y / self.high)[..., None]
        self.paint[:] = np.asarray(top, np.float32) * (1 - share) + np.asarray(bottom, np.float32) * share

    def ellipse(self, at: tuple[float, float], radii: tuple[float, float], turn: float = 0, blur: float = 0) -> Field:
        """Return the cover of an ellipse, its edge as soft as `blur`."""
        dx, dy = self.x - at[0], self.y - at[1]
        u, v = dx * np.cos(turn) + dy * np.sin(turn), dy * np.cos(turn) - dx * np.sin(turn)
        inside = (1 - np.hypot(u / radii[0], v / radii[1])) * min(radii)
        cover: Field = np.clip(inside / max(self.soft, blur) + 0.5, 0, 1).astype(np.float32)
        return cover

    def ball(self, at: tuple[float, float], radius: float, colour: Colour) -> None:
        """Paint a ball lit from the upper left, with its shadow."""
        self.over(
            (20, 18, 24), 0.4 * self.ellipse((at[0] + radius * 0.4, at[1] + radius), (radius, radius / 4), blur=0.1)
        )
        dx, dy = (self.x - at[0]) / radius, (self.y - at[1]) / radius
        depth = np.sqrt(np.clip(1 - dx**2 - dy**2, 0, 1))
        light = np.clip(-0.5 * dx - 0.55 * dy + 0.65 * depth, 0, 1)
        shaded = np.asarray(colour, np.float32) * (0.22 + 0.9 * light[..., None]) + 190 * light[..., None] ** 24
        self.over(shaded.astype(np.float32), self.ellipse(at, (radius, radius)))


def ridges(canvas: Canvas) -> None:
    """Hills behind hills at dawn, the sun left of the middle."""
    canvas.gradient((66, 92, 140), (250, 190, 140))
    sun = canvas.wide * 0.34, canvas.high * 0.3
    canvas.over((255, 214, 160), 0.7 * canvas.ellipse(sun, (0.45, 0.45), blur=0.6))
    canvas.over((255, 244, 214), canvas.ellipse(sun, (0.08, 0.08)))
    for layer in range(5):
        phase = canvas.random.uniform(0, 6, 3)
        height = sum(np.sin(canvas.x * (3 + 5 * k) + phase[k]) / (3 + 4 * k) for k in range(3))
        line = canvas.high * (0.42 + 0.12 * layer) + 0.14 * height
        share = layer / 4
        colour = (int(176 - 160 * share), int(140 - 112 * share), int(150 - 104 * share))
        canvas.over(colour, np.clip((canvas.y - line) / canvas.soft, 0, 1))


def still_life(canvas: Canvas) -> None:
    """Three balls on a table, right of the middle, before a plain wall."""
    canvas.gradient((222, 206, 188), (196, 172, 150))
    canvas.over((168, 128, 100), np.clip((canvas.y - canvas.high * 0.68) / 0.01, 0, 1))
    foot, middle = canvas.high * 0.72, canvas.wide * 0.62
    for off, radius, colour in ((0.0, 0.2, (38, 92, 104)), (-0.22, 0.12, (214, 92, 62)), (0.16, 0.09, (238, 200, 120))):
        canvas.ball((middle + off, foot - radius + 0.06), radius, colour)


def night(canvas: Canvas) -> None:
    """Lights of a street, out of focus."""
    canvas.gradient((8, 12, 30), (34, 24, 44))
    lamps = ((255, 176, 84), (255, 120, 96), (120, 170, 255), (255, 226, 170))
    for _ in range(46):
        at = canvas.random.uniform(0, canvas.wide), canvas.high * canvas.random.uniform(0.25, 0.75)
        radius = canvas.random.uniform(0.015, 0.075)
        canvas.over(
            lamps[canvas.random.integers(4)],
            canvas.random.uniform(0.2, 0.75) * canvas.ellipse(at, (radius, radius), blur=0.006),
        )


def person(canvas: Canvas) -> None:
    """Somebody at the right third, before a plain ground, lit from the left."""
    canvas.gradient((84, 128, 132), (52, 84, 94))
    x, y, unit = canvas.wide * 0.64, canvas.high * 0.34, min(1.0, canvas.high * 0.85)
    light = np.clip(0.75 - (canvas.x - x) / (0.5 * unit), 0.4, 1.1)[..., None]

    def part(colour: Colour, at: tuple[float, float], radii: tuple[float, float]) -> None:
        shaded = (np.asarray(colour, np.float32) * light).astype(np.float32)
        place, size = (x + at[0] * unit, y + at[1] * unit), (radii[0] * unit, radii[1] * unit)
        canvas.over(shaded, canvas.ellipse(place, size, blur=0.008))

    part((48, 30, 24), (0.0, 0.02), (0.19, 0.25))
    part((202, 150, 124), (0.0, 0.24), (0.075, 0.18))
    part((214, 84, 60), (0.0, 0.82), (0.36, 0.48))
    part((226, 172, 144), (0.0, 0.06), (0.14, 0.19))
    part((52, 32, 26), (0.0, -0.13), (0.16, 0.09))
    for side in (-1, 1):
        part((58, 40, 36), (side * 0.055, 0.04), (0.016, 0.01))
    part((178, 92, 84), (0.0, 0.15), (0.04, 0.012))


def desk(canvas: Canvas) -> None:
    """A bright table from above: paper, a notebook, a cup of coffee on the left."""
    canvas.gradient((248, 246, 242), (232, 228, 222))
    w, h = canvas.wide, canvas.high
    for left, top, right, bottom, colour in (
        (0.45, 0.12, 0.9, 0.5, (255, 255, 254)), (0.52, 0.58, 0.98, 0.9, (58, 76, 92)), (0.56, 0.6, 0.96, 0.88, (70, 90, 108)),
    ):  # fmt: skip
        inside = np.minimum.reduce(
            [canvas.x - left * w, right * w - canvas.x, canvas.y - top * h, bottom * h - canvas.y]
        )
        canvas.over((120, 112, 104), 0.25 * np.clip((inside + 0.03) / 0.05, 0, 1))
        canvas.over(colour, np.clip(inside / canvas.soft, 0, 1))
    cup = w * 0.26, h * 0.42
    canvas.over((150, 140, 130), 0.4 * canvas.ellipse((cup[0] + 0.04, cup[1] + 0.05), (0.2, 0.2), blur=0.08))
    for radius, colour in (
        (0.2, (252, 250, 247)),
        (0.15, (236, 230, 224)),
        (0.13, (74, 44, 30)),
        (0.06, (150, 100, 66)),
    ):
        canvas.over(colour, canvas.ellipse(cup, (radius, radius)))


def leaves(canvas: Canvas) -> None:
    """Leaves upon leaves: busy from edge to edge, no subject."""
    canvas.gradient((20, 44, 30), (12, 28, 22))
    for number in range(64):
        at = canvas.random.uniform(0, canvas.wide), canvas.random.uniform(0, canvas.high)
        size, turn = canvas.random.uniform(0.06, 0.16), canvas.random.uniform(0, 3.14)
        shade = 0.35 + 0.65 * number / 64 * canvas.random.uniform(0.5, 1)
        cover = canvas.ellipse(at, (size, size * 0.4), turn)
        vein = canvas.ellipse(at, (size, size * 0.03), turn)
        canvas.over((int(70 * shade), int(150 * shade), int(84 * shade)), cover)
        canvas.over((int(120 * shade), int(190 * shade), int(120 * shade)), vein * 0.7)


SCENES: tuple[Callable[[Canvas], None], ...] = (person, ridges, still_life, night, desk, leaves)


@lru_cache(maxsize=24)
def picture(number: int, ratio: str = "4:5") -> bytes:
    """Return one of six scenes as a PNG of the size that providers give for a ratio; the same numbers, the same bytes."""
    size = SIZES_PX.get(ratio, SIZES_PX["16:9"])
    canvas = Canvas(size, seed=number)
    SCENES[number % len(SCENES)](canvas)
    small = Image.fromarray(np.clip(canvas.paint, 0, 255).astype(np.uint8))
    large = np.asarray(small.resize(size, Image.Resampling.BICUBIC)).astype(np.float32)
    large += canvas.random.normal(0, GRAIN, (size[1], size[0], 1)).astype(np.float32)
    out = io.BytesIO()
    Image.fromarray(np.clip(large, 0, 255).astype(np.uint8)).save(out, "PNG", compress_level=1)
    return out.getvalue()
