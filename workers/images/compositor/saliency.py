"""Where the eye goes in a picture, and which cut of a given shape keeps most of that. Small arrays, no model.

1. Shrink the picture to at most 72 px, as luma and two colour differences.
2. Foreign to the borders: distance to the colours of each border; the border it is farthest from does not count,
   so that a subject may touch one (Zhang et al., Minimum Barrier Salient Object Detection, ICCV 2015, the MB+ map).
3. Other than its surroundings, at two scales (Itti, Koch and Niebur, 1998), and rich in edges.
4. Raise what has the colour of skin (Chai and Ngan, 1999), lower the corners a little.
5. Take away the common ground, so that only what stands out weighs.
6. Of all windows, take the one that keeps most and cuts least: what lies along a cut line is a thing cut in two.
7. Where text will cover a part, move on until the subject stands clear of it, a little beyond the picture if need be.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Field: TypeAlias = NDArray[np.float32]
Places: TypeAlias = NDArray[np.float64]
Part: TypeAlias = tuple[float, float, float, float]
"""Left, top, right, bottom as shares of a width and a height, 0 to 1."""

WHOLE: Part = (0.0, 0.0, 1.0, 1.0)
LONG_SIDE = 72  # px of the map
OVERSAMPLED = 6  # samples a side for each of its px: enough against aliasing, and the cost never grows with the picture
BORDER = 0.08  # share of a side that counts as border
QUIET = 12.0  # differences below this many steps of 255 are grain
SCALES = ((0, 4), (1, 10))  # radius of centre and of surroundings, px of the map
SKIN_CB, SKIN_CR = (77, 127), (133, 173)  # steps of 255
SHARES = ((0.5, 108.0), (0.3, 40.0), (0.2, 10.0))  # weights of foreign, other, edges, and what is little of each
STRONG = 0.4  # a map that peaks below it has no subject to speak of, and weighs less
SKIN_GAIN, CORNER_LOSS = 1.0, 0.3
STEPS = 65  # places tried
STRIP = 0.035  # half the width of what a cut line touches, share of a side
CUT = 1.6  # cost of what is on a cut line, in units of what is kept
UNDER_TEXT = 0.3  # worth of what is kept where text will stand
DRIFT = 0.06  # cost of the farthest place from the resting one: decides where nothing else does
# Shares of a side. Less is not worth it; more is filled with a mirror image that would be seen to be one.
LEAST_SHIFT, MOST_SHIFT = 0.03, 0.3
LEAST_SUBJECT = 0.1  # of a map's sum: with less in sight there is nothing to bring out
REST = (0.5, 0.45)  # subjects stand a little above the middle


def saliency(image: Image.Image) -> Field:
    """Return how much each part of an RGB picture draws the eye, at most 72 px a side.

    The sum is 1; less where little stands out, and 0 in a flat picture.
    """
    small = _shrunk(image).convert("YCbCr")
    pixels = np.asarray(small).astype(np.float32)
    parts = (_foreign(pixels), _other(pixels), _edges(pixels[..., 0]))
    seen = np.zeros(pixels.shape[:2], np.float32)
    for part, (share, least) in zip(parts, SHARES, strict=True):
        seen += share * part / max(least, float(np.percentile(part, 99)))
    seen *= (1 + SKIN_GAIN * _skin(pixels)) * (1 - CORNER_LOSS * _off_centre(seen.shape))
    seen = _blurred(seen, 2)
    standing_out = np.maximum(seen - np.median(seen), 0)
    strength = min(1.0, float(standing_out.max()) / STRONG) ** 3
    weights = standing_out**2
    return np.asarray(weights * (strength / max(float(weights.sum()), 1e-9)), np.float32)


def best_place(
    seen: Field, window: tuple[float, float], free: Part = WHOLE, rest: tuple[float, float] = REST
) -> tuple[float, float]:
    """Return where a window belongs on a saliency map, across and down: 0 = at the left or top, 1 = at the right or bottom.

    window: width and height, as shares of the picture's; one of them is 1, as in any cut that covers its slot.
    free: the part of the window in which the subject should stand, because text covers the rest.
    rest: the place to prefer where the map does not say, and for the side along which nothing can be chosen.
    """
    is_across = window[0] < window[1]
    share, own = (window[0], rest[0]) if is_across else (window[1], rest[1])
    if share >= 1:
        return rest
    along = seen if is_across else seen.T  # the window moves along the columns
    first, low, last, high = free if is_across else (free[1], free[0], free[3], free[2])
    span = slice(round(low * len(along)), max(round(low * len(along)) + 1, round(high * len(along))))
    whole, clear = along.sum(0), along[span].sum(0)
    places = np.linspace(0, 1, STEPS)
    starts = places * (1 - share)
    ends = starts + share
    worth = UNDER_TEXT * _kept(whole, starts, ends)
    worth += (1 - UNDER_TEXT) * _kept(clear, starts + first * share, starts + last * share)
    cut = (starts > STRIP) * _kept(whole, starts - STRIP, starts + STRIP)
    cut += (ends < 1 - STRIP) * _kept(whole, ends - STRIP, ends + STRIP)
    drift = ((places - own) / max(own, 1 - own)) ** 2
    score = np.round(worth - CUT * cut - DRIFT * drift, 5)  # below that, machines do not agree
    best = float(places[int(np.argmax(score))])
    return (best, rest[1]) if is_across else (rest[0], best)


def shift(seen: Field, box: Part, free: Part) -> tuple[float, float]:
    """Return how far a box should move so that its subject comes out from under text, in shares of its own sides.

    It moves towards the side that text covers most, by at most three tenths, and may leave the picture there.
    """
    covered = {(-1, 0): free[0], (0, -1): free[1], (1, 0): 1 - free[2], (0, 1): 1 - free[3]}
    way = max(covered, key=lambda side: covered[side])
    most = min(MOST_SHIFT, covered[way])
    rows, columns = seen.shape
    first, last = (round(box[1] * rows), round(box[3] * rows)), (round(box[0] * columns), round(box[2] * columns))
    inside = seen[slice(*first), slice(*last)]
    room = [round(most * side) for side in inside.shape]
    if most <= 0 or not min(room) or inside.sum() < LEAST_SUBJECT:
        return 0.0, 0.0
    x, y = way
    wider = np.pad(inside, [(room[0] * (y < 0), room[0] * (y > 0)), (room[1] * (x < 0), room[1] * (x > 0))])
    share = inside.shape[1] / wider.shape[1], inside.shape[0] / wider.shape[0]
    across, down = best_place(wider, share, free, rest=(float(x < 0), float(y < 0)))
    along, up = most * abs(x) * (across - (x < 0)), most * abs(y) * (down - (y < 0))
    return (along, up) if max(abs(along), abs(up)) >= LEAST_SHIFT else (0.0, 0.0)


# ---- the map


def _shrunk(image: Image.Image) -> Image.Image:
    scale = LONG_SIDE / max(image.size)
    size = max(8, round(image.width * scale)), max(8, round(image.height * scale))
    fine = size[0] * OVERSAMPLED, size[1] * OVERSAMPLED
    return image.resize(fine, Image.Resampling.NEAREST).reduce(OVERSAMPLED)


def _foreign(pixels: Field) -> Field:
    """Return the distance of each pixel to the colours of the borders, in standard deviations of each."""
    rows, columns = (max(2, round(side * BORDER)) for side in pixels.shape[:2])
    borders = (pixels[:rows], pixels[-rows:], pixels[:, :columns], pixels[:, -columns:])
    distances = [_deviation(pixels, border.reshape(-1, 3)) for border in borders]
    total: Field = np.sum(distances, axis=0) - np.max(distances, axis=0)
    return total


def _deviation(pixels: Field, border: Field) -> Field:
    spread = np.cov(border, rowvar=False) + np.eye(3) * QUIET**2
    off = pixels - border.mean(axis=0)
    whitened: Field = off @ np.linalg.cholesky(np.linalg.inv(spread)).astype(np.float32)
    # Beyond six deviations, all is equally foreign; in steps of 255, so that grain stays small.
    distance: Field = np.minimum(np.sqrt((whitened**2).sum(-1)), 6) * np.float32(QUIET)
    return distance


def _other(pixels: Field) -> Field:
    """Return how different the surroundings are, summed over scales and channels."""
    total: Field = np.sum(
        [np.abs(_blurred(pixels, near) - _blurred(pixels, far)).sum(-1) for near, far in SCALES], axis=0
    )
    return total


def _edges(luma: Field) -> Field:
    down, across = np.gradient(luma)
    return _blurred(np.hypot(down, across), 3)


def _skin(pixels: Field) -> Field:
    """Return 1 where the colour is that of skin, falling to 0 within 8 steps."""
    least = np.full(pixels.shape[:2], np.float32(1))
    for channel, (low, high) in ((1, SKIN_CB), (2, SKIN_CR)):
        value = pixels[..., channel]
        least = np.minimum(least, np.clip(np.minimum(value - low, high - value) / 8 + 1, 0, 1))
    return least * np.clip((pixels[..., 0] - 40) / 30, 0, 1)


def _off_centre(shape: tuple[int, ...]) -> Field:
    """Return 0 in the middle, 1 in the corners."""
    y, x = (np.linspace(-1, 1, side, dtype=np.float32) for side in shape)
    return np.asarray((y[:, None] ** 2 + x[None, :] ** 2) / 2, np.float32)


def _blurred(field: Field, radius: int) -> Field:
    """Return the mean of the square of 2 * `radius` + 1 px around each; beyond the borders lies what is on them."""
    for axis in (0, 1):
        wide = np.pad(field, [(radius + 1, radius) if side == axis else (0, 0) for side in range(field.ndim)], "edge")
        sums = wide.cumsum(axis, dtype=np.float64)
        low, high = (np.take(sums, span, axis) for span in _ends(field.shape[axis], 2 * radius + 1))
        field = ((high - low) / (2 * radius + 1)).astype(np.float32)
    return field


def _ends(length: int, span: int) -> tuple[range, range]:
    return range(length), range(span, length + span)


# ---- the window


def _kept(profile: Field, starts: Places, ends: Places) -> Places:
    """Return the sum of `profile` from each start to each end, shares of its length; cells count in proportion."""
    totals = np.concatenate(([0.0], profile.cumsum(dtype=np.float64)))
    cells = np.linspace(0, 1, len(totals))
    kept: Places = np.interp(ends, cells, totals) - np.interp(starts, cells, totals)
    return kept
