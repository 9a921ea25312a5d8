"""What the sheet draws and measures: mirrored pages, ink inside its lines, contrast under it."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image, ImageFilter

from app.domain.colour import BLACK, WHITE, Rgb
from unit.images.test_type_scripts import LINES
from workers.images.compositor.frame import Frame
from workers.images.compositor.setting import Block, fit, fit_pair
from workers.images.compositor.sheet import Box, Sheet, worst_contrast

RED: Rgb = (255, 0, 0)


def ink(sheet: Sheet) -> tuple[int, int, int, int]:
    """Return the box of all that is not white."""
    dark = np.asarray(sheet.image.convert("L")) < 128
    rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def sheet_in(language: str) -> Sheet:
    return Sheet(Frame(1080, 1350, language=language), WHITE)


@cache
def long_block(language: str) -> Block:
    block = fit(" ".join([LINES[language]] * 3), sheet_in(language).frame.headline(96), 920, 1200)
    assert block is not None
    return block


def test_a_page_read_from_right_to_left_starts_at_the_right_margin() -> None:
    sheet = sheet_in("ur")
    block = long_block("ur")
    sheet.write(block, (80, 300), BLACK)
    left, _top, right, _bottom = ink(sheet)
    assert right == pytest.approx(1000, abs=8)
    assert left == pytest.approx(1000 - block.width, abs=8)
    assert not sheet.has_overflow


def test_shapes_are_mirrored_and_pictures_are_moved_but_never_flipped() -> None:
    plain, mirrored = sheet_in("en"), sheet_in("ar")
    picture = Image.new("RGB", (40, 40), BLACK)
    picture.paste(RED, (0, 0, 20, 40))
    for sheet in (plain, mirrored):
        sheet.panel((100, 100, 300, 140), BLACK)
        sheet.polygon([(500, 100), (560, 130), (500, 160)], BLACK)
        sheet.disc((800, 130), 20, BLACK)
        sheet.picture(picture, (900, 400))
    flipped = plain.image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    above = (0, 0, 1080, 300)
    assert np.abs(np.asarray(mirrored.image.crop(above)).astype(int) - np.asarray(flipped.crop(above))).max() < 128
    assert mirrored.image.crop((140, 400, 180, 440)).tobytes() == picture.tobytes()


def test_what_is_cut_from_a_mirrored_sheet_is_put_back_where_it_was() -> None:
    sheet = sheet_in("he")
    sheet.panel((100, 100, 180, 140), RED)
    before = sheet.image.tobytes()
    part = sheet.cut((90, 90, 300, 150))
    assert part.getpixel((15, 15)) == RED, "the layout sees it where it placed it"
    sheet.put(part, (90, 90, 300, 150))
    assert sheet.image.tobytes() == before


@pytest.mark.parametrize("language", LINES)
def test_the_ink_of_two_lines_never_touches(language: str) -> None:
    block = long_block(language)
    assert len(block.lines) > 1
    masks = []
    for line, start in zip(block.runs, block.starts, strict=True):
        alone = Block(("",), (start,), block.face, block.size_px, block.width, 0, 0, 0, (line,))
        sheet = sheet_in(language)
        sheet.write(alone, (80, 100), BLACK)
        masks.append(sheet.image.convert("L").point(lambda light: 255 if light < 128 else 0))
    for above, below in pairwise(masks):
        box = above.getbbox()
        assert box is not None
        around = (box[0] - 2, box[1] - 2, box[2] + 2, box[3] + 2)  # nothing else of it can be near
        near = np.asarray(above.crop(around).filter(ImageFilter.MaxFilter(5)))
        assert not (near & np.asarray(below.crop(around))).any()


@pytest.mark.parametrize("language", LINES)
def test_the_ink_stays_inside_the_block_that_was_promised(language: str) -> None:
    sheet, block = sheet_in(language), long_block(language)
    sheet.write(block, (80, 200), BLACK)
    left, top, right, bottom = ink(sheet)
    slack = round(block.size_px * 0.2)  # accents over the first line, and side bearings
    edge = 1080 - 80 - block.width if sheet.is_mirrored else 80
    assert left >= edge - 6
    assert right <= edge + block.width + 6
    assert top >= 200 - slack
    assert bottom <= 200 + block.height + block.descent + 2


@pytest.mark.parametrize("language", LINES)
def test_a_headline_never_touches_the_text_below_it(language: str) -> None:
    sheet = sheet_in(language)
    text = LINES[language]
    pair = fit_pair((text, text), (sheet.frame.headline(96), sheet.frame.body()), (920, 920), 1000)
    assert pair is not None
    sheet.write(pair.title, (80, 200), BLACK)
    foot = ink(sheet)[3]
    below = sheet_in(language)
    below.write(pair.body, (80, 200 + pair.title.height + pair.gap), BLACK)
    assert foot < ink(below)[1]


def test_text_that_leaves_its_margins_is_noticed_on_both_kinds_of_page() -> None:
    for language in ("en", "ur"):
        sheet = sheet_in(language)
        sheet.write(long_block(language), (20, 300), BLACK)
        assert sheet.has_overflow


def test_contrast_is_measured_where_mirrored_text_stands() -> None:
    sheet = sheet_in("ur")
    sheet.image.paste((120, 120, 120), (540, 0, 1080, 1350))
    block = fit("قطار", sheet.frame.body(), 300, 200)
    assert block is not None
    sheet.write(block, (80, 300), BLACK)
    assert sheet.contrast == pytest.approx(4.8, abs=0.3)


@pytest.mark.parametrize("speck", [(196, 100, 207, 167), (100, 160, 207, 167)])
def test_contrast_is_measured_up_to_the_right_and_the_bottom_edge_of_a_text(speck: Box) -> None:
    image = Image.new("RGB", (400, 400), WHITE)
    image.paste(BLACK, speck)
    assert worst_contrast(image, (100, 100, 207, 167), BLACK, 12) < 12
    image.paste(BLACK, (207, 100, 400, 400))
    image.paste(WHITE, speck)
    assert worst_contrast(image, (100, 100, 207, 167), BLACK, 12) == pytest.approx(21), (
        "what is beside it does not count"
    )


@pytest.mark.parametrize("box", [(0, 0, 3, 3), (390, 390, 400, 400), (-5, 20, 200, 31), (10, 10, 22, 22)])
def test_contrast_is_measured_of_boxes_of_any_size(box: Box) -> None:
    assert worst_contrast(Image.new("RGB", (400, 400), WHITE), box, BLACK, 12) == pytest.approx(21)


def test_what_cannot_be_drawn_is_counted_even_when_nothing_is_left_to_draw() -> None:
    sheet = sheet_in("en")
    block = fit("\U0001faff", sheet.frame.body(), 300, 200)
    assert block is not None
    sheet.write(block, (80, 300), BLACK)
    assert sheet.missing_glyphs == 1
