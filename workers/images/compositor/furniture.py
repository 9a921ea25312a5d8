"""What every slide carries: handle, counter, swipe cue, progress. And small marks that the layouts share."""

from __future__ import annotations

from workers.images.compositor.fonts import Face
from workers.images.compositor.frame import SMALL, Frame
from workers.images.compositor.page import Page
from workers.images.compositor.setting import Block, Style, set_at
from workers.images.compositor.sheet import Sheet
from workers.images.compositor.theme import Palette

HANDLE_COLUMNS = 8


def label(text: str, frame: Frame, size: int = SMALL, width: int | None = None) -> Block | None:
    """Return a short line in the small bold face; None if it is wider than `width` px. size: design px."""
    size_px = frame.type_px(size)
    return set_at(text, Style(Face.STRONG, size_px, size_px, 1.3), size_px, width or frame.inner)


def footer(sheet: Sheet, page: Page, colours: Palette, *, has_handle: bool = True) -> None:
    """Draw a hairline that fills with the deck's progress, the handle on the left, counter and arrow on the right."""
    frame, slide = sheet.frame, page.slide
    right = frame.width - frame.margin
    if slide.total > 1:
        _progress(sheet, page, colours)
        right = _counter(sheet, page, colours, right)
    if has_handle and slide.handle:
        handle(sheet, page, colours, (frame.margin, frame.footer_baseline))


def handle(sheet: Sheet, page: Page, colours: Palette, at: tuple[int, int]) -> None:
    """Write the handle with its baseline at `at`. Raises TextDoesNotFit when it is wider than eight columns."""
    block = label(page.slide.handle or "", sheet.frame, width=sheet.frame.columns(HANDLE_COLUMNS))
    if block is None or len(block.lines) > 1:
        raise page.does_not_fit()
    sheet.write(block, (at[0], at[1] - block.height), colours.muted, is_footer=True)


def _progress(sheet: Sheet, page: Page, colours: Palette) -> None:
    frame, slide = sheet.frame, page.slide
    left, y = frame.margin, frame.footer_rule
    done = left + round(frame.inner * (slide.index + 1) / slide.total)
    sheet.panel((left, y, left + frame.inner, y + frame.px(2)), colours.hairline)
    sheet.panel((left, y - frame.px(2), done, y + frame.px(4)), colours.accent)


def _counter(sheet: Sheet, page: Page, colours: Palette, right: int) -> int:
    """Write "3/11" and, but on the last slide, an arrow that says that there is more. Return the x left of them."""
    frame = sheet.frame
    baseline = frame.footer_baseline
    block = label(f"{page.slide.index + 1}/{page.slide.total}", frame)
    if block is None:
        return right
    if not page.is_last:
        arrow(sheet, (right, baseline - block.height // 2), frame.px(46), colours)
        right -= frame.px(46 + 22)
    sheet.write(block, (right - block.width, baseline - block.height), colours.muted, is_footer=True)
    return right - block.width


def arrow(sheet: Sheet, tip: tuple[int, int], length: int, colours: Palette) -> None:
    """Draw an arrow to the right that ends at `tip`, `length` px long."""
    x, y = tip
    half, wing = max(1.5, length / 22), length * 0.27
    sheet.panel((x - length, round(y - half), round(x - half * 1.5), round(y + half)), colours.text)
    slant = half * 1.42
    for way in (-1, 1):
        sheet.polygon(
            [(x, y), (x - wing, y + way * wing), (x - wing - slant, y + way * (wing - slant)), (x - 2 * slant, y)],
            colours.text,
        )


def rule(sheet: Sheet, at: tuple[int, int], colours: Palette) -> None:
    """Draw the short bar in the accent colour that stands over a headline; `at` is its left top corner."""
    frame = sheet.frame
    sheet.panel((at[0], at[1], at[0] + frame.px(88), at[1] + frame.px(10)), colours.accent)


def bookmark(sheet: Sheet, at: tuple[int, int], width: int, colours: Palette) -> None:
    """Draw a bookmark, the sign for "save this" in every language; `at` is its left top corner."""
    x, y = at
    tall, notch = width * 1.38, width * 0.36
    sheet.polygon(
        [(x, y), (x + width, y), (x + width, y + tall), (x + width / 2, y + tall - notch), (x, y + tall)], colours.text
    )
