"""Card: the picture inset with round corners on the plain ground, text below or above it."""

from __future__ import annotations

from workers.images.compositor.furniture import footer, rule
from workers.images.compositor.layouts.bleed import RULE_ROOM, write_pair
from workers.images.compositor.layouts.split import beside
from workers.images.compositor.page import Page
from workers.images.compositor.setting import fit_pair
from workers.images.compositor.sheet import Sheet
from workers.images.compositor.theme import Tone

LEAST_PICTURE = 0.26  # share of the height
GAP = 60  # design px between picture and text
RADIUS = 28


def card_above(page: Page, tone: Tone) -> Sheet | None:
    """Return the slide with the picture over the text, or None when the text leaves the picture too little."""
    return _card(page, tone, is_above=True)


def card_below(page: Page, tone: Tone) -> Sheet | None:
    """Return the slide with the picture under the text, or None when the text leaves the picture too little."""
    return _card(page, tone, is_above=False)


def _card(page: Page, tone: Tone, *, is_above: bool) -> Sheet | None:
    frame = page.frame
    if frame.is_wide:
        return beside(page, tone, inset=True)
    lead = 0 if is_above else frame.px(RULE_ROOM)
    bottom = frame.text_bottom if is_above else frame.footer_rule - frame.px(48)
    room = bottom - frame.margin - round(frame.height * LEAST_PICTURE) - frame.px(GAP) - lead
    pair = fit_pair((page.title, page.body), (frame.headline(90), frame.body()), (frame.inner, frame.columns(11)), room)
    if pair is None:
        return None
    colours = page.colours(tone)
    sheet = Sheet(frame, colours.ground)
    size = frame.inner, bottom - frame.margin - pair.height - frame.px(GAP) - lead
    top = frame.margin + size[1] + frame.px(GAP) if is_above else frame.margin + lead
    at = frame.margin, frame.margin if is_above else bottom - size[1]
    sheet.picture(page.picture(size, colours), at, frame.px(RADIUS))
    if lead:
        rule(sheet, (frame.margin, frame.margin), colours)
    write_pair(sheet, pair, (frame.margin, top), colours)
    footer(sheet, page, colours)
    return sheet
