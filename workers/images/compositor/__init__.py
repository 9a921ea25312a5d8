"""The compositor: one slide in, one JPEG or PNG out. Pure: no database, storage, network, clock or environment.

slide ─ page (typeset text on a frame: grid, type scale, safe zones)
      └ layouts choose and plan: texts set from largest to floor, or TextDoesNotFit      (`measure` ends here)
plan + picture ─ drawing: sheet (draws, measures what it drew), palette of the theme's ground
      ├ photo, treatment: the picture, cut and toned        ├ artwork: when there is no picture
      ├ shade: picture under text toned until 4.5:1         └ furniture, logo: what every slide carries
      └ encode (sRGB, XMP)
"""

from __future__ import annotations

from app.domain.errors import TextDoesNotFit
from app.domain.themes import DEFAULT_THEME, Theme
from workers.images.compositor import layouts
from workers.images.compositor.alt_text import alt_text
from workers.images.compositor.drawing import Drawing
from workers.images.compositor.encode import jpeg, png
from workers.images.compositor.page import Page
from workers.images.compositor.photo import Photo
from workers.images.compositor.slide import PORTRAIT, Composed, Role, Slide

__all__ = ["DEFAULT_THEME", "PORTRAIT", "Composed", "Role", "Slide", "TextDoesNotFit", "Theme", "compose", "measure"]

_ENCODERS = {"jpeg": jpeg, "png": png}


def compose(slide: Slide, picture: bytes | None) -> Composed:
    """Return `slide` drawn over `picture` (any format that Pillow reads), or over a typographic background.

    The same arguments give the same bytes. Text is set from its largest size down to a floor that can still be read.
    A handle that cannot be drawn whole is left out. Raises: TextDoesNotFit when the floor is too large or there is no
    text that can be drawn, PictureRefused when the picture or the logo cannot be decoded,
    ValueError for an unknown role or layout.
    """
    page = Page.of(slide)
    name, plan = layouts.plan(page)
    drawing = Drawing(page, plan.tone, None if picture is None else Photo(picture, slide.size))
    plan.draw(drawing)
    sheet = drawing.sheet
    return Composed(
        data=_ENCODERS[slide.file_type](sheet.image, is_sandbox=slide.sandbox),
        mime=f"image/{slide.file_type}",
        width=slide.size[0],
        height=slide.size[1],
        layout=name,
        contrast=round(sheet.contrast, 2),
        missing_glyphs=sheet.missing_glyphs,
        overflow=sheet.has_overflow,
        safe=not sheet.has_overflow and drawing.is_safe,
        least_type_px=sheet.least_type_px,
        scrim=sheet.scrim,
        alt_text=alt_text(page),
        handle_left_out=drawing.is_handle_left_out,
    )


def measure(slide: Slide) -> None:
    """Return if `slide` can be composed, with a picture or without one. Takes milliseconds: nothing is drawn.

    Raises: TextDoesNotFit exactly where `compose` does, ValueError for an unknown role or layout.
    """
    layouts.plan(Page.of(slide))
