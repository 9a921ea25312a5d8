"""Sets a text into a box: from its largest size down to its floor, never below."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from workers.images.compositor.breaking import break_lines
from workers.images.compositor.fonts import Face, drawable, face_for, font, missing

STEP = 0.94  # from one size to the next smaller one


@dataclass(frozen=True, slots=True)
class Style:
    """How a kind of text is set. Sizes are px of the canvas."""

    face: Face
    largest_px: int
    floor_px: int
    leading: float
    """Distance of baselines, as a multiple of the size."""
    is_ragged_last: bool = False
    """Body text: the last line may be short. Headlines: all lines are balanced."""

    @property
    def sizes_px(self) -> list[int]:
        """Sizes to try, largest first, floor last."""
        sizes = [self.largest_px]
        while round(sizes[-1] * STEP) > self.floor_px:
            sizes.append(round(sizes[-1] * STEP))
        return [*sizes, self.floor_px] if self.floor_px < sizes[-1] else sizes


@dataclass(frozen=True, slots=True)
class Block:
    """A text that has been set. Its box runs from the cap line of the first line to the last baseline."""

    lines: tuple[str, ...]
    starts: tuple[int, ...]
    """Baseline of each line in px below the top of the block."""
    face: Face
    size_px: int
    width: int
    height: int
    descent: int
    """px that letters reach below `height`."""
    missing_glyphs: int


EMPTY = Block((), (), Face.TEXT, 1, 0, 0, 0, 0)


@lru_cache(maxsize=256)
def _metrics(face: Face, size_px: int) -> tuple[int, int]:
    """Return the height of a capital and the depth of a descender, in px."""
    opened = font(face, size_px)
    return -int(opened.getbbox("H", anchor="ls")[1]), int(opened.getbbox("gpqy", anchor="ls")[3])


def fit(text: str, style: Style, width: int, height: int) -> Block | None:
    """Return `text` at the largest size of `style` that fits `width` x `height` px, or None."""
    for size_px in style.sizes_px:
        block = set_at(text, style, size_px, width, height)
        if block and block.height <= height:
            return block
    return None


def set_at(text: str, style: Style, size_px: int, width: int, height: int | None = None) -> Block | None:
    """Return `text` at one size, or None if a word is wider than `width`. Line breaks in it part paragraphs.

    height: px; None is returned early for a paragraph that is surely higher. A block that is returned may be too.
    """
    if not text:
        return EMPTY
    face = face_for(text, style.face)
    opened = font(face, size_px)
    cap, descent = _metrics(face, size_px)
    most = None if height is None else max(1, int((height - cap) / (style.leading * size_px)) + 1)
    lines: list[str] = []
    starts: list[int] = []
    baseline = float(cap)
    for paragraph in drawable(text, face).split("\n"):
        broken = break_lines(paragraph, width, opened.getlength, is_ragged_last=style.is_ragged_last, most=most)
        if broken is None:
            return None
        if lines:
            baseline += style.leading * size_px * 1.35  # a third of a line parts paragraphs
        for place, line in enumerate(broken):
            baseline += style.leading * size_px if place else 0
            lines.append(line)
            starts.append(round(baseline))
    widest = max(opened.getlength(line) for line in lines)
    return Block(
        tuple(lines), tuple(starts), face, size_px, round(widest), starts[-1], descent, len(missing(text, face))
    )


@dataclass(frozen=True, slots=True)
class Pair:
    """A headline and the text below it, set to share one box."""

    title: Block
    body: Block
    gap: int
    """px between the headline's last baseline and the body's cap line; 0 without a body."""

    @property
    def height(self) -> int:
        """Px from the headline's cap line to the last baseline."""
        return self.title.height + self.gap + self.body.height


def fit_pair(
    texts: tuple[str, str], styles: tuple[Style, Style], widths: tuple[int, int], height: int, gap: float = 0.68
) -> Pair | None:
    """Return headline and body, each as large as both can be in `height` px; None if even the floors do not fit.

    The two shrink side by side, so that the headline keeps its lead. gap: as a share of the headline's size.
    """
    ladder_title, ladder_body = styles[0].sizes_px, styles[1].sizes_px
    steps = max(len(ladder_title), len(ladder_body))
    for step in range(steps):
        title_px = ladder_title[min(step, len(ladder_title) - 1)]
        body_px = ladder_body[min(step * len(ladder_body) // steps, len(ladder_body) - 1)]
        if step == steps - 1:
            body_px = ladder_body[-1]
        title = set_at(texts[0], styles[0], title_px, widths[0], height)
        body = set_at(texts[1], styles[1], body_px, widths[1], height)
        if title is None or body is None:
            continue
        pair = Pair(title, body, round(gap * title_px) if body.lines and title.lines else 0)
        if pair.height <= height:
            return pair
    return None
