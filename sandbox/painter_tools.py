"""What all painters share: noise, light, glow, and how a finished picture is encoded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Field = NDArray[np.floating[Any]]
"""A height by width array of values about 0..1."""
Paint = NDArray[np.floating[Any]]
"""A height by width by 3 array of sRGB values 0..1."""
Colour = NDArray[np.floating[Any]]
"""Three sRGB values 0..1."""


@dataclass(frozen=True, slots=True)
class Palette:
    """Five colours that go together, from the darkest to the lightest, and one accent."""

    tones: tuple[Colour, ...]
    accent: Colour

    @property
    def dark(self) -> Colour:
        """Return the darkest tone."""
        return self.tones[0]

    @property
    def light(self) -> Colour:
        """Return the lightest tone."""
        return self.tones[-1]

    def at(self, place: float) -> Colour:
        """Return the colour at a place between the darkest (0) and the lightest (1)."""
        colour: Colour = self.ramp(np.array([place], np.float32))[0]
        return colour

    def ramp(self, values: Field) -> Paint:
        """Map values 0..1 to colours from dark to light."""
        stops = np.linspace(0, 1, 512, dtype=np.float32)
        places = np.linspace(0, 1, len(self.tones), dtype=np.float32)
        tones = np.stack(self.tones)
        table = np.stack([np.interp(stops, places, tones[:, c]) for c in range(3)], axis=-1).astype(np.float32)
        return table[np.clip(values * 511, 0, 511).astype(np.int32)]


@dataclass(frozen=True, slots=True)
class Canvas:
    """Where a painter paints: half the picture's size, with its random source and colours."""

    width: int
    height: int
    random: np.random.Generator
    palette: Palette

    @property
    def x(self) -> Field:
        """Return 0 at the left edge to the width in units of the height at the right edge, one row."""
        return (np.arange(self.width, dtype=np.float32) / self.height)[None, :]

    @property
    def y(self) -> Field:
        """Return 0 at the top to 1 at the bottom, one column."""
        return (np.arange(self.height, dtype=np.float32) / self.height)[:, None]

    @property
    def aspect(self) -> float:
        """Return width by height."""
        return self.width / self.height

    def uniform(self, low: float, high: float) -> float:
        """Return a random number."""
        return float(self.random.uniform(low, high))

    def window(self, left: float, right: float, top: float, bottom: float) -> tuple[slice, slice]:
        """Return the rows and columns of a box given in heights, so that small things cost little."""
        rows = slice(max(0, int(top * self.height)), max(0, int(bottom * self.height) + 1))
        return rows, slice(max(0, int(left * self.height)), max(0, int(right * self.height) + 1))

    def sign(self) -> float:
        """Return -1 or 1."""
        return 1.0 if self.random.random() < 0.5 else -1.0  # noqa: PLR2004 - a coin

    def noise(self, cells: float, octaves: int = 3, stretch: float = 1.0) -> Field:
        """Return smooth noise 0..1 with about `cells` bumps per height; `stretch` > 1 makes them wide."""
        total = np.zeros((self.height, self.width), np.float32)
        weight, norm = 1.0, 0.0
        for _ in range(octaves):
            rows = max(2, round(cells) + 2)
            columns = max(2, round(cells * self.aspect / stretch) + 2)
            grid = Image.fromarray(self.random.random((rows, columns), dtype=np.float32))
            grown = grid.resize(
                (self.width, self.height), Image.Resampling.BICUBIC, (0.5, 0.5, columns - 0.5, rows - 0.5)
            )
            total += weight * np.asarray(grown)
            norm += weight
            weight, cells = weight * 0.5, cells * 2
        return total / np.float32(norm)

    def line(self, cells: float, octaves: int = 3) -> Field:
        """Return one row of smooth noise, about -1..1, with `cells` bumps per height."""
        total = np.zeros(self.width, np.float32)
        places = np.linspace(0, self.aspect, self.width, dtype=np.float32)
        weight = 1.0
        for _ in range(octaves):
            knots = np.arange(0, self.aspect * cells + 4)
            values = self.random.uniform(-1, 1, len(knots))
            t = places * cells
            left = t.astype(int)
            part = t - left
            eased = part * part * (3 - 2 * part)
            total += (weight * (values[left] * (1 - eased) + values[left + 1] * eased)).astype(np.float32)
            weight, cells = weight * 0.5, cells * 2.1
        return total / np.float32(1.8)


def smooth(edge0: float, edge1: float, value: Field) -> Field:
    """Return 0 below the first edge, 1 above the second, and an S-curve between."""
    t: Field = np.clip((value - np.float32(edge0)) / np.float32(edge1 - edge0), 0, 1)
    return t * t * (3 - 2 * t)


def mix(below: Paint, above: Paint | Colour, cover: Field | float) -> Paint:
    """Lay one paint over another where `cover` is 1."""
    share = cover[..., None] if isinstance(cover, np.ndarray) else np.float32(cover)
    return below + (above - below) * share


def glow(canvas: Canvas, x: float, y: float, radius: float, power: float = 2.0) -> Field:
    """Return light that falls off from a point; x in heights, y 0..1."""
    distance = np.sqrt((canvas.x - np.float32(x)) ** 2 + (canvas.y - np.float32(y)) ** 2)
    return np.float32(1) / (1 + (distance / np.float32(radius)) ** np.float32(power))


def shifted(field: Field, down: float, right: float) -> Field:
    """Move a field by a share of its height; what comes in from outside repeats the edge."""
    rows = np.clip(np.arange(field.shape[0]) - round(down * field.shape[0]), 0, field.shape[0] - 1)
    columns = np.clip(np.arange(field.shape[1]) - round(right * field.shape[0]), 0, field.shape[1] - 1)
    moved: Field = field[rows][:, columns]
    return moved


def blur(field: Field, pixels: float) -> Field:
    """Blur by shrinking and growing again: cheap, and smooth enough for shadows and light."""
    height, width = field.shape
    small = (max(2, round(width / pixels)), max(2, round(height / pixels)))
    image = Image.fromarray(field.astype(np.float32, copy=False))
    return np.asarray(
        image.resize(small, Image.Resampling.BOX).resize((width, height), Image.Resampling.BICUBIC), dtype=np.float32
    )


def gradient(canvas: Canvas, top: Colour, middle: Colour, bottom: Colour, bend: float = 0.5) -> Paint:
    """Return a vertical wash through three colours."""
    stops = np.array([0, bend, 1], np.float32)
    rows = np.stack(
        [np.interp(canvas.y[:, 0], stops, [top[c], middle[c], bottom[c]]) for c in range(3)], axis=-1
    ).astype(np.float32)
    return np.ascontiguousarray(np.broadcast_to(rows[:, None, :], (canvas.height, canvas.width, 3)))
