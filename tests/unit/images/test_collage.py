"""Pictures of parts: same arguments, same bytes; texts stand in their boxes and can be read on whatever is there."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from app.domain.errors import PictureRefused, TextDoesNotFit
from app.domain.themes import DEFAULT_THEME, THEMES
from app.pipelines.arrangement import Arrangement, Part
from workers.images import collage
from workers.images.compositor.slide import Composed

HERO = Part("hero", "image", (0, 0, 400, 240), "box")
TITLE = Part("title", "text", (20, 260, 380, 380), "headline", text="Repair it", colour="#ffffff")


def a_picture(seed: int = 1, size: tuple[int, int] = (320, 200)) -> bytes:
    """Return noise: whatever text stands on it, no colour can be read everywhere."""
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1] // 20, size[0] // 20, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).resize(size, Image.Resampling.NEAREST).save(out, "PNG")
    return out.getvalue()


def a_design(*parts: Part, **changes: Any) -> Arrangement:
    return Arrangement(**{"size_px": (400, 400), "ground": "#101418", "parts": parts or (HERO, TITLE), **changes})


def drawn(design: Arrangement, language: str = "en", theme: Any = DEFAULT_THEME, **pictures: bytes) -> Composed:
    return collage.compose(design, pictures, theme, language)


def pixels(made: Composed) -> Image.Image:
    return Image.open(io.BytesIO(made.data)).convert("RGB")


@pytest.mark.parametrize("file_type", ["png", "jpeg"])
def test_the_same_parts_and_pictures_give_the_same_bytes(file_type: str) -> None:
    design, picture = a_design(file_type=file_type), a_picture()

    assert drawn(design, hero=picture).data == drawn(design, hero=picture).data
    assert drawn(design, hero=picture).mime == f"image/{file_type}"


def test_another_picture_gives_other_bytes() -> None:
    assert drawn(a_design(), hero=a_picture(1)).data != drawn(a_design(), hero=a_picture(2)).data


def test_a_picture_that_could_not_be_made_leaves_its_place_to_a_background_that_is_always_the_same() -> None:
    assert drawn(a_design()).data == drawn(a_design()).data
    tiny = replace(HERO, box=(0, 0, 64, 64))
    assert (
        len(np.unique(np.asarray(pixels(drawn(a_design(tiny, TITLE))).crop((0, 0, 64, 64))).reshape(-1, 3), axis=0))
        == 1
    )


def test_what_comes_later_covers_what_came_before() -> None:
    red, blue = (Part(name, "shape", (0, 0, 100, 100), "box", colour=name) for name in ("#ff0000", "#0000ff"))

    assert pixels(drawn(a_design(red, blue))).getpixel((50, 50)) == (0, 0, 255)
    assert pixels(drawn(a_design(blue, red))).getpixel((50, 50)) == (255, 0, 0)


@pytest.mark.parametrize("style", ["round", "ellipse"])
def test_an_outline_leaves_the_corners_to_the_ground(style: Any) -> None:
    made = pixels(drawn(a_design(Part("s", "shape", (100, 100, 300, 300), style, colour="#ff0000"))))

    assert made.getpixel((100, 100)) == (16, 20, 24)
    assert made.getpixel((200, 200)) == (255, 0, 0)


@pytest.mark.parametrize("language", ["en", "ur", "zh", "hi"])
@pytest.mark.parametrize("align", ["start", "center"])
def test_a_text_stands_in_its_box_and_nowhere_else(language: str, align: Any) -> None:
    words = {
        "en": "Repair gÅjy it all",
        "ur": "ہم مدد کے لیے حاضر ہیں",
        "zh": "一起来修理自行车",
        "hi": "हम मदद के लिए यहाँ हैं",
    }
    part = replace(TITLE, box=(60, 120, 330, 300), align=align, text=words[language])
    made = drawn(a_design(part), language)

    inside = np.asarray(pixels(made).crop(part.box))
    outside = np.asarray(pixels(made)).copy()
    outside[118:302, 54:336] = (16, 20, 24)
    assert not made.overflow
    assert made.missing_glyphs == 0
    assert (inside != (16, 20, 24)).any()
    assert (outside == (16, 20, 24)).all()


def test_lines_begin_at_the_right_where_the_language_does_and_at_the_left_elsewhere() -> None:
    part = replace(TITLE, box=(20, 20, 380, 120), style="label", text="ہم")
    ink = np.asarray(pixels(drawn(a_design(part), "ur"))).max(axis=(0, 2)) > 100
    assert ink[340:380].any()
    assert not ink[:200].any()
    ink = np.asarray(pixels(drawn(a_design(replace(part, text="Hi"))))).max(axis=(0, 2)) > 100
    assert ink[20:60].any()
    assert not ink[200:].any()


def test_a_text_in_a_colour_that_cannot_be_read_gets_the_nearest_that_can() -> None:
    made = drawn(a_design(replace(TITLE, colour="#101418")))

    assert made.contrast >= 4.5
    assert made.scrim == 0


def test_a_text_over_a_wild_picture_gets_a_calm_plate() -> None:
    on_it = replace(TITLE, box=(40, 40, 360, 200))
    made = drawn(a_design(HERO, on_it), hero=a_picture())

    assert made.contrast >= 4.5
    assert 0 < made.scrim <= 1


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 1000), st.sampled_from(sorted(THEMES)), st.sampled_from(["#ffffff", "#000000", "#808080", "#ff3300"])
)
def test_every_text_holds_its_contrast_on_every_picture(seed: int, theme: str, colour: str) -> None:
    on_it = replace(TITLE, box=(40, 40, 360, 200), colour=colour, align="center", text="Repair it all again")
    made = drawn(a_design(HERO, on_it), theme=THEMES[theme], hero=a_picture(seed))

    assert made.contrast >= 4.5
    assert not made.overflow


def test_a_text_too_long_for_its_box_is_told_before_and_raises_when_drawn() -> None:
    design = a_design(replace(TITLE, box=(20, 260, 120, 300), text="word " * 30))

    (told,) = collage.problems(design, DEFAULT_THEME, "en")

    assert told.startswith("title: 150 characters do not fit a box of 100x40 px as a headline of at least 15 px type")
    with pytest.raises(TextDoesNotFit, match="do not fit a box"):
        drawn(design)


@settings(max_examples=30, deadline=None)
@given(st.integers(20, 360), st.integers(14, 120), st.integers(1, 12), st.sampled_from(["headline", "body", "label"]))
def test_a_text_is_found_too_long_exactly_where_drawing_refuses_it(
    wide: int, high: int, count: int, style: Any
) -> None:
    design = a_design(replace(TITLE, box=(20, 20, 20 + wide, 20 + high), style=style, text="mending " * count))

    if collage.problems(design, DEFAULT_THEME, "en"):
        with pytest.raises(TextDoesNotFit):
            drawn(design)
    else:
        assert not drawn(design).overflow


def test_a_picture_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(PictureRefused):
        drawn(a_design(), hero=b"no picture")


def test_its_words_are_told_from_top_to_bottom() -> None:
    lower = replace(TITLE, id="lower", box=(20, 320, 380, 390), style="label", text="Come on Sunday")
    upper = replace(TITLE, box=(20, 250, 380, 310))

    assert drawn(a_design(lower, upper)).alt_text == "Repair it Come on Sunday"
