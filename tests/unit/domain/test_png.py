"""The check of a logo: what it lets through is one still picture that Pillow can draw; all else is told what to do."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from app.domain import png
from app.domain.errors import InvalidRequest
from pngs import SIZE, chunk, chunks_of, header, logo, of, pixels

END = chunk(b"IEND")
IDAT = chunk(b"IDAT", pixels())
MODES = ("1", "L", "P", "LA", "RGB", "RGBA", "I;16")


def why(data: bytes) -> str:
    """Return why a file is refused."""
    with pytest.raises(InvalidRequest) as refused:
        png.check(data)
    assert refused.value.code.startswith("logo_refused:")
    assert refused.value.status == 422
    return refused.value.code.removeprefix("logo_refused:")


@pytest.mark.parametrize("mode", MODES)
def test_what_a_drawing_program_writes_is_taken(mode: str) -> None:
    found = png.check(logo(mode=mode))

    assert (found.width, found.height) == SIZE
    assert found.has_alpha == (mode in {"LA", "RGBA"})


@pytest.mark.parametrize("mode", MODES)
def test_what_is_kept_shows_the_same_pixels(mode: str) -> None:
    data = logo(mode=mode)

    before, after = (Image.open(io.BytesIO(one)) for one in (data, png.check(data).data))

    assert before.mode == after.mode
    assert before.tobytes() == after.tobytes()


def test_a_transparent_colour_counts_as_alpha() -> None:
    palette = chunk(b"PLTE", bytes(6))
    data = of(header(depth=8, colour=3), palette, chunk(b"tRNS", b"\0"), chunk(b"IDAT", pixels(bytes_of_pixel=1)), END)

    assert png.check(data).has_alpha
    assert Image.open(io.BytesIO(png.check(data).data)).info["transparency"] is not None


def test_interlaced_ones_are_measured_by_their_seven_passes() -> None:
    size = (65, 67)
    rows = b""
    for x, y, step_x, step_y in png.ADAM7:
        width, height = -(-(size[0] - x) // step_x), -(-(size[1] - y) // step_y)
        rows += (b"\0" + bytes(width * 4)) * height
    data = of(header(size, interlace=1), chunk(b"IDAT", zlib.compress(rows)), END)

    assert png.check(data).height == 67
    Image.open(io.BytesIO(data)).load()
    assert why(of(header(size, interlace=1), chunk(b"IDAT", zlib.compress(rows[:-1])), END)) == "broken"
    assert why(of(header(size, interlace=0), chunk(b"IDAT", zlib.compress(rows)), END)) == "broken"


def test_what_files_carry_along_is_left_out() -> None:
    secret = b"Location\0 33.68 N, 73.04 E"
    (first, *rest) = chunks_of(logo())
    carried = [chunk(b"tEXt", secret), chunk(b"eXIf", secret), chunk(b"iCCP", secret), chunk(b"zzZz", secret)]
    data = of(chunk(*first), *carried, *(chunk(*one) for one in rest))

    kept = png.check(data).data

    assert secret in data
    assert secret not in kept
    assert kept == png.check(logo()).data
    assert {kind for kind, _ in chunks_of(kept)} == {b"IHDR", b"IDAT", b"IEND"}


def test_checking_twice_changes_nothing_more() -> None:
    once = png.check(logo()).data

    assert png.check(once).data == once


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"\xff\xd8\xff\xe0" + bytes(99), "a JPEG"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "a WebP"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG"),
        (b"\xef\xbb\xbf\n<?xml version='1.0'?><svg/>", "an SVG"),
        (b"GIF89a", "a GIF"),
        (b"%PDF-1.7", "a PDF"),
        (b"", "something else"),
        (b"\x89PNG\r\n", "something else"),
        (b"\n" + logo(), "something else"),
    ],
)
def test_another_format_is_told_by_its_name(data: bytes, name: str) -> None:
    with pytest.raises(InvalidRequest, match=f"a logo must be a PNG, and this is {name}; save it as PNG"):
        png.check(data)
    assert why(data) == "not_png"


@pytest.mark.parametrize(
    ("size", "reason"),
    [
        ((63, 100), "size"),
        ((100, 63), "size"),
        ((0, 0), "size"),
        ((4001, 1000), "size"),
        ((2**31 - 1, 2**31 - 1), "size"),
        ((64, 385), "ratio"),
        ((385, 64), "ratio"),
    ],
)
def test_a_size_that_no_logo_has_is_refused_before_anything_is_inflated(size: tuple[int, int], reason: str) -> None:
    assert why(of(header(size), chunk(b"IDAT", b"not even zlib"), END)) == reason


@pytest.mark.parametrize("size", [(64, 64), (384, 64), (64, 384), (4000, 4000)])
def test_the_smallest_the_longest_and_the_largest_are_taken(size: tuple[int, int]) -> None:
    data = of(header(size, depth=1, colour=0), chunk(b"IDAT", zlib.compress(bytes((1 + size[0] // 8) * size[1]))), END)

    assert (png.check(data).width, png.check(data).height) == size


def test_a_file_of_more_than_1_mb_is_refused() -> None:
    assert why(logo() + bytes(1024 * 1024)) == "bytes"


@pytest.mark.parametrize("more", [1, 1000, 30_000_000])
def test_a_bomb_is_refused_without_being_inflated_whole(more: int) -> None:
    honest = zlib.decompress(pixels())
    data = of(header(), chunk(b"IDAT", zlib.compress(honest + bytes(more), 9)), END)

    assert why(data) == "broken"


@pytest.mark.parametrize("kind", [b"acTL", b"fcTL", b"fdAT"])
def test_an_animation_is_refused(kind: bytes) -> None:
    assert why(of(header(), chunk(kind, bytes(8)), IDAT, END)) == "animated"


@pytest.mark.parametrize("behind", [b"\0", b"PK\x03\x04", b"<html>", logo()])
def test_nothing_may_stand_behind_the_end(behind: bytes) -> None:
    assert why(logo() + behind) == "broken"


WRONG = {
    "no header": of(IDAT, END),
    "no pixels": of(header(), END),
    "no end": of(header(), IDAT),
    "only the magic": of(),
    "a header of another length": of(chunk(b"IHDR", bytes(12)), IDAT, END),
    "two headers": of(header(), header(), IDAT, END),
    "two ends": of(header(), IDAT, END, END),
    "an end with content": of(header(), IDAT, chunk(b"IEND", b"x")),
    "pixels in two places": of(header(), IDAT, chunk(b"tEXt", b"a\0b"), chunk(b"IDAT"), END),
    "a palette that has no place": of(header(colour=4), chunk(b"PLTE", bytes(3)), IDAT, END),
    "a palette behind the pixels": of(header(), IDAT, chunk(b"PLTE", bytes(3)), END),
    "no palette": of(header(colour=3), chunk(b"IDAT", pixels(bytes_of_pixel=1)), END),
    "an empty palette": of(header(colour=3), chunk(b"PLTE"), chunk(b"IDAT", pixels(bytes_of_pixel=1)), END),
    "a palette with more than its depth": of(header(depth=1, colour=3), chunk(b"PLTE", bytes(9)), IDAT, END),
    "transparency twice said": of(header(), chunk(b"tRNS", bytes(6)), IDAT, END),
    "transparency without palette": of(header(colour=3), chunk(b"tRNS", b"\0"), IDAT, END),
    "transparency of a wrong length": of(header(colour=2), chunk(b"tRNS", b"\0"), IDAT, END),
    "an unknown critical chunk": of(header(), chunk(b"EViL", b"x"), IDAT, END),
    "a chunk without a name": of(header(), chunk(b"\0\0\0\0", b"x"), IDAT, END),
    "a depth that does not exist": of(header(depth=3), IDAT, END),
    "a colour type that does not exist": of(header(colour=5), IDAT, END),
    "a depth that its colour type has not": of(header(depth=4), IDAT, END),
    "interlacing that does not exist": of(header(interlace=2), IDAT, END),
    "a filter that does not exist": of(header(), chunk(b"IDAT", pixels(filter_type=5)), END),
    "too few pixels": of(header(), chunk(b"IDAT", pixels((120, 69))), END),
    "something behind the pixels": of(header(), chunk(b"IDAT", pixels() + b"more"), END),
    "pixels that stop": of(header(), chunk(b"IDAT", pixels()[:-3]), END),
    "pixels that are no zlib": of(header(), chunk(b"IDAT", b"\0" * 50), END),
    "a length beyond the end": of(header(), struct.pack(">I", 2**32 - 1) + b"IDAT", END),
}


@pytest.mark.parametrize("data", WRONG.values(), ids=WRONG.keys())
def test_a_file_that_is_not_as_the_standard_says_is_refused(data: bytes) -> None:
    assert why(data) == "broken"


def test_a_wrong_checksum_is_refused() -> None:
    data = bytearray(logo())
    data[len(data) - 1] ^= 1

    assert why(bytes(data)) == "broken"


def test_pixels_may_come_in_many_parts_of_any_length() -> None:
    parts = [chunk(b"IDAT", bytes([one])) for one in pixels()]

    assert png.check(of(header(), chunk(b"IDAT"), *parts, chunk(b"IDAT"), END)).width == SIZE[0]


def outcome(data: bytes) -> png.Png | None:
    """Return what the check says; None = refused, in the one way in which it may be."""
    try:
        return png.check(data)
    except InvalidRequest as exc:
        refused = exc
    assert refused.code.startswith("logo_refused:")
    return None


HONEST = tuple(logo(mode=mode) for mode in MODES)
edits = st.lists(st.tuples(st.integers(0, 10**6), st.binary(max_size=6), st.integers(0, 8)), min_size=1, max_size=4)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(HONEST), edits)
def test_bytes_changed_anywhere_are_refused_and_never_an_error_of_another_kind(
    data: bytes, changes: list[tuple[int, bytes, int]]
) -> None:
    changed = data
    for place, put, dropped in changes:
        at = place % (len(changed) + 1)
        changed = changed[:at] + put + changed[at + dropped :]

    found = outcome(changed)

    assert (found is None) == (changed != data)  # every byte of a PNG is under its magic or a checksum


pieces = st.lists(
    st.tuples(
        st.sampled_from([b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"tEXt", b"acTL", b"ABCD"]) | st.binary(min_size=4, max_size=4),
        st.binary(max_size=300) | st.just(pixels()) | st.just(zlib.compress(bytes(10**6))),
    ),
    max_size=5,
)  # fmt: skip
headers = st.builds(
    struct.pack,
    st.just(">IIBBBBB"),
    *(st.integers(64, 130) | st.integers(0, 2**32 - 1) for _ in range(2)),
    st.sampled_from([1, 2, 4, 8, 16]) | st.integers(0, 255),
    st.sampled_from([0, 2, 3, 4, 6]) | st.integers(0, 255),
    *(st.integers(0, 2) for _ in range(3)),
)


@settings(max_examples=400, deadline=None)
@given(headers, pieces, st.sampled_from([END, b""]))
@example(struct.pack(">IIBBBBB", *SIZE, 8, 6, 0, 0, 0), [(b"IDAT", pixels())], END)
def test_chunks_with_right_checksums_in_any_order_are_refused_or_can_be_drawn(
    first: bytes, parts: list[tuple[bytes, bytes]], end: bytes
) -> None:
    data = of(chunk(b"IHDR", first), *(chunk(kind, content) for kind, content in parts), end)

    if found := outcome(data):
        shown = Image.open(io.BytesIO(found.data))
        shown.load()
        assert shown.size == (found.width, found.height)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([png.MAGIC, b""]), st.binary(max_size=400))
def test_any_bytes_are_refused(start: bytes, data: bytes) -> None:
    assert outcome(start + data) is None
