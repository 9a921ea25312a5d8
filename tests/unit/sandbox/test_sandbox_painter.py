"""What the painter paints."""

import io
import itertools

import numpy as np
import pytest
from PIL import Image

from sandbox import painter
from sandbox.painter_colours import palette_for

SMALL = (232, 288)


def dhash(image: Image.Image) -> np.ndarray:
    """Return the 64 bits of a difference hash."""
    grey = np.asarray(image.convert("L").resize((9, 8), Image.Resampling.LANCZOS)).astype(int)
    return (grey[:, 1:] > grey[:, :-1]).ravel()


@pytest.mark.parametrize("ratio", painter.SIZES)
def test_a_picture_has_the_size_of_its_ratio_and_enough_bytes(ratio: str) -> None:
    picture = painter.paint("a calm ridge, deep navy and amber", ratio, "k")
    image = Image.open(io.BytesIO(picture.data))
    assert (image.size, image.format, picture.mime) == (painter.SIZES[ratio], "PNG", "image/png")
    assert image.info["Generator"] == "Pressroom sandbox"
    assert 50_000 <= len(picture.data) < 3_000_000


@pytest.mark.parametrize("number", range(len(painter.PAINTERS)))
def test_no_painter_paints_a_flat_picture(number: int) -> None:
    for key in "abc":
        grey = np.asarray(painter.render("sage, cream and terracotta", SMALL, key, number).convert("L"))
        assert grey.std() > 12


def test_the_same_key_paints_the_same_bytes_and_another_key_another_picture() -> None:
    first, again, other = (painter.paint("dunes", "1:1", key).data for key in ("1", "1", "2"))
    assert first == again != other


def test_the_thirteen_pictures_of_a_post_are_never_alike() -> None:
    for seed in range(10):
        prompts = [f"Slide {n} of sleep for shift workers. Style: deep navy, electric blue, amber." for n in range(13)]
        hashes = [dhash(painter.render(prompt, SMALL, f"{seed}:{prompt}")) for prompt in prompts]
        assert min(int((a != b).sum()) for a, b in itertools.combinations(hashes, 2)) >= 12


def test_colour_words_of_the_prompt_are_seen_in_the_picture() -> None:
    def mean(prompt: str) -> np.ndarray:
        pictures = [np.asarray(painter.render(prompt, SMALL, str(n))).reshape(-1, 3).mean(axis=0) for n in range(6)]
        return np.asarray(np.mean(pictures, axis=0))

    blue, red = mean("deep navy and electric blue"), mean("crimson and coral")
    assert blue[2] > blue[0]
    assert red[0] > red[2]


def test_a_palette_runs_from_dark_to_light() -> None:
    for prompt in ("", "amber", "black and white", "navy, teal, mint, coral, cream, plum, gold"):
        tones = [tone.mean() for tone in palette_for(prompt, np.random.default_rng(1)).tones]
        assert tones[0] < 0.3
        assert tones[-1] > 0.75
