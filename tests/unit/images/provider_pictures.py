"""Pictures as providers send them, and ways to spoil their files."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from PIL import Image

from app.domain.errors import PictureRefused
from workers.images import gates

KINDS = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}


def drawing(width: int = 640, height: int = 800) -> Image.Image:
    """Return a picture of soft shapes with some grain."""
    return _drawing(width, height).copy()


@cache
def _drawing(width: int, height: int) -> Image.Image:
    y, x = np.mgrid[0:height, 0:width]
    grain = np.random.default_rng(1).integers(0, 24, (height, width))
    channels = [x * 200 // width + grain, y * 200 // height + grain, (x + y) % 200 + grain]
    return Image.fromarray(np.stack(channels, axis=-1).astype(np.uint8), "RGB")


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **({"compress_level": 1} if kind == "PNG" else {}), **options)
    return out.getvalue()


@cache
def picture(width: int = 640, height: int = 800, kind: str = "PNG", mode: str = "RGB") -> bytes:
    return encoded(drawing(width, height).convert(mode), kind)


def gate_of(
    data: bytes,
    ratio: str = "4:5",
    min_bytes: int = 0,
    declared_type: str | None = None,
    asked_px: tuple[int, int] | None = None,
) -> str | None:
    """Return the gate that refuses the bytes; None when they pass."""
    try:
        gates.check(data, ratio, min_bytes=min_bytes, declared_type=declared_type, asked_px=asked_px)
    except PictureRefused as refused:
        return refused.code.removeprefix("picture_refused:")
    return None


def chunk(name: bytes, body: bytes) -> bytes:
    """Return a chunk of a PNG."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_with(name: bytes, body: bytes, data: bytes | None = None) -> bytes:
    """Return a PNG with one more chunk behind its header."""
    data = data or picture(kind="PNG")
    return data[:33] + chunk(name, body) + data[33:]


def png_that_says(width: int, height: int) -> bytes:
    """Return a PNG whose header claims a size that its bytes do not have."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\x00" * 4_000, 0)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def jpeg_with(marker: int, body: bytes, data: bytes | None = None) -> bytes:
    """Return a JPEG with one more segment at its start."""
    data = data or picture(kind="JPEG")
    return data[:2] + bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body + data[2:]


def jpeg_that_says(width: int, height: int) -> bytes:
    data = picture(kind="JPEG")
    at = data.index(b"\xff\xc0") + 5
    return data[:at] + struct.pack(">HH", height, width) + data[at + 4 :]


def webp_with(name: bytes, body: bytes, data: bytes | None = None) -> bytes:
    """Return a WebP with one more chunk at its end."""
    data = data or picture(kind="WEBP")
    content = data[12:] + name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
    return b"RIFF" + struct.pack("<I", len(content) + 4) + b"WEBP" + content


def webp_that_says(width: int, height: int) -> bytes:
    canvas = bytes(4) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    data = picture(kind="WEBP")
    return webp_with(b"EXIF", b"", b"RIFF\0\0\0\0WEBPVP8X" + struct.pack("<I", 10) + canvas + data[12:])


WITH_COMMENT: dict[str, Callable[[bytes], bytes]] = {
    "a PNG's text": lambda body: png_with(b"tEXt", b"Comment\0" + body),
    "a PNG's packed text": lambda body: png_with(b"zTXt", b"Comment\0\0" + zlib.compress(body)),
    "a PNG's packed Unicode text": lambda body: png_with(b"iTXt", b"Comment\0\1\0en\0\0" + zlib.compress(body)),
    "a PNG's EXIF": lambda body: png_with(b"eXIf", b"MM\0*\0\0\0\x08\0\0" + body),
    "a PNG's private chunk": lambda body: png_with(b"prVt", body),
    "a JPEG's comment": lambda body: jpeg_with(0xFE, body),
    "a JPEG's EXIF": lambda body: jpeg_with(0xE1, b"Exif\0\0MM\0*\0\0\0\x08\0\0" + body),
    "a WebP's metadata": lambda body: webp_with(b"XMP ", body),
}


def archive() -> bytes:
    """Return a ZIP archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("a.html", "hello")
    return out.getvalue()


HIDDEN = {
    "a script": b"<script>alert(1)</script>",
    "a script in capitals": b"<SCRIPT\nsrc=x>",
    "a page": b"<!DOCTYPE html>",
    "a frame": b"<iframe src=x>",
    "PHP": b"<?php system($_GET['c']); ?>",
    "a link": b"javascript:alert(1)",
    "a PDF": b"%PDF-1.7 1 0 obj",
    "a ZIP": archive(),
    "an empty ZIP": b"PK\x05\x06" + bytes(18),
    "a RAR": b"Rar!\x1a\x07\x01\x00",
    "a 7z": b"7z\xbc\xaf\x27\x1c\x00\x04",
}
"""Files of other kinds, by name, as they begin."""
