"""Contact sheets: many slides on one picture, small enough to be seen at one glance."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from app.domain.themes import THEMES
from workers.gallery.cases import FORMATS, LANGUAGES
from workers.gallery.making import SMALL_PX, Shown

GAP, LABEL_PX, LEFT_PX, TYPE_PX = 14, 34, 150, 17
GROUND, INK = (230, 230, 232), (60, 60, 66)


def write(shown: Sequence[Shown], folder: Path) -> list[str]:
    """Write a sheet for each format (designs down, languages across) and each theme (designs down, formats across).

    Return their file names. What could not be drawn leaves a gap.
    """
    for old in folder.glob("sheet-*.png"):
        old.unlink()
    pictured = [one for one in shown if one.case.has_picture]
    files = [
        _sheet(
            folder,
            f"sheet-{shape.replace(':', 'x')}.png",
            [one for one in pictured if one.case.format == shape],
            LANGUAGES,
            lambda one: one.case.language,
        )
        for shape in FORMATS
    ]
    files += [
        _sheet(
            folder,
            f"sheet-{theme}.png",
            [one for one in pictured if one.case.theme == theme],
            tuple(FORMATS),
            lambda one: one.case.format,
        )
        for theme in THEMES
    ]
    plain = [one for one in shown if not one.case.has_picture]
    files.append(_sheet(folder, "sheet-plain.png", plain, tuple(THEMES), lambda one: one.case.theme))
    return [file for file in files if file]


def _sheet(
    folder: Path, name: str, shown: Sequence[Shown], columns: Sequence[str], column_of: Callable[[Shown], str]
) -> str:
    """Write one sheet; return its name, or an empty one when there is nothing on it. The first of a cell is shown."""
    cells: dict[tuple[str, str], Shown] = {}
    for one in shown:
        if one.file:
            cells.setdefault((one.case.design.name, column_of(one)), one)
    rows = list(dict.fromkeys(row for row, _ in cells))
    used = [column for column in columns if any(column == known for _, known in cells)]
    if not cells:
        return ""
    pictures = {cell: Image.open(io.BytesIO(one.small)) for cell, one in cells.items()}
    heights = [max(p.height for (row, _), p in pictures.items() if row == name_) for name_ in rows]
    size = LEFT_PX + len(used) * (SMALL_PX + GAP) + GAP, LABEL_PX + sum(heights) + GAP * (len(rows) + 1)
    sheet = Image.new("RGB", size, GROUND)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(TYPE_PX)
    for place, column in enumerate(used):
        draw.text((LEFT_PX + place * (SMALL_PX + GAP), GAP), column, font=font, fill=INK)
    top = LABEL_PX + GAP
    for row, height in zip(rows, heights, strict=True):
        draw.text((GAP, top), row, font=font, fill=INK)
        for place, column in enumerate(used):
            if (row, column) in pictures:
                sheet.paste(pictures[row, column], (LEFT_PX + place * (SMALL_PX + GAP), top))
        top += height + GAP
    sheet.save(folder / name)
    return name


def strip(
    pictures: Sequence[bytes],
    width_px: int,
    *,
    columns: int,
    gap: int = 18,
    ground: tuple[int, int, int] = (255, 255, 255),
) -> Image.Image:
    """Return slides of one size in rows of `columns`, each `width_px` wide."""
    opened = [Image.open(io.BytesIO(data)) for data in pictures]
    high = round(opened[0].height * width_px / opened[0].width)
    rows = -(-len(opened) // columns)
    sheet = Image.new("RGB", (columns * (width_px + gap) + gap, rows * (high + gap) + gap), ground)
    for place, image in enumerate(opened):
        small = image.convert("RGB").resize((width_px, high), Image.Resampling.LANCZOS)
        sheet.paste(small, (gap + place % columns * (width_px + gap), gap + place // columns * (high + gap)))
    return sheet
