"""A provider's picture is read once and cut around its subject."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from app.domain.errors import PictureRefused
from unit.images.scenes_with_subjects import BLUE, RED, SQUARE, TALL, WIDE, kept, mask, middle, scene
from workers.images.compositor.photo import MOST_ENLARGED, Photo

SLOTS = [(1080, 1350), (1080, 1080), (1920, 1080), (1080, 1920), (540, 540), (1080, 640)]


def photo(data: bytes, wanted: tuple[int, int] = (1080, 1350)) -> Photo:
    return Photo(data, wanted)


@pytest.mark.parametrize("size", SLOTS)
@pytest.mark.parametrize("shape", [TALL, WIDE, SQUARE])
def test_the_result_has_exactly_the_size_that_was_asked_for(shape: tuple[int, int], size: tuple[int, int]) -> None:
    cut = photo(scene(shape, (0.5, 0.5, 0.2, RED)), size).cover(size)
    assert (cut.size, cut.mode) == (size, "RGB")


def test_nothing_is_stretched() -> None:
    cut = photo(scene(WIDE, (0.5, 0.5, 0.3, RED))).cover((900, 900))
    pixels = cut.getchannel("B").point(lambda value: 255 if value < 120 else 0).getbbox()
    assert pixels is not None
    assert pixels[2] - pixels[0] == pytest.approx(pixels[3] - pixels[1], abs=3)


@pytest.mark.parametrize("at", [0.14, 0.3, 0.5, 0.7, 0.86])
def test_a_wide_picture_is_cut_around_its_subject_wherever_that_stands(at: float) -> None:
    assert kept(scene(WIDE, (at, 0.5, 0.18, RED)), (540, 675)) > 0.99


@pytest.mark.parametrize("at", [0.14, 0.3, 0.5, 0.7, 0.86])
def test_a_tall_picture_is_cut_around_its_subject_wherever_that_stands(at: float) -> None:
    assert kept(scene(TALL, (0.5, at, 0.18, RED)), (960, 540)) > 0.99


@pytest.mark.parametrize("across", [0.0, 1.0])
def test_a_subject_that_the_picture_itself_cuts_is_kept_too(across: float) -> None:
    assert kept(scene(WIDE, (across, 0.5, 0.25, RED)), (900, 900)) > 0.99


@pytest.mark.parametrize("down", [0.0, 1.0])
def test_a_subject_at_the_upper_or_lower_border_is_kept_too(down: float) -> None:
    assert kept(scene(TALL, (0.5, down, 0.25, RED)), (900, 900)) > 0.99


@pytest.mark.parametrize("at", [0.2, 0.35, 0.65, 0.8])
@pytest.mark.parametrize("size", [(540, 500), (500, 540), (540, 540)])
def test_a_near_square_cut_never_halves_a_subject(at: float, size: tuple[int, int]) -> None:
    assert kept(scene(SQUARE, (at, at, 0.19, RED)), size) > 0.99


def test_of_two_subjects_that_do_not_fit_together_one_is_whole_and_none_is_halved() -> None:
    data = scene(WIDE, (0.17, 0.5, 0.2, RED), (0.83, 0.5, 0.2, BLUE))
    shares = sorted([kept(data, (720, 900), RED), kept(data, (720, 900), BLUE)])
    assert shares[1] > 0.99
    assert shares[0] < 0.05


def test_two_subjects_that_fit_together_are_both_whole() -> None:
    data = scene(WIDE, (0.45, 0.5, 0.15, RED), (0.8, 0.5, 0.15, BLUE))
    assert min(kept(data, (900, 900), RED), kept(data, (900, 900), BLUE)) > 0.99


def test_the_larger_subject_wins() -> None:
    data = scene(WIDE, (0.15, 0.5, 0.1, RED), (0.8, 0.5, 0.25, BLUE))
    assert kept(data, (720, 900), BLUE) > 0.99


@pytest.mark.parametrize("grain", [0, 3, 20])
@pytest.mark.parametrize("shape", [TALL, WIDE])
def test_a_picture_without_a_subject_is_cut_near_its_middle(shape: tuple[int, int], grain: float) -> None:
    box = photo(scene(shape, grain=grain))._box((500, 500), (0, 0, 1, 1))
    across, down = (box[0] + box[2]) / 2 / shape[0], (box[1] + box[3]) / 2 / shape[1]
    assert across == pytest.approx(0.5, abs=0.04)
    assert down == pytest.approx(0.485, abs=0.04)


def test_a_picture_of_the_slots_ratio_is_not_cut() -> None:
    assert photo(scene((928, 1160), (0.8, 0.2, 0.1, RED)))._box((1080, 1350), (0, 0, 1, 1)) == (0, 0, 928, 1160)


@pytest.mark.parametrize(("free", "is_high"), [((0.0, 0.0, 1.0, 0.5), True), ((0.0, 0.5, 1.0, 1.0), False)])
def test_the_subject_is_brought_out_from_under_text(free: tuple[float, float, float, float], *, is_high: bool) -> None:
    data = scene((600, 1200), (0.5, 0.5, 0.2, RED))
    assert 0.4 < middle(photo(data).cover((540, 675)))[1] < 0.6
    down = middle(photo(data).cover((540, 675), free))[1]
    assert down < 0.35 if is_high else down > 0.65


def test_the_subject_is_brought_beside_text() -> None:
    data = scene((1300, 600), (0.5, 0.5, 0.2, RED))
    cut = photo(data).cover((1280, 720), (0.55, 0.0, 1.0, 1.0))
    assert middle(cut)[0] > 0.6
    assert kept(data, (1280, 720)) > 0.99


@pytest.mark.parametrize("down", [0.45, 0.55, 0.62])
def test_a_picture_of_the_slots_own_ratio_moves_up_when_text_would_hide_its_subject(down: float) -> None:
    data, size = scene((720, 900), (0.5, down, 0.18, RED)), (720, 900)
    assert middle(photo(data, size).cover(size))[1] == pytest.approx(down, abs=0.01)
    cut = photo(data, size).cover(size, (0.0, 0.0, 1.0, 0.5))
    above = mask(cut.crop((0, 0, 720, 450)), RED).sum()
    assert above > 0.97 * mask(Image.open(io.BytesIO(data)), RED).sum()


def test_a_subject_that_stands_clear_already_stays_where_it_is() -> None:
    data, size = scene((720, 900), (0.5, 0.25, 0.15, RED)), (720, 900)
    assert middle(photo(data, size).cover(size, (0, 0, 1, 0.5)))[1] == pytest.approx(0.25, abs=0.02)


def test_a_picture_without_a_subject_does_not_move() -> None:
    assert photo(scene((720, 900)))._box((720, 900), (0, 0, 1, 0.5)) == (0, 0, 720, 900)


@pytest.mark.parametrize("at", [(0.1, 0.1), (0.9, 0.9), (0.1, 0.9), (0.9, 0.1), (0.5, 0.5)])
def test_what_is_seen_clearly_is_always_the_picture_itself(at: tuple[float, float]) -> None:
    seen, slack = photo(scene(SQUARE, (*at, 0.15, RED))), 1.0
    for free in ((0.0, 0.0, 1.0, 0.8), (0.0, 0.3, 1.0, 1.0), (0.4, 0.0, 1.0, 1.0), (0.0, 0.0, 0.5, 1.0)):
        left, top, right, bottom = seen._box((640, 640), free)
        wide, high = right - left, bottom - top
        assert left + free[0] * wide >= -slack, free
        assert top + free[1] * high >= -slack, free
        assert left + free[2] * wide <= 640 + slack, free
        assert top + free[3] * high <= 640 + slack, free


@given(
    width=st.integers(1, 400), height=st.integers(1, 400), wide=st.integers(1, 400), high=st.integers(1, 400),
    first=st.floats(0, 0.9), share=st.floats(0.05, 1), is_high=st.booleans(),
)  # fmt: skip
def test_any_picture_covers_any_slot(
    width: int, height: int, wide: int, high: int, first: float, share: float, *, is_high: bool
) -> None:
    last = min(1.0, first + share)
    free = (0.0, first, 1.0, last) if is_high else (first, 0.0, last, 1.0)
    image = Image.linear_gradient("L").resize((width, height)).convert("RGB")
    image.paste((200, 30, 30), (0, 0, max(1, width // 3), max(1, height // 3)))
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=0)
    assert photo(out.getvalue()).cover((wide, high), free).size == (wide, high)


def test_the_same_picture_is_always_cut_the_same() -> None:
    data = scene(WIDE, (0.3, 0.4, 0.2, RED), (0.7, 0.4, 0.2, RED))
    assert photo(data).cover((500, 700)).tobytes() == photo(data).cover((500, 700)).tobytes()


def test_a_picture_may_be_enlarged_a_little_and_no_more() -> None:
    small = photo(scene((928, 1152)))
    assert small.allows((1080, 1350))
    assert not small.allows((1920, 1080))  # twice as wide
    assert small.enlargement((1856, 1152)) == pytest.approx(2.0)
    assert small.enlargement((464, 500)) == pytest.approx(0.5)
    assert small.allows((round(928 * MOST_ENLARGED) - 1, 400))
    assert not small.allows((round(928 * MOST_ENLARGED) + 2, 400))


def jpeg(size: tuple[int, int], orientation: int | None = None) -> bytes:
    exif = Image.Exif()
    if orientation:
        exif[0x0112] = orientation
    out = io.BytesIO()
    Image.new("RGB", size, (90, 120, 60)).save(out, "JPEG", exif=exif)
    return out.getvalue()


def test_a_large_jpeg_is_decoded_small_but_never_smaller_than_wanted() -> None:
    assert photo(jpeg((4320, 5400))).size == (1080, 1350)
    assert photo(jpeg((2200, 2800))).size == (1100, 1400)
    assert photo(jpeg((2100, 2800))).size == (2100, 2800)


def test_a_turned_jpeg_stands_upright_and_is_never_smaller_than_wanted() -> None:
    assert photo(jpeg((2160, 3840), orientation=6), (1080, 1920)).size == (3840, 2160)
    assert photo(jpeg((3840, 2160), orientation=6), (1080, 1920)).size == (1080, 1920)


@pytest.mark.parametrize("data", [b"", b"no picture", jpeg((300, 300))[:200]])
def test_what_cannot_be_decoded_is_refused(data: bytes) -> None:
    with pytest.raises(PictureRefused, match="cannot be decoded"):
        photo(data)
