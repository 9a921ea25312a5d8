"""A quotation on a card over its picture."""

from __future__ import annotations

from dataclasses import replace

from app.domain.colour import mix
from workers.images.compositor.drawing import Drawing, Plan
from workers.images.compositor.fonts import Face, font
from workers.images.compositor.furniture import WIDE_COLUMNS, handle_of, write_handle
from workers.images.compositor.logo import stamp
from workers.images.compositor.page import Page
from workers.images.compositor.quotation import quotes_of
from workers.images.compositor.setting import Block, fit, set_at
from workers.images.compositor.theme import Palette, Tone

LARGEST, FLOOR = 88, 46
INSET = 60  # design px between the card's edge and the text
RAISED = "“”"  # other opening marks stand low, where the quotation begins
MARK, MARK_ROOM = 250, 140  # the quotation mark's size, and the room it takes over the quotation
AUTHOR = 40
ABOVE_AUTHOR, ABOVE_FOOT = 66, 34
TUCK = 190  # how far the picture goes on behind the card
LOGO = 300, 64


def quote(page: Page, _tone: Tone) -> Plan | None:
    """Return a plan of the quote card: title = the quotation, body = who said it.

    On a wide canvas the card leaves room beside it; a quotation that is too long for that has the whole width.
    """
    if page.frame.is_wide and (plan := _card(page, page.frame.column(12 - WIDE_COLUMNS))):
        return plan
    return _card(page, page.frame.margin)


def _card(page: Page, left: int) -> Plan | None:
    """Return a plan of the card from `left` to the right margin; None if the quotation is too long for it."""
    frame, inset = page.frame, page.frame.px(INSET)
    width = frame.safe_right - left - 2 * inset
    author = _author(page, width)
    handle = None if page.slide.logo else handle_of(page, width)
    foot = _foot(page, author, handle)
    most = frame.safe_bottom - max(frame.margin, frame.safe_top) - foot - 2 * inset - frame.px(MARK_ROOM)
    style = frame.style(Face.QUOTE, LARGEST, FLOOR, 1.16)
    text = fit(page.title, style, width, min(most, round(frame.height * 0.5) - foot)) or fit(
        page.title, style, width, most
    )
    if text is None:
        return None
    bottom = frame.safe_bottom
    top = bottom - text.height - foot - 2 * inset - frame.px(MARK_ROOM)

    def draw(drawing: Drawing) -> None:
        # The picture ends behind the card, so that its subject is not cut to the part that the card hides.
        end = frame.height if frame.is_wide or frame.is_tall else min(frame.height, top + frame.px(TUCK))
        drawing.picture((0, 0, frame.width, end), colours=_around(drawing))
        drawing.sheet.panel((0, end, frame.width, frame.height), drawing.on(Tone.DEEP).ground)
        drawing.panel((left, top, frame.safe_right, bottom), drawing.colours.ground, drawing.radius)
        _sign(drawing, (left + inset, top + inset))
        y = top + inset + frame.px(MARK_ROOM)
        drawing.sheet.write(text, (left + inset, y), drawing.colours.text)
        _credits(drawing, (left + inset, y + text.height), author, handle)

    return Plan(Tone.LIGHT, draw)


def _around(drawing: Drawing) -> Palette:
    """Return the colours of an artwork behind the card: none of them the card's own."""
    deep = drawing.on(Tone.DEEP)
    return replace(deep, other=mix(deep.ground, deep.text, 0.3))


def _author(page: Page, width: int) -> Block | None:
    """Return who said it, in one or more lines; None without one. Raises TextDoesNotFit."""
    if not page.body:
        return None
    style = page.frame.label(AUTHOR)
    block = set_at(page.body, style, style.largest_px, width)
    if block is None:
        raise page.does_not_fit()
    return block


def _foot(page: Page, author: Block | None, handle: Block | None) -> int:
    """Return the height of what stands under the quotation, px."""
    px = page.frame.px
    last = px(LOGO[1]) if page.slide.logo else handle.height if handle else 0
    return (px(ABOVE_AUTHOR) + author.height if author else 0) + (px(ABOVE_FOOT) + last if last else 0)


def _sign(drawing: Drawing, at: tuple[int, int]) -> None:
    """Draw the opening mark over the quotation; `at` is the left top corner of its ink."""
    frame = drawing.frame
    opens = quotes_of(frame.language).opens
    large = font(Face.DISPLAY, frame.px(MARK), frame.fonts)
    drawing.sheet.mark(opens if opens in RAISED else RAISED[0], large, at, drawing.colours.figure)


def _credits(drawing: Drawing, at: tuple[int, int], author: Block | None, handle: Block | None) -> None:
    px, (x, y) = drawing.px, at
    if author:
        y += px(ABOVE_AUTHOR)
        drawing.sheet.write(author, (x, y), drawing.colours.text)
        y += author.height
    if drawing.page.slide.logo:
        stamp(drawing, (x, y + px(ABOVE_FOOT)), (px(LOGO[0]), px(LOGO[1])))
    else:
        write_handle(drawing, handle, (x, y + px(ABOVE_FOOT)), drawing.colours.muted)
