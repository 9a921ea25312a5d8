"""Draws a picture of parts: pictures, shapes and texts by their places on one canvas. Pure, as the compositor is.

The same arguments give the same bytes, so that a stored layout and its pictures can be drawn again at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from app.domain.colour import BLACK, READABLE, WHITE, Rgb, contrast, mix, readable, rgb
from app.domain.errors import TextDoesNotFit
from app.domain.themes import Theme
from app.pipelines.arrangement import Arrangement, Part
from workers.images.compositor import artwork
from workers.images.compositor.encode import jpeg, png
from workers.images.compositor.fonts import Face
from workers.images.compositor.frame import Frame
from workers.images.compositor.photo import Photo
from workers.images.compositor.setting import Block, Style, set_at
from workers.images.compositor.sheet import Box, Sheet, worst_contrast
from workers.images.compositor.slide import Composed
from workers.images.compositor.theme import Tone, palette
from workers.images.compositor.treatment import treated
from workers.images.compositor.typography import typeset

DESIGN = 1080  # px of the canvas' shorter side for which sizes are told
LEAST_TYPE_PX = 12  # below it nobody reads, however small the canvas is
TILE = 12  # px at 1080: as on slides
ARTWORK = 130  # px; a smaller box is too small for a typographic background
PLATE = 18  # px at 1080 around a text that needs a calm ground
PLATE_BLUR = 6.0
CLEAR = 7.0  # contrast of a colour that had to be moved: just 4.5 is a dull grey
STRENGTHS = (0.4, 0.55, 0.7, 0.85, 1.0)  # of a plate
FINE = 3  # outlines are drawn so many times larger, then reduced
_ENCODERS = {"jpeg": jpeg, "png": png}


@dataclass(frozen=True, slots=True)
class _Role:
    face: Face
    largest: int
    floor: int
    leading: float
    is_ragged_last: bool = False


ROLES = {
    "headline": _Role(Face.DISPLAY, 220, 40, 1.06),
    "body": _Role(Face.TEXT, 52, 28, 1.42, is_ragged_last=True),
    "label": _Role(Face.STRONG, 40, 28, 1.3),
}
"""How texts are set; sizes in px at 1080."""


@dataclass(frozen=True, slots=True)
class Board(Frame):
    """A canvas whose safe area is the box of the text that is being written."""

    box: Box = (0, 0, 0, 0)

    @property
    def safe_left(self) -> int:
        """Least x."""
        return self.box[0]

    @property
    def safe_top(self) -> int:
        """Least y of ink; a pixel of rounding is nobody's harm."""
        return self.box[1] - 1

    @property
    def safe_right(self) -> int:
        """Largest x."""
        return self.box[2]

    @property
    def safe_bottom(self) -> int:
        """Largest y of ink."""
        return self.box[3] + 1


def compose(design: Arrangement, pictures: Mapping[str, bytes], theme: Theme, language: str) -> Composed:
    """Return the picture of `design`. The file does not say yet who made what is in it; see workers.images.labels.

    pictures: by the id of their part, in any format that Pillow reads, cut around their subject; a part without one
    gets a typographic background. Texts are as large as their boxes allow and hold 4.5:1 with what is under them: where
    their colour does not, it is moved towards black or white, and where no colour does, a calm plate goes under them.
    Raises: TextDoesNotFit, PictureRefused when a picture cannot be decoded.
    """
    sheet = Sheet(Board(*design.size_px, fonts=theme.fonts, language=language), rgb(design.ground))
    for number, part in enumerate(design.parts):
        match part.kind:
            case "image":
                _put(sheet, part, _picture(part, number, pictures.get(part.id), theme), theme)
            case "shape":
                _put(sheet, part, Image.new("RGB", _size(part), rgb(part.colour)), theme)
            case "text":
                _write(sheet, part, _set(part, design, theme, language))
    return Composed(
        data=_ENCODERS[design.file_type](sheet.image, is_sandbox=False),
        mime=f"image/{design.file_type}",
        width=design.size_px[0],
        height=design.size_px[1],
        layout="design",
        contrast=round(sheet.contrast, 2),
        missing_glyphs=sheet.missing_glyphs,
        overflow=sheet.has_overflow,
        safe=not sheet.has_overflow,
        least_type_px=sheet.least_type_px,
        scrim=sheet.scrim,
        alt_text=" ".join(" ".join(design.texts).split()),
    )


def problems(design: Arrangement, theme: Theme, language: str) -> list[str]:
    """Return which texts cannot be set in their boxes: those for which `compose` raises. Nothing is drawn."""
    texts = [part for part in design.parts if part.kind == "text"]
    return [_too_long(part, design) for part in texts if _fitted(part, design, theme, language) is None]


def _set(part: Part, design: Arrangement, theme: Theme, language: str) -> Block:
    block = _fitted(part, design, theme, language)
    if block is None:
        raise TextDoesNotFit(_too_long(part, design))
    return block


def _fitted(part: Part, design: Arrangement, theme: Theme, language: str) -> Block | None:
    """Return a text at the largest size at which all of its ink stands in its box; None when its floor is too large."""
    role, (width, height) = ROLES[part.style], _size(part)
    floor = _px(role.floor, design.size_px, least=LEAST_TYPE_PX)
    style = Style(
        role.face,
        max(floor, _px(role.largest, design.size_px)),
        floor,
        role.leading,
        role.is_ragged_last,
        theme.fonts,
        language,
    )
    text = typeset(part.text, language)
    for is_last_resort in (False, True):  # a smaller size comes before a word that is parted wrongly
        for size_px in style.sizes_px:
            block = set_at(text, style, size_px, width, height, is_last_resort=is_last_resort)
            if block and block.rise + block.height + block.descent <= height:
                return block
    return None


def _too_long(part: Part, design: Arrangement) -> str:
    width, height = _size(part)
    least = _px(ROLES[part.style].floor, design.size_px, least=LEAST_TYPE_PX)
    return (
        f"{part.id}: {len(part.text)} characters do not fit a box of {width}x{height} px as a {part.style} of at least"
        f" {least} px type; make the box larger or the text shorter"
    )


def _px(length: int, size_px: tuple[int, int], least: int = 1) -> int:
    """Return a length told for a canvas whose shorter side has 1080 px."""
    return max(least, round(length * min(size_px) / DESIGN))


def _size(part: Part) -> tuple[int, int]:
    left, top, right, bottom = part.box
    return right - left, bottom - top


def _picture(part: Part, number: int, data: bytes | None, theme: Theme) -> Image.Image:
    """Return what fills an image's box: its picture in the theme's treatment, or a typographic background."""
    size = _size(part)
    if data is not None:
        dark, light = palette(theme, Tone.DEEP), palette(theme, Tone.LIGHT)
        return treated(Photo(data, size).cover(size), theme.treatment, dark.ground, light.ground)
    colours = palette(theme, Tone.DARK)
    if min(size) < ARTWORK:
        return Image.new("RGB", size, mix(colours.ground, colours.accent, 0.5))
    return artwork.paint(size, colours, theme, (part.id, number))


def _put(sheet: Sheet, part: Part, image: Image.Image, theme: Theme) -> None:
    """Lay a picture or a shape down in its outline. A design's places are the canvas' own, and are never mirrored."""
    radius = _px(theme.radius, sheet.image.size, least=0)
    sheet.image.paste(image, part.box[:2], _outline(image.size, part.style, radius))


def _outline(size: tuple[int, int], style: str, radius: int) -> Image.Image | None:
    """Return the mask of an outline, white inside; None = the whole box."""
    if style == "box" or (style == "round" and radius == 0):
        return None
    fine = size[0] * FINE, size[1] * FINE
    mask = Image.new("L", fine, 0)
    draw, whole = ImageDraw.Draw(mask), (0, 0, fine[0] - 1, fine[1] - 1)
    if style == "ellipse":
        draw.ellipse(whole, fill=255)
    else:
        draw.rounded_rectangle(whole, radius=min(radius, *(side // 2 for side in size)) * FINE, fill=255)
    return mask.reduce(FINE)


def _write(sheet: Sheet, part: Part, block: Block) -> None:
    """Write a set text into its box, in a colour that can be read on what is there."""
    if not block.lines:
        return
    left, top, right, bottom = part.box
    high = block.rise + block.height + block.descent
    cap = top + block.rise + ((bottom - top - high) // 2 if part.align == "center" else 0)
    wide = min(right - left, round(max(block.widths())) + 1)
    is_flush_right = sheet.is_mirrored
    at = left + (right - left - wide) // 2 if part.align == "center" else right - wide if is_flush_right else left
    covered = at, cap - block.rise, at + wide, cap + block.height + block.descent
    ink = _ink(sheet, covered, rgb(part.colour))
    before, clear = sheet.contrast, worst_contrast(sheet.image, covered, ink, _tile(sheet))
    frame = sheet.frame
    sheet.frame = Board(frame.width, frame.height, frame.fonts, frame.language, part.box)
    for line in _lines(block) if part.align == "center" else (block,):
        own = min(right - left, line.width)
        x = left + (right - left - own) // 2 if part.align == "center" else right - own if is_flush_right else left
        # The sheet mirrors what it is given on a page read from right to left, so it is given the mirror image.
        along = frame.width - x - own if is_flush_right else x
        sheet.write(line, (along, cap), ink)
    sheet.contrast = min(before, clear)  # measured before the lines: a tail of one is no ground of the next


def _lines(block: Block) -> tuple[Block, ...]:
    """Return each line as a block of its own; its baseline is still told from the top of the whole."""
    found = zip(block.lines, block.starts, block.runs, block.widths(), strict=True)
    made = [
        replace(block, lines=(line,), starts=(start,), runs=(runs,), width=round(width), height=start)
        for line, start, runs, width in found
    ]
    return (made[0], *(replace(line, missing_glyphs=0) for line in made[1:]))  # counted once


def _tile(sheet: Sheet) -> int:
    return _px(TILE, sheet.image.size, least=4)


def _ink(sheet: Sheet, box: Box, wanted: Rgb) -> Rgb:
    """Return the colour nearest to `wanted` that can be read in `box`; a plate is laid where no colour could.

    1. The colour itself. 2. The same, nearer to black or white, on the mean of what is there. 3. That, on a plate: what
    is there, blurred and toned no more than it takes.
    """
    tile = _tile(sheet)
    if worst_contrast(sheet.image, box, wanted, tile) >= READABLE:
        return wanted
    part = np.asarray(sheet.image.crop(box)).reshape(-1, 3)
    red, green, blue = (round(float(value)) for value in part.mean(axis=0))
    nearer = readable(wanted, (red, green, blue), CLEAR)
    if worst_contrast(sheet.image, box, nearer, tile) >= READABLE:
        return nearer
    ground = max(BLACK, WHITE, key=lambda pole: contrast(pole, nearer))
    return _plate(sheet, box, readable(nearer, ground, CLEAR), ground)


def _plate(sheet: Sheet, box: Box, ink: Rgb, ground: Rgb) -> Rgb:
    """Lay a plate under `box`, as see-through as `ink` can be read on; return the ink."""
    pad = _px(PLATE, sheet.image.size)
    left, top = max(0, box[0] - pad), max(0, box[1] - pad)
    right, bottom = min(sheet.image.width, box[2] + pad), min(sheet.image.height, box[3] + pad)
    size = right - left, bottom - top
    under = sheet.image.crop((left, top, right, bottom))
    soft = under.filter(ImageFilter.GaussianBlur(PLATE_BLUR * pad / PLATE))
    mask = _outline(size, "round", pad)
    for strength in STRENGTHS:
        sheet.image.paste(Image.blend(soft, Image.new("RGB", size, ground), strength), (left, top), mask)
        if worst_contrast(sheet.image, box, ink, _tile(sheet)) >= READABLE:
            break
    sheet.scrim = max(sheet.scrim, strength)
    return ink
