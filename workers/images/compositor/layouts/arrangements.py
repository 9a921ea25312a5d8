"""How a stack of texts and a picture share the canvas.

Portrait and square: one above the other. Wide: side by side. Tall: text first, as the foot belongs to the platforms.
Each returns a plan, or None when the text leaves the picture too little.
"""

from __future__ import annotations

from enum import StrEnum

from workers.images.compositor.drawing import Drawing, Plan
from workers.images.compositor.frame import Frame
from workers.images.compositor.furniture import MARK_ROOM, WIDE_COLUMNS, column_width, footer, mark
from workers.images.compositor.page import Page
from workers.images.compositor.sheet import Box
from workers.images.compositor.slide import Role
from workers.images.compositor.stacks import Make, Stack
from workers.images.compositor.theme import Tone

LEAST_PICTURE, MOST_PICTURE = 0.27, 0.56  # share of the height
LEAST_ON_SQUARE = 0.22
GAP = 60  # design px between picture and text
LEAST_GAP = 24  # the same, below the tails of a very large last line
BESIDE = 64  # the same, side by side


class Cut(StrEnum):
    """How a picture meets the canvas' edges."""

    FULL = "full"  # all edges it reaches
    INSET = "inset"  # none: a card with the theme's corners
    END = "end"  # only the edge where lines end


def picture_first(page: Page, tone: Tone, make: Make, cut: Cut, least: float | None = None) -> Plan | None:
    """Return a plan with the picture above the text. least: height that it needs, as a share; None = as is usual."""
    frame = page.frame
    if frame.is_wide:
        return beside(page, tone, make, cut)
    if frame.is_tall:
        return text_first(page, tone, make, cut)
    air = (76 if frame.height > frame.width else 58) if cut is Cut.FULL else GAP
    head = frame.px(air + MARK_ROOM)
    top = 0 if cut is Cut.FULL else frame.margin
    stack = make(page, frame.inner, frame.text_bottom - top - _least(frame, least) - head)
    if stack is None:
        return None
    head -= 0 if stack.has_mark else frame.px(MARK_ROOM)
    edge = min(frame.text_bottom - stack.height - head, round(frame.height * MOST_PICTURE))
    box = _box(frame, cut, top, edge)

    def draw(drawing: Drawing) -> None:
        _picture(drawing, box, cut, stack)
        _write(drawing, stack, (frame.margin, edge + head))
        footer(drawing)

    return Plan(tone, draw)


def text_first(page: Page, tone: Tone, make: Make, cut: Cut, least: float | None = None) -> Plan | None:
    """Return a plan with the picture below the text."""
    frame = page.frame
    if frame.is_wide:
        return beside(page, tone, make, cut, is_text_last=True)
    lead, gap = frame.px(MARK_ROOM), frame.px(GAP + 12)
    foot = frame.text_bottom if frame.is_tall else frame.art_bottom - _least(frame, least) - gap
    stack = make(page, frame.inner, foot - frame.text_top - lead)
    if stack is None:
        return None
    top = frame.text_top + (lead if stack.has_mark else 0)
    bottom = frame.height if frame.is_tall and cut is not Cut.INSET else frame.art_bottom
    box = _box(frame, cut, top + stack.height + max(gap, stack.tail + frame.px(LEAST_GAP)), bottom)

    def draw(drawing: Drawing) -> None:
        _picture(drawing, box, cut, stack)
        _write(drawing, stack, (frame.margin, top))
        footer(drawing)

    return Plan(tone, draw)


def _least(frame: Frame, share: float | None) -> int:
    """Return the least height of a picture, px."""
    usual = LEAST_PICTURE if frame.height > frame.width else LEAST_ON_SQUARE
    return round(frame.height * (usual if share is None else share))


def beside(page: Page, tone: Tone, make: Make, cut: Cut, *, is_text_last: bool = False) -> Plan | None:
    """Return a plan of a wide slide: seven columns of text, the picture before or after them."""
    frame = page.frame
    lead, width = frame.px(MARK_ROOM), column_width(frame)
    stack = make(page, width, frame.text_bottom - frame.text_top - lead)
    if stack is None:
        return None
    free = frame.text_bottom - frame.text_top - stack.height - (lead if stack.has_mark else 0)
    top = frame.text_top + free // 2 + (lead if stack.has_mark else 0)
    left = frame.column(12 - WIDE_COLUMNS) if is_text_last else frame.margin
    box = _side(frame, cut, is_first=is_text_last)

    def draw(drawing: Drawing) -> None:
        _picture(drawing, box, cut, stack)
        _write(drawing, stack, (left, top))
        footer(drawing, left=left)

    return Plan(tone, draw)


def _side(frame: Frame, cut: Cut, *, is_first: bool) -> Box:
    """Return the picture's box on a wide slide. is_first: where lines begin."""
    gap = frame.px(BESIDE)
    left = 0 if is_first else frame.margin + frame.columns(WIDE_COLUMNS) + gap
    right = frame.column(12 - WIDE_COLUMNS) - gap if is_first else frame.width
    if cut is Cut.FULL:
        return left, 0, right, frame.height
    inner = (frame.margin, right) if is_first else (left, frame.width - frame.margin)
    if cut is Cut.END:
        inner = left, right
    return inner[0], frame.margin, inner[1], frame.height - frame.margin


def _box(frame: Frame, cut: Cut, top: int, bottom: int) -> Box:
    left = 0 if cut is Cut.FULL else frame.margin
    return left, top, frame.width - frame.margin if cut is Cut.INSET else frame.width, bottom


def _picture(drawing: Drawing, box: Box, cut: Cut, stack: Stack) -> None:
    """Draw the picture, or the hundred dots of a percentage, or an artwork with the slide's number."""
    if drawing.photo is None and stack.share is not None:
        left, right = max(box[0], drawing.frame.margin), min(box[2], drawing.frame.safe_right)
        drawing.proportion((left, box[1], right, min(box[3], drawing.frame.art_bottom)), stack.share)
        return
    numeral = "" if stack.is_counting else _ordinal(drawing.page)
    if cut is Cut.FULL:
        drawing.picture(box, numeral=numeral)
        return
    # Where it meets an edge it goes on beyond it, so that no corner is round there.
    frame, radius = drawing.frame, drawing.radius
    left = box[0] - (radius if box[0] <= 0 else 0)
    right = box[2] + (radius if box[2] >= frame.width else 0)
    bottom = box[3] + (radius if box[3] >= frame.height else 0)
    drawing.picture((left, box[1], right, bottom), radius, numeral=numeral)


def _ordinal(page: Page) -> str:
    """Return which of the deck's points a content slide is: after the cover, the first."""
    slide = page.slide
    return str(slide.index) if slide.role == Role.CONTENT and slide.total > 1 and slide.index > 0 else ""


def _write(drawing: Drawing, stack: Stack, at: tuple[int, int]) -> None:
    if stack.has_mark:
        mark(drawing, (at[0], at[1] - drawing.px(MARK_ROOM)), stack.width)
    stack.write(drawing, at)
