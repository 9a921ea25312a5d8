"""The first slide: a hook that can be read at the size of a thumbnail."""

from __future__ import annotations

from workers.images.compositor.drawing import Drawing, Plan
from workers.images.compositor.frame import HOOK
from workers.images.compositor.furniture import CUE, column_width, footer, swipe_cue
from workers.images.compositor.layouts.bleed import over_picture
from workers.images.compositor.logo import line_logo, stamp
from workers.images.compositor.page import Page
from workers.images.compositor.setting import fit_pair
from workers.images.compositor.stacks import Part, Stack
from workers.images.compositor.theme import Tone

SHARE = 0.53
BODY = 48
LOGO, BELOW_LOGO = (340, 92), 30  # design px


def cover(page: Page, _tone: Tone) -> Plan | None:
    """Return a plan with the picture from edge to edge, the hook as large as it goes, a cue to swipe and the logo."""
    head = page.frame.px(LOGO[1] + BELOW_LOGO) if page.slide.logo and not page.frame.is_tall else 0
    return over_picture(page, _hook, SHARE, head=head, finish=_finish)


def _finish(drawing: Drawing, top: int) -> None:
    """Draw footer, cue and logo; on a tall page the footer's arrow is cue enough.

    A logo that has no room over the text takes the handle's place.
    """
    frame, page = drawing.frame, drawing.page
    is_in_line = page.slide.logo is not None and top - frame.text_top < frame.px(LOGO[1])
    footer(drawing, has_handle=not is_in_line, has_arrow=frame.is_tall)
    if _has_cue(page):
        swipe_cue(drawing, frame.margin + column_width(frame), frame.text_bottom)
    if is_in_line:
        line_logo(drawing)
    else:
        stamp(drawing, (frame.margin, frame.margin), (drawing.px(LOGO[0]), drawing.px(LOGO[1])))


def _has_cue(page: Page) -> bool:
    return not (page.is_last or page.frame.is_tall)


def _hook(page: Page, width: int, room: int) -> Stack | None:
    """Return headline and body, and leave the corner at the end of the last line to the cue."""
    frame = page.frame
    high, beside = frame.px(2 * CUE + 24), width - (frame.px(2 * CUE + 40) if _has_cue(page) else 0)
    for title_width in (width, beside):
        styles = frame.headline(HOOK, leading=0.98), frame.body(BODY)
        made = fit_pair((page.title, page.body), styles, (title_width, beside), room, gap=0.5)
        if made and (title_width == beside or made.gap + made.body.height >= high):
            return Stack((Part(made.title), Part(made.body, made.gap)), width)
    return None
