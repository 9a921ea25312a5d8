"""Whether there is anything on a picture. What is dark, foggy or calm is a picture; a plain surface is not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

PLAIN_STEPS = 3.0  # of 255: what a cell of a plain picture differs by, with some grain
RAMP_STEPS = 2.0  # a ramp from one colour to another is smoother than any sky
FEW = 0.008  # share of cells that may differ, such as a small icon of "no picture"
NOISE_STEPS, NOISE_LIKENESS, NOISE_PEAK = 6.0, 0.2, 5.0  # faint, neighbours unlike, and no cell stands out as stars do

Cells = NDArray[np.float32]


def is_blank(picture: Image.Image) -> bool:
    """Return whether a small RGB copy (some 70 px each way) shows one plain colour, one straight ramp, or noise.

    In a small copy grain averages out, and a figure stays.
    """
    cells: Cells = np.asarray(picture, np.float32)
    return (
        _share_beyond(cells - np.median(cells, axis=(0, 1)).astype(np.float32), PLAIN_STEPS) < FEW
        or _share_beyond(_without_ramp(cells), RAMP_STEPS) < FEW
        or _is_noise(cells)
    )


def _share_beyond(differences: Cells, steps: float) -> float:
    """Return the share of cells that differ by more than `steps` in a channel."""
    return float((np.abs(differences).max(axis=2) > steps).mean())


def _without_ramp(cells: Cells) -> Cells:
    """Return what is left of each channel when the straight ramp that fits it best is taken away."""
    left: Cells = cells - cells.mean(axis=(0, 1))
    for axis in (0, 1):
        line = np.linspace(-1, 1, cells.shape[axis], dtype=np.float32)
        line = line[:, None, None] if axis == 0 else line[None, :, None]
        left -= line * (left * line).mean(axis=(0, 1)) / (line**2).mean()
    return left


def _is_noise(cells: Cells) -> bool:
    """Return whether the cells differ little, their neighbours as much as far ones, and none stands out."""
    grey = cells.mean(axis=2)
    spread = float(grey.std())
    if not 0 < spread < NOISE_STEPS or float(np.abs(grey - grey.mean()).max()) > NOISE_PEAK * spread:
        return False
    apart = (float(np.square(np.diff(grey, axis=0)).mean()) + float(np.square(np.diff(grey, axis=1)).mean())) / 2
    return 1 - apart / (2 * spread**2) < NOISE_LIKENESS
