"""Content slides: their rhythm of layouts and of light and dark."""

from __future__ import annotations

from collections.abc import Callable

from workers.images.compositor.layouts.bleed import bleed
from workers.images.compositor.layouts.card import card_above, card_below
from workers.images.compositor.layouts.split import split
from workers.images.compositor.page import Page
from workers.images.compositor.sheet import Sheet
from workers.images.compositor.theme import Tone

# No beat looks like the one before it; a deck of 11 (9 of them content) goes once round and one beat on.
_RHYTHM: tuple[tuple[Callable[[Page, Tone], Sheet | None] | None, Tone], ...] = (
    (split, Tone.SURFACE),
    (None, Tone.DARK),  # full bleed
    (card_above, Tone.SURFACE),
    (split, Tone.GROUND),
    (card_below, Tone.SURFACE),
    (None, Tone.DARK),
    (split, Tone.SURFACE),
    (card_below, Tone.GROUND),
)


def content(page: Page) -> Sheet:
    """Return a content slide in the layout of its beat; a text too long for that goes on a full bleed, which has most room."""
    layout, tone = _RHYTHM[max(0, page.slide.index - 1) % len(_RHYTHM)]
    sheet = layout(page, tone) if layout else None
    return sheet or bleed(page)
