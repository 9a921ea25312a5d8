"""A slide before anything is drawn: its set text, its canvas and its typefaces. No picture has a say in it."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.errors import TextDoesNotFit
from workers.images.compositor.fonts import Face
from workers.images.compositor.frame import Frame
from workers.images.compositor.runs import has_ink
from workers.images.compositor.slide import Role, Slide
from workers.images.compositor.typography import typeset


@dataclass(frozen=True, slots=True)
class Page:
    """What a layout works from."""

    slide: Slide
    title: str
    """Typeset, as the slide's `title` is not."""
    body: str
    frame: Frame

    @classmethod
    def of(cls, slide: Slide) -> Page:
        """Return the page of a slide."""
        frame = Frame(*slide.size, fonts=slide.theme.fonts, language=slide.language)
        return cls(slide, typeset(slide.title, slide.language), typeset(slide.body, slide.language), frame)

    @property
    def is_last(self) -> bool:
        """Whether no slide follows."""
        return self.slide.index >= self.slide.total - 1

    @property
    def has_ink(self) -> bool:
        """Whether any of the texts that the slide shows can be seen; an article's cover shows no body."""
        texts = (self.title,) if self.slide.role == Role.ARTICLE else (self.title, self.body)
        return any(has_ink(text, Face.DISPLAY, self.frame.fonts, self.frame.language) for text in texts)

    def is_blank(self) -> TextDoesNotFit:
        """Return the error for a slide that would show nothing but its furniture."""
        return TextDoesNotFit(
            f"slide {self.slide.index + 1} ({self.slide.role}) has no text that can be drawn; ask for words",
            code="text_is_blank",
        )

    def does_not_fit(self, why: str = "is too long") -> TextDoesNotFit:
        """Return the error for text that no size from the largest to the floor can hold."""
        words = len(self.title.split()), len(self.body.split())
        longest = max((self.title + " " + self.body).split(), key=len, default="")
        return TextDoesNotFit(
            f"slide {self.slide.index + 1} ({self.slide.role}) {why} for {self.frame.width}x{self.frame.height} px "
            f"at the smallest readable size: title {len(self.title)} characters in {words[0]} words, body "
            f"{len(self.body)} in {words[1]}, longest word {len(longest)}; ask for a shorter text"
        )
