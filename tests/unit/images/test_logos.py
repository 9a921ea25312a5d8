"""Logos as users have them: 16-bit greys, boxes with a ground of their own, and where they stand in a line."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from app.domain.colour import BLACK, WHITE, Rgb
from app.domain.themes import THEMES
from workers.images.compositor import Role, Slide
from workers.images.compositor.drawing import Drawing
from workers.images.compositor.furniture import counter_middle
from workers.images.compositor.logo import PAD, line_logo, stamp
from workers.images.compositor.page import Page
from workers.images.compositor.theme import Tone

AT, MOST = (80, 300), (340, 92)
FORMATS = [(1080, 1350), (1080, 1080), (1920, 1080), (1080, 1920), (1200, 630)]


def packed(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def boxed(ground: Rgb, ink: Rgb) -> bytes:
    """Return an opaque logo: a disc on a ground of its own."""
    image = Image.new("RGB", (300, 90), ground)
    ImageDraw.Draw(image).ellipse((120, 15, 180, 75), fill=ink)
    return packed(image)


def sheet_with(logo: bytes, ground: Rgb = BLACK, size: tuple[int, int] = (1080, 1350)) -> Drawing:
    slide = Slide(Role.COVER, 0, 11, "A hook", logo=logo, size=size, theme=THEMES["midnight"])
    drawing = Drawing(Page.of(slide), Tone.DEEP, None)
    drawing.sheet.image.paste(ground, (0, 0, *size))
    return drawing


def changed(drawing: Drawing, ground: Rgb) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    return np.asarray(np.abs(np.asarray(drawing.sheet.image).astype(int) - ground).max(axis=2) > 8, dtype=np.bool_)


def test_a_16_bit_grey_keeps_its_greys() -> None:
    greys = np.full((90, 300), 40_000, np.uint16)
    greys[30:60, 100:200] = 65_535
    drawing = sheet_with(packed(Image.fromarray(greys)))
    stamp(drawing, AT, MOST)
    assert drawing.sheet.image.getpixel((AT[0] + 10, AT[1] + 10)) == (156, 156, 156)


def test_the_transparent_grey_of_a_16_bit_logo_stays_transparent() -> None:
    greys = np.full((90, 300), 1_000, np.uint16)
    greys[30:60, 100:200] = 65_535
    out = io.BytesIO()
    Image.fromarray(greys).save(out, "PNG", transparency=1_000)
    drawing = sheet_with(out.getvalue(), BLACK)
    stamp(drawing, AT, MOST)
    # What is clear is cut off: the bright part fills the room.
    assert drawing.sheet.image.getpixel((AT[0] + 4, AT[1] + 4)) == WHITE


@pytest.mark.parametrize(("own", "ink", "ground"), [(WHITE, BLACK, (235, 235, 235)), ((9, 9, 9), WHITE, BLACK)])
def test_an_opaque_logo_goes_on_in_its_own_ground_and_gets_no_frame(own: Rgb, ink: Rgb, ground: Rgb) -> None:
    drawing = sheet_with(boxed(own, ink), ground)
    stamp(drawing, AT, MOST)
    plate = drawing.sheet.image.crop((AT[0], AT[1], AT[0] + 2 * PAD, AT[1] + MOST[1]))
    assert np.abs(np.asarray(plate)[20:-20].astype(int) - own).max() <= 2


def test_an_opaque_logo_of_many_colours_has_no_plate() -> None:
    noise = np.random.default_rng(1).integers(0, 60, (90, 300, 3), dtype=np.uint8)
    drawing = sheet_with(packed(Image.fromarray(noise)))
    stamp(drawing, AT, MOST)
    assert np.asarray(drawing.sheet.image).max() < 90


def test_a_logo_of_one_colour_still_gets_a_plate_that_it_stands_out_from() -> None:
    drawing = sheet_with(packed(Image.new("RGB", (300, 90), BLACK)))
    stamp(drawing, AT, MOST)
    assert np.asarray(drawing.sheet.image).max() > 200


@pytest.mark.parametrize("size", FORMATS)
@pytest.mark.parametrize("shape", [(300, 90), (900, 60), (90, 90)])
def test_a_logo_in_the_line_stands_beside_the_middle_of_the_counter(
    size: tuple[int, int], shape: tuple[int, int]
) -> None:
    ground = (200, 30, 200)
    drawing = sheet_with(packed(Image.new("RGB", shape, WHITE)), ground, size)
    line_logo(drawing)
    rows = np.flatnonzero(changed(drawing, ground).any(axis=1))
    assert drawing.is_safe
    assert (rows[0] + rows[-1] + 1) / 2 == pytest.approx(counter_middle(drawing.page), abs=drawing.px(4) + 1)
    assert rows[0] - drawing.frame.footer_rule >= drawing.px(22)
