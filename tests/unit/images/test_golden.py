"""Slides look as they did when somebody last looked at them and said that they are good."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from workers.gallery import golden, scenes
from workers.gallery.cases import Case
from workers.images.compositor import compose

GOLDEN = Path(__file__).parents[2] / "data" / "golden"
CASES = golden.cases()
RENEW = "Look at them both. If the change is meant: .venv/bin/python -m workers.gallery --golden tests/data/golden"


@pytest.mark.parametrize("name", CASES)
def test_a_slide_looks_as_it_did(name: str) -> None:
    stored = GOLDEN / f"{name}.png"
    assert stored.is_file(), f"{name} has no golden picture. {RENEW}"
    now = golden.small(CASES[name])
    with Image.open(stored) as before:
        found = golden.difference(now, before.convert("RGB"))
    if not found.is_small:
        actual = stored.with_suffix(".actual.png")
        now.save(actual)
        pytest.fail(
            f"{name} looks otherwise: mean difference {found.mean} (at most {golden.MOST_MEAN}), worst tile "
            f"{found.worst_tile} (at most {golden.MOST_IN_TILE}). Then: {stored}. Now: {actual}. {RENEW}"
        )


def test_every_golden_picture_has_a_slide_and_is_small() -> None:
    files = [file for file in GOLDEN.glob("*.png") if not file.name.endswith(".actual.png")]
    assert {file.stem for file in files} == set(CASES)
    assert max(file.stat().st_size for file in files) <= 30_000


# ---- the comparison itself


@pytest.fixture(scope="module")
def case() -> Case:
    return CASES[next(iter(CASES))]


@pytest.fixture(scope="module")
def picture(case: Case) -> Image.Image:
    return golden.small(case)


def test_stored_colours_and_another_encoder_make_no_difference(picture: Image.Image) -> None:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=90)
    assert golden.difference(picture, Image.open(out)).is_small
    assert golden.difference(picture, picture.quantize(golden.COLOURS).convert("RGB")).is_small


def test_another_word_is_noticed(case: Case, picture: Image.Image) -> None:
    slide = replace(case.slide(), title="Your best hour is the last one")
    other = compose(slide, scenes.picture(case.number % len(scenes.SCENES), case.picture_ratio))
    assert not golden.difference(picture, golden.reduced(other)).is_small


def test_a_mark_that_is_gone_is_noticed(picture: Image.Image) -> None:
    spoilt = picture.copy()
    spoilt.paste((0, 0, 0), (24, 24, 36, 36))
    spoilt.paste((255, 255, 255), (36, 24, 48, 36))
    assert not golden.difference(picture, spoilt).is_small


def test_a_shade_that_is_lighter_everywhere_is_noticed(picture: Image.Image) -> None:
    assert not golden.difference(picture, picture.point(lambda level: min(255, level + 8))).is_small


def test_pictures_of_two_sizes_are_not_compared(picture: Image.Image) -> None:
    with pytest.raises(ValueError, match="216"):
        golden.difference(picture, picture.resize((216, 216)))
