"""The grid and the scale of a canvas: everything is placed and sized from here."""

from __future__ import annotations

from dataclasses import dataclass

from workers.images.compositor.fonts import Face
from workers.images.compositor.setting import Style

WIDTH = 1080  # all sizes of the spec are told for a canvas of this width
MARGIN = 80  # least margin (output-spec, section 3)
CLEAR_BOTTOM = 90  # viewers lay their controls over this strip
SMALL = 30  # counter and handle
LEAST_TYPE = 28  # nothing is ever smaller (output-spec, section 4)
BODY_FLOOR = 40
HEADLINE_FLOOR = 80
COLUMNS, GUTTER = 12, 20
WIDE = 0.72  # a landscape page has half the height for the same words, so all but the smallest type is set smaller


@dataclass(frozen=True, slots=True)
class Frame:
    """A canvas of `width` x `height` px."""

    width: int
    height: int

    @property
    def is_wide(self) -> bool:
        """Whether picture and text stand side by side rather than one above the other."""
        return self.width > self.height * 1.2

    def px(self, design: float) -> int:
        """Return a length of the 1080 px design on this canvas."""
        return round(design * self.width / WIDTH * (WIDE if self.is_wide else 1))

    def type_px(self, design: float) -> int:
        """Return a type size of the 1080 px design on this canvas, never below 28 px at 1080 px wide."""
        return max(self.px(design), round(LEAST_TYPE * self.width / WIDTH))

    @property
    def margin(self) -> int:
        """Px kept free at the left, the right and the top."""
        return max(self.px(MARGIN), min(MARGIN, self.width // 13))

    @property
    def inner(self) -> int:
        """Px between the left and the right margin."""
        return self.width - 2 * self.margin

    def columns(self, count: int) -> int:
        """Return the width of `count` of the grid's twelve columns, with the gutters between them."""
        gutter = self.px(GUTTER)
        return round(count * (self.inner - (COLUMNS - 1) * gutter) / COLUMNS + (count - 1) * gutter)

    @property
    def clear_bottom(self) -> int:
        """Px at the bottom that viewers lay their controls over."""
        return max(self.px(CLEAR_BOTTOM), min(CLEAR_BOTTOM, self.width // 12))

    @property
    def footer_baseline(self) -> int:
        """Y of the handle and the counter, above the strip of the viewer's controls."""
        return self.height - self.clear_bottom - self.px(8)

    @property
    def footer_rule(self) -> int:
        """Y of the hairline over the footer."""
        return self.footer_baseline - self.px(62)

    @property
    def text_bottom(self) -> int:
        """Y of the last baseline that text above the footer may have."""
        return self.footer_rule - self.px(58)

    def headline(self, largest: int, floor: int = HEADLINE_FLOOR, leading: float = 1.06) -> Style:
        """Return a headline's style; sizes in design px."""
        return Style(Face.DISPLAY, self.type_px(largest), self.type_px(floor), leading)

    def body(self, largest: int = 45, floor: int = BODY_FLOOR) -> Style:
        """Return a body text's style; sizes in design px."""
        return Style(Face.TEXT, self.type_px(largest), self.type_px(floor), 1.42, is_ragged_last=True)
