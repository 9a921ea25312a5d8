"""Labels: where a picture comes from stands in its file, and nothing else of it changes."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from functools import cache
from xml.etree import ElementTree as ET

import pytest
from PIL import Image
from provider_pictures import KINDS, drawing, encoded

from app.domain.errors import PictureRefused
from app.domain.provenance import MAX_PACKET_BYTES, Provenance, Source
from workers.images.gates import check
from workers.images.labels import label

GEMINI = Provenance(Source.TRAINED, "google/gemini-3.1-flash-image", "gateway")
TRAINED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
RIGHTS = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    b' xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:CreatorTool="Somebody else">'
    b"<dc:rights>All rights reserved</dc:rights></rdf:Description></rdf:RDF></x:xmpmeta>"
)
FILES: dict[str, Callable[[], bytes]] = {
    "png": lambda: encoded(drawing()),
    "png with alpha": lambda: encoded(drawing().convert("RGBA")),
    "jpeg": lambda: encoded(drawing(), "JPEG"),
    "progressive jpeg": lambda: encoded(drawing(), "JPEG", progressive=True),
    "jpeg with exif": lambda: encoded(drawing(), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"),
    "webp": lambda: encoded(drawing(), "WEBP"),
    "lossless webp": lambda: encoded(drawing(), "WEBP", lossless=True),
    "lossless webp with alpha": lambda: encoded(drawing().convert("RGBA"), "WEBP", lossless=True),
    "webp with profile": lambda: encoded(drawing(), "WEBP", icc_profile=b"a profile"),
    "odd webp": lambda: encoded(drawing(641, 803), "WEBP"),
}


@cache
def file(name: str) -> bytes:
    return FILES[name]()


def kind_of(name: str) -> str:
    return next(mime for kind, mime in KINDS.items() if kind.lower() in name)


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def told(data: bytes) -> dict[str, str]:
    """Return the properties of the picture's packet, by their names without a prefix."""
    root = ET.fromstring(opened(data).info["xmp"])
    found: dict[str, str] = {}
    for described in root.iter("{http://www.w3.org/1999/02/22-rdf-syntax-ns#}Description"):
        found |= {child.tag.partition("}")[2]: child.text or "" for child in described}
        found |= {name.partition("}")[2]: value for name, value in described.attrib.items()}
    return found


@pytest.mark.parametrize("name", FILES)
def test_a_picture_says_what_made_it(name: str) -> None:
    said = told(label(file(name), kind_of(name), GEMINI).data)
    assert said["DigitalSourceType"] == TRAINED
    assert said["AISystemUsed"] == "google/gemini-3.1-flash-image"
    assert said["Credit"] == "Pressroom, with google/gemini-3.1-flash-image (gateway)"
    assert said["CreatorTool"] == "Pressroom"


@pytest.mark.parametrize("name", FILES)
def test_no_pixel_changes(name: str) -> None:
    before, after = opened(file(name)), opened(label(file(name), kind_of(name), GEMINI).data)
    assert (before.mode, before.size, before.tobytes()) == (after.mode, after.size, after.tobytes())


@pytest.mark.parametrize("name", FILES)
def test_what_else_is_in_the_file_stays(name: str) -> None:
    before, after = opened(file(name)).info, opened(label(file(name), kind_of(name), GEMINI).data).info
    new = {"xmp", "XML:com.adobe.xmp"}
    assert {k: v for k, v in before.items() if k not in new} == {k: v for k, v in after.items() if k not in new}


@pytest.mark.parametrize("name", FILES)
def test_a_labelled_picture_passes_the_gates_as_the_original_does(name: str) -> None:
    made = label(file(name), kind_of(name), GEMINI).data
    seen = check(made, "4:5", min_bytes=0, declared_type=kind_of(name))
    assert seen.fingerprint == check(file(name), "4:5", min_bytes=0).fingerprint


@pytest.mark.parametrize("name", FILES)
def test_the_same_label_twice_is_one_label(name: str) -> None:
    once = label(file(name), kind_of(name), GEMINI).data
    assert label(once, kind_of(name), GEMINI).data == once


@pytest.mark.parametrize("name", FILES)
def test_a_new_label_takes_the_place_of_the_old_one(name: str) -> None:
    once = label(file(name), kind_of(name), GEMINI).data
    said = told(label(once, kind_of(name), Provenance(Source.ALGORITHMIC)).data)
    assert said["DigitalSourceType"].endswith("/algorithmicMedia")
    assert "AISystemUsed" not in said


def with_packet(kind: str, packet: bytes) -> bytes:
    if kind != "PNG":
        return encoded(drawing(), kind, xmp=packet)
    content = b"XML:com.adobe.xmp\0\0\0\0\0" + packet
    return spliced_png(b"iTXt", content)


def spliced_png(name: bytes, content: bytes) -> bytes:
    chunk = struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
    return file("png")[:33] + chunk + file("png")[33:]


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_provider_says_of_other_things_is_kept(kind: str) -> None:
    said = told(label(with_packet(kind, RIGHTS), KINDS[kind], GEMINI).data)
    assert (said["rights"], said["CreatorTool"]) == ("All rights reserved", "Pressroom")


BAD_PACKETS = {
    "no xml": b"\xff\x00 not xml",
    "cut off": RIGHTS[:90],
    "no description": b"<a/>",
    "a document type": b'<!DOCTYPE x [<!ENTITY a "aaaa">]>' + RIGHTS,
    "too long": RIGHTS.replace(b"reserved", b"r" * MAX_PACKET_BYTES),
}


@pytest.mark.parametrize("why", BAD_PACKETS)
@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_a_packet_that_cannot_be_kept_is_replaced(kind: str, why: str) -> None:
    said = told(label(with_packet(kind, BAD_PACKETS[why]), KINDS[kind], GEMINI).data)
    assert said["DigitalSourceType"] == TRAINED
    assert "rights" not in said


def with_credentials(kind: str) -> bytes:
    """Return a picture with what looks like a C2PA manifest, where each format keeps it."""
    manifest = b"JP\0\1\0\0\0\1" + b"c2pa signature" * 4
    match kind:
        case "PNG":
            return spliced_png(b"caBX", manifest)
        case "JPEG":
            data = file("jpeg")
            return data[:2] + b"\xff\xeb" + struct.pack(">H", len(manifest) + 2) + manifest + data[2:]
        case _:
            data = (
                label(file("webp"), "image/webp", GEMINI).data + b"C2PA" + struct.pack("<I", len(manifest)) + manifest
            )
            return data[:4] + struct.pack("<I", len(data) - 8) + data[8:]


@pytest.mark.parametrize("kind", KINDS)
def test_credentials_that_sign_other_bytes_are_left_out_and_that_is_said(kind: str) -> None:
    data = with_credentials(kind)
    assert b"c2pa signature" in data
    made = label(data, KINDS[kind], GEMINI)
    assert made.had_credentials
    assert b"c2pa signature" not in made.data
    assert not label(made.data, KINDS[kind], GEMINI).had_credentials


@pytest.mark.parametrize("kind", KINDS)
def test_the_label_stands_before_the_pixels_or_where_the_format_wants_it(kind: str) -> None:
    data = label(encoded(drawing(), kind), KINDS[kind], GEMINI).data
    pixels = {"PNG": b"IDAT", "JPEG": b"\xff\xda", "WEBP": b"VP8 "}[kind]
    assert (data.index(b"DigitalSourceType") < data.index(pixels)) == (kind != "WEBP")


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_that_was_cut_off_is_refused(kind: str) -> None:
    with pytest.raises(PictureRefused):
        label(encoded(drawing(), kind)[:20], KINDS[kind], GEMINI)


def test_the_sandbox_is_not_named_as_a_model() -> None:
    said = told(label(file("png"), "image/png", Provenance(Source.TRAINED, "a/model", "gateway", is_sandbox=True)).data)
    assert said["AISystemUsed"] == "Pressroom sandbox in place of a/model"
    assert said["CreatorTool"] == "Pressroom (sandbox pictures)"


@pytest.mark.parametrize("model", ["<b>&\"'", "a\x00b\x1f", "مدل", "x" * 300])
def test_a_models_name_is_only_text(model: str) -> None:
    said = told(label(file("png"), "image/png", Provenance(Source.TRAINED, model, "gateway")).data)
    assert said["AISystemUsed"] == model.replace("\x00", "").replace("\x1f", "")
