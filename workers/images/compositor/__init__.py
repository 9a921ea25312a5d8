"""The compositor: one slide in, one JPEG out. Pure: no database, storage, network, clock or environment.

slide + picture ─ page (typeset text, colours, decoded picture)
                └ layouts/<one of them> on a frame (grid, type scale)
                    ├ setting: text into boxes, from largest to floor     ├ artwork: when there is no picture
                    ├ shade: picture under text toned until 4.5:1         └ sheet: draws, measures what it drew
                └ encode (JPEG, sRGB, XMP)
"""

from __future__ import annotations

from app.domain.errors import TextDoesNotFit
from app.domain.themes import DEFAULT_THEME, Theme
from workers.images.compositor.encode import jpeg
from workers.images.compositor.frame import Frame
from workers.images.compositor.layouts import LAYOUTS
from workers.images.compositor.page import Page
from workers.images.compositor.photo import Photo
from workers.images.compositor.slide import PORTRAIT, Composed, Role, Slide
from workers.images.compositor.typography import typeset

__all__ = ["DEFAULT_THEME", "PORTRAIT", "Composed", "Role", "Slide", "TextDoesNotFit", "Theme", "compose"]


def compose(slide: Slide, picture: bytes | None) -> Composed:
    """Return `slide` drawn over `picture` (any format that Pillow reads), or over a typographic background.

    The same arguments give the same bytes. Text is set from its largest size down to a floor that can still be read.
    Raises: TextDoesNotFit when the floor is too large, PictureRefused when the picture cannot be decoded.
    """
    page = Page(
        slide=slide,
        title=typeset(slide.title),
        body=typeset(slide.body),
        frame=Frame(*slide.size),
        photo=None if picture is None else Photo(picture, slide.size),
    )
    sheet = LAYOUTS[Role(slide.role)](page)
    return Composed(
        jpeg=jpeg(sheet.image, is_sandbox=slide.sandbox),
        width=slide.size[0],
        height=slide.size[1],
        layout=str(slide.role),
        contrast=round(sheet.contrast, 2),
        missing_glyphs=sheet.missing_glyphs,
        overflow=sheet.has_overflow,
        least_type_px=sheet.least_type_px,
        scrim=sheet.scrim,
        alt_text=_alt_text(page),
    )


def _alt_text(page: Page) -> str:
    """Return the slide's own words, as alt text of a slide has to be (output-spec, section 5)."""
    place = f"Slide {page.slide.index + 1} of {page.slide.total}. " if page.slide.total > 1 else ""
    if page.slide.role == Role.QUOTE:
        return f"{place}“{page.title.strip('“”')}”" + (f" — {page.body}" if page.body else "")
    title = page.title if page.title.endswith((".", "!", "?", "…", ":")) or not page.body else f"{page.title}."
    return f"{place}{title} {page.body}".replace("\n", " ").strip()
