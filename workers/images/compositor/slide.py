"""What the compositor takes and gives: values only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from app.domain.themes import DEFAULT_THEME, Theme

PORTRAIT = (1080, 1350)  # 4:5, the default of LinkedIn documents and Instagram (output-spec, section 3)


class Role(StrEnum):
    """What a slide is for; it decides the layout. A plain string of the same value does as well."""

    COVER = "cover"
    CONTENT = "content"
    CTA = "cta"
    QUOTE = "quote"
    ARTICLE = "article"


@dataclass(frozen=True, slots=True)
class Slide:
    """One slide to be drawn."""

    role: Role | str
    index: int
    """Place in the deck, from 0."""
    total: int
    """Slides in the deck; 1 draws neither counter nor swipe cue."""
    title: str
    """Headline; the quotation of a quote card."""
    body: str = ""
    """Text under the headline, may hold line breaks; the author of a quote card."""
    handle: str | None = None
    """For example @pressroom; drawn once, or left out where it cannot be drawn whole."""
    theme: Theme = DEFAULT_THEME
    size: tuple[int, int] = PORTRAIT
    """Width and height in px."""
    seed: int | str = 0
    """Varies the typographic background; the same seed gives the same one."""
    language: str = "en"
    """BCP 47 tag of the texts: decides direction, marks of punctuation and typefaces."""
    logo: bytes | None = None
    """A PNG, drawn on the cover and the last slide; on a single picture in the place of the handle."""
    layout: str | None = None
    """Name of a layout to force, one of `layouts.NAMES`; None = chosen by role, text and place in the deck."""
    file_type: Literal["jpeg", "png"] = "jpeg"
    sandbox: bool = False
    """Whether the picture came from the sandbox; said in the file's metadata."""


@dataclass(frozen=True, slots=True)
class Composed:
    """A finished slide."""

    data: bytes
    """The file, of the type that `mime` names."""
    mime: str
    width: int
    height: int
    layout: str
    """Name of the layout that was used, one of `layouts.NAMES`."""
    contrast: float
    """Lowest contrast of a text with the worst tile under it, 1 to 21 (WCAG 2.2); 21 without text."""
    missing_glyphs: int
    """Characters that no font of ours has. Pictographs among them are left out, others show as a box."""
    overflow: bool
    """Whether ink of a text stands outside its safe area; measured after drawing, not assumed."""
    least_type_px: int
    """The smallest type on the slide; 0 without text."""
    scrim: float
    """How strongly the picture under text was toned, 0 (not at all) to 1."""
    alt_text: str
    """The slide's own words, for screen readers."""
    safe: bool = True
    """Whether nothing but pictures stands outside the safe area: no text, and no mark, logo, button or counter either."""
    handle_left_out: bool = False
    """Whether the handle is missing, as it is too wide here or no font has it; False where a logo takes its place."""

    @property
    def jpeg(self) -> bytes:
        """The file of a slide that was asked for as a JPEG."""
        assert self.mime == "image/jpeg", "a slide is a JPEG unless a PNG was asked for"
        return self.data
