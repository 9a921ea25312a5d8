"""Gates on files: bombs, files that end too early, and files that are something else as well."""

from __future__ import annotations

import base64
import struct
import zlib

import pytest
from PIL import Image, ImageCms
from provider_pictures import (
    HIDDEN,
    KINDS,
    WITH_COMMENT,
    chunk,
    drawing,
    encoded,
    gate_of,
    jpeg_that_says,
    jpeg_with,
    picture,
    png_that_says,
    png_with,
    webp_that_says,
    webp_with,
)

PNG, JPEG, WEBP = (picture(kind=kind) for kind in KINDS)
MEGABYTE = 1024 * 1024


# ---- truncated


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.001, 0.01, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_picture_is_refused(kind: str, share: float) -> None:
    data = picture(kind=kind)

    assert gate_of(data[: max(12, int(len(data) * share))]) == "truncated"


@pytest.mark.parametrize("kind", KINDS)
def test_the_last_byte_counts(kind: str) -> None:
    assert gate_of(picture(kind=kind)[:-1]) == "truncated"


def test_a_picture_whose_middle_is_missing_is_refused() -> None:
    assert gate_of(PNG[:40_000] + PNG[-12:]) == "truncated"
    assert gate_of(PNG[:40_000] + bytes(100) + PNG[40_100:]) == "truncated"
    assert gate_of(WEBP[:10_000] + WEBP[20_000:]) == "truncated"


@pytest.mark.parametrize("magic", [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"RIFF\x00\x00\x00\x00WEBP"])
def test_rubbish_behind_the_right_magic_is_refused(magic: bytes) -> None:
    assert gate_of(magic + b"rubbish" * 1_000) == "truncated"


@pytest.mark.parametrize(
    "magic", [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"\xff\xd8\xff\xff\xff", b"RIFF\x04\0\0\0WEBP"]
)
def test_a_magic_alone_is_refused(magic: bytes) -> None:
    assert gate_of(magic) == "truncated"


# ---- bombs


@pytest.mark.parametrize("says", [png_that_says, jpeg_that_says, webp_that_says])
@pytest.mark.parametrize("size", [(5_000, 5_001), (16_000, 16_000)], ids=str)
@pytest.mark.usefixtures("no_decoding")
def test_a_header_that_claims_more_pixels_than_memory_should_hold_is_refused_unread(
    says: object, size: tuple[int, int]
) -> None:
    assert callable(says)
    assert gate_of(says(*size)) == "bomb"


@pytest.mark.parametrize("says", [png_that_says, jpeg_that_says, webp_that_says])
def test_the_largest_size_is_no_bomb(says: object) -> None:
    assert callable(says)
    assert gate_of(says(5_000, 5_000), "1:1") != "bomb"


@pytest.mark.parametrize("kind", [{}, {"lossless": True, "method": 0}], ids=["lossy", "lossless"])
@pytest.mark.usefixtures("no_decoding")
def test_the_size_of_every_kind_of_webp_is_seen(kind: dict[str, int]) -> None:
    with Image.new("RGB", (2_000, 520)) as image:
        assert gate_of(encoded(image, "WEBP", **kind), "1:1") == "ratio"


@pytest.mark.usefixtures("no_decoding")
def test_a_second_header_is_refused_whatever_it_says() -> None:
    large = chunk(b"IHDR", struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0))

    assert gate_of(PNG[:33] + large + PNG[33:]) == "truncated"
    assert gate_of(jpeg_with(0xC0, b"\x08\x4e\x20\x4e\x20\x01\x01\x11\x00")) == "truncated"


@pytest.mark.parametrize(
    ("name", "head"), [(b"zTXt", b"Comment\0\0"), (b"iCCP", b"icc\0\0"), (b"iTXt", b"Comment\0\1\0en\0\0")], ids=str
)
@pytest.mark.usefixtures("no_decoding")
def test_notes_that_unpack_to_megabytes_are_a_bomb(name: bytes, head: bytes) -> None:
    def noted(length: int) -> bytes:
        return png_with(name, head + zlib.compress(bytes(length), 9))

    assert gate_of(noted(20 * MEGABYTE)) == "bomb"
    assert gate_of(noted(MEGABYTE + 1)) == "bomb"
    assert gate_of(png_with(name, head + zlib.compress(bytes(MEGABYTE // 2 + 1)), noted(MEGABYTE // 2))) == "bomb"


@pytest.mark.parametrize("name", [b"zTXt", b"iTXt"])
def test_notes_that_unpack_to_little_pass(name: bytes) -> None:
    head = b"Comment\0\0" if name == b"zTXt" else b"Comment\0\1\0en\0\0"

    assert gate_of(png_with(name, head + zlib.compress(bytes(MEGABYTE), 9))) is None


@pytest.mark.usefixtures("no_decoding")
def test_a_file_of_endless_parts_is_a_bomb() -> None:
    assert gate_of(PNG[:33] + chunk(b"tEXt", b"") * 20_001 + PNG[33:]) == "bomb"
    assert gate_of(JPEG[:2] + b"\xff\xfe\0\x02" * 20_001 + JPEG[2:]) == "bomb"


@pytest.mark.usefixtures("no_decoding")
def test_a_jpeg_that_makes_the_decoder_pass_over_it_for_ever_is_a_bomb() -> None:
    data = encoded(drawing(), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")

    assert gate_of(data[:last] + data[last:-2] * 40 + data[-2:]) == "bomb"


# ---- polyglots


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "tail",
    [b"x", b"<!doctype html><script>alert(document.domain)</script>", PNG, bytes(65)],
    ids=["a letter", "HTML", "a picture", "many zeros"],
)
def test_what_follows_the_end_is_another_file(kind: str, tail: bytes) -> None:
    assert gate_of(picture(kind=kind) + tail) == "polyglot"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("tail", [b"\0", b"\n", b"\r\n", bytes(64)], ids=["zero", "line feed", "line end", "64 zeros"])
def test_a_little_padding_is_no_file(kind: str, tail: bytes) -> None:
    assert gate_of(picture(kind=kind) + tail) is None


@pytest.mark.parametrize("place", WITH_COMMENT)
@pytest.mark.parametrize("hidden", HIDDEN)
def test_a_file_that_is_hidden_in_a_picture_is_found(place: str, hidden: str) -> None:
    assert gate_of(WITH_COMMENT[place](b"harmless words; " + HIDDEN[hidden])) == "polyglot"


@pytest.mark.parametrize("place", WITH_COMMENT)
@pytest.mark.parametrize(
    "note",
    [
        b"Made with a model; a cat < a dog > a <b>bird</b>",
        b'<?xpacket begin=""?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description/></rdf:RDF></x:xmpmeta>',
        b"a script about JavaScript, HTML, PDF and ZIP: <http://example.org>",
        b'{"prompt": "a harbour", "seed": 1}',
    ],
    ids=["words", "XMP", "names", "JSON"],
)
def test_an_ordinary_note_hides_nothing(place: str, note: bytes) -> None:
    assert gate_of(WITH_COMMENT[place](note)) is None


def test_credentials_with_a_thumbnail_in_them_hide_nothing() -> None:
    """As Google and OpenAI put them: C2PA boxes with certificates, JSON, and a small JPEG."""
    small = picture(520, 650, "JPEG")
    box = b"\0\0\x10\0jumb\0\0\0\x1ejumdc2pa" + base64.b64decode("AQID") * 100 + b'{"alg":"sha256"}' + small

    assert gate_of(png_with(b"caBX", box)) is None
    assert gate_of(jpeg_with(0xEB, b"JP\0\1" + box[:60_000])) is None
    assert gate_of(webp_with(b"C2PA", box)) is None


@pytest.mark.parametrize("kind", KINDS)
def test_a_colour_profile_hides_nothing(kind: str) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

    assert gate_of(encoded(drawing(), kind, icc_profile=profile)) is None
