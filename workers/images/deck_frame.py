"""Where things stand on an editable slide, and how large its words are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pptx.enum.text import MSO_ANCHOR

GroundName = Literal["background", "surface", "accent"]

DESIGN_PX = 1080  # sizes are told for a canvas whose shorter side is this
WIDE = 1.2  # width by height from which picture and words stand side by side
MARGIN, GAP, FOOTER = 80, 44, 120
SHORT, LONG = 28, 52  # characters of a title


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in px."""

    left: int
    top: int
    width: int
    height: int

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.width, self.height


@dataclass(frozen=True, slots=True)
class Frame:
    """A canvas of `width` x `height` px."""

    width: int
    height: int
    is_mirrored: bool
    """The language runs from right to left: what begins on the left begins on the right."""

    def px(self, design: float) -> int:
        """Return a length of the 1080 px design on this canvas."""
        return round(design * min(self.width, self.height) / DESIGN_PX)

    @property
    def is_wide(self) -> bool:
        """Whether picture and words stand side by side rather than one above the other."""
        return self.width > self.height * WIDE

    @property
    def margin(self) -> int:
        """Px kept free on all sides."""
        return self.px(MARGIN)

    def from_start(self, start: int, top: int, width: int, height: int) -> Box:
        """Return a box that begins `start` px from where lines begin."""
        return Box(self.width - start - width if self.is_mirrored else start, top, width, height)

    def footer(self, share: float, *, at_end: bool = False) -> Box:
        """Return a part of the footer, `share` of the line long; beside a picture the line is as long as the words' are."""
        line = (self.width // 2 if self.is_wide else self.width) - 2 * self.margin
        width, height = round(line * share), self.px(44)
        start = self.margin + line - width if at_end else self.margin
        return self.from_start(start, self.height - self.px(FOOTER), width, height)


@dataclass(frozen=True, slots=True)
class Plan:
    """One slide."""

    ground: GroundName
    title: Box
    title_px: float
    body: Box | None
    body_px: float
    picture: Box | None = None
    shade: Box | None = None
    """What is laid over the picture, so that words on it can be read."""
    anchor: MSO_ANCHOR = MSO_ANCHOR.TOP
    """Where a title that is shorter than its box stands."""


def plan(frame: Frame, number: int, count: int, words: tuple[str, str], dark: GroundName, *, has_picture: bool) -> Plan:
    """Return where title and body (`words`) and the picture of slide `number` stand.

    The first slide has its picture behind its words, the others beside them or above; grounds alternate.
    dark: the ground that pictures are shaded with.
    """
    title, body = words
    size = frame.px(92 if len(title) <= SHORT else 80 if len(title) <= LONG else 68)
    text = frame.px(44 if len(body) <= 180 else 40)  # noqa: PLR2004 - characters
    if number == 0 and has_picture:
        return _cover(frame, dark, size, text, has_body=bool(body))
    ground: GroundName = "surface" if number % 2 else "background"
    if count > 1 and number == count - 1:
        ground = "accent"
    area, picture = _sides(frame) if has_picture else (_whole(frame), None)
    if not body:
        return Plan(ground, area, size, None, text, picture, anchor=MSO_ANCHOR.MIDDLE)
    high = round(area.height * (0.46 if not frame.is_wide else 0.44))
    below = Box(area.left, area.top + high + frame.px(GAP), area.width, area.height - high - frame.px(GAP))
    return Plan(
        ground, Box(area.left, area.top, area.width, high), size, below, text, picture, anchor=MSO_ANCHOR.BOTTOM
    )


def _cover(frame: Frame, dark: GroundName, size: float, text: float, *, has_body: bool) -> Plan:
    bottom = frame.height - frame.px(FOOTER) - frame.px(GAP)
    line = frame.width - 2 * frame.margin if not frame.is_wide else round(frame.width * 0.62)
    below = frame.from_start(frame.margin, bottom - frame.px(190), line, frame.px(190)) if has_body else None
    title_bottom = below.top - frame.px(GAP) // 2 if below else bottom
    high = frame.px(360)
    return Plan(
        dark,
        frame.from_start(frame.margin, title_bottom - high, line, high),
        frame.px(104) if size >= frame.px(92) else size * 1.1,
        below,
        text,
        Box(0, 0, frame.width, frame.height),
        Box(0, round(frame.height * 0.15), frame.width, frame.height - round(frame.height * 0.15)),
        MSO_ANCHOR.BOTTOM,
    )


def _whole(frame: Frame) -> Box:
    top = frame.margin * 2
    return Box(frame.margin, top, frame.width - 2 * frame.margin, frame.height - top - frame.px(FOOTER + GAP))


def _sides(frame: Frame) -> tuple[Box, Box]:
    """Return the place of the words, and that of the picture."""
    if frame.is_wide:
        half = frame.width // 2
        words = frame.from_start(
            frame.margin, frame.margin, half - 2 * frame.margin, frame.height - frame.margin - frame.px(FOOTER + GAP)
        )
        return words, frame.from_start(half, 0, frame.width - half, frame.height)
    high = round(frame.height * (0.44 if frame.height > frame.width else 0.36))
    top = high + frame.px(GAP)
    words = Box(frame.margin, top, frame.width - 2 * frame.margin, frame.height - top - frame.px(FOOTER + GAP // 2))
    return words, Box(0, 0, frame.width, high)
