"""A slide on its way to the canvas: set text, colours and picture, ready for a layout."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PIL import Image

from app.domain.errors import TextDoesNotFit
from workers.images.compositor import artwork
from workers.images.compositor.colour import mix
from workers.images.compositor.frame import Frame
from workers.images.compositor.photo import Photo
from workers.images.compositor.slide import Role, Slide
from workers.images.compositor.theme import Palette, Tone, palette


@dataclass(frozen=True, slots=True)
class Page:
    """What a layout works from."""

    slide: Slide
    title: str
    """Typeset, as the slide's `title` is not."""
    body: str
    frame: Frame
    photo: Photo | None

    def colours(self, tone: Tone) -> Palette:
        """Return the theme's colours on the ground that `tone` names."""
        return palette(self.slide.theme, tone)

    def picture(self, size: tuple[int, int], colours: Palette) -> Image.Image:
        """Return the picture cut to `size` px, or a typographic background of that size; on content slides it shows their number."""
        if self.photo is not None:
            return self.photo.cover(size)
        numeral = str(self.slide.index + 1) if self.slide.role == Role.CONTENT and self.slide.total > 1 else ""
        shade = replace(colours, ground=mix(colours.ground, colours.text, 0.06))
        return artwork.paint(size, shade, f"{self.slide.seed}/{self.slide.index}", numeral)

    @property
    def is_last(self) -> bool:
        """Whether no slide follows."""
        return self.slide.index >= self.slide.total - 1

    def does_not_fit(self) -> TextDoesNotFit:
        """Return the error for text that no size from the largest to the floor can hold."""
        words = len(self.title.split()), len(self.body.split())
        longest = max((self.title + " " + self.body).split(), key=len, default="")
        return TextDoesNotFit(
            f"slide {self.slide.index + 1} ({self.slide.role}) is too long for {self.frame.width}x{self.frame.height} px "
            f"at the smallest readable size: title {len(self.title)} characters in {words[0]} words, body "
            f"{len(self.body)} in {words[1]}, longest word {len(longest)}; ask for a shorter text"
        )
