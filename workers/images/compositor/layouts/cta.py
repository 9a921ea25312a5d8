"""The last slide: what to do now, on the accent colour."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from workers.images.compositor.drawing import Drawing, Plan
from workers.images.compositor.furniture import bookmark, column_width, footer, handle_of, write_handle
from workers.images.compositor.logo import line_logo, stamp
from workers.images.compositor.page import Page
from workers.images.compositor.setting import Block
from workers.images.compositor.stacks import pair
from workers.images.compositor.theme import Tone

CLOSING, BODY = 116, 48  # largest headline and text, design px
LEAST_PICTURE = 0.2  # share of the height; below it the picture gives way to the text
PILL, PAD = 88, 46  # design px
ABOVE_PILL = 52
ROUND = 20  # design px of a theme's corners from which its button is round
LOGO = 96


def cta(page: Page, _tone: Tone) -> Plan | None:
    """Return a plan of the closing slide: headline and text, the handle as a button, a logo or a bookmark beside the picture."""
    pill = handle_of(page, column_width(page.frame) - 2 * page.frame.px(PAD), 38)
    return _closing(page, pill) or (_closing(page, None) if pill else None)  # rather no button than a text too long


def _closing(page: Page, pill: Block | None) -> Plan | None:
    frame = page.frame
    width = column_width(frame)
    foot = frame.px(PILL + ABOVE_PILL) if pill else 0
    room = frame.text_bottom - frame.text_top - foot
    modest = room if frame.is_wide or frame.is_tall else room - round(frame.height * LEAST_PICTURE)
    make = partial(pair, sizes=(CLOSING, BODY))
    stack = make(page, width, modest) or make(page, width, room)
    if stack is None:
        return None
    top = frame.text_top if frame.is_tall else frame.text_bottom - foot - stack.height
    if frame.is_wide:
        top -= (top - frame.text_top) // 2

    def draw(drawing: Drawing) -> None:
        _picture(drawing, top, top + stack.height + foot)
        stack.write(drawing, (frame.margin, top))
        _pill(drawing, pill, top + stack.height + frame.px(ABOVE_PILL))
        # On the accent, marks have the text's colour: accent on accent cannot be seen.
        footer(drawing, replace(drawing.colours, accent=drawing.colours.text), has_handle=False)
        _sign(drawing, has_room=top - frame.text_top > frame.px(LOGO))

    return Plan(Tone.ACCENT, draw)


def _picture(drawing: Drawing, top: int, bottom: int) -> None:
    """Lay the picture in the free corner, cut by the canvas' edges. top, bottom: of the text."""
    frame, radius, dark = drawing.frame, drawing.radius, drawing.on(Tone.DEEP)
    if frame.is_wide:
        left = frame.margin + column_width(frame) + frame.px(64)
        drawing.picture((left, 0, frame.width, frame.height), colours=dark)
        return
    if frame.is_tall:
        box = (frame.column(2), bottom + frame.px(96), frame.width + radius, frame.height + radius)
        drawing.picture(box, radius, colours=dark)
        return
    left, end = frame.column(4), top - frame.px(88)
    if end < frame.height * LEAST_PICTURE * 0.8:
        return
    # Laid down larger than what is seen: only the left lower corner's rounding stays on the canvas.
    drawing.picture((left, -radius, frame.width + radius, end), radius, colours=dark)


def _sign(drawing: Drawing, *, has_room: bool) -> None:
    """Draw the logo, or where there is none a bookmark. has_room: over the text."""
    frame, corner = drawing.frame, (drawing.frame.margin, drawing.frame.margin)
    is_beside = has_room and not (frame.is_wide or frame.is_tall)
    if drawing.page.slide.logo is None:
        if is_beside:
            bookmark(drawing, corner, frame.px(84))
    elif is_beside:
        stamp(drawing, corner, (frame.columns(3), frame.px(LOGO)))
    else:
        line_logo(drawing)


def _pill(drawing: Drawing, text: Block | None, top: int) -> None:
    frame, dark = drawing.frame, drawing.on(Tone.DEEP)
    high, pad = frame.px(PILL), frame.px(PAD)
    if text:
        box = (frame.margin, top, frame.margin + text.width + 2 * pad, top + high)
        is_round = drawing.page.slide.theme.radius >= ROUND
        drawing.panel(box, dark.ground, high // 2 if is_round else drawing.radius)
    at = frame.margin + pad, top + (high - (text.height if text else 0)) // 2
    write_handle(drawing, text, at, dark.text)
