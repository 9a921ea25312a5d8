"""Damaged bytes pass or are refused by a gate; nothing else ever comes out, and it never takes long."""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from provider_pictures import KINDS, drawing, encoded, gate_of, picture

from workers.images.refusals import Gate

NAMES = {None, *Gate}
LONGEST_S = 5.0
SMALL = {
    **{kind: picture(520, 650, kind) for kind in KINDS},
    "progressive JPEG": encoded(drawing(520, 650), "JPEG", progressive=True),
    "lossless WebP": encoded(drawing(520, 650), "WEBP", lossless=True, method=0),
    "palette PNG": picture(520, 650, mode="P"),
    "noted WebP": encoded(drawing(520, 650), "WEBP", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0", xmp=b"<x/>"),
    "noted JPEG": encoded(drawing(520, 650), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0", comment=b"words"),
}
MAGIC = (b"\x89PNG\r\n\x1a\n", b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR", b"\xff\xd8\xff\xe0", b"RIFF\x64\0\0\0WEBPVP8 ", b"")
fuzzed = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
# Some damage makes Pillow warn, of EXIF for example; elsewhere in these tests a warning is an error.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")


def judged(data: bytes) -> str | None:
    """Return the gate's name, after having made sure that it came in time."""
    began = time.monotonic()
    gate = gate_of(data)
    assert time.monotonic() - began < LONGEST_S
    assert gate in NAMES
    return gate


kinds = st.sampled_from(sorted(SMALL))
places = st.floats(0, 0.999999)


@fuzzed
@given(kinds, st.lists(st.tuples(places, st.integers(0, 255)), min_size=1, max_size=8), st.booleans())
def test_changed_bytes_are_judged_in_time(kind: str, damage: list[tuple[float, int]], in_header: bool) -> None:  # noqa: FBT001
    data = bytearray(SMALL[kind])
    for place, value in damage:
        data[int(place * (200 if in_header else len(data)))] = value
    judged(bytes(data))


@fuzzed
@given(kinds, st.lists(st.tuples(places, st.integers(0, 7)), min_size=1, max_size=4), st.booleans())
def test_flipped_bits_are_judged_in_time(kind: str, flips: list[tuple[float, int]], in_header: bool) -> None:  # noqa: FBT001
    data = bytearray(SMALL[kind])
    for place, bit in flips:
        data[int(place * (400 if in_header else len(data)))] ^= 1 << bit
    judged(bytes(data))


@fuzzed
@given(kinds, places)
@example("PNG", 0.0)
@example("JPEG", 0.999999)
def test_a_file_that_is_cut_anywhere_never_passes(kind: str, place: float) -> None:
    data = SMALL[kind]
    assert judged(data[: int(len(data) * place)]) in {"truncated", "format"}


@fuzzed
@given(kinds, kinds, places, places)
def test_two_files_spliced_are_judged_in_time(one: str, other: str, cut: float, resume: float) -> None:
    first, second = SMALL[one], SMALL[other]
    judged(first[: int(len(first) * cut)] + second[int(len(second) * resume) :])


@fuzzed
@given(kinds, places, st.binary(min_size=1, max_size=60))
def test_inserted_bytes_are_judged_in_time(kind: str, place: float, inserted: bytes) -> None:
    data = SMALL[kind]
    at = int(len(data) * place)
    judged(data[:at] + inserted + data[at:])


@fuzzed
@given(st.sampled_from(MAGIC), st.binary(max_size=400))
def test_rubbish_never_passes(magic: bytes, rubbish: bytes) -> None:
    assert judged(magic + rubbish) is not None
