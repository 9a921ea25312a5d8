"""Full bleed: the picture fills the canvas, the text stands on its frosted part."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from workers.images.compositor.drawing import Drawing, Plan
from workers.images.compositor.furniture import MARK_ROOM, column_width, footer, mark
from workers.images.compositor.page import Page
from workers.images.compositor.saliency import WHOLE, Part
from workers.images.compositor.shade import Edge, frost, veil
from workers.images.compositor.sheet import Box
from workers.images.compositor.stacks import Make, Stack, pair
from workers.images.compositor.theme import Tone

Finish: TypeAlias = Callable[[Drawing, int], None]
"""Is told the y at which the text, with its mark, begins."""

BELOW_TITLE, TAIL = 44, 20  # design px kept for the tails of a large last line, and what they have anyway
SHARE = 0.54  # of the height that text should not pass; it may when it would not fit otherwise


def bleed(page: Page, _tone: Tone) -> Plan | None:
    """Return a plan with the picture from edge to edge."""
    return over_picture(page, pair)


def over_picture(
    page: Page, make: Make, share: float = SHARE, *, head: int = 0, finish: Finish | None = None
) -> Plan | None:
    """Return a plan with the page's text on the full picture: at the foot, on a tall page at the top.

    share: part of the height (0..1) that text should not pass, head: px over the text that it should leave; it may when
    it would not fit otherwise. finish: draws what stands around the text, a footer if not given.
    """
    frame = page.frame
    width = column_width(frame)
    below = 0 if page.body else frame.px(BELOW_TITLE)
    room = frame.text_bottom - below - frame.text_top - frame.px(MARK_ROOM)
    modest = room - head if frame.is_wide else min(room - head, round(frame.height * share))
    stack = (
        make(page, width, modest)
        or make(page, width, room)
        or (make(page, frame.inner, room) if frame.is_wide else None)
    )
    if stack is None:
        return None
    foot = frame.text_bottom - min(below, max(0, stack.tail - frame.px(TAIL)))
    top = frame.text_top + frame.px(MARK_ROOM) if frame.is_tall else foot - stack.height

    def draw(drawing: Drawing) -> None:
        lay(drawing, stack, top)
        mark(drawing, (frame.margin, top - drawing.px(MARK_ROOM)), stack.width)
        stack.write(drawing, (frame.margin, top))
        if finish:
            finish(drawing, top - drawing.px(MARK_ROOM))
        else:
            footer(drawing)

    return Plan(Tone.DEEP, draw)


def lay(drawing: Drawing, stack: Stack, top: int, below: int = 0) -> None:
    """Lay the picture over the canvas and frost it where `stack` stands, whose first cap line is at `top`.

    below: px that muted text takes under the stack. An artwork is not blurred: it is drawn where no text stands.
    """
    frame, px = drawing.frame, drawing.px
    if frame.is_tall:
        edge, fade, end = Edge.TOP, px(420), top + stack.height + below + px(40)
        reach = end, end if below else frame.footer_baseline + px(16)
        box = (0, reach[0] + px(30), frame.width, frame.height)
    elif frame.is_wide:
        side = frame.margin + max(column_width(frame), stack.width)
        edge, reach, fade = Edge.LEFT, (side, side), frame.columns(3)
        box = (side + px(64), 0, frame.width, frame.height)
    else:
        edge, fade = Edge.BOTTOM, px(280)
        reach = frame.height - top + px(MARK_ROOM - 10), frame.height - min(top + stack.height, frame.footer_rule)
        box = (0, 0, frame.width, top - px(MARK_ROOM + 56))
    if drawing.photo is None:
        drawing.artwork(box)
        return
    canvas = 0, 0, frame.width, frame.height
    if drawing.photo.allows((frame.width, frame.height)):
        drawing.picture(canvas, free=_share(box, canvas))
    else:
        _small_picture(drawing, box, edge, fade)
    frost(drawing.sheet, edge, reach, drawing.colours, fade)


def _small_picture(drawing: Drawing, box: Box, edge: Edge, fade: int) -> None:
    """Lay a picture that is too small for the canvas into `box` and a little under the text, out of the plain ground."""
    left, top, right, bottom = box
    height = drawing.frame.height
    match edge:
        case Edge.TOP:
            begin = max(0, top - fade)
            shown = left, begin, right, bottom
        case Edge.LEFT:
            begin = max(0, left - fade)
            shown = begin, top, right, bottom
        case Edge.BOTTOM:
            shown = left, top, right, min(height, max(bottom, 0) + fade)
            begin = height - shown[3]
    drawing.picture(shown, free=_share(box, shown))
    veil(drawing.sheet, edge, begin, drawing.colours.ground, fade)


def _share(box: Box, whole: Box) -> Part:
    """Return the part of `whole` that `box` is; all of it where the box is empty."""
    wide, high = whole[2] - whole[0], whole[3] - whole[1]
    if box[0] >= box[2] or box[1] >= box[3]:
        return WHOLE
    return (
        (box[0] - whole[0]) / wide,
        (box[1] - whole[1]) / high,
        min(1.0, (box[2] - whole[0]) / wide),
        min(1.0, (box[3] - whole[1]) / high),
    )
