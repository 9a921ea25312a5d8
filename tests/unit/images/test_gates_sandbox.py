"""Every fault that the sandbox puts into a picture is caught by the gate that is there for it."""

from __future__ import annotations

import base64
from functools import cache

import pytest
from provider_pictures import gate_of

from app.domain.errors import PictureRefused
from sandbox import painter
from sandbox.calls import Ask, Kind, Picture
from sandbox.fault_names import Fault
from sandbox.mischief_pictures import spoiled
from workers.images import gates
from workers.images.fingerprint import same_picture
from workers.providers import pictures

MIN_BYTES = 50_000
MIMES = ("image/png", "image/jpeg", "image/webp")


def asked(mime: str, ratio: str = "4:5") -> Ask:
    return Ask("m", Kind.IMAGE, "", "a harbour at dawn", aspect_ratio=ratio, mime=mime)


@cache
def _painted(prompt: str, size: tuple[int, int], mime: str, key: str) -> Picture:
    return Picture(painter.encode(painter.render(prompt, size, key), mime), mime)


def painted(ask: Ask, key: str = "k") -> Picture:
    return _painted(ask.prompt, painter.size_of(ask), ask.mime, key)


def refused_by(picture: Picture, ratio: str = "4:5", min_bytes: int = MIN_BYTES) -> str | None:
    return gate_of(picture.data, ratio, min_bytes, picture.mime)


@pytest.mark.parametrize(
    ("ratio", "mime"),
    [*((ratio, "image/png") for ratio in painter.SIZES), ("4:5", "image/jpeg"), ("4:5", "image/webp")],
)
def test_what_the_sandbox_paints_passes(ratio: str, mime: str) -> None:
    assert refused_by(painted(asked(mime, ratio)), ratio) is None


@pytest.mark.parametrize("mime", MIMES)
@pytest.mark.parametrize(
    ("fault", "gate"),
    [
        (Fault.TRUNCATED_IMAGE, "truncated"),
        (Fault.JPEG_LABELLED_PNG, "mislabelled"),
        (Fault.WRONG_ASPECT, "ratio"),
        (Fault.TINY_IMAGE, "bytes"),
        (Fault.SVG, "svg"),
        (Fault.POLYGLOT, "polyglot"),
        (Fault.BOMB, "bomb"),
        (Fault.BLANK, "blank"),
    ],
)
def test_a_fault_is_refused_by_its_name(fault: Fault, gate: str, mime: str) -> None:
    ask = asked(mime)
    bad = spoiled(painted(ask), ask, fault, "k", None)

    # JPEG and WebP pack a plain surface, and a bomb packs itself, into less than any placeholder.
    assert refused_by(bad, min_bytes=MIN_BYTES if gate == "bytes" else 0) == gate


def test_a_tiny_picture_is_refused_for_its_pixels_where_its_bytes_are_not_looked_at() -> None:
    ask = asked("image/png")

    assert refused_by(spoiled(painted(ask), ask, Fault.TINY_IMAGE, "k", None), min_bytes=0) == "pixels"


def test_a_picture_that_comes_again_has_the_fingerprint_of_the_first() -> None:
    ask = asked("image/png")
    first, other = painted(ask, "1"), painted(ask, "2")
    again = spoiled(other, ask, Fault.SIBLING, "k", first)

    def fingerprint(picture: Picture) -> str:
        return gates.check(picture.data, "4:5", min_bytes=MIN_BYTES).fingerprint

    assert same_picture(fingerprint(again), fingerprint(first))
    assert not same_picture(fingerprint(other), fingerprint(first))


def test_base64_that_was_cut_off_is_refused_and_said() -> None:
    text = base64.b64encode(painted(asked("image/png")).data).decode()
    data = pictures.from_base64(text[: len(text) // 8 * 4 + 1])

    assert gate_of(data, min_bytes=MIN_BYTES) == "format"
    with pytest.raises(PictureRefused, match="base64"):
        gates.check(data, "4:5", min_bytes=MIN_BYTES)
