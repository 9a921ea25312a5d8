"""A quotation on a card over its picture."""

from __future__ import annotations

from PIL import ImageDraw

from workers.images.compositor.fonts import Face, font
from workers.images.compositor.furniture import label
from workers.images.compositor.page import Page
from workers.images.compositor.setting import Block, Style, fit
from workers.images.compositor.sheet import Sheet
from workers.images.compositor.theme import Palette, Tone

LARGEST, FLOOR = 88, 46
INSET = 56  # design px between the card's edge and the text
MARK = 230  # size of the quotation mark, in design px
MARK_ROOM = 132  # from the inner edge of the card to the quotation
AUTHOR = 40
TUCK = 190  # how far the picture goes on behind the card


def quote(page: Page) -> Sheet:
    """Return the quote card: title = the quotation, body = who said it."""
    frame = page.frame
    inset = frame.px(INSET)
    left = frame.margin if not frame.is_wide else frame.margin + frame.columns(5)
    right = frame.width - frame.margin
    width = right - left - 2 * inset
    style = Style(Face.QUOTE, frame.type_px(LARGEST), frame.type_px(FLOOR), 1.16)
    author, handle = _line(page, page.body, AUTHOR, width), _line(page, page.slide.handle, 30, width)
    foot = sum(frame.px(gap) + block.height for gap, block in ((64, author), (30, handle)) if block)
    most = frame.height - frame.clear_bottom - frame.margin - foot - 2 * inset - frame.px(MARK_ROOM)
    text = fit(page.title, style, width, round(frame.height * 0.5) - foot) or fit(page.title, style, width, most)
    if text is None:
        raise page.does_not_fit()
    colours = page.colours(Tone.SURFACE)
    around = page.colours(Tone.DARK)
    sheet = Sheet(frame, around.ground)
    bottom = frame.height - frame.clear_bottom
    top = bottom - text.height - foot - 2 * inset - frame.px(MARK_ROOM)
    # The picture ends behind the card, so that its subject is not cut to the part that the card hides.
    edge = frame.height if frame.is_wide else min(frame.height, top + frame.px(TUCK))
    sheet.picture(page.picture((frame.width, edge), around), (0, 0))
    sheet.panel((left, top, right, bottom), colours.ground, frame.px(28))
    _mark(sheet, (left + inset, top + inset), colours)
    y = top + inset + frame.px(MARK_ROOM)
    sheet.write(text, (left + inset, y), colours.text)
    _credits(sheet, (left + inset, y + text.height), (author, handle), colours)
    return sheet


def _line(page: Page, text: str | None, size: int, width: int) -> Block | None:
    """Return one or more small lines of at most `width` px, None without text."""
    if not text:
        return None
    block = label(text, page.frame, size, width)
    if block is None:
        raise page.does_not_fit()
    return block


def _mark(sheet: Sheet, at: tuple[int, int], colours: Palette) -> None:
    """Draw the opening mark in the accent colour, over the quotation; `at` is the mark's left top corner."""
    frame = sheet.frame
    opened = font(Face.DISPLAY, frame.px(MARK))
    left, top, _right, _bottom = opened.getbbox("“", anchor="ls")
    ImageDraw.Draw(sheet.image).text((at[0] - left, at[1] - top), "“", font=opened, fill=colours.accent, anchor="ls")


def _credits(sheet: Sheet, at: tuple[int, int], blocks: tuple[Block | None, Block | None], colours: Palette) -> None:
    frame = sheet.frame
    x, y = at
    author, handle = blocks
    if author:
        y += frame.px(64)
        sheet.write(author, (x, y), colours.text)
        y += author.height
    if handle:
        y += frame.px(30)
        sheet.write(handle, (x, y), colours.muted)
