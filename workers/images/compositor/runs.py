"""A line as it is drawn: runs of one font and one direction, from left to right, on one baseline."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from PIL import ImageFont

from app.domain.themes import Pairing
from workers.images.compositor.direction import EMBEDDINGS, MARKS, has_rtl, is_rtl, levels, visual_order
from workers.images.compositor.fonts import Face, Typeface, at_thousand, characters, opened
from workers.images.compositor.fontstack import FontStack, prepare, stack_for
from workers.images.compositor.graphemes import TEXT_STYLE, WORD_JOINER, ZWSP, clean, clusters

_NOT_DRAWN = MARKS | EMBEDDINGS | {ZWSP, WORD_JOINER, TEXT_STYLE}


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of a line, drawn at once. Measures are shares of the text's size."""

    text: str
    typeface: Typeface
    is_rtl: bool
    language: str
    start: int
    """Place of its first character in the line, in reading order."""
    width: float

    def font(self, size_px: int) -> ImageFont.FreeTypeFont:
        """Return the font for a text of `size_px`."""
        return opened(self.typeface, size_px * self.typeface.scale)

    @property
    def direction(self) -> str:
        """What Pillow calls it."""
        return "rtl" if self.is_rtl else "ltr"

    @property
    def ink(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of the ink, from the run's left end on the baseline; y grows downwards."""
        return _ink(self.text, self.typeface, self.direction, self.language)


def overhang(runs: tuple[Run, ...]) -> tuple[float, float]:
    """Return how far ink reaches out of a line at its left and at its right, as shares of the size.

    Arabic letters swing out further than a margin forgives, Nastaliq's above all; other scripts stay in their line.
    """
    if not any(run.is_rtl for run in runs):
        return 0.0, 0.0
    x, left, right = 0.0, 0.0, 0.0
    width = sum(run.width for run in runs)
    for run in runs:
        ink = run.ink
        left, right = max(left, -(x + ink[0])), max(right, x + ink[2] - width)
        x += run.width
    return left, right


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a line in one font file, for other writers of text than Pillow."""

    text: str
    path: Path
    index: int
    """Place of the font in its file, a collection (.ttc); else 0."""
    is_rtl: bool


def spans(line: str, face: Face = Face.TEXT, fonts: Pairing = Pairing.EDITORIAL, language: str = "en") -> list[Span]:
    """Return a line in reading order, as the runs that each one font file draws; what no font draws is left out."""
    text = clean(line).replace("\n", " ")
    own = stack_for(text, face, fonts, language)
    ready = prepare(text, own).text
    made = line_runs(ready, own, rtl=is_rtl(ready, language))
    known = (run for run in sorted(made, key=lambda run: run.start))
    return [Span(run.text, run.typeface.path, run.typeface.index, run.is_rtl) for run in known]


@lru_cache(maxsize=1024)
def has_ink(text: str, face: Face, fonts: Pairing, language: str) -> bool:
    """Return whether anything of a text can be seen: not so of spaces, joiners, and pictographs that no font has."""
    text = clean(text).replace("\n", " ")
    own = stack_for(text, face, fonts, language)
    ready = prepare(text, own).text
    inks = (run.ink for run in line_runs(ready, own, rtl=is_rtl(ready, language)))
    return any(right > left and bottom > top for left, top, right, bottom in inks)


@lru_cache(maxsize=4096)
def word_width(word: str, fonts: FontStack) -> float:
    """Return the width of a word or a piece of one, as a share of the size."""
    if fonts.covers(word):
        return _length(word, fonts.first, "ltr", fonts.language)
    return sum(run.width for run in line_runs(word, fonts, rtl=is_rtl(word, fonts.language)))


@lru_cache(maxsize=1024)
def line_runs(line: str, fonts: FontStack, *, rtl: bool) -> tuple[Run, ...]:
    """Return the runs of a line, from left to right. rtl: the direction of its paragraph."""
    if fonts.covers(line) and not has_rtl(line):
        return (_run(line, fonts.first, 0, 0, fonts.language),) if line else ()
    of_levels = levels(line, rtl=rtl) if rtl or has_rtl(line) else (0,) * len(line)
    return runs_of(line, of_levels, fonts)


def runs_of(line: str, of_levels: tuple[int, ...], fonts: FontStack) -> tuple[Run, ...]:
    """Return the runs of a line whose characters' levels are known, from left to right."""
    pieces: list[tuple[int, str, Typeface, int]] = []
    place = 0
    parts = clusters(line)
    faces = _faces(parts, fonts)
    for cluster, face in zip(parts, faces, strict=True):
        level = of_levels[place]
        drawn = "".join(c for c in cluster if c not in _NOT_DRAWN)
        if drawn and pieces and pieces[-1][2:] == (face, level):
            pieces[-1] = (pieces[-1][0], pieces[-1][1] + drawn, face, level)
        elif drawn:
            pieces.append((place, drawn, face, level))
        place += len(cluster)
    made = [_run(text, face, level, start, fonts.language) for start, text, face, level in pieces]
    return tuple(made[one] for one in visual_order([level for *_rest, level in pieces]))


def _faces(parts: tuple[str, ...], fonts: FontStack) -> list[Typeface]:
    """Return the font of each cluster. Marks and spaces keep to the font of the word before them, if it has them."""
    faces = [fonts.draws(cluster) or fonts.first for cluster in parts]
    if len(set(faces)) == 1:
        return faces
    kinds = [unicodedata.category(cluster[0])[0] in "PZ" for cluster in parts]
    before: list[Typeface | None] = _last_known(faces, kinds)
    after = _last_known(faces[::-1], kinds[::-1])[::-1]
    for place, cluster in enumerate(parts):
        if not kinds[place]:
            continue
        near = before[place], after[place]
        for face in near[::-1] if unicodedata.category(cluster[0]) in ("Ps", "Pi") else near:
            if face and not face.is_pictures and characters(face).issuperset(map(ord, cluster)):
                faces[place] = face
                break
    return faces


def _last_known(faces: list[Typeface], is_mark: list[bool]) -> list[Typeface | None]:
    """Return for each place the font of the last word before it."""
    last: Typeface | None = None
    known = []
    for face, mark in zip(faces, is_mark, strict=True):
        last = last if mark else face
        known.append(last)
    return known


def _run(text: str, face: Typeface, level: int, start: int, language: str) -> Run:
    way = "rtl" if level % 2 else "ltr"
    return Run(text, face, bool(level % 2), language, start, _length(text, face, way, language))


@lru_cache(maxsize=8192)
def _length(text: str, face: Typeface, direction: str, language: str) -> float:
    font = at_thousand(face)
    return font.getlength(text, direction=direction, language=language) / font.size * face.scale


@lru_cache(maxsize=2048)
def _ink(text: str, face: Typeface, direction: str, language: str) -> tuple[float, float, float, float]:
    font = at_thousand(face)
    box = font.getbbox(text, direction=direction, language=language, anchor="ls")
    left, top, right, bottom = (edge / font.size * face.scale for edge in box)
    return left, top, right, bottom
