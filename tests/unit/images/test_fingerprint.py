"""Fingerprints: copies of a picture are known again, other pictures are not taken for it."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable
from functools import cache

import pytest
from PIL import Image, ImageDraw
from provider_pictures import encoded

from sandbox import painter
from workers.images import gates
from workers.images.fingerprint import SIBLING_DISTANCE, distance, same_picture

PIECES = 13
SIZE = (464, 576)


def fingerprint(data: bytes) -> str:
    return gates.describe(data).fingerprint


@cache
def post(number: int) -> tuple[tuple[Image.Image, str], ...]:
    """Return the pictures of a post with their fingerprints."""
    images = [painter.render(f"slide {n} of tides, deep navy and amber", SIZE, f"{number}:{n}") for n in range(PIECES)]
    return tuple((image, fingerprint(encoded(image))) for image in images)


def scaled(image: Image.Image, by: float) -> Image.Image:
    return image.resize((round(image.width * by), round(image.height * by)), Image.Resampling.LANCZOS)


COPIES: dict[str, Callable[[Image.Image], bytes]] = {
    "JPEG of high quality": lambda image: encoded(image, "JPEG", quality=92),
    "JPEG of low quality": lambda image: encoded(image, "JPEG", quality=30),
    "progressive JPEG": lambda image: encoded(image, "JPEG", quality=80, progressive=True),
    "WebP": lambda image: encoded(image, "WEBP", quality=60, method=0),
    "half the size": lambda image: encoded(scaled(image, 0.5)),
    "two thirds of the size, as JPEG": lambda image: encoded(scaled(image, 2 / 3), "JPEG", quality=60),
    "a slide's size": lambda image: encoded(image.resize((1080, 1350), Image.Resampling.LANCZOS), "JPEG", quality=85),
    "with transparency": lambda image: encoded(image.convert("RGBA")),
}


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_is_the_same_picture(name: str) -> None:
    distances = [distance(fingerprint(COPIES[name](image)), own) for image, own in post(1)[::2]]

    assert max(distances) <= SIBLING_DISTANCE - 1, distances


@pytest.mark.parametrize("number", [1, 2, 3])
def test_the_pictures_of_a_post_are_different_by_a_wide_margin(number: int) -> None:
    pairs = itertools.combinations([own for _, own in post(number)], 2)

    assert min(distance(one, other) for one, other in pairs) >= 2 * SIBLING_DISTANCE + 2


def test_things_on_plain_ground_are_told_apart() -> None:
    """Their grounds are equal: only how far each part of it is from the thing tells them apart."""

    def thing(number: int) -> str:
        image = Image.new("RGB", SIZE, "white")
        left, top = 125 + number % 4 * 30, 175 + number // 4 * 45
        draw = ImageDraw.Draw(image)
        (draw.rectangle if number % 2 else draw.ellipse)(
            (left, top, left + 130, top + 170), fill=(60 + 9 * number, 80, 120)
        )
        return fingerprint(encoded(image))

    pairs = list(itertools.combinations([thing(number) for number in range(16)], 2))
    assert sum(same_picture(one, other) for one, other in pairs) <= len(pairs) * 0.02


def test_a_fingerprint_is_sixteen_hex_characters_and_repeats() -> None:
    image, own = post(1)[0]

    assert len(own) == 16
    assert int(own, 16) >= 0
    assert fingerprint(encoded(image)) == own


def test_a_plain_picture_has_a_fingerprint_too() -> None:
    assert fingerprint(encoded(Image.new("RGB", SIZE, "white"))) == "0" * 16


def test_the_distance_counts_differing_bits() -> None:
    assert distance("0" * 16, "f" * 16) == 64
    assert distance("8000000000000001", "0000000000000000") == 2
    assert distance("00ff" * 4, "00ff" * 4) == 0


@pytest.mark.parametrize(("bits", "is_same"), [(0, True), (SIBLING_DISTANCE, True), (SIBLING_DISTANCE + 1, False)])
def test_the_same_picture_is_one_within_the_distance(bits: int, is_same: bool) -> None:  # noqa: FBT001
    assert same_picture("0" * 16, f"{(1 << bits) - 1:016x}") is is_same


def test_what_a_picture_shows_through_is_white_in_its_fingerprint() -> None:
    image, _ = post(1)[0]
    veiled = image.copy()
    veiled.putalpha(Image.new("L", SIZE, 0))
    out = io.BytesIO()
    veiled.save(out, "PNG")

    assert fingerprint(out.getvalue()) == "0" * 16
