"""Gates: which bytes count as a picture, and by which name the others are refused."""

from __future__ import annotations

import re

import pytest
from PIL import Image
from provider_pictures import KINDS, drawing, encoded, gate_of, picture

from app.domain.errors import PictureRefused
from app.storage import mime_of
from workers.images import gates
from workers.images.refusals import Gate, refusal

GOOD = picture()


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_passes_and_is_described(kind: str) -> None:
    data = picture(kind=kind)

    passed = gates.check(data, "4:5", min_bytes=1_000)

    assert (passed.data, passed.mime, passed.width, passed.height) == (data, KINDS[kind], 640, 800)
    assert re.fullmatch(r"[0-9a-f]{16}", passed.fingerprint)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "I;16", "1"])
def test_a_png_of_any_mode_passes(mode: str) -> None:
    assert gate_of(picture(mode=mode)) is None


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_a_jpeg_of_any_mode_passes(mode: str) -> None:
    assert gate_of(picture(kind="JPEG", mode=mode)) is None


def test_progressive_interlaced_and_lossless_pictures_pass() -> None:
    assert gate_of(encoded(drawing(), "JPEG", progressive=True)) is None
    assert gate_of(encoded(drawing(), "WEBP", lossless=True, method=0)) is None
    assert gate_of(encoded(drawing().convert("P"), transparency=3)) is None


# ---- json, html, svg, format


@pytest.mark.parametrize(
    ("data", "gate"),
    [
        (b'{"error":{"message":"no"}}', "json"),
        (b'\xef\xbb\xbf\n [ {"url": "x"} ]', "json"),
        (b"{}", "json"),
        (b'{"error":"cut off in the mid', "json"),
        (b"<!doctype html><html><body>502 Bad Gateway</body></html>", "html"),
        (b"\r\n<HTML><HEAD>", "html"),
        (b"<!-- x --><!DOCTYPE HTML PUBLIC>", "html"),
        (b"<center><h1>502</h1></center>", "html"),
        (b"<html><body><svg></svg>", "html"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "svg"),
        (b"<?xml version='1.0'?>\n<!-- a --><svg>", "svg"),
        (b"<!DOCTYPE svg PUBLIC '-//W3C//DTD SVG 1.1//EN'>", "svg"),
        (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "format"),
        (b"", "format"),
        (b"%PDF-1.7\n1 0 obj", "format"),
        (b"GIF89a" + bytes(100), "format"),
        (b"BM" + bytes(100), "format"),
        (b"\0\0\0\x1cftypavif" + bytes(100), "format"),
        (b"https://example.com/picture.png", "format"),
        (b"iVBORw0KGgoAAAANSUhEUgAAAA", "format"),
        (bytes(100_000), "format"),
        (b"{\x8f\x01\xff\xd8", "format"),
        (b"RIFF1234WAVEfmt ", "format"),
    ],
    ids=lambda value: value if isinstance(value, str) else repr(value[:24]),
)
def test_what_is_no_picture_is_refused_by_what_it_is(data: bytes, gate: str) -> None:
    assert gate_of(data) == gate


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b'{"error": "quota"}', 'JSON: {"error": "quota"}'),
        (b"GIF89a", "a GIF"),
        (b"\0\0\0\x1cftypavif", "AVIF"),
        (b"iVBORw0KGgoAAAANSUhEUgAAAA", "base64 that was cut off"),
        (b"https://example.com/a.png", "an address"),
    ],
    ids=str,
)
def test_the_message_says_what_came_instead(data: bytes, told: str) -> None:
    with pytest.raises(PictureRefused, match=re.escape(told)):
        gates.check(data, "4:5", min_bytes=0)


def test_a_message_holds_nothing_that_a_database_or_a_terminal_would_choke_on() -> None:
    message = str(refusal(Gate.JSON, '{"a\0\x1b[31m": "' + "x" * 1_000))

    assert message.isprintable()
    assert len(message) < 400


@pytest.mark.parametrize(("kind", "option"), [("PNG", {}), ("WEBP", {"lossless": True, "method": 0})])
def test_an_animation_is_no_picture(kind: str, option: dict[str, int]) -> None:
    first = drawing(520, 650)
    moving = encoded(first, kind, save_all=True, append_images=[first.rotate(180)], duration=100, **option)
    still = encoded(first, kind, save_all=True, append_images=[], **option)

    assert gate_of(moving) == "format"
    assert gate_of(still) is None


def test_several_pictures_in_one_jpeg_are_no_picture() -> None:
    first = drawing(520, 650)

    assert gate_of(encoded(first, "MPO", save_all=True, append_images=[first])) == "format"


# ---- mislabelled


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("said", ["image/png", "image/jpeg", "image/webp", "image/gif", "text/html"])
def test_a_picture_of_another_type_than_was_said_is_refused(kind: str, said: str) -> None:
    assert gate_of(picture(kind=kind), declared_type=said) == (None if KINDS[kind] == said else "mislabelled")


@pytest.mark.parametrize(
    "said", [None, "", "application/octet-stream", "binary/octet-stream", "IMAGE/JPEG; charset=binary", "image/jpg"]
)
def test_a_provider_may_say_nothing_or_the_same_in_other_words(said: str | None) -> None:
    assert gate_of(picture(kind="JPEG"), declared_type=said) is None


# ---- bytes


def test_a_picture_below_the_least_bytes_is_refused_as_a_placeholder() -> None:
    assert gate_of(GOOD, min_bytes=len(GOOD) + 1) == "bytes"


def test_a_picture_of_exactly_the_least_bytes_passes() -> None:
    assert gate_of(GOOD, min_bytes=len(GOOD)) is None


# ---- pixels, ratio


@pytest.mark.parametrize("size", [(400, 500), (511, 639), (640, 511), (1, 1)], ids=str)
@pytest.mark.usefixtures("no_decoding")
def test_a_small_picture_is_refused(size: tuple[int, int]) -> None:
    with Image.new("RGB", size) as image:
        assert gate_of(encoded(image)) == "pixels"


def test_a_picture_of_the_least_side_passes() -> None:
    assert gate_of(picture(512, 640)) is None


@pytest.mark.parametrize(
    ("size", "ratio"),
    [((800, 640), "4:5"), ((1024, 1024), "4:5"), ((1024, 1024), "16:9"), ((1280, 720), "9:16"), ((640, 800), "1:1")],
    ids=str,
)
@pytest.mark.usefixtures("no_decoding")
def test_another_ratio_is_refused(size: tuple[int, int], ratio: str) -> None:
    with Image.new("RGB", size) as image:
        assert gate_of(encoded(image), ratio) == "ratio"


@pytest.mark.parametrize(
    ("width", "gate"), [(719, "ratio"), (720, None), (800, None), (880, None), (881, "ratio")], ids=str
)
def test_a_ratio_may_be_off_by_a_tenth_and_not_by_a_pixel_more(width: int, gate: str | None) -> None:
    assert gate_of(picture(width, 1000), "4:5") == gate


def test_a_picture_is_held_against_what_its_provider_was_asked_for() -> None:
    """The older models of OpenAI make three sizes only: 2:3 where a slide is 4:5."""
    tall = picture(1024, 1536, "JPEG")

    assert gate_of(tall, "4:5") == "ratio"
    assert gate_of(tall, "4:5", asked_px=(1024, 1536)) is None
    assert gate_of(GOOD, "4:5", asked_px=(1024, 1536)) == "ratio"


@pytest.mark.parametrize(
    ("orientation", "gate"), [(1, "ratio"), (3, "ratio"), (5, None), (6, None), (8, None), (9, "ratio")]
)
@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_that_lies_on_its_side_is_taken_as_it_is_shown(kind: str, orientation: int, gate: str | None) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    lying = encoded(drawing(800, 640), kind, exif=exif)

    assert gate_of(lying, "4:5") == gate
    shown = gates.describe(lying)
    assert (shown.width, shown.height) == ((640, 800) if gate is None else (800, 640))


# ---- what is ours already


def test_what_is_stored_is_described_without_gates() -> None:
    with Image.new("L", (30, 20), 7) as image:
        data = encoded(image) + b"<script>"

    found = gates.describe(data)

    assert (found.data, found.mime, found.width, found.height) == (data, "image/png", 30, 20)
    assert gate_of(data) == "pixels"


def test_a_description_is_what_the_gates_said() -> None:
    assert gates.describe(GOOD) == gates.check(GOOD, "4:5", min_bytes=0)


@pytest.mark.parametrize("data", [b"", b"{}", GOOD[:5_000]], ids=["nothing", "JSON", "half"])
def test_what_cannot_be_decoded_cannot_be_described(data: bytes) -> None:
    with pytest.raises(PictureRefused):
        gates.describe(data)


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
