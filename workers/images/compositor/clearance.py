"""How close two lines may come: measured on their ink, column by column, because marks above and tails below differ."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from workers.images.compositor.runs import Run

AIR = 0.06  # least distance between the ink of two lines, as a share of the size
_PROBE = 48  # px; the size at which ink is looked at
_NOTHING = -1e9


def least_step(above: tuple[Run, ...], below: tuple[Run, ...], *, is_flush_right: bool) -> float:
    """Return the least distance of two lines' baselines at which their ink stays apart, as a share of the size.

    is_flush_right: the lines end together, not begin together.
    """
    depth, rise = _depth(above), _rise(below)
    width = max(len(depth), len(rise))
    if is_flush_right:
        depth, rise = depth[::-1], rise[::-1]
    one, other = (np.pad(edge, (0, width - len(edge)), constant_values=_NOTHING) for edge in (_spread(depth), rise))
    return float((one + other).max()) / _PROBE + AIR if width else 0.0


def _spread(edge: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the greatest depth within `AIR` of each column, so that ink keeps its distance sideways too."""
    reach = round(AIR * _PROBE)
    padded = np.pad(edge, reach, constant_values=_NOTHING)
    return np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).max(axis=1) if len(edge) else edge


def _depth(line: tuple[Run, ...]) -> NDArray[np.float64]:
    return _edges(line)[1]


def _rise(line: tuple[Run, ...]) -> NDArray[np.float64]:
    return _edges(line)[0]


@lru_cache(maxsize=256)
def _edges(line: tuple[Run, ...]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how far the ink of each column rises over the baseline, and how far it hangs below it, in probe px."""
    width = max(1, round(sum(run.width for run in line) * _PROBE))
    rise, depth = np.full(width, _NOTHING), np.full(width, _NOTHING)
    x = 0.0
    for run in line:
        font = run.font(_PROBE)
        mask, (left, top) = font.getmask2(run.text, "L", direction=run.direction, language=run.language, anchor="ls")
        if mask.size[0] and mask.size[1]:
            ink = np.frombuffer(bytes(mask), dtype=np.uint8).reshape(mask.size[1], mask.size[0]) > 0
            columns = np.flatnonzero(ink.any(axis=0))
            at = np.clip(columns + round(x + left), 0, width - 1)
            np.maximum.at(rise, at, -(top + ink.argmax(axis=0)[columns]).astype(float))
            np.maximum.at(depth, at, (top + len(ink) - ink[::-1].argmax(axis=0)[columns]).astype(float))
        x += run.width * _PROBE
    return rise, depth
