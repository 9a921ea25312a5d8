"""Sets a text into a box: from its largest size down to its floor, never below."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache, partial
from itertools import pairwise, product

from app.domain.languages import is_rtl_language
from app.domain.themes import Pairing
from workers.images.compositor.breaking import break_lines
from workers.images.compositor.clearance import AIR, least_step
from workers.images.compositor.direction import has_rtl, is_rtl, levels
from workers.images.compositor.fonts import Face, at_thousand
from workers.images.compositor.fontstack import FontStack, prepare, stack_for
from workers.images.compositor.graphemes import clean, clusters
from workers.images.compositor.opportunities import has_last_resorts
from workers.images.compositor.runs import Run, line_runs, overhang, runs_of, word_width

STEP = 0.94  # from one size to the next smaller one
PARAGRAPH = 1.35  # lines between paragraphs: a third more than between lines
ROOMY = 1.3  # at this leading no European letters touch, whatever accents they carry
OVERSHOOT = 0.15  # accents may rise this far above the cap line of the first line without moving it
NASTALIQ_LEADING, NASTALIQ_SIZE = 1.9, 0.8  # its words climb: twice the room, one step smaller
NASTALIQ_SWING = 0.5  # and its letters swing out of the line, by this share of the size at most (measured: 0.45)


@dataclass(frozen=True, slots=True)
class Style:
    """How a kind of text is set. Sizes are px of the canvas."""

    face: Face
    largest_px: int
    floor_px: int
    leading: float
    """Distance of baselines, as a multiple of the size. Scripts with tall letters get more where they need it."""
    is_ragged_last: bool = False
    """Body text: the last line may be short. Headlines: all lines are balanced."""
    fonts: Pairing = Pairing.EDITORIAL
    language: str = "en"
    """BCP 47: decides letter shapes and direction."""

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
    """In reading order."""
    starts: tuple[int, ...]
    """Baseline of each line in px below the top of the block."""
    face: Face
    size_px: int
    width: int
    height: int
    descent: int
    """px that letters reach below `height`."""
    missing_glyphs: int
    runs: tuple[tuple[Run, ...], ...] = ()
    """What is drawn of each line, from left to right."""

    @property
    def rise(self) -> int:
        """Px that the first line's accents and ascenders reach above the top of the block."""
        return max(0, round(_ink(self.runs[0])[0] * self.size_px) - self.starts[0]) if self.runs else 0

    def widths(self) -> tuple[float, ...]:
        """Return the width of each line in px, with ink that swings out of it."""
        return tuple(_width(runs) * self.size_px for runs in self.runs)

    def swings(self) -> tuple[float, ...]:
        """Return how far each line's ink swings out of it at the left, in px: drawing starts so far inside."""
        return tuple(overhang(runs)[0] * self.size_px for runs in self.runs)


EMPTY = Block((), (), Face.TEXT, 1, 0, 0, 0, 0)


@lru_cache(maxsize=256)
def _metrics(fonts: FontStack) -> tuple[float, float]:
    """Return the height of a capital and the depth of a descender, as shares of the size."""
    font = at_thousand(fonts.first)
    return -font.getbbox("H", anchor="ls")[1] / font.size, font.getbbox("gpqy", anchor="ls")[3] / font.size


def fit(text: str, style: Style, width: int, height: int) -> Block | None:
    """Return `text` at the largest size of `style` that fits `width` x `height` px, or None."""
    for is_last_resort in _tries(text):
        for size_px in _ladder(text, style):
            block = set_at(text, style, size_px, width, height, is_last_resort=is_last_resort)
            if block and block.height <= height:
                return block
    return None


def set_at(
    text: str,
    style: Style,
    size_px: int,
    width: int,
    height: int | None = None,
    *,
    is_last_resort: bool = True,
) -> Block | None:
    """Return `text` at one size, or None if a word is wider than `width`. Line breaks in it part paragraphs.

    height: px; None is returned early for a paragraph that is surely higher. A block that is returned may be too.
    is_last_resort: words of scripts without spaces may be parted where only a dictionary could say that it is wrong.
    """
    cleaned = clean(text)
    fonts = stack_for(cleaned, style.face, style.fonts, style.language)
    ready = prepare(cleaned, fonts)
    paragraphs = [paragraph for paragraph in ready.text.split("\n") if paragraph.strip()]
    if not paragraphs:
        return replace(EMPTY, missing_glyphs=len(ready.missing))
    cap, descent = _metrics(fonts)
    leading = max(style.leading, _least_leading(ready.text, fonts))
    most = None if height is None else max(1, int((height - cap * size_px) / (leading * size_px)) + 1)
    lines: list[str] = []
    runs: list[tuple[Run, ...]] = []
    heads: set[int] = set()
    own = partial(_measure, fonts, size_px)
    measure = width - (NASTALIQ_SWING * size_px if _is_nastaliq(ready.text, fonts) else 0)
    for paragraph in paragraphs:
        broken = break_lines(
            paragraph, measure, own, is_ragged_last=style.is_ragged_last, most=most, is_last_resort=is_last_resort
        )
        if broken is None:
            return None
        heads.add(len(lines))
        lines += broken
        runs += _runs(paragraph, broken, fonts)
    widest = max(map(_width, runs)) * size_px
    if widest > width:
        return None
    inks = _inks(runs, fonts, leading)
    step = max([leading, *_steps(runs, inks, leading, is_flush_right=is_rtl_language(style.language))])
    baseline = max(cap, inks[0][0] - OVERSHOOT)
    starts = []
    for place in range(len(lines)):
        baseline += 0 if place == 0 else step * PARAGRAPH if place in heads else step
        starts.append(round(baseline * size_px))
    tail = max(0.0, inks[-1][1] - descent)
    high = round((baseline + tail) * size_px)
    return Block(
        lines=tuple(lines),
        starts=tuple(starts),
        face=style.face,
        size_px=size_px,
        width=round(widest),
        height=high,
        descent=round(descent * size_px),
        missing_glyphs=len(ready.missing),
        runs=tuple(runs),
    )


def _tries(*texts: str) -> tuple[bool, ...]:
    """Return the values of is_last_resort to try: a smaller size comes before a word that is parted wrongly."""
    return (False, True) if any(has_last_resorts(clean(text)) for text in texts) else (True,)


def _is_nastaliq(text: str, fonts: FontStack) -> bool:
    return fonts.has_nastaliq and has_rtl(text)


def _ladder(text: str, style: Style) -> list[int]:
    """Return the sizes to try for a text; Nastaliq starts lower, and keeps the floor."""
    fonts = stack_for(clean(text), style.face, style.fonts, style.language)
    if not _is_nastaliq(text, fonts):
        return style.sizes_px
    return replace(style, largest_px=max(style.floor_px, round(style.largest_px * NASTALIQ_SIZE))).sizes_px


def _measure(fonts: FontStack, size_px: int, piece: str) -> float:
    return word_width(piece, fonts) * size_px


def _width(runs: tuple[Run, ...]) -> float:
    return sum(run.width for run in runs) + sum(overhang(runs))


def _runs(paragraph: str, lines: list[str], fonts: FontStack) -> list[tuple[Run, ...]]:
    """Return the runs of each line; directions are resolved in the whole paragraph, as UAX 9 asks."""
    rtl = is_rtl(paragraph, fonts.language)
    if not has_rtl(paragraph):
        return [line_runs(line, fonts, rtl=False) for line in lines]
    whole = levels(paragraph, rtl=rtl)
    made, start = [], 0
    for line in lines:
        start = paragraph.index(line, start)
        made.append(runs_of(line, whole[start : start + len(line)], fonts))
        start += len(line)
    return made


def _inks(lines: list[tuple[Run, ...]], fonts: FontStack, leading: float) -> list[tuple[float, float]]:
    """Return the rise and the depth of each line's ink; European text with room between its lines is not measured."""
    if leading >= ROOMY and all(run.typeface == fonts.first for line in lines for run in line):
        return [_metrics(fonts)] * len(lines)
    return [_ink(line) for line in lines]


def _steps(
    lines: list[tuple[Run, ...]], inks: list[tuple[float, float]], leading: float, *, is_flush_right: bool
) -> list[float]:
    """Return the least distance of the baselines of each two lines; only those are looked at that could touch."""
    return [
        least_step(*pair, is_flush_right=is_flush_right)
        for pair, (above, below) in zip(pairwise(lines), pairwise(inks), strict=True)
        if above[1] + below[0] + AIR > leading
    ]


@lru_cache(maxsize=512)
def _least_leading(text: str, fonts: FontStack) -> float:
    """Return the leading that the scripts of a text ask for, whatever the style says."""
    if fonts.covers(text.replace("\n", "")):
        return 0.0
    if _is_nastaliq(text, fonts):
        return NASTALIQ_LEADING
    used = {fonts.draws(cluster) for cluster in clusters(text) if cluster[0].isalpha()}
    return max((face.least_leading for face in used if face), default=0.0)


def _ink(runs: tuple[Run, ...]) -> tuple[float, float]:
    """Return how far the ink of a line rises over its baseline and hangs below it, as shares of the size."""
    inks = [run.ink for run in runs]
    return max((-ink[1] for ink in inks), default=0.0), max((ink[3] for ink in inks), default=0.0)


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
    ladder_title, ladder_body = _ladder(texts[0], styles[0]), _ladder(texts[1], styles[1])
    steps = max(len(ladder_title), len(ladder_body))
    for is_last_resort, step in product(_tries(*texts), range(steps)):
        title_px = ladder_title[min(step, len(ladder_title) - 1)]
        body_px = ladder_body[min(step * len(ladder_body) // steps, len(ladder_body) - 1)]
        if step == steps - 1:
            body_px = ladder_body[-1]
        title = set_at(texts[0], styles[0], title_px, widths[0], height, is_last_resort=is_last_resort)
        body = set_at(texts[1], styles[1], body_px, widths[1], height, is_last_resort=is_last_resort)
        if title is None or body is None:
            continue
        pair = Pair(title, body, round(gap * title_px) if body.lines and title.lines else 0)
        if pair.height <= height:
            return pair
    return None
