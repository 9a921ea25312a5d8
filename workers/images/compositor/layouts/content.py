"""Content slides: layouts for what a text holds, and their rhythm of pictures and of light and dark."""

from __future__ import annotations

from workers.images.compositor.drawing import Plan
from workers.images.compositor.layouts.arrangements import Cut, picture_first, text_first
from workers.images.compositor.layouts.bleed import over_picture
from workers.images.compositor.page import Page
from workers.images.compositor.reading import figure_of, is_statement, items_of
from workers.images.compositor.stacks import items, number, pair, statement
from workers.images.compositor.theme import Tone

# Light and dark take turns, so no slide looks like the one before it whatever its text holds. A deck of 11 (9 of them
# content) goes once round and one beat on.
RHYTHM: tuple[tuple[str, Tone], ...] = (
    ("split", Tone.LIGHT),
    ("bleed", Tone.DARK),
    ("card_above", Tone.LIGHT),
    ("split", Tone.DARK),
    ("card_below", Tone.LIGHT),
    ("bleed", Tone.DARK),
    ("split", Tone.LIGHT),
    ("card_below", Tone.DARK),
)
A_STRIP = 0.15  # share of the height that the picture over a list needs


def beat(page: Page) -> tuple[str, Tone]:
    """Return the layout and the ground of the slide's place in the deck."""
    return RHYTHM[max(0, page.slide.index - 1) % len(RHYTHM)]


def told_by_text(page: Page) -> str | None:
    """Return the layout that the text itself asks for: number, list or statement."""
    if figure_of(page.title, page.body):
        return "number"
    if items_of(page.body):
        return "list"
    return "statement" if is_statement(page.title, page.body) else None


def split(page: Page, tone: Tone) -> Plan | None:
    """Return a plan with the picture over the upper part, text on the plain ground."""
    return picture_first(page, tone, pair, Cut.FULL)


def card_above(page: Page, tone: Tone) -> Plan | None:
    """Return a plan with the picture as a card over the text."""
    return picture_first(page, tone, pair, Cut.INSET)


def card_below(page: Page, tone: Tone) -> Plan | None:
    """Return a plan with the picture as a card under the text."""
    return text_first(page, tone, pair, Cut.INSET)


def big_number(page: Page, tone: Tone) -> Plan | None:
    """Return a plan with the text's figure as large as it goes."""
    return text_first(page, tone, number, Cut.END, A_STRIP)


def listing(page: Page, tone: Tone) -> Plan | None:
    """Return a plan with the body's items below each other; when they are many, the picture lies under them."""
    return picture_first(page, tone, items, Cut.FULL, A_STRIP) or over_picture(page, items)


def large_statement(page: Page, tone: Tone) -> Plan | None:
    """Return a plan with few words as large as a poster's."""
    return text_first(page, tone, statement, Cut.END)
