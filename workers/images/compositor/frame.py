"""The grid and the scale of a canvas: everything is placed and sized from here."""

from __future__ import annotations

import math
from dataclasses import dataclass

from app.domain.languages import is_rtl_language
from app.domain.themes import Pairing
from workers.images.compositor.fonts import Face
from workers.images.compositor.setting import Style

WIDTH = 1080  # all sizes of the spec are told for a canvas of this width
MARGIN = 80  # least margin (output-spec, section 3)
CLEAR_BOTTOM = 90  # viewers lay their controls over this strip
LEAST_TYPE = 28  # nothing is ever smaller (output-spec, section 4)
BODY_FLOOR = 40
HEADLINE_FLOOR = 80
# The type scale, design px: each step about half as large again as the one below it.
SMALL, BODY, LEAD, HEADLINE, STATEMENT, HOOK = 30, 45, 64, 96, 146, 200
COLUMNS, GUTTER = 12, 20
WIDE = 0.72  # a landscape page has half the height for the same words, so all but the smallest type is set smaller
# On a page as tall as a Reel, text and furniture keep clear of what the platforms lay over it (output-spec, section 3).
TALL = 1.6  # height over width
REEL_TOP, REEL_BOTTOM, REEL_SIDE = 0.14, 0.35, 0.06


@dataclass(frozen=True, slots=True)
class Frame:
    """A canvas of `width` x `height` px, the typefaces on it and the language of its texts."""

    width: int
    height: int
    fonts: Pairing = Pairing.EDITORIAL
    """The typefaces of its styles."""
    language: str = "en"
    """BCP 47 tag of its texts."""

    @property
    def is_rtl(self) -> bool:
        """Whether the page is read from right to left: the sheet then mirrors what layouts place."""
        return is_rtl_language(self.language)

    @property
    def is_wide(self) -> bool:
        """Whether picture and text stand side by side rather than one above the other."""
        return self.width > self.height * 1.2

    @property
    def is_tall(self) -> bool:
        """Whether the page is a Reel's or a Story's: its lower third belongs to pictures."""
        return self.height > self.width * TALL

    def px(self, design: float) -> int:
        """Return a length of the 1080 px design on this canvas."""
        return round(design * self.width / WIDTH * (WIDE if self.is_wide else 1))

    def type_px(self, design: float) -> int:
        """Return a type size of the 1080 px design on this canvas, never below 28 px at 1080 px wide."""
        return max(self.px(design), round(LEAST_TYPE * self.width / WIDTH))

    # ---- the grid

    @property
    def margin(self) -> int:
        """Px kept free at the left and the right."""
        return max(self.px(MARGIN), min(MARGIN, self.width // 13), math.ceil(self.width * REEL_SIDE) * self.is_tall)

    @property
    def inner(self) -> int:
        """Px between the left and the right margin."""
        return self.width - 2 * self.margin

    def columns(self, count: int) -> int:
        """Return the width of `count` of the grid's twelve columns, with the gutters between them."""
        gutter = self.px(GUTTER)
        return round(count * (self.inner - (COLUMNS - 1) * gutter) / COLUMNS + (count - 1) * gutter)

    def column(self, number: int) -> int:
        """Return the x at which a column begins, 0..11."""
        return self.margin + self.columns(number) + self.px(GUTTER) if number else self.margin

    # ---- the safe zones: nothing but pictures stands outside them

    @property
    def safe_left(self) -> int:
        """Least x."""
        return self.margin

    @property
    def safe_right(self) -> int:
        """Largest x."""
        return self.width - self.margin

    @property
    def safe_top(self) -> int:
        """Least y of ink: half the margin, because accents reach above the cap line that stands on the margin."""
        return math.ceil(self.height * REEL_TOP) if self.is_tall else self.margin // 2

    @property
    def clear_bottom(self) -> int:
        """Px at the bottom that viewers lay their controls over."""
        return max(self.px(CLEAR_BOTTOM), min(CLEAR_BOTTOM, self.width // 12))

    @property
    def safe_bottom(self) -> int:
        """Largest y of ink: above what viewers lay over the page."""
        return math.floor(self.height * (1 - REEL_BOTTOM)) if self.is_tall else self.height - self.clear_bottom

    # ---- what stands where, from top to bottom

    @property
    def footer_rule(self) -> int:
        """Y of the hairline over handle and counter. A tall page has them on top, as its foot belongs to the platforms."""
        return self.safe_top + self.px(4) if self.is_tall else self.footer_baseline - self.px(62)

    @property
    def footer_baseline(self) -> int:
        """Y of the handle and the counter."""
        return self.footer_rule + self.px(62) if self.is_tall else self.safe_bottom - self.px(10)

    @property
    def text_top(self) -> int:
        """Y of the first cap line, or of the mark over it."""
        return self.footer_baseline + self.px(84) if self.is_tall else self.margin

    @property
    def text_bottom(self) -> int:
        """Y of the last baseline that text above the footer may have."""
        return self.safe_bottom - self.px(44) if self.is_tall else self.footer_rule - self.px(58)

    @property
    def art_bottom(self) -> int:
        """Y down to which a picture reaches that keeps to the grid."""
        return self.height - self.margin if self.is_tall else self.footer_rule - self.px(44)

    # ---- type

    def headline(self, largest: int, floor: int = HEADLINE_FLOOR, leading: float = 1.06) -> Style:
        """Return a headline's style; sizes in design px."""
        return self.style(Face.DISPLAY, largest, floor, leading)

    def body(self, largest: int = BODY, floor: int = BODY_FLOOR) -> Style:
        """Return a body text's style; sizes in design px."""
        return self.style(Face.TEXT, largest, floor, 1.42, is_ragged_last=True)

    def label(self, size: int = SMALL, floor: int | None = None) -> Style:
        """Return the style of a small line; sizes in design px."""
        return self.style(Face.STRONG, size, floor)

    def style(
        self, face: Face, largest: int, floor: int | None = None, leading: float = 1.3, *, is_ragged_last: bool = False
    ) -> Style:
        """Return a style in the frame's typefaces and language; sizes in design px. floor: None = one size only."""
        largest_px = self.type_px(largest)
        floor_px = largest_px if floor is None else self.type_px(floor)
        return Style(face, largest_px, floor_px, leading, is_ragged_last, self.fonts, self.language)
