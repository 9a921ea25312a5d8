"""Breaks a paragraph into lines of even length."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from math import inf
from typing import TypeAlias

from workers.images.compositor.opportunities import Atom, atoms

LAST_SHORT = 0.35  # a last line below this share of the measure, or of one word, counts as a widow
MOST_LINES = 100  # no canvas holds more
WIDOW_PENALTY = 0.6
LONELY, LONELY_PENALTY = 0.8, 0.3  # a word alone on an inner line, of less than this share of the usual length
HYPHEN_PENALTY = 0.3  # in a headline, more than a break after a hyphen costs anyway
DANGLING_LETTERS = 2
DANGLING_PENALTY = 0.05  # a line that ends in a word of one or two letters ("a", "of") reads badly
HYPHENS = "-\u2010"

Measure: TypeAlias = Callable[[str], float]


def break_lines(
    text: str,
    width: float,
    measure: Measure,
    *,
    is_ragged_last: bool = False,
    most: int | None = None,
    is_last_resort: bool = True,
) -> list[str] | None:
    """Return `text` as the fewest lines that fit `width` px, made as even as they can be; None if a word is too wide.

    most: None is returned when even the fewest lines are more than this, before time is spent on making them even.
    is_ragged_last: the last line may be short (body text), but never a widow.
    is_last_resort: words of scripts without spaces may be parted anywhere but inside a character.
    """
    pieces = atoms(text, is_last_resort=is_last_resort)
    if not pieces:
        return []
    widths = [measure(piece.text) for piece in pieces]
    if max(widths) > width:
        return None
    spaces = _spaces(pieces, measure)
    count = _greedy(widths, spaces, width)
    if count > min(MOST_LINES, MOST_LINES if most is None else most):
        return None
    for lines in range(count, count + 2):  # whole lines can be a little wider than the sum of their words
        cuts = _balance(pieces, widths, spaces, width, lines, is_ragged_last=is_ragged_last)
        made = [_line(pieces[a:b]) for a, b in cuts]
        if made and all(measure(line) <= width for line in made):
            return made
    return None


def _line(pieces: Sequence[Atom]) -> str:
    return "".join(piece.text + piece.space for piece in pieces[:-1]) + pieces[-1].text


def _spaces(pieces: Sequence[Atom], measure: Measure) -> list[float]:
    """Return the width of the space behind each piece."""
    known = {space: measure(f"n{space}n") - 2 * measure("n") for space in {piece.space for piece in pieces} if space}
    return [known.get(piece.space, 0.0) for piece in pieces]


def _greedy(widths: Sequence[float], spaces: Sequence[float], width: float) -> int:
    lines, used = 1, widths[0]
    for place in range(1, len(widths)):
        longer = used + spaces[place - 1] + widths[place]
        lines, used = (lines + 1, widths[place]) if longer > width else (lines, longer)
    return lines


def _balance(
    pieces: Sequence[Atom],
    widths: Sequence[float],
    spaces: Sequence[float],
    width: float,
    lines: int,
    *,
    is_ragged_last: bool,
) -> list[tuple[int, int]]:
    """Return the ranges of pieces of exactly `lines` lines with the least cost, or [] if there are none.

    A line costs the square of its slack, as a share of the measure, and penalties for what reads badly.
    """
    count = len(pieces)
    starts = [0.0]
    for own, space in zip(widths, spaces, strict=True):
        starts.append(starts[-1] + own + space)
    target = width if is_ragged_last else min(width, (starts[-1] - spaces[-1]) / lines * 1.04)
    ends = [
        piece.cost
        + (DANGLING_PENALTY if _dangles(pieces, place) else 0.0)
        + (HYPHEN_PENALTY if not is_ragged_last and not piece.space and piece.text[-1] in HYPHENS else 0.0)
        for place, piece in enumerate(pieces)
    ]

    def cost(a: int, b: int) -> float:
        length = starts[b] - starts[a] - spaces[b - 1]
        if length > width:
            return inf
        slack = ((target - length) / width) ** 2
        if b < count:
            is_inner_word = a > 0 and b - a == 1 and bool(pieces[a - 1].space) and bool(pieces[a].space)
            is_lonely = is_inner_word and length < LONELY * target
            return slack + ends[b - 1] + (LONELY_PENALTY if is_lonely else 0.0)
        is_widow = lines > 1 and ((b - a == 1 and bool(pieces[a - 1].space)) or length < LAST_SHORT * width)
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


def _dangles(pieces: Sequence[Atom], place: int) -> bool:
    """Return whether the piece is a whole Latin word too short to end a line."""
    own = pieces[place]
    is_word = bool(own.space) and (place == 0 or bool(pieces[place - 1].space))
    return is_word and len(own.text) <= DANGLING_LETTERS and own.text.isascii()


def _cuts(best: Callable[[int, int], tuple[float, int]], lines: int) -> list[tuple[int, int]]:
    cuts, a = [], 0
    for left in range(lines, 0, -1):
        b = best(a, left)[1]
        cuts.append((a, b))
        a = b
    return cuts
