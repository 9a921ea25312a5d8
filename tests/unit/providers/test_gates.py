"""Gates: which bytes count as a picture, and by which name the others are refused."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from app.domain.errors import PictureRefused
from app.storage import mime_of
from workers.images import gates


def picture(width: int = 928, height: int = 1152, kind: str = "PNG", mode: str = "RGB", **options: Any) -> bytes:
    """Return a picture of soft gradients with some grain."""
    y, x = np.mgrid[0:height, 0:width]
    grain = np.random.default_rng(1).integers(0, 24, (height, width))
    channels = [(x * 200 // width + grain), (y * 200 // height + grain), ((x + y) % 200 + grain)]
    image = Image.fromarray(np.stack(channels, axis=-1).astype(np.uint8), "RGB").convert(mode)
    out = io.BytesIO()
    image.save(out, kind, **({"compress_level": 1} if kind == "PNG" else {}), **options)
    return out.getvalue()


GOOD = picture()


def gate_of(data: bytes, ratio: str = "4:5", min_bytes: int = 1_000) -> str | None:
    """Return the gate that refuses the bytes; None when they pass."""
    try:
        gates.check(data, ratio, min_bytes=min_bytes)
    except PictureRefused as refused:
        return refused.code.removeprefix("picture_refused:")
    return None


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_that_says(width: int, height: int) -> bytes:
    """Return a PNG whose header claims a size that its bytes do not have."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\x00" * 4_000, 0)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def plain(colour: tuple[int, int, int]) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (928, 1152), colour).save(out, "PNG", compress_level=0)
    return out.getvalue()


@pytest.mark.parametrize(("kind", "mime"), [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("WEBP", "image/webp")])
def test_a_picture_passes_and_is_described(kind: str, mime: str) -> None:
    data = picture(kind=kind)

    passed = gates.check(data, "4:5", min_bytes=1_000)

    assert (passed.data, passed.mime, passed.width, passed.height) == (data, mime, 928, 1152)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "I;16", "1"])
def test_a_png_of_any_mode_passes(mode: str) -> None:
    assert gate_of(picture(mode=mode)) is None


def test_a_cmyk_jpeg_passes() -> None:
    assert gate_of(picture(kind="JPEG", mode="CMYK")) is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<!doctype html><html><body>502 Bad Gateway</body></html>",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b'{"error":{"message":"no"}}',
        b"%PDF-1.7\n1 0 obj",
        b"GIF89a" + b"\x00" * 100,
        b"BM" + b"\x00" * 100,
        b"https://example.com/picture.png",
        b"\x00" * 100_000,
    ],
    ids=["nothing", "HTML", "SVG", "JSON", "PDF", "GIF", "BMP", "an address", "zeros"],
)
def test_what_is_no_picture_is_refused_for_its_format(data: bytes) -> None:
    assert gate_of(data) == "format"


def test_a_picture_below_the_least_bytes_is_refused_as_a_placeholder() -> None:
    assert gate_of(GOOD, min_bytes=len(GOOD) + 1) == "bytes"


def test_a_picture_of_exactly_the_least_bytes_passes() -> None:
    assert gate_of(GOOD, min_bytes=len(GOOD)) is None


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_truncated_picture_is_refused(kind: str, share: float) -> None:
    data = picture(kind=kind)

    assert gate_of(data[: int(len(data) * share)]) == "decode"


@pytest.mark.parametrize("magic", [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"RIFF\x00\x00\x00\x00WEBP"])
def test_rubbish_behind_the_right_magic_is_refused(magic: bytes) -> None:
    assert gate_of(magic + b"rubbish" * 1_000) == "decode"


@pytest.mark.parametrize("size", [(20_000, 25_000), (65_500, 65_500), (8_000, 10_000)], ids=str)
def test_a_header_that_claims_more_pixels_than_memory_should_hold_is_refused_unread(size: tuple[int, int]) -> None:
    assert gate_of(png_that_says(*size)) in {"pixels", "decode"}


@pytest.mark.parametrize("size", [(400, 500), (511, 639), (1, 1)], ids=str)
def test_a_small_picture_is_refused(size: tuple[int, int]) -> None:
    assert gate_of(picture(*size), min_bytes=0) == "pixels"


@pytest.mark.parametrize(
    ("size", "ratio"),
    [((1152, 928), "4:5"), ((1024, 1024), "4:5"), ((1024, 1024), "16:9"), ((1280, 720), "9:16"), ((928, 1152), "1:1")],
    ids=str,
)
def test_another_ratio_is_refused(size: tuple[int, int], ratio: str) -> None:
    assert gate_of(picture(*size), ratio) == "ratio"


@pytest.mark.parametrize(
    ("size", "ratio"),
    [((928, 1152), "4:5"), ((1344, 768), "16:9"), ((768, 1344), "9:16"), ((1000, 1090), "1:1")],
    ids=str,
)
def test_a_ratio_within_a_tenth_passes(size: tuple[int, int], ratio: str) -> None:
    assert gate_of(picture(*size), ratio) is None


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (40, 90, 160)], ids=str)
def test_one_plain_colour_is_refused(colour: tuple[int, int, int]) -> None:
    assert gate_of(plain(colour)) == "blank"


def test_a_picture_that_differs_in_one_channel_only_is_a_picture() -> None:
    pixels = np.zeros((1152, 928, 3), dtype=np.uint8)
    pixels[:, :, 2] = np.linspace(0, 255, 928, dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG", compress_level=0)

    assert gate_of(out.getvalue()) is None


SMALL = {kind: picture(520, 650, kind) for kind in ("PNG", "JPEG", "WEBP")}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(sorted(SMALL)),
    st.lists(st.tuples(st.floats(0, 0.9999), st.integers(0, 255)), min_size=1, max_size=8),
    st.sampled_from(["header", "anywhere"]),
)
def test_damaged_bytes_pass_or_are_refused_and_never_raise_anything_else(
    kind: str, damage: list[tuple[float, int]], where: str
) -> None:
    data = bytearray(SMALL[kind])
    for place, value in damage:
        data[int(place * (200 if where == "header" else len(data)))] = value

    assert gate_of(bytes(data)) in {None, "format", "bytes", "decode", "pixels", "ratio", "blank"}


@pytest.mark.parametrize(
    ("data", "mime"),
    [
        (b"\x89PNG\r\n\x1a\nrest", "image/png"),
        (b"\x89PNG\r\n", "application/octet-stream"),
        (b"\xff\xd8\xff\xdb", "image/jpeg"),
        (b"RIFF1234WEBPVP8L", "image/webp"),
        (b"RIFF1234WAVEfmt ", "application/octet-stream"),
        (b"%PDF-1.4", "application/pdf"),
        (b"", "application/octet-stream"),
    ],
    ids=str,
)
def test_bytes_show_their_own_type(data: bytes, mime: str) -> None:
    assert mime_of(data) == mime
