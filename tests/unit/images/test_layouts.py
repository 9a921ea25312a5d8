from __future__ import annotations

import io
import time
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.domain.colour import contrast
from app.domain.errors import PictureRefused
from app.domain.themes import DEFAULT_THEME, THEMES, Theme
from unit.images.pictures import PICTURES, png
from workers.images.compositor import Composed, Role, Slide, TextDoesNotFit, compose, layouts, measure
from workers.images.compositor.frame import Frame
from workers.images.compositor.layouts.content import RHYTHM
from workers.images.compositor.theme import Tone, palette

SLIDE = Slide(
    role=Role.CONTENT,
    index=2,
    total=11,
    title="Every retry needs a memory",
    body="Write the attempt down before you make the call, so that the row still knows what was paid.",
    handle="@pressroom",
    seed=7,
)
pytestmark = pytest.mark.usefixtures("quickly_drawn")
SIZES = [(1080, 1350), (1080, 1080), (1920, 1080), (1080, 1920)]


def pixels(composed: Composed) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.asarray(Image.open(io.BytesIO(composed.data)).convert("RGB"))


def like(
    shown: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], colour: tuple[int, ...], off: int
) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Return where no channel is `off` levels away from a colour, or more."""
    return np.asarray(np.abs(shown.astype(np.int16) - np.array(colour, np.int16)).max(axis=2) < off)


def logo(colour: tuple[int, int, int, int], size: tuple[int, int] = (300, 90)) -> bytes:
    out = io.BytesIO()
    Image.new("RGBA", size, colour).save(out, "PNG")
    return out.getvalue()


# ---- which layout


@pytest.mark.parametrize(
    ("changes", "layout"),
    [
        ({"role": "cover", "index": 0}, "cover"),
        ({"role": "cta", "index": 10}, "cta"),
        ({"role": "quote"}, "quote"),
        ({"role": "article"}, "article"),
        ({"title": "73 % of jobs get lost"}, "number"),
        ({"title": "Checklist", "body": "1) stop it 2) drop it 3) fill it"}, "list"),
        ({"title": "Measure the wait", "body": ""}, "statement"),
        ({"index": 1}, "split"),
        ({"index": 2}, "bleed"),
        ({"index": 3}, "card_above"),
        ({"index": 5}, "card_below"),
    ],
)
def test_a_layout_is_chosen_by_role_text_and_place_in_the_deck(changes: dict[str, Any], layout: str) -> None:
    assert compose(replace(SLIDE, **changes), None).layout == layout


@pytest.mark.parametrize("name", layouts.NAMES)
@pytest.mark.parametrize("size", SIZES)
def test_a_layout_can_be_asked_for_by_name_in_any_format(name: str, size: tuple[int, int]) -> None:
    body = "Write it down. Call 3 times. Then check."
    composed = compose(replace(SLIDE, layout=name, body=body, size=size), PICTURES["noise"])
    assert composed.layout == name
    assert composed.safe
    assert composed.contrast >= 4.5


def test_an_unknown_layout_is_refused_with_the_names_of_all() -> None:
    with pytest.raises(ValueError, match=r"no layout 'poster'.* cover, bleed, .* article"):
        measure(replace(SLIDE, layout="poster"))


@pytest.mark.parametrize("name", ["number", "list"])
def test_a_layout_that_cannot_hold_the_text_is_refused_when_it_is_asked_for(name: str) -> None:
    with pytest.raises(TextDoesNotFit, match=f"slide 3 .* cannot be set as '{name}'"):
        measure(replace(SLIDE, body="One sentence only", layout=name))


def test_what_is_too_long_for_its_beat_goes_where_most_room_is() -> None:
    long = replace(SLIDE, index=1, title=SLIDE.title * 2, body="word " * 56)
    assert compose(long, None).layout == "bleed"


def test_a_list_that_is_too_long_for_a_picture_above_it_lies_on_the_picture() -> None:
    body = "\n".join(f"- {n} Stop a worker in the middle of a call, twice a night" for n in "abcdef")
    assert compose(replace(SLIDE, body=body), PICTURES["noise"]).layout == "list"


@pytest.mark.parametrize("size", [(1080, 1350), (1080, 1080), (1920, 1080)])
def test_no_line_of_a_cover_runs_under_the_cue_to_swipe(size: tuple[int, int]) -> None:
    accent = palette(DEFAULT_THEME, Tone.ACCENT).ground

    def disc(title: str, body: str) -> int:
        slide = replace(SLIDE, role="cover", index=0, size=size, title=title, body=body)
        lower = pixels(compose(slide, PICTURES["black"]))[size[1] * 2 // 3 :, size[0] // 4 :]
        return int(like(lower, accent, 40).sum())

    alone = disc("Why", "")
    for title, body in (
        ("Nobody knows what comes here " * 3, ""),
        ("What comes at the end is wide", "One line of a body"),
    ):
        assert disc(title, body) == pytest.approx(alone, rel=0.03)


# ---- light and dark


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_light_and_dark_take_turns_in_every_theme_whatever_the_texts(theme: Theme) -> None:
    texts = [SLIDE.title, "73 % lost", "Wait", "Measure the wait"]
    made = [
        compose(replace(SLIDE, index=n, theme=theme, title=texts[n % 4], body=SLIDE.body if n % 4 < 2 else ""), None)
        for n in range(1, 10)
    ]
    corners = [tuple(int(value) for value in pixels(one)[1345, 4]) for one in made]
    assert all(contrast(one, other) > 4 for one, other in pairwise(corners))  # type: ignore[arg-type]  # three values each


def test_neighbours_of_the_rhythm_differ_in_layout_and_ground() -> None:
    for one, other in pairwise((*RHYTHM, RHYTHM[0])):
        assert one[0] != other[0]
        assert one[1] != other[1]


@pytest.mark.parametrize("tone", Tone)
@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_every_text_of_every_theme_can_be_read_on_every_ground(theme: Theme, tone: Tone) -> None:
    colours = palette(theme, tone)
    assert min(contrast(ink, colours.ground) for ink in (colours.text, colours.muted, colours.figure)) >= 4.5
    assert contrast(colours.accent, colours.ground) >= 2.2


def test_no_two_themes_look_alike() -> None:
    small = [
        np.asarray(Image.open(io.BytesIO(compose(replace(SLIDE, theme=theme), None).data)).resize((18, 22))).astype(int)
        for theme in THEMES.values()
    ]
    assert all(np.abs(one - other).mean() > 8 for place, one in enumerate(small) for other in small[:place])


# ---- measuring


def test_measuring_refuses_what_composing_refuses_and_nothing_else() -> None:
    measure(SLIDE)
    too_long = replace(SLIDE, body="word " * 200)
    with pytest.raises(TextDoesNotFit) as measured:
        measure(too_long)
    with pytest.raises(TextDoesNotFit) as composed:
        compose(too_long, None)
    assert str(measured.value) == str(composed.value)


def test_measuring_takes_milliseconds() -> None:
    measure(SLIDE)
    start = time.process_time()
    for index in range(10):
        measure(replace(SLIDE, index=index))
    assert (time.process_time() - start) / 10 < 0.03


# ---- safe zones


def test_a_tall_page_keeps_text_and_furniture_clear_of_a_reels_controls() -> None:
    frame = Frame(1080, 1920)
    assert frame.safe_top >= 0.14 * 1920
    assert frame.safe_bottom <= 0.65 * 1920
    assert frame.safe_left >= 0.06 * 1080
    assert frame.safe_right <= 0.94 * 1080


@pytest.mark.parametrize("role", ["cover", "content", "cta"])
def test_on_a_tall_page_nothing_but_the_picture_fills_head_and_foot(role: str) -> None:
    made = [
        pixels(compose(replace(SLIDE, role=role, index=1, size=(1080, 1920), title=title), PICTURES["black"]))
        for title in ("One headline", "Quite another headline")
    ]
    change = np.abs(made[0].astype(np.int16) - made[1]).max(axis=(1, 2))
    assert change[268:-672].max() > 150
    assert change[:268].max() < 9, "more than the shade of the picture changes at the head"
    assert change[-672:].max() < 9, "more than the shade of the picture changes at the foot"


@pytest.mark.parametrize("size", SIZES)
def test_margins_are_at_least_80_px_on_1080(size: tuple[int, int]) -> None:
    assert Frame(*size).margin >= 80


# ---- logo


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("role", "index"), [("cover", 0), ("cta", 10), ("quote", 0), ("article", 0)])
def test_a_logo_stands_on_cover_last_slide_and_single_pictures(role: str, index: int, size: tuple[int, int]) -> None:
    slide = replace(SLIDE, role=role, index=index, size=size, logo=logo((255, 0, 255, 255)))
    composed = compose(slide, PICTURES["black"])
    shown = like(pixels(composed), (255, 0, 255), 40).sum()
    assert shown > 900
    assert composed.safe


def test_content_slides_carry_no_logo() -> None:
    slide = replace(SLIDE, logo=logo((255, 0, 255, 255)))
    assert compose(slide, None).data == compose(SLIDE, None).data


@pytest.mark.parametrize("picture", ["black", "white"])
def test_a_logo_that_would_vanish_gets_a_plate(picture: str) -> None:
    ink = (0, 0, 0, 255) if picture == "black" else (255, 255, 255, 255)
    slide = replace(SLIDE, role="cover", index=0, logo=logo(ink))
    shown = pixels(compose(slide, PICTURES[picture]))[80:172, 80:420]
    light = shown.mean(axis=2)
    assert light.max() - light.min() > 150, "logo and plate are one"


def test_a_logo_of_any_shape_stays_small() -> None:
    for size in ((4000, 40), (40, 4000), (1, 1), (900, 900)):
        slide = replace(SLIDE, role="cover", index=0, logo=logo((255, 0, 255, 255), size))
        shown = like(pixels(compose(slide, PICTURES["black"])), (255, 0, 255), 40)
        rows, columns = np.flatnonzero(shown.any(axis=1)), np.flatnonzero(shown.any(axis=0))
        assert rows[-1] - rows[0] <= 100
        assert columns[-1] - columns[0] <= 345


def test_a_logo_that_is_no_picture_is_refused() -> None:
    with pytest.raises(PictureRefused, match="the logo of 4 bytes"):
        compose(replace(SLIDE, role="cover", logo=b"logo"), None)


# ---- numbers, details of a theme, alt text


def test_a_figure_alone_keeps_clear_of_what_is_under_it() -> None:
    assert compose(replace(SLIDE, title="", body="73%", layout="number"), None).contrast >= 4.5


def test_without_a_picture_a_percentage_is_shown_as_that_many_of_a_hundred_dots() -> None:
    def lit(percent: int) -> int:
        made = compose(replace(SLIDE, index=1, title=f"{percent} % of jobs get lost", body=""), None)
        return int(like(pixels(made)[400:1180], palette(DEFAULT_THEME, Tone.LIGHT).accent, 30).sum())

    assert lit(80) == pytest.approx(4 * lit(20), rel=0.05)


def test_a_theme_decides_what_becomes_of_a_pictures_colours() -> None:
    picture = png(Image.new("RGB", (900, 1100), (200, 60, 60)))

    def top(name: str) -> list[int]:
        return [int(value) for value in pixels(compose(replace(SLIDE, theme=THEMES[name]), picture))[10, 540]]

    assert top("midnight")[0] > 150 > top("midnight")[1]
    assert max(top("signal")) - min(top("signal")) < 6, "black and white"
    assert top("poster")[2] > top("poster")[1], "between violet and cream"


def test_square_themes_have_square_corners() -> None:
    def corner(name: str) -> tuple[int, ...]:
        made = pixels(compose(replace(SLIDE, index=3, theme=THEMES[name]), PICTURES["accent"]))
        return tuple(int(value) for value in made[82, 82])

    assert contrast(corner("paper"), palette(THEMES["paper"], Tone.LIGHT).ground) > 1.5  # type: ignore[arg-type]
    assert contrast(corner("midnight"), palette(THEMES["midnight"], Tone.LIGHT).ground) < 1.1  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("language", "start"),
    [
        ("en", "Slide 3 of 11. "),
        ("en-GB", "Slide 3 of 11. "),
        ("de", "Folie 3 von 11. "),
        ("es", "Diapositiva 3 de 11. "),
        ("fr", "Diapositive 3 sur 11. "),
        ("zh", "第3页，共11页。 "),
        ("ur", "سلائیڈ 3، کل 11۔ "),
        ("ar", "الشريحة 3 من 11. "),
        ("hi", "11 में से स्लाइड 3। "),
        ("sw", "3/11. "),
    ],
)
def test_the_alt_text_tells_the_slides_place_in_its_language(language: str, start: str) -> None:
    assert compose(replace(SLIDE, language=language), None).alt_text.startswith(start)


def test_the_alt_text_of_a_number_has_the_words_in_reading_order() -> None:
    told = compose(replace(SLIDE, title="Latency fell by 73%", body="In a week."), None)
    assert told.layout == "number"
    assert told.alt_text == "Slide 3 of 11. Latency fell by 73%. In a week."


def test_neighbouring_slides_without_pictures_never_show_one_kind_of_artwork() -> None:
    text = {"title": SLIDE.title, "body": SLIDE.body, "layout": "split"}
    made = [pixels(compose(replace(SLIDE, index=n, **text), None))[:500] for n in range(1, 10)]  # type: ignore[arg-type]
    assert all(not np.array_equal(one, other) for one, other in pairwise(made))


@pytest.mark.parametrize("size", [(1920, 1080), (1080, 1920)])
def test_a_picture_too_small_for_the_canvas_is_shown_beside_the_text_and_not_under_all_of_it(
    size: tuple[int, int],
) -> None:
    def ground(side: int) -> tuple[int, ...]:
        picture = png(Image.new("RGB", (side, round(side * 1.25)), (200, 60, 40)))
        made = compose(replace(SLIDE, layout="bleed", size=size), picture)
        assert made.contrast >= 4.5
        return tuple(pixels(made)[20, 20])

    plain = palette(DEFAULT_THEME, Tone.DEEP).ground
    assert np.abs(np.subtract(ground(900), plain)).max() <= 3
    assert np.abs(np.subtract(ground(2400), plain)).max() > 10
