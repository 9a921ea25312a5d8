"""The last slide: what to do now, on the accent colour."""

from __future__ import annotations

from workers.images.compositor.furniture import bookmark, footer, label
from workers.images.compositor.layouts.bleed import write_pair
from workers.images.compositor.page import Page
from workers.images.compositor.setting import Block, fit_pair
from workers.images.compositor.sheet import Sheet
from workers.images.compositor.theme import Palette, Tone

LEAST_PICTURE = 0.2  # share of the height; below it the picture gives way to the text
PILL = 84  # design px


def cta(page: Page) -> Sheet:
    """Return the closing slide: headline and text, the handle as a button, a bookmark beside the picture."""
    frame = page.frame
    width = frame.columns(7) if frame.is_wide else frame.inner
    pill = _pill_text(page)
    foot = frame.px(PILL + 46) if pill else 0
    styles = frame.headline(122), frame.body(46)
    room = frame.text_bottom - frame.margin - foot
    modest = room if frame.is_wide else room - round(frame.height * LEAST_PICTURE)
    texts, widths = (page.title, page.body), (width, min(width, frame.columns(11)))
    pair = fit_pair(texts, styles, widths, modest) or fit_pair(texts, styles, widths, room)
    if pair is None:
        raise page.does_not_fit()
    colours = page.colours(Tone.ACCENT)
    sheet = Sheet(frame, colours.ground)
    top = frame.text_bottom - foot - pair.height
    _picture(sheet, page, colours, top)
    write_pair(sheet, pair, (frame.margin, top), colours)
    if pill:
        _pill(sheet, page, pill, frame.text_bottom - frame.px(PILL - 8))
    footer(sheet, page, _quiet(colours), has_handle=False)
    return sheet


def _picture(sheet: Sheet, page: Page, colours: Palette, top: int) -> None:
    """Lay the picture in the free corner, cut by the canvas's edge, and the bookmark on its left."""
    frame = sheet.frame
    if frame.is_wide:
        left, bottom = frame.margin + frame.columns(7) + frame.px(56), frame.footer_rule - frame.px(40)
    else:
        left, bottom = frame.margin + frame.columns(3) + frame.px(20), top - frame.px(84)
    if bottom < frame.height * LEAST_PICTURE * 0.9:
        return
    radius = frame.px(40)
    # Laid down larger than what is seen: only the left lower corner's rounding stays on the canvas.
    size = frame.width - left + radius, bottom + radius
    sheet.picture(page.picture(size, page.colours(Tone.DARK)), (left, -radius), radius)
    if not frame.is_wide:
        bookmark(sheet, (frame.margin, frame.margin), frame.px(84), colours)


def _pill_text(page: Page) -> Block | None:
    if not page.slide.handle:
        return None
    block = label(page.slide.handle, page.frame, 36, page.frame.inner - page.frame.px(96))
    if block is None or len(block.lines) > 1:
        raise page.does_not_fit()
    return block


def _pill(sheet: Sheet, page: Page, text: Block, top: int) -> None:
    frame = sheet.frame
    dark = page.colours(Tone.DARK)
    high, pad = frame.px(PILL), frame.px(44)
    box = (frame.margin, top, frame.margin + text.width + 2 * pad, top + high)
    sheet.panel(box, dark.ground, high // 2)
    sheet.write(text, (box[0] + pad, top + (high - text.height) // 2), dark.text)


def _quiet(colours: Palette) -> Palette:
    """Return `colours` with marks in the text's colour: accent on accent cannot be seen."""
    return Palette(colours.ground, colours.text, colours.muted, colours.text, colours.hairline, colours.other)
