"""Texts below each other, set to share one box: headline and body, a figure and what it means, a list, a statement.

A stack is made for a width and a height, and knows nothing of where it will stand.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias

from workers.images.compositor.drawing import Drawing
from workers.images.compositor.fonts import Face
from workers.images.compositor.frame import BODY, HEADLINE, LEAD, STATEMENT
from workers.images.compositor.page import Page
from workers.images.compositor.reading import Figure, Items, any_figure_of, any_items_of, figure_of, items_of
from workers.images.compositor.setting import Block, Style, fit, fit_pair, set_at

FIGURE, FIGURE_FLOOR = 420, 110  # design px
FIRM = 0.72  # to this share of its width's size a figure shrinks only when nothing else is left
LEAD_FLOOR = 46
ITEM, ITEM_FLOOR = 50, 40
INDENT = 78  # design px from a list's numbers to its texts
BELOW_TITLE, BETWEEN_ITEMS, AROUND_FIGURE = 76, 68, 70  # design px


class Ink(StrEnum):
    """Which of a ground's colours a text has."""

    TEXT = "text"
    MUTED = "muted"
    FIGURE = "figure"


@dataclass(frozen=True, slots=True)
class Part:
    """One text of a stack."""

    block: Block
    gap: int = 0
    """px from the last baseline above to its cap line."""
    ink: Ink = Ink.TEXT
    indent: int = 0
    """px."""
    number: Block | None = None
    """Stands before an item; None before an indented text = a dot."""
    is_ruled: bool = False
    """Whether a hairline parts it from the text above."""


@dataclass(frozen=True, slots=True)
class Stack:
    """Texts that have been set."""

    parts: tuple[Part, ...]
    width: int
    """Of the column, px; texts may be narrower."""
    has_mark: bool = True
    """Whether the theme's mark belongs over it."""
    is_counting: bool = False
    """Whether it shows numbers of its own, so that an artwork had better show none."""
    share: float | None = None
    """0 to 1 when its figure is a percentage, for the artwork."""

    @property
    def height(self) -> int:
        """Px from the first cap line to the last baseline."""
        return sum(part.gap + part.block.height for part in self.parts)

    @property
    def tail(self) -> int:
        """Px that the letters of the last line reach below it."""
        return next((part.block.descent for part in reversed(self.parts) if part.block.lines), 0)

    def write(self, drawing: Drawing, at: tuple[int, int]) -> None:
        """Write all parts, the first cap line at `at`."""
        x, y = at
        inks = {ink: getattr(drawing.colours, ink) for ink in Ink}
        for part in self.parts:
            if part.is_ruled:
                line = y + part.gap // 2 + drawing.px(6)
                drawing.panel((x, line, x + self.width, line + max(1, drawing.px(2))), drawing.colours.hairline)
            y += part.gap
            if part.number:
                drawing.sheet.write(part.number, (x, y), drawing.colours.figure)
            elif part.indent:
                _dot(drawing, (x, y), part.block.size_px)
            drawing.sheet.write(part.block, (x + part.indent, y), inks[part.ink])
            y += part.block.height


Make: TypeAlias = Callable[[Page, int, int], Stack | None]
"""Sets a page's texts into a width and a height, px; None when even the floors do not fit."""


def pair(
    page: Page, width: int, room: int, sizes: tuple[int, int] = (HEADLINE, BODY), leading: float = 1.06
) -> Stack | None:
    """Return headline and body. sizes: the largest of each, design px."""
    frame = page.frame
    styles = frame.headline(sizes[0], leading=leading), frame.body(sizes[1])
    narrow = width if frame.is_wide else min(width, frame.columns(11))
    made = fit_pair((page.title, page.body), styles, (width, narrow), room)
    return Stack((Part(made.title), Part(made.body, made.gap)), width) if made else None


def statement(page: Page, width: int, room: int) -> Stack | None:
    """Return the headline, or a body that has none, as large as a poster's, and what else is said below it."""
    if page.title:
        return pair(page, width, room, (STATEMENT, BODY), leading=1.02)
    return _fitted([_Spec(page.body, page.frame.headline(STATEMENT, leading=1.02), width)], room, width)


def number(page: Page, width: int, room: int) -> Stack | None:
    """Return the page's figure as large as it goes, with the words around it in reading order; None without a number."""
    found = figure_of(page.title, page.body) or any_figure_of(page.title, page.body)
    if found is None:
        return None
    figure, is_in_title = found
    large = fit(figure.figure, page.frame.headline(FIGURE, FIGURE_FLOOR, leading=1.0), width, room)
    if large is None or len(large.lines) > 1:
        return None
    floor = page.frame.type_px(FIGURE_FLOOR)
    for least in (round(large.size_px * FIRM), floor):  # the words around it shrink first
        style = replace(page.frame.headline(FIGURE, leading=1.0), largest_px=large.size_px, floor_px=max(least, floor))
        made = _fitted(_number_specs(page, figure, width, style, is_in_title=is_in_title), room, width)
        if made:
            return replace(made, has_mark=False, is_counting=True, share=figure.share)
    return None


def _number_specs(page: Page, figure: Figure, width: int, large: Style, *, is_in_title: bool) -> list[_Spec]:
    frame = page.frame
    around = frame.px(AROUND_FIGURE)
    head, text = frame.headline(HEADLINE - 12, LEAD_FLOOR), frame.body()
    before = figure.before if is_in_title else page.title
    specs = (
        _Spec(before, frame.headline(LEAD, LEAD_FLOOR) if is_in_title else head, width),
        _Spec(figure.figure, large, width, around if before else 0, Ink.FIGURE),
        _Spec(figure.after, head if is_in_title else text, width, around),
        _Spec(page.body if is_in_title else "", text, width, frame.px(52)),
    )
    return [spec for spec in specs if spec.text]


def items(page: Page, width: int, room: int) -> Stack | None:
    """Return the headline and the body's items below it; None when the body has fewer than two."""
    found = items_of(page.body) or any_items_of(page.body)
    if found is None:
        return None
    frame = page.frame
    head = [_Spec(page.title, frame.headline(HEADLINE), width)] if page.title else []
    if found.lead:
        head.append(_Spec(found.lead, frame.body(), width, frame.px(50) if head else 0))
    made = _fitted([*head, *_item_specs(page, found, width, has_head=bool(head))], room, width)
    return made and replace(made, is_counting=True)


def _item_specs(page: Page, found: Items, width: int, *, has_head: bool) -> list[_Spec]:
    frame = page.frame
    style = frame.style(Face.TEXT, ITEM, ITEM_FLOOR, 1.34, is_ragged_last=True)
    indent = frame.px(INDENT) if any(item.number for item in found.items) else frame.px(INDENT - 28)
    gaps = [frame.px(BELOW_TITLE) if has_head else 0] + [frame.px(BETWEEN_ITEMS)] * len(found.items)
    return [
        _Spec(item.text, style, width, gap, indent=indent, number=item.number, is_ruled=place > 0)
        for place, (item, gap) in enumerate(zip(found.items, gaps, strict=False))
    ]


@dataclass(frozen=True, slots=True)
class _Spec:
    """A text of a stack before it is set."""

    text: str
    style: Style
    width: int
    gap: int = 0
    """At the largest size; it shrinks with the text."""
    ink: Ink = Ink.TEXT
    indent: int = 0
    number: str = ""
    is_ruled: bool = False

    def at(self, size_px: int, room: int) -> Part | None:
        block = set_at(self.text, self.style, size_px, self.width - self.indent, room)
        if block is None or (self.ink is Ink.FIGURE and len(block.lines) > 1):
            return None
        number = (
            set_at(self.number, replace(self.style, face=Face.DISPLAY), size_px, self.indent) if self.number else None
        )
        if self.number and number is None:
            return None
        gap = round(self.gap * size_px / self.style.largest_px)
        return Part(block, gap, self.ink, self.indent, number, self.is_ruled)


def _fitted(specs: Sequence[_Spec], room: int, width: int) -> Stack | None:
    """Return all texts, each as large as all can be in `room` px: they shrink side by side."""
    ladders = [spec.style.sizes_px for spec in specs]
    steps = max(map(len, ladders), default=0)
    made: dict[tuple[int, int], Part | None] = {}
    for step in range(steps):
        parts: list[Part] = []
        for place, (spec, ladder) in enumerate(zip(specs, ladders, strict=True)):
            size_px = ladder[-1] if step == steps - 1 else ladder[step * len(ladder) // steps]
            if (place, size_px) not in made:
                made[place, size_px] = spec.at(size_px, room)
            part = made[place, size_px]
            if part is None:
                break
            parts.append(part)
        stack = Stack(tuple(parts), width)
        if len(parts) == len(specs) and stack.height <= room:
            return stack
    return None


def _dot(drawing: Drawing, at: tuple[int, int], size_px: int) -> None:
    """Draw the sign before an item, in the middle of its first line's capitals; square where the theme has no round corners."""
    half = round(size_px * 0.17)
    x, y = at[0] + half, at[1] + round(size_px * 0.36)
    box = (x - half, y - half, x + half, y + half)
    if drawing.radius:
        drawing.sheet.disc((x, y), half, drawing.colours.accent)
        drawing.furnish(box)
    else:
        drawing.panel(box, drawing.colours.accent)
