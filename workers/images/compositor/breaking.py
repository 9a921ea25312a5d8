"""Breaks a paragraph into lines of even length."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from math import inf
from typing import TypeAlias

LAST_SHORT = 0.35  # a last line below this share of the measure, or of one word, counts as a widow
WIDOW_PENALTY = 0.6
DANGLING_LETTERS = 2
DANGLING_PENALTY = 0.05  # a line that ends in a word of one or two letters ("a", "of") reads badly

Measure: TypeAlias = Callable[[str], float]


def break_lines(
    text: str, width: float, measure: Measure, *, is_ragged_last: bool = False, most: int | None = None
) -> list[str] | None:
    """Return `text` as the fewest lines that fit `width` px, made as even as they can be; None if a word is too wide.

    most: None is returned when even the fewest lines are more than this, before time is spent on making them even.
    is_ragged_last: the last line may be short (body text), but never a widow.
    """
    words = text.split(" ")
    widths = [measure(word) for word in words]
    space = measure("n n") - 2 * measure("n")
    if max(widths) > width:
        return None
    count = _greedy(widths, space, width)
    if most is not None and count > most:
        return None
    for lines in range(count, count + 2):  # whole lines can be a little wider than the sum of their words
        cuts = _balance(words, widths, space, width, lines, is_ragged_last=is_ragged_last)
        made = [" ".join(words[a:b]) for a, b in cuts]
        if made and all(measure(line) <= width for line in made):
            return made
    return None


def _greedy(widths: Sequence[float], space: float, width: float) -> int:
    lines, used = 1, widths[0]
    for word in widths[1:]:
        if used + space + word > width:
            lines, used = lines + 1, word
        else:
            used += space + word
    return lines


def _balance(
    words: list[str], widths: list[float], space: float, width: float, lines: int, *, is_ragged_last: bool
) -> list[tuple[int, int]]:
    """Return the word ranges of exactly `lines` lines with the least cost, or [] if there are none.

    A line costs the square of its slack, as a share of the measure, and penalties for what reads badly.
    """
    count = len(words)
    starts = [0.0]
    for word in widths:
        starts.append(starts[-1] + word + space)
    target = width if is_ragged_last else min(width, (starts[-1] - space) / lines * 1.04)

    def cost(a: int, b: int) -> float:
        length = starts[b] - starts[a] - space
        if length > width:
            return inf
        slack = ((target - length) / width) ** 2
        if b < count:
            return slack + (DANGLING_PENALTY if len(words[b - 1]) <= DANGLING_LETTERS else 0.0)
        is_widow = lines > 1 and (b - a == 1 or length < LAST_SHORT * width)
        return (0.0 if is_ragged_last else slack) + (WIDOW_PENALTY if is_widow else 0.0)

    @cache
    def best(a: int, left: int) -> tuple[float, int]:
        if left == 1:
            return cost(a, count), count
        least = (inf, count)
        for b in range(a + 1, count - left + 2):
            own = cost(a, b)
            if own == inf:  # longer lines are too long as well
                break
            least = min(least, (own + best(b, left - 1)[0], b))
        return least

    return _cuts(best, lines) if best(0, lines)[0] < inf else []


def _cuts(best: Callable[[int, int], tuple[float, int]], lines: int) -> list[tuple[int, int]]:
    cuts, a = [], 0
    for left in range(lines, 0, -1):
        b = best(a, left)[1]
        cuts.append((a, b))
        a = b
    return cuts
