"""A user's own picture is written anew: what it shows stays, everything else of its file is gone or it is refused."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zlib
from collections.abc import Callable

import pytest
from PIL import Image, ImageCms
from provider_pictures import (
    HIDDEN,
    KINDS,
    WITH_COMMENT,
    archive,
    chunk,
    drawing,
    encoded,
    jpeg_that_says,
    picture,
    png_that_says,
    png_with,
    webp_that_says,
)

from app.domain.errors import PictureRefused
from workers.images import given

SCRIPT = b"<script>alert(document.cookie)</script>"
SVG = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
ENTITY = '<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg>&x;</svg>'


def gate_of(data: bytes) -> str:
    """Return the gate that refuses the bytes."""
    with pytest.raises(PictureRefused) as refused:
        given.cleaned(data)
    return refused.value.code.removeprefix("picture_refused:")


def shown(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


# ---- written anew


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_kept_shows_the_same(kind: str) -> None:
    before = picture(kind=kind)

    found = given.cleaned(before)

    assert found.mime == ("image/png" if kind == "PNG" else "image/jpeg")
    assert (found.width, found.height) == (640, 800) == shown(found.data).size
    apart = (abs(a - b) for a, b in zip(shown(before).resize((8, 8)).tobytes(), shown(found.data).resize((8, 8)).tobytes(), strict=True))  # fmt: skip
    assert max(apart) <= 6


@pytest.mark.parametrize("place", WITH_COMMENT)
def test_whatever_stands_in_its_notes_is_not_kept(place: str) -> None:
    sent = WITH_COMMENT[place](b"harmless words; " + b" ".join(HIDDEN.values()))

    kept = given.cleaned(sent).data

    assert [name for name, body in HIDDEN.items() if body in kept] == []
    assert b"harmless" not in kept


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "tail", [archive(), SCRIPT, b"<?php system('id'); ?>", picture()], ids=["ZIP", "HTML", "PHP", "PNG"]
)
def test_what_follows_its_end_is_not_kept(kind: str, tail: bytes) -> None:
    kept = given.cleaned(picture(kind=kind) + tail).data

    assert tail not in kept
    assert kept == given.cleaned(picture(kind=kind)).data


def test_where_it_was_taken_is_not_kept() -> None:
    exif = Image.Exif()
    exif[0x010F] = "Phone of Ayesha"
    exif.get_ifd(0x8825)[1] = "N"
    sent = encoded(drawing(), "JPEG", exif=exif.tobytes())
    assert b"Phone of Ayesha" in sent

    kept = given.cleaned(sent).data

    assert b"Ayesha" not in kept
    assert b"Exif" not in kept


def test_a_picture_on_its_side_is_put_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6

    found = given.cleaned(encoded(drawing(800, 640), "JPEG", exif=exif.tobytes()))

    assert (found.width, found.height) == (640, 800) == shown(found.data).size


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_what_can_be_seen_through_stays_so(kind: str) -> None:
    clear = drawing().convert("RGBA")
    clear.putalpha(Image.linear_gradient("L").resize(clear.size))

    found = given.cleaned(encoded(clear, kind))

    assert (found.mime, shown(found.data).mode) == ("image/png", "RGBA")
    assert shown(found.data).getchannel("A").getextrema() == (0, 255)


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "CMYK", "I;16"])
def test_every_kind_of_pixel_is_read(mode: str) -> None:
    image = Image.new("I;16", (640, 800), 30_000) if mode == "I;16" else drawing().convert(mode)

    found = given.cleaned(encoded(image, "JPEG" if mode == "CMYK" else "PNG"))

    assert shown(found.data).mode in {"RGB", "RGBA"}
    assert shown(found.data).convert("L").getextrema()[0] < 200


def test_a_broken_profile_is_left_out() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for one in (profile, b"<script>" * 1_000):
        assert b"icc" not in given.cleaned(encoded(drawing(), "PNG", icc_profile=one)).data.lower()


def test_a_photo_of_a_phone_with_more_pictures_behind_it_is_taken() -> None:
    """As phones do: an index of pictures (MPF), those pictures, and a film behind the end."""
    photo = encoded(drawing(), "MPO", save_all=True, append_images=[drawing(320, 400)])
    assert b"MPF\0" in photo

    found = given.cleaned(photo + b"\0\0\0\x18ftypmp42" + bytes(9_000))

    assert (found.mime, found.width, found.height) == ("image/jpeg", 640, 800)
    assert found.data.count(b"\xff\xd8\xff") == 1


def test_a_script_that_the_pixels_spell_is_packed() -> None:
    row = b"\0" + (SCRIPT * 100)[: 512 * 3]
    header = struct.pack(">IIBBBBB", 512, 512, 8, 2, 0, 0, 0)
    sent = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(row * 512, 0))
        + chunk(b"IEND", b"")
    )
    assert SCRIPT in sent

    assert SCRIPT not in given.cleaned(sent).data


# ---- refused


@pytest.mark.parametrize(
    ("data", "gate"),
    [
        (b"", "format"),
        (b"\x89", "format"),
        (b"GIF89a" + bytes(100), "format"),
        (SVG.encode(), "svg"),
        (b"\xef\xbb\xbf\n" + SVG.encode(), "svg"),
        (ENTITY.encode(), "svg"),
        (SVG.encode("utf-16"), "format"),
        (zlib.compress(SVG.encode(), wbits=31), "format"),
        (b"%PDF-1.7\n", "format"),
        (b"<!doctype html><p>hello", "html"),
        (b"<?php system('id'); ?>", "format"),
        (archive(), "format"),
        (b'{"error": "no"}', "json"),
        (picture()[:-20], "truncated"),
        (picture(kind="JPEG")[:5_000], "truncated"),
        (b"\x89PNG\r\n\x1a\n" + SVG.encode(), "truncated"),
        (b"\xff\xd8\xff" + SCRIPT, "truncated"),
    ],
    ids=["empty", "a byte", "GIF", "SVG", "SVG with a mark", "SVG with an entity", "SVG in UTF-16", "SVGZ", "PDF", "HTML",
         "PHP", "ZIP", "JSON", "half a PNG", "half a JPEG", "a PNG's first bytes", "a JPEG's first bytes"],
)  # fmt: skip
def test_what_is_no_whole_picture_is_refused(data: bytes, gate: str) -> None:
    assert gate_of(data) == gate


@pytest.mark.parametrize("says", [png_that_says, jpeg_that_says, webp_that_says])
@pytest.mark.usefixtures("no_decoding")
def test_a_header_of_50000_by_50000_is_refused_unread(says: Callable[[int, int], bytes]) -> None:
    size = (16_000, 16_000) if says is webp_that_says else (50_000, 50_000)
    tracemalloc.start()
    try:
        assert gate_of(says(*size)) == "bomb"
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("name", "head"), [(b"zTXt", b"a\0\0"), (b"iCCP", b"a\0\0"), (b"iTXt", b"a\0\1\0en\0\0")])
@pytest.mark.usefixtures("no_decoding")
def test_notes_that_unpack_to_200_mb_are_refused_unread(name: bytes, head: bytes) -> None:
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(bytes(1_000_000)) for _ in range(200)) + packer.flush()
    tracemalloc.start()
    try:
        assert gate_of(png_with(name, head + packed)) == "bomb"
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
@pytest.mark.usefixtures("no_decoding")
def test_an_animation_of_many_frames_is_refused_unread(kind: str) -> None:
    frames = [Image.new("RGB", (64, 64), (shade, 0, 0)) for shade in range(40)]

    assert gate_of(encoded(frames[0], kind, save_all=True, append_images=frames[1:])) == "format"


def test_pixels_that_go_on_for_ever_take_no_more_than_their_header_says() -> None:
    header = struct.pack(">IIBBBBB", 512, 512, 8, 2, 0, 0, 0)
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(bytes(1_000_000)) for _ in range(300)) + packer.flush()
    sent = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    tracemalloc.start()
    try:
        kept = given.cleaned(sent).data
        assert tracemalloc.get_traced_memory()[1] < 16_000_000
    finally:
        tracemalloc.stop()
    assert len(kept) < 10_000


def test_a_file_that_would_still_be_something_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(given, "_written", lambda *_: picture() + SCRIPT)

    assert gate_of(picture()) == "polyglot"
