"""The map of what draws the eye, and the place of a window on it."""

from __future__ import annotations

import io
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from sandbox import painter
from unit.images.scenes_with_subjects import BLUE, RED, SQUARE, TALL, WIDE, scene
from workers.images.compositor.saliency import REST, best_place, saliency


def seen(data: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return saliency(Image.open(io.BytesIO(data)).convert("RGB"))


def share_inside(data: bytes, across: float, down: float, radius: float, size: tuple[int, int]) -> float:
    """Return how much of the map lies within `radius` (share of the shorter side) of a point."""
    field = seen(data)
    y, x = np.mgrid[0 : field.shape[0], 0 : field.shape[1]]
    off = np.hypot(
        (x + 0.5) / field.shape[1] * size[0] - across * size[0], (y + 0.5) / field.shape[0] * size[1] - down * size[1]
    )
    return float(field[off <= radius * min(size)].sum())


@pytest.mark.parametrize("size", [TALL, WIDE, SQUARE])
@pytest.mark.parametrize("at", [(0.2, 0.2), (0.8, 0.2), (0.5, 0.5), (0.2, 0.8), (0.8, 0.8)])
def test_most_of_the_map_lies_on_the_subject(size: tuple[int, int], at: tuple[float, float]) -> None:
    assert share_inside(scene(size, (*at, 0.15, RED)), *at, 0.2, size) > 0.85


def test_the_map_is_small_and_sums_to_one() -> None:
    field = seen(scene((1500, 1000), (0.4, 0.5, 0.2, BLUE)))
    assert max(field.shape) == 72
    assert field.min() >= 0
    assert field.sum() == pytest.approx(1, abs=1e-4)


def test_a_flat_picture_draws_the_eye_nowhere() -> None:
    field = saliency(Image.new("RGB", (800, 1000), (120, 90, 60)))
    assert np.isfinite(field).all()
    assert best_place(field, (0.6, 1.0)) == (0.5, REST[1])


def test_skin_draws_the_eye_more_than_other_colours_as_different_from_the_ground() -> None:
    ground = (120, 124, 122)
    image = Image.new("RGB", WIDE, ground)
    skin = (200, 150, 128)
    cold = (40, 98, 116)  # as far from the ground, the other way
    image.paste(skin, (130, 230, 270, 370))
    image.paste(cold, (630, 230, 770, 370))
    field = saliency(image)
    half = field.shape[1] // 2
    assert field[:, :half].sum() > 1.3 * field[:, half:].sum()


@pytest.mark.parametrize("size", [(5000, 40), (40, 5000), (8, 8), (1, 1), (1, 900)])
def test_any_shape_of_picture_has_a_map(size: tuple[int, int]) -> None:
    field = saliency(Image.new("RGB", size, (10, 200, 30)))
    assert np.isfinite(field).all()


@given(
    share=st.floats(0.05, 0.99),
    is_across=st.booleans(),
    left=st.floats(0, 0.9),
    wide=st.floats(0.1, 1),
    spots=st.lists(st.tuples(st.integers(0, 39), st.integers(0, 29), st.floats(0, 1)), max_size=8),
)
def test_a_window_never_leaves_the_picture(
    share: float, left: float, wide: float, spots: list[tuple[int, int, float]], *, is_across: bool
) -> None:
    field = np.zeros((30, 40), np.float32)
    for x, y, weight in spots:
        field[y, x] += weight
    window = (share, 1.0) if is_across else (1.0, share)
    free = (left, left, min(1.0, left + wide), min(1.0, left + wide))
    place = best_place(field, window, free)
    assert all(0 <= one <= 1 for one in place)
    assert place[1 if is_across else 0] == REST[1 if is_across else 0]


def test_a_window_follows_its_subject_evenly() -> None:
    places = []
    for column in range(4, 36, 2):
        field = np.zeros((30, 40), np.float32)
        field[10:20, column - 3 : column + 3] = 1 / 60
        places.append(best_place(field, (0.5, 1.0))[0])
    assert all(later >= earlier for earlier, later in pairwise(places))
    assert places[0] < 0.2
    assert places[-1] > 0.8


@pytest.mark.parametrize("number", range(len(painter.PAINTERS)))
def test_a_smart_cut_keeps_at_least_as_much_as_the_middle_would(number: int) -> None:
    image = painter.render("calm editorial, warm", (464, 576), f"s{number}", number)
    field = saliency(image)
    profile = field.sum(1)
    share = 0.45  # 4:5 to 16:9
    rows = len(profile)

    def kept(place: float) -> float:
        first = place * (1 - share) * rows
        return float(profile[round(first) : round(first + share * rows)].sum())

    assert kept(best_place(field, (1.0, share))[1]) >= kept(0.5) - 0.08  # a little less, where the middle cuts more
