"""An article's cover: its title over the picture."""

from __future__ import annotations

from workers.images.compositor.furniture import handle, rule
from workers.images.compositor.layouts.bleed import RULE_ROOM
from workers.images.compositor.page import Page
from workers.images.compositor.setting import fit
from workers.images.compositor.shade import frost, frost_side
from workers.images.compositor.sheet import Sheet
from workers.images.compositor.theme import Palette, Tone

LARGEST, FLOOR = 122, 62  # design px; a title can have 15 words and the canvas is low


def article(page: Page) -> Sheet:
    """Return the cover of an article, 1200x627 or any other size; the body is not shown."""
    frame = page.frame
    width = frame.columns(8) if frame.is_wide else frame.inner
    bottom = frame.height - frame.margin - (frame.px(76) if page.slide.handle else 0)
    style = frame.headline(LARGEST, FLOOR)
    text = fit(page.title, style, width, bottom - frame.margin - frame.px(RULE_ROOM))
    if text is None:
        raise page.does_not_fit()
    colours = page.colours(Tone.DARK)
    sheet = Sheet(frame, colours.ground)
    top = bottom - text.height
    if page.photo is None:
        edge = (frame.margin + width + frame.px(24), 0) if frame.is_wide else (0, 0)
        size = frame.width - edge[0], frame.height if frame.is_wide else max(1, top - frame.px(RULE_ROOM + 76))
        sheet.picture(page.picture(size, colours), edge)
    else:
        _shaded_picture(sheet, page, colours, (frame.margin + text.width, top))
    rule(sheet, (frame.margin, top - frame.px(RULE_ROOM)), colours)
    sheet.write(text, (frame.margin, top), colours.text, is_footer=True)
    if page.slide.handle:
        handle(sheet, page, colours, (frame.margin, frame.height - frame.margin))
    return sheet


def _shaded_picture(sheet: Sheet, page: Page, colours: Palette, corner: tuple[int, int]) -> None:
    """Lay the picture from edge to edge and shade it where the text stands; corner: right and top of the text."""
    frame = page.frame
    sheet.picture(page.picture((frame.width, frame.height), colours), (0, 0))
    if frame.is_wide:
        frost_side(sheet, corner[0], colours, fade=frame.columns(4))
    else:
        frost(sheet, corner[1] - frame.px(RULE_ROOM), colours, fade=frame.px(300))
