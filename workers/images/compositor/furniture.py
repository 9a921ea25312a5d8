"""What every slide carries: handle, counter, swipe cue, progress. And small marks that the layouts share."""

from __future__ import annotations

from app.domain.colour import Rgb
from app.domain.themes import Mark
from workers.images.compositor.drawing import Drawing
from workers.images.compositor.frame import SMALL, Frame
from workers.images.compositor.page import Page
from workers.images.compositor.setting import Block, fit
from workers.images.compositor.theme import Palette, Tone

ARROW, APART = 46, 22  # design px: the arrow's length, and between it and the counter
MARK_ROOM = 62  # from the top of the mark over a headline to the headline's cap line
WIDE_COLUMNS = 7  # of the twelve: as wide as a footer is beside a picture
LEAST_HANDLE = 28  # design px: the handle shrinks to this
CUE = 46  # radius of the cover's swipe cue


def column_width(frame: Frame) -> int:
    """Return the width of the text's column in px; beside a picture it is seven of the grid's twelve."""
    return frame.columns(WIDE_COLUMNS) if frame.is_wide else frame.inner


def handle_of(page: Page, width: int | None = None, size: int = SMALL) -> Block | None:
    """Return the handle, set in one line of at most `width` px (else what the counter leaves).

    None without a handle, and for one that is too wide even in the smallest type or that no font has: it is left out
    whole, because a handle that is cut names somebody else.
    """
    frame = page.frame
    if not page.slide.handle:
        return None
    counter = _counter_of(page)
    taken = counter.width + frame.px(ARROW + APART + 40) if counter else 0
    style = frame.label(size, LEAST_HANDLE)
    block = fit(page.slide.handle, style, width or column_width(frame) - taken, round(style.largest_px * 1.2))
    is_whole = block is not None and len(block.lines) == 1 and block.width > 0 and not block.missing_glyphs
    return block if is_whole else None


def write_handle(drawing: Drawing, block: Block | None, at: tuple[int, int], ink: Rgb) -> None:
    """Write what `handle_of` gave, or take down that a slide with a handle is left without."""
    if block:
        drawing.sheet.write(block, at, ink)
    elif drawing.page.slide.handle:
        drawing.is_handle_left_out = True


def counter_middle(page: Page) -> int:
    """Return the y of the middle of the counter's digits, where they stand or would stand."""
    style = page.frame.label()
    digits = fit("0", style, page.frame.inner, style.largest_px * 2)
    return page.frame.footer_baseline - (digits.height if digits else 0) // 2


def _counter_of(page: Page) -> Block | None:
    if page.slide.total <= 1:
        return None
    style = page.frame.label()
    return fit(f"{page.slide.index + 1}/{page.slide.total}", style, page.frame.inner, style.largest_px * 2)


def footer(
    drawing: Drawing,
    colours: Palette | None = None,
    *,
    left: int | None = None,
    has_handle: bool = True,
    has_arrow: bool = True,
) -> None:
    """Draw a hairline that fills with the deck's progress, the handle on the left, counter and arrow on the right.

    left: x where it begins, the margin if not given; it is as wide as the text's column. The last slide has no arrow.
    """
    frame, page = drawing.frame, drawing.page
    colours = colours or drawing.colours
    start = frame.margin if left is None else left
    end = start + column_width(frame)
    if page.slide.total > 1:
        _progress(drawing, colours, start, end)
        _count(drawing, colours, end, has_arrow=has_arrow and not page.is_last)
    if has_handle:
        block = handle_of(page)
        high = block.height if block else 0
        write_handle(drawing, block, (start, frame.footer_baseline - high), colours.muted)


def _progress(drawing: Drawing, colours: Palette, left: int, right: int) -> None:
    slide, y = drawing.page.slide, drawing.frame.footer_rule
    done = left + round((right - left) * (slide.index + 1) / slide.total)
    thin, thick = max(2, drawing.px(2)), drawing.px(4)
    drawing.panel((left, y, right, y + thin), colours.hairline)
    drawing.panel((left, y - (thick - thin), done, y + thick), colours.accent)


def _count(drawing: Drawing, colours: Palette, right: int, *, has_arrow: bool) -> None:
    """Write "3/11" and an arrow that says that there is more."""
    block = _counter_of(drawing.page)
    if block is None:
        return
    baseline = drawing.frame.footer_baseline
    if has_arrow:
        arrow(drawing, (right, baseline - block.height // 2), drawing.px(ARROW), colours)
        right -= drawing.px(ARROW + APART)
    drawing.sheet.write(block, (right - block.width, baseline - block.height), colours.muted)


def arrow(drawing: Drawing, tip: tuple[int, int], length: int, colours: Palette) -> None:
    """Draw an arrow to the right that ends at `tip`, `length` px long, in the colour of text."""
    x, y = tip
    half, wing = max(1.5, length / 22), length * 0.27
    drawing.panel((x - length, round(y - half), round(x - half * 1.5), round(y + half)), colours.text)
    slant = half * 1.42
    for way in (-1, 1):
        drawing.sheet.polygon(
            [(x, y), (x - wing, y + way * wing), (x - wing - slant, y + way * (wing - slant)), (x - 2 * slant, y)],
            colours.text,
        )


def swipe_cue(drawing: Drawing, right: int, bottom: int) -> None:
    """Draw the cover's cue, an arrow on a disc of the accent colour; `right` and `bottom` are its ends."""
    radius = drawing.px(CUE)
    box = (right - 2 * radius, bottom - 2 * radius, right, bottom)
    colours = drawing.on(Tone.ACCENT)
    if drawing.radius:
        drawing.sheet.disc((right - radius, bottom - radius), radius, colours.ground)
        drawing.furnish(box)
    else:
        drawing.panel(box, colours.ground)
    arrow(drawing, (right - radius + drawing.px(21), bottom - radius), drawing.px(42), colours)


def mark(drawing: Drawing, at: tuple[int, int], width: int) -> None:
    """Draw the theme's mark over a headline; `at` is its left top corner, `width` the column's, in px."""
    (x, y), px, colours = at, drawing.px, drawing.colours
    match drawing.page.slide.theme.mark:
        case Mark.BAR:
            drawing.panel((x, y, x + px(88), y + px(10)), colours.accent)
        case Mark.LINE:
            drawing.panel((x, y + px(3), x + width, y + px(3) + max(2, px(2))), colours.hairline)
            drawing.panel((x, y, x + px(132), y + px(8)), colours.accent)
        case Mark.SQUARES:
            for place, ink in enumerate((colours.accent, colours.text, colours.hairline)):
                drawing.panel((x + px(26) * place, y, x + px(26) * place + px(18), y + px(18)), ink)
        case Mark.DISC:
            radius = px(15)
            drawing.sheet.disc((x + radius, y + radius), radius, colours.accent)
            drawing.furnish((x, y, x + 2 * radius, y + 2 * radius))


def bookmark(drawing: Drawing, at: tuple[int, int], width: int) -> None:
    """Draw a bookmark, the sign for "save this" in every language; `at` is its left top corner."""
    x, y = at
    tall, notch = width * 1.38, width * 0.36
    drawing.sheet.polygon(
        [(x, y), (x + width, y), (x + width, y + tall), (x + width / 2, y + tall - notch), (x, y + tall)],
        drawing.colours.text,
    )
    drawing.furnish((x, y, x + width, round(y + tall)))
