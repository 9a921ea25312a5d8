"""A slide while it is drawn: canvas, colours and picture; and the plan that says what to draw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from PIL import Image

from app.domain.colour import Rgb, mix
from workers.images.compositor import artwork
from workers.images.compositor.page import Page
from workers.images.compositor.photo import Photo
from workers.images.compositor.saliency import WHOLE, Part
from workers.images.compositor.sheet import Box, Sheet
from workers.images.compositor.theme import Palette, Tone, palette
from workers.images.compositor.treatment import treated

THIN = 130  # design px; a thinner band of artwork looks like a mistake
RAISED = 0.06  # share of the text's colour in an artwork's ground, so that it stands out from the slide's


class Drawing:
    """What a plan draws on."""

    def __init__(self, page: Page, tone: Tone, photo: Photo | None) -> None:
        """Start with the plain ground of `tone`. photo: None = a typographic background takes its place."""
        self.page = page
        self.frame = page.frame
        self.photo = photo
        self.colours = self.on(tone)
        self.sheet = Sheet(page.frame, self.colours.ground)
        self.is_safe = True
        """Whether all marks and panels so far stand in the safe area."""
        self.is_handle_left_out = False

    def on(self, tone: Tone) -> Palette:
        """Return the theme's colours on another ground."""
        return palette(self.page.slide.theme, tone)

    def px(self, design: float) -> int:
        """Return a length of the 1080 px design on this canvas."""
        return self.frame.px(design)

    @property
    def radius(self) -> int:
        """Of the theme's corners, px."""
        return self.px(self.page.slide.theme.radius)

    def panel(self, box: Box, colour: Rgb, radius: int = 0) -> None:
        """Fill a box that has to stay in the safe area."""
        self.sheet.panel(box, colour, radius)
        self.furnish(box)

    def furnish(self, box: Box) -> None:
        """Take down whether something that is no picture leaves the safe area."""
        frame = self.frame
        self.is_safe &= (
            box[0] >= frame.safe_left
            and box[1] >= frame.safe_top
            and box[2] <= frame.safe_right
            and box[3] <= frame.safe_bottom
        )

    def picture(
        self, box: Box, radius: int = 0, *, free: Part = WHOLE, colours: Palette | None = None, numeral: str = ""
    ) -> None:
        """Fill `box` with the picture, or with a typographic background that fits the theme.

        free: part of the box that no text will cover. colours: of the background, the slide's own if not given.
        numeral: shown large by it, may be empty.
        """
        size = box[2] - box[0], box[3] - box[1]
        if self.photo is not None:
            seen = (1 - free[2], free[1], 1 - free[0], free[3]) if self.sheet.is_mirrored else free
            image = self._toned(self.photo.cover(size, seen))
        else:
            ground = colours or self.colours
            raised = replace(ground, ground=mix(ground.ground, ground.text, RAISED))
            image = self._artwork(size, raised, numeral)
        self.sheet.picture(image, box[:2], radius)

    def artwork(self, box: Box) -> None:
        """Draw a typographic background without a ground of its own, so that it seems to fill the canvas."""
        if min(box[2] - box[0], box[3] - box[1]) < self.px(THIN):
            return
        self.sheet.picture(self._artwork((box[2] - box[0], box[3] - box[1]), self.colours, ""), box[:2])

    def proportion(self, box: Box, share: float) -> None:
        """Fill `box` with a hundred dots, a `share` (0 to 1) of them in the accent colour."""
        dots = artwork.proportion((box[2] - box[0], box[3] - box[1]), self.colours, share)
        self.sheet.put(dots, box)  # mirrored with the page: they are counted as its lines are read

    def _toned(self, image: Image.Image) -> Image.Image:
        dark, light = self.on(Tone.DEEP), self.on(Tone.LIGHT)
        return treated(image, self.page.slide.theme.treatment, dark.ground, light.ground)

    def _artwork(self, size: tuple[int, int], colours: Palette, numeral: str) -> Image.Image:
        slide = self.page.slide
        return artwork.paint(size, colours, slide.theme, (slide.seed, slide.index), numeral)


@dataclass(frozen=True, slots=True)
class Plan:
    """A slide whose texts are set: only drawing is left, and drawing never fails for want of room."""

    tone: Tone
    """The ground that the slide stands on."""
    draw: Callable[[Drawing], None]
