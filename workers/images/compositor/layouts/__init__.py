"""The layouts by name, and which one a slide gets.

A layout takes a page and the ground of the slide's beat, and returns a plan, or None when the text does not fit it.
To add one: write the function, name it in `LAYOUTS`, and say in `_candidates` when it is chosen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from workers.images.compositor.drawing import Plan
from workers.images.compositor.layouts import content
from workers.images.compositor.layouts.article import article
from workers.images.compositor.layouts.bleed import bleed
from workers.images.compositor.layouts.cover import cover
from workers.images.compositor.layouts.cta import cta
from workers.images.compositor.layouts.quote import quote
from workers.images.compositor.page import Page
from workers.images.compositor.slide import Role
from workers.images.compositor.theme import Tone

Layout: TypeAlias = Callable[[Page, Tone], Plan | None]

LAYOUTS: dict[str, Layout] = {
    "cover": cover,
    "bleed": bleed,
    "split": content.split,
    "card_above": content.card_above,
    "card_below": content.card_below,
    "number": content.big_number,
    "list": content.listing,
    "statement": content.large_statement,
    "cta": cta,
    "quote": quote,
    "article": article,
}
NAMES = tuple(LAYOUTS)
"""What `Slide.layout` may be."""


def plan(page: Page) -> tuple[str, Plan]:
    """Return the name of the page's layout and its plan.

    Raises: TextDoesNotFit when no layout that may be taken can hold the text, or there is none to draw, ValueError for an unknown role or layout.
    """
    if not page.has_ink:
        raise page.is_blank()
    tone = content.beat(page)[1]
    for name in _candidates(page):
        made = LAYOUTS[name](page, tone)
        if made:
            return name, made
    forced = page.slide.layout
    raise page.does_not_fit(f"cannot be set as {forced!r}" if forced else "is too long")


def _candidates(page: Page) -> list[str]:
    """Return the layouts to try: the one that is forced, or what the text asks for, the beat's, the one with most room."""
    role, forced = Role(page.slide.role), page.slide.layout
    if forced is not None:
        if forced not in LAYOUTS:
            raise ValueError(f"there is no layout {forced!r}; take one of {', '.join(NAMES)}")
        return [forced]
    if role is not Role.CONTENT:
        return [role.value]
    told = content.told_by_text(page)
    return [*([told] if told else []), content.beat(page)[0], "bleed"]
