"""Split: picture above (beside, on a wide canvas), text on a plain panel."""

from __future__ import annotations

from workers.images.compositor.furniture import footer, rule
from workers.images.compositor.layouts.bleed import RULE_ROOM, write_pair
from workers.images.compositor.page import Page
from workers.images.compositor.setting import fit_pair
from workers.images.compositor.sheet import Sheet
from workers.images.compositor.theme import Tone

LEAST_PICTURE, MOST_PICTURE = 0.32, 0.54  # share of the height


def split(page: Page, tone: Tone) -> Sheet | None:
    """Return the slide, or None when the text leaves the picture less than a third of the height."""
    frame = page.frame
    if frame.is_wide:
        return beside(page, tone)
    styles = frame.headline(94), frame.body()
    head = frame.px(76 + RULE_ROOM)
    room = frame.text_bottom - round(frame.height * LEAST_PICTURE) - head
    pair = fit_pair((page.title, page.body), styles, (frame.inner, frame.columns(11)), room)
    if pair is None:
        return None
    edge = min(frame.text_bottom - pair.height - head, round(frame.height * MOST_PICTURE))
    colours = page.colours(tone)
    sheet = Sheet(frame, colours.ground)
    sheet.picture(page.picture((frame.width, edge), colours), (0, 0))
    top = edge + head
    rule(sheet, (frame.margin, top - frame.px(RULE_ROOM)), colours)
    write_pair(sheet, pair, (frame.margin, top), colours)
    footer(sheet, page, colours)
    return sheet


def beside(page: Page, tone: Tone, *, inset: bool = False) -> Sheet | None:
    """Return a wide slide with text on the left seven columns and the picture on the right, or None."""
    frame = page.frame
    gap = frame.px(56)
    width = frame.columns(7)
    pair = fit_pair(
        (page.title, page.body),
        (frame.headline(94), frame.body()),
        (width, width),
        frame.text_bottom - frame.margin - frame.px(RULE_ROOM),
    )
    if pair is None:
        return None
    colours = page.colours(tone)
    sheet = Sheet(frame, colours.ground)
    left = frame.margin + width + gap
    if inset:
        size = frame.width - frame.margin - left, frame.footer_rule - frame.px(40) - frame.margin
        sheet.picture(page.picture(size, colours), (left, frame.margin), frame.px(28))
    else:
        sheet.picture(page.picture((frame.width - left, frame.footer_rule - frame.px(40)), colours), (left, 0))
    rule(sheet, (frame.margin, frame.margin), colours)
    write_pair(sheet, pair, (frame.margin, frame.margin + frame.px(RULE_ROOM)), colours)
    footer(sheet, page, colours)
    return sheet
