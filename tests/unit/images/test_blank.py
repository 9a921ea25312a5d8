"""Blank pictures: what shows nothing is refused, what is only dark, foggy or calm is a picture."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter
from provider_pictures import encoded, gate_of

from sandbox import painter

SIZE = WIDTH, HEIGHT = 928, 1152
Y, X = np.mgrid[0:HEIGHT, 0:WIDTH]


def drawn(values: Any) -> Image.Image:
    """Return a picture of one or three channels of values."""
    pixels = np.clip(values, 0, 255).astype(np.uint8)
    return Image.fromarray(pixels).convert("RGB")


def noise(spread: float, level: float = 128, channels: int = 3) -> Any:
    return np.random.default_rng(3).normal(level, spread, (HEIGHT, WIDTH, channels)).repeat(3 // channels, axis=2)


def ramp() -> Any:
    return np.stack([X * 255 / WIDTH, Y * 200 / HEIGHT, 150 - (X + Y) * 100 / (WIDTH + HEIGHT)], axis=-1)


def sign() -> Image.Image:
    """Return a placeholder: a small icon and a line of words on grey."""
    image = Image.new("RGB", SIZE, (238, 238, 238))
    pen = ImageDraw.Draw(image)
    pen.ellipse((440, 500, 490, 550), outline=(150, 150, 150), width=4)
    pen.text((390, 570), "no image", fill=(150, 150, 150), font_size=20)
    return image


BLANKS: dict[str, Callable[[], Image.Image]] = {
    "white": lambda: Image.new("RGB", SIZE, "white"),
    "black": lambda: Image.new("RGB", SIZE, "black"),
    "blue": lambda: Image.new("RGB", SIZE, (40, 90, 160)),
    "two greys": lambda: drawn(128 + np.random.default_rng(1).integers(0, 2, (HEIGHT, WIDTH, 3))),
    "grain": lambda: drawn(noise(12)),
    "coarse grain": lambda: drawn(noise(40)),
    "noise": lambda: drawn(np.random.default_rng(2).integers(0, 256, (HEIGHT, WIDTH, 3))),
    "grey noise": lambda: drawn(noise(60, channels=1)),
    "a ramp": lambda: drawn(ramp()),
    "a ramp with dithering": lambda: drawn(ramp() + noise(2, 0)),
    "a ramp of one channel": lambda: drawn(np.stack([X * 0, X * 0, X * 255 / WIDTH], axis=-1)),
    "a sign": sign,
    "nothing but transparency": lambda: Image.merge(
        "RGBA", (*drawn(np.sin(X / 50) * 120 + 128).split(), Image.new("L", SIZE, 0))
    ),
}


@cache
def blank(name: str) -> Image.Image:
    return BLANKS[name]()


@pytest.mark.parametrize("name", BLANKS)
def test_a_picture_of_nothing_is_refused(name: str) -> None:
    assert gate_of(encoded(blank(name))) == "blank"


@pytest.mark.parametrize("name", ["white", "two greys", "grain", "noise", "a ramp", "a sign"])
@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_nothing_stays_nothing_when_it_is_packed_with_losses(name: str, kind: str) -> None:
    assert gate_of(encoded(blank(name), kind, quality=90)) == "blank"


def painted(prompt: str, scale: float = 1, level: float = 0) -> Image.Image:
    """Return a picture by the sandbox, dimmed by `scale` and lifted by `level`."""
    return drawn(np.asarray(painter.render(prompt, SIZE, prompt), float) * scale + level)


def stars(count: int) -> Image.Image:
    random = np.random.default_rng(count)
    image = Image.new("RGB", SIZE, (4, 5, 9))
    pen = ImageDraw.Draw(image)
    for x, y, radius in zip(
        random.uniform(0, WIDTH, count), random.uniform(0, HEIGHT, count), random.uniform(0.6, 2.5, count), strict=True
    ):
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill="white")
    return image


def disc(ground: int, ink: int, radius: int) -> Image.Image:
    image = Image.new("L", SIZE, ground)
    ImageDraw.Draw(image).ellipse((460 - radius, 560 - radius, 460 + radius, 560 + radius), fill=ink)
    return image.convert("RGB")


def trees_in_fog(depth: float) -> Image.Image:
    line = (np.sin(X / 70) + np.sin(X / 23) > 0) * np.clip((Y - 700) / 200, 0, 1)
    return drawn(230 - depth * line).filter(ImageFilter.GaussianBlur(12))


REAL: dict[str, Callable[[], Image.Image]] = {
    "a night": lambda: painted("a night street", 0.05),
    "a dark room": lambda: painted("a dark room", 0.08),
    "thick fog": lambda: painted("a harbour in fog", 0.05, 200),
    "haze": lambda: painted("dunes in haze", 0.1, 190),
    "a tree line in fog": lambda: trees_in_fog(6),
    "a faint glow": lambda: drawn(noise(4, 12) + 6 * np.exp(-((X - 600) ** 2 + (Y - 300) ** 2) / 45_000)[..., None]),
    "a soft dark": lambda: drawn(12 + 6 * np.sin(X / 300) * np.cos(Y / 240)),
    "few stars": lambda: stars(150),
    "many stars": lambda: stars(3_000),
    "a clear sky": lambda: drawn(
        np.stack([120 + 100 * (Y / HEIGHT) ** 2, 160 + 80 * (Y / HEIGHT) ** 1.5, 255 - 30 * Y / HEIGHT], axis=-1)
    ),
    "a studio wall": lambda: drawn(235 * (1 - 0.15 * (((X - 464) / 464) ** 2 + ((Y - 576) / 576) ** 2) / 2)),
    "a thing on white": lambda: disc(240, 120, 100),
    "white on white": lambda: disc(250, 240, 110),
    "sand": lambda: drawn(
        np.kron(np.random.default_rng(5).integers(40, 200, (HEIGHT // 4, WIDTH // 4)), np.ones((4, 4)))
    ),
    "blue only": lambda: drawn(np.stack([X * 0, X * 0, 60 + 50 * np.sin(X / 90)], axis=-1)),
    "a page of text": lambda: drawn(255.0 * ((Y % 28 > 12) | (np.sin(X * 1.7 + Y // 28) > 0.2))),
}


@pytest.mark.parametrize("name", REAL)
def test_a_picture_with_little_on_it_is_a_picture(name: str) -> None:
    image = REAL[name]()
    assert gate_of(encoded(image)) is None
    assert gate_of(encoded(image, "JPEG")) is None


@pytest.mark.parametrize("number", range(len(painter.PAINTERS)))
def test_what_the_sandbox_paints_is_a_picture_even_when_it_is_dim(number: int) -> None:
    image = painter.render("sage and cream", SIZE, "k", number)

    assert gate_of(encoded(image)) is None
    assert gate_of(encoded(drawn(np.asarray(image) * 0.07))) is None


@pytest.mark.parametrize(("radius", "gate"), [(20, "blank"), (30, "blank"), (60, None)])
def test_how_small_a_thing_may_be(radius: int, gate: str | None) -> None:
    assert gate_of(encoded(disc(240, 120, radius))) == gate
