"""An article's cover: its title over the picture."""

from __future__ import annotations

from workers.images.compositor.drawing import Drawing, Plan
from workers.images.compositor.furniture import MARK_ROOM, handle_of, mark, write_handle
from workers.images.compositor.layouts.bleed import lay
from workers.images.compositor.logo import stamp
from workers.images.compositor.page import Page
from workers.images.compositor.setting import fit
from workers.images.compositor.stacks import Part, Stack
from workers.images.compositor.theme import Tone

LARGEST, FLOOR = 114, 62  # design px; a title can have 15 words and the canvas is low
BELOW, BELOW_TITLE = 10, 40  # design px that letters reach below the last line, at most
FOOT = 118  # design px that the handle takes
LOGO, LOGO_FOOT = (300, 76), 142  # a logo's plate keeps clear of descenders


def article(page: Page, _tone: Tone) -> Plan | None:
    """Return a plan of an article's cover, 1200x630 or any other size; the body is not shown."""
    frame, slide = page.frame, page.slide
    width = frame.columns(8) if frame.is_wide else frame.inner
    handle = None if slide.logo else handle_of(page, width)
    foot = frame.px(LOGO_FOOT) if slide.logo else frame.px(FOOT) if handle else 0
    start = frame.text_top + frame.px(MARK_ROOM)
    bottom = frame.safe_bottom - frame.px(BELOW if foot else BELOW_TITLE)
    text = fit(page.title, frame.headline(LARGEST, FLOOR), width, bottom - foot - start)
    if text is None:
        return None
    stack = Stack((Part(text),), width)
    top = start if frame.is_tall else bottom - foot - text.height
    base = top + text.height + foot

    def draw(drawing: Drawing) -> None:
        lay(drawing, stack, top, foot)
        mark(drawing, (frame.margin, top - frame.px(MARK_ROOM)), width)
        stack.write(drawing, (frame.margin, top))
        if slide.logo:
            stamp(drawing, (frame.margin, base - frame.px(LOGO[1])), (frame.px(LOGO[0]), frame.px(LOGO[1])))
        else:
            high = handle.height if handle else 0
            write_handle(drawing, handle, (frame.margin, base - high), drawing.colours.muted)

    return Plan(Tone.DEEP, draw)
