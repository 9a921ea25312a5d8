from __future__ import annotations

import io
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image, ImageCms

from unit.images.pictures import PICTURES, png
from workers.images.compositor import DEFAULT_THEME, Role, Slide, TextDoesNotFit, Theme, compose

BODY = (
    "Write the attempt down before you make the call. If the process dies in between, the row still knows "
    "that money may have left the building, and nothing is paid twice."
)
SLIDE = Slide(
    role=Role.CONTENT, index=2, total=11, title="Every retry needs a memory", body=BODY, handle="@pressroom", seed=7
)
LONG = replace(
    SLIDE,
    title="Responsible organisations understand infrastructure considerably before implementing anything",
    body="Distributed infrastructure requires considerable operational understanding, because intermediate "
    "components occasionally disappear without announcing themselves, leaving uncertain transactions behind that "
    "somebody eventually investigates manually, painfully, expensively and often far too late.",
)
ROLES = [(Role.COVER, 0), *((Role.CONTENT, index) for index in range(1, 9)), (Role.CTA, 10)]
LIGHT = Theme(background="#fbf7f0", surface="#1f3d36", text="#1b1f1d", muted="#8a8f8c", accent="#ffd23f")
HOPELESS = Theme(background="#808080", surface="#8a8a8a", text="#7f7f7f", muted="#828282", accent="#858585")


def as_image(jpeg: bytes) -> Image.Image:
    return Image.open(io.BytesIO(jpeg))


def test_the_same_slide_and_picture_give_the_same_bytes() -> None:
    assert compose(SLIDE, PICTURES["noise"]).jpeg == compose(SLIDE, PICTURES["noise"]).jpeg
    assert compose(SLIDE, None).jpeg == compose(SLIDE, None).jpeg


def test_a_slide_is_an_srgb_jpeg_of_the_size_asked_for() -> None:
    composed = compose(SLIDE, PICTURES["grey"])
    image = as_image(composed.jpeg)
    assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (1080, 1350))
    assert (composed.width, composed.height) == (1080, 1350)
    profile = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
    assert "sRGB" in ImageCms.getProfileDescription(profile)


def test_the_file_says_that_a_trained_model_had_a_part_in_it() -> None:
    xmp = as_image(compose(SLIDE, PICTURES["grey"]).jpeg).info["xmp"].decode()
    assert "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia" in xmp
    assert "<xmp:CreatorTool>Pressroom</xmp:CreatorTool>" in xmp


def test_a_sandbox_picture_is_named_in_the_file() -> None:
    xmp = as_image(compose(replace(SLIDE, sandbox=True), None).jpeg).info["xmp"].decode()
    assert "Pressroom (sandbox pictures)" in xmp


@pytest.mark.usefixtures("quickly_drawn")
@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("role", [Role.COVER, Role.CONTENT, Role.CTA, Role.QUOTE, Role.ARTICLE])
def test_text_holds_the_contrast_over_any_picture(name: str, role: Role) -> None:
    composed = compose(replace(SLIDE, role=role), PICTURES[name])
    assert composed.contrast >= 4.5
    assert not composed.overflow


@pytest.mark.usefixtures("quickly_drawn")
@pytest.mark.parametrize("theme", [DEFAULT_THEME, LIGHT, HOPELESS], ids=["default", "light", "hopeless"])
@pytest.mark.parametrize(("role", "index"), ROLES)
def test_text_holds_the_contrast_in_any_theme(theme: Theme, role: Role, index: int) -> None:
    assert compose(replace(SLIDE, role=role, index=index, theme=theme), None).contrast >= 4.5


@pytest.mark.usefixtures("quickly_drawn")
@pytest.mark.parametrize(("role", "index"), ROLES)
def test_long_texts_within_the_limits_stay_inside_the_margins(role: Role, index: int) -> None:
    composed = compose(replace(LONG, role=role, index=index), PICTURES["busy"])
    assert not composed.overflow
    assert composed.contrast >= 4.5


@pytest.mark.usefixtures("quickly_drawn")
@pytest.mark.parametrize("size", [(1080, 1080), (1080, 1920), (1920, 1080)])
@pytest.mark.parametrize(("role", "index"), [(Role.COVER, 0), (Role.CONTENT, 1), (Role.CONTENT, 3), (Role.CTA, 10)])
def test_other_formats_are_filled_edge_to_edge_without_overflow(size: tuple[int, int], role: Role, index: int) -> None:
    composed = compose(replace(SLIDE, role=role, index=index, size=size), PICTURES["noise"])
    assert as_image(composed.jpeg).size == size
    assert not composed.overflow


@pytest.mark.parametrize("size", [(1, 1), (3000, 40), (1000, 999), (927, 1153), (1376, 768)])
def test_a_picture_of_any_shape_is_cropped_to_the_canvas(size: tuple[int, int]) -> None:
    composed = compose(replace(SLIDE, role=Role.COVER), png(Image.new("RGB", size, (200, 30, 30))))
    red = as_image(composed.jpeg).getpixel((1075, 5))
    assert isinstance(red, tuple)
    assert red[0] > 180


def test_text_beyond_the_floor_is_refused_with_the_numbers_that_a_writer_needs() -> None:
    with pytest.raises(TextDoesNotFit, match=r"slide 3 .* body 999 in 200,") as refused:
        compose(replace(SLIDE, body="word " * 200), None)
    assert refused.value.code == "text_does_not_fit"


def test_a_word_wider_than_the_slide_is_refused_and_never_cut() -> None:
    with pytest.raises(TextDoesNotFit, match="longest word 45"):
        compose(replace(SLIDE, title="pneumonoultramicroscopicsilicovolcanoconiosis"), None)


def test_a_picture_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(Exception, match="cannot be decoded") as refused:
        compose(SLIDE, b"not a picture")
    assert getattr(refused.value, "code", "") == "picture_refused:undecodable"


def test_without_a_picture_a_drawn_background_is_shown_that_varies_with_the_seed() -> None:
    shown = {compose(replace(SLIDE, seed=seed), None).jpeg for seed in range(4)}
    assert len(shown) == 4
    band = np.asarray(as_image(shown.pop()))[:300]
    assert band.std() > 15, "the upper part is plain"


def test_neighbouring_content_slides_never_look_alike() -> None:
    pictures = [as_image(compose(replace(SLIDE, index=index), PICTURES["grey"]).jpeg) for index in range(1, 10)]
    small = [np.asarray(picture.resize((9, 11))).astype(int) for picture in pictures]
    assert all(np.abs(one - other).mean() > 12 for one, other in pairwise(small))


def test_only_the_last_slide_has_no_swipe_cue() -> None:
    def corner(index: int, total: int) -> float:
        made = compose(replace(SLIDE, index=index, total=total, handle=None), PICTURES["black"])
        # Left of the margin's edge stands the arrow's shaft, or the counter of a slide without one.
        return float(np.asarray(as_image(made.jpeg).convert("L"))[1238:1244, 954:976].std(axis=1).max())

    assert corner(2, 11) < 12 < corner(2, 3), "an arrow's shaft is even along its length, digits are not"


def test_a_single_picture_has_neither_counter_nor_progress() -> None:
    alone = compose(replace(SLIDE, total=1, index=0, handle=None), PICTURES["black"])
    foot = np.asarray(as_image(alone.jpeg).convert("L"))[1180:1300]
    assert foot.std() < 1.5


def test_an_emoji_is_drawn_in_the_colour_of_its_text() -> None:
    composed = compose(replace(SLIDE, title="Ship it 🚀 today"), None)
    plain = compose(replace(SLIDE, title="Ship it today"), None)
    assert composed.missing_glyphs == plain.missing_glyphs == 0
    assert as_image(composed.jpeg).tobytes() != as_image(plain.jpeg).tobytes()


def test_an_emoji_that_no_font_has_is_left_out_and_counted() -> None:
    composed = compose(replace(SLIDE, title="Ship it \U0001faff today"), None)
    plain = compose(replace(SLIDE, title="Ship it today"), None)
    assert (composed.missing_glyphs, plain.missing_glyphs) == (1, 0)
    assert as_image(composed.jpeg).tobytes() == as_image(plain.jpeg).tobytes()


def test_letters_that_no_font_has_are_counted() -> None:
    assert compose(replace(SLIDE, body="ᏣᎳᎩ"), None).missing_glyphs == 3
    assert compose(replace(SLIDE, body="قطار"), None).missing_glyphs == 0


def test_greek_and_cyrillic_headlines_are_set_in_a_face_that_has_them() -> None:
    assert compose(replace(SLIDE, title="Очередь не должна врать"), None).missing_glyphs == 0
    assert compose(replace(SLIDE, title="Η ουρά λέει ψέματα"), None).missing_glyphs == 0


def test_the_alt_text_is_the_slides_own_words() -> None:
    assert compose(replace(SLIDE, body="Then rest..."), None).alt_text == (
        "Slide 3 of 11. Every retry needs a memory. Then rest…"
    )
    quote = replace(SLIDE, role=Role.QUOTE, total=1, index=0, title="Rows are the truth", body="Ada")
    assert compose(quote, None).alt_text == "“Rows are the truth” — Ada"


def test_an_article_cover_has_the_size_of_a_link_preview() -> None:
    article = replace(SLIDE, role="article", total=1, index=0, size=(1200, 627), title=LONG.title)
    composed = compose(article, PICTURES["white"])
    assert as_image(composed.jpeg).size == (1200, 627)
    assert composed.contrast >= 4.5
    assert not composed.overflow
