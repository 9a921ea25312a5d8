"""Full bleed: the picture fills the canvas, the text stands on its frosted lower part."""

from __future__ import annotations

from workers.images.compositor.furniture import footer, rule
from workers.images.compositor.page import Page
from workers.images.compositor.setting import Pair, Style, fit_pair
from workers.images.compositor.shade import frost
from workers.images.compositor.sheet import Sheet
from workers.images.compositor.theme import Palette, Tone

LEAST_ARTWORK = 0.16  # share of the height; a thinner band looks like a mistake
RULE_ROOM = 62  # design px from the accent bar's top to the headline's cap line


def bleed(page: Page) -> Sheet:
    """Return a content slide with the picture from edge to edge."""
    frame = page.frame
    return over_picture(page, (frame.headline(98), frame.body()), (frame.inner, frame.columns(11)), share=0.52)


def over_picture(page: Page, styles: tuple[Style, Style], widths: tuple[int, int], share: float) -> Sheet:
    """Return a sheet with the page's text at the bottom of the full picture.

    share: part of the height (0..1) that text should not pass; it may when it would not fit otherwise.
    """
    frame = page.frame
    texts = page.title, page.body
    room = frame.text_bottom - frame.margin - frame.px(RULE_ROOM)
    pair = fit_pair(texts, styles, widths, min(room, round(frame.height * share))) or fit_pair(
        texts, styles, widths, room
    )
    if pair is None:
        raise page.does_not_fit()
    colours = page.colours(Tone.DARK)
    sheet = Sheet(frame, colours.ground)
    top = frame.text_bottom - pair.height
    if page.photo:
        sheet.picture(page.picture((frame.width, frame.height), colours), (0, 0))
        frost(sheet, top - frame.px(30), colours, fade=frame.px(270))
    else:  # a drawn background is not blurred: it ends where the text begins
        edge = top - frame.px(RULE_ROOM + 76)
        if edge > frame.height * LEAST_ARTWORK:
            sheet.picture(page.picture((frame.width, edge), colours), (0, 0))
    rule(sheet, (frame.margin, top - frame.px(RULE_ROOM)), colours)
    write_pair(sheet, pair, (frame.margin, top), colours)
    footer(sheet, page, colours)
    return sheet


def write_pair(sheet: Sheet, pair: Pair, at: tuple[int, int], colours: Palette) -> None:
    """Write headline and body below each other, the headline's cap line at `at`."""
    sheet.write(pair.title, at, colours.text)
    sheet.write(pair.body, (at[0], at[1] + pair.title.height + pair.gap), colours.text)
