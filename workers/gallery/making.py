"""Draws the gallery's slides on two cores, and takes down how each of them came out."""

from __future__ import annotations

import io
import multiprocessing
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path

from PIL import Image

from app.domain.errors import PressroomError
from workers.gallery import scenes
from workers.gallery.cases import Case
from workers.images.compositor import Composed, compose

PROCESSES = 2
SLIDES = "slides"  # folder of the pictures, in that of the page
SHOWN_PX = 540  # width in the page: sharp on a dense screen at 270
SMALL_PX = 216  # width in the contact sheets
QUALITY = 84
LEAST_CONTRAST = 4.5  # WCAG 2.2 SC 1.4.3


@dataclass(frozen=True, slots=True)
class Shown:
    """A slide as it came out, and its proof."""

    case: Case
    file: str
    """Its picture, in the gallery's folder; empty when there is none."""
    small: bytes
    """A JPEG for the contact sheets; empty when there is no picture."""
    composed: Composed | None
    """The slide without its bytes."""
    cpu_ms: float
    problem: str
    """What is wrong with it, for people; empty = nothing."""


def make(
    cases: Sequence[Case], folder: Path, pictures: Sequence[Path] = (), *, is_full: bool = False
) -> Iterator[Shown]:
    """Draw the cases, yield each as it is done, in their order; pictures go to `folder`/slides, in place of what was there.

    pictures: files to use in place of the painted scenes. is_full: keep the slides in their whole size.
    """
    for old in (folder / SLIDES).glob("*.jpg"):
        old.unlink()
    (folder / SLIDES).mkdir(parents=True, exist_ok=True)
    work = partial(_draw, folder=folder, pictures=tuple(pictures), is_full=is_full)
    warm_up = partial(_attempt, cases[0], tuple(pictures))  # opens the fonts before anything is timed
    with ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("spawn"), warm_up) as pool:
        yield from pool.map(work, cases, chunksize=3)


def drawn(case: Case, pictures: Sequence[Path] = ()) -> Composed:
    """Return one case composed. Raises what `compose` raises."""
    return compose(case.slide(), _picture(case, tuple(pictures)))


def _draw(case: Case, folder: Path, pictures: tuple[Path, ...], *, is_full: bool) -> Shown:
    composed, cpu_ms, problem = _attempt(case, pictures)
    if composed is None:
        return Shown(case, "", b"", None, cpu_ms, problem)
    image = Image.open(io.BytesIO(composed.data))
    file = f"{SLIDES}/{case.name}.jpg"
    (folder / file).write_bytes(composed.data if is_full else _reduced(image, SHOWN_PX))
    return Shown(case, file, _reduced(image, SMALL_PX), _without_bytes(composed), cpu_ms, problem)


def _attempt(case: Case, pictures: tuple[Path, ...]) -> tuple[Composed | None, float, str]:
    slide, picture = case.slide(), _picture(case, pictures)
    started = time.process_time()
    try:
        composed = compose(slide, picture)
    except PressroomError as exc:
        return None, 0.0, str(exc)
    return composed, (time.process_time() - started) * 1000, _problem(composed)


def _problem(composed: Composed) -> str:
    problems = {
        f"contrast {composed.contrast}": composed.contrast < LEAST_CONTRAST,
        f"{composed.missing_glyphs} missing glyphs": composed.missing_glyphs > 0,
        "overflow": composed.overflow,
        "outside the safe area": not composed.safe,
    }
    return ", ".join(name for name, is_so in problems.items() if is_so)


def _picture(case: Case, pictures: tuple[Path, ...]) -> bytes | None:
    if not case.has_picture:
        return None
    return (
        _read(pictures[case.number % len(pictures)])
        if pictures
        else scenes.picture(case.number % len(scenes.SCENES), case.picture_ratio)
    )


@lru_cache(maxsize=12)
def _read(path: Path) -> bytes:
    return path.read_bytes()


def _without_bytes(composed: Composed) -> Composed:
    """Return `composed` light enough to be sent between processes."""
    return replace(composed, data=b"")


def _reduced(image: Image.Image, width: int) -> bytes:
    size = width, round(image.height * width / image.width)
    out = io.BytesIO()
    image.convert("RGB").resize(size, Image.Resampling.LANCZOS, reducing_gap=3).save(out, "JPEG", quality=QUALITY)
    return out.getvalue()
