"""One file a layout. A layout takes a page and returns the finished sheet, or raises TextDoesNotFit.

To add one: write the function, give it to a role (or a beat of the content rhythm) below.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from workers.images.compositor.layouts.article import article
from workers.images.compositor.layouts.content import content
from workers.images.compositor.layouts.cover import cover
from workers.images.compositor.layouts.cta import cta
from workers.images.compositor.layouts.quote import quote
from workers.images.compositor.page import Page
from workers.images.compositor.sheet import Sheet
from workers.images.compositor.slide import Role

Layout: TypeAlias = Callable[[Page], Sheet]

LAYOUTS: dict[Role, Layout] = {
    Role.COVER: cover,
    Role.CONTENT: content,
    Role.CTA: cta,
    Role.QUOTE: quote,
    Role.ARTICLE: article,
}
