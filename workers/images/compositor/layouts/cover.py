"""The first slide: a hook that can be read at the size of a thumbnail."""

from __future__ import annotations

from workers.images.compositor.layouts.bleed import over_picture
from workers.images.compositor.page import Page
from workers.images.compositor.sheet import Sheet


def cover(page: Page) -> Sheet:
    """Return the cover: the picture from edge to edge, the hook as large as it goes."""
    frame = page.frame
    styles = frame.headline(148, leading=1.0), frame.body(46)
    return over_picture(page, styles, (frame.inner, frame.columns(11)), share=0.5)
