"""PNGs for tests: honest ones, and ones put together chunk by chunk."""

from __future__ import annotations

import io
import struct
import zlib

from PIL import Image

MAGIC = b"\x89PNG\r\n\x1a\n"
SIZE = (120, 70)


def logo(size: tuple[int, int] = SIZE, mode: str = "RGBA", colour: int = 90) -> bytes:
    """Return a PNG as a drawing program writes it: a gradient, so that its pixels differ."""
    ramp = Image.linear_gradient("L").resize(size).point(lambda value: (value + colour) % 256)
    picture = Image.new("I;16", size, 500) if mode == "I;16" else ramp.convert(mode)
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def chunk(kind: bytes, content: bytes = b"") -> bytes:
    """Return a chunk with the right length and checksum."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def header(size: tuple[int, int] = SIZE, depth: int = 8, colour: int = 6, interlace: int = 0) -> bytes:
    """Return an IHDR."""
    return chunk(b"IHDR", struct.pack(">IIBBBBB", *size, depth, colour, 0, 0, interlace))


def pixels(size: tuple[int, int] = SIZE, bytes_of_pixel: int = 4, filter_type: int = 0) -> bytes:
    """Return black pixels as an IDAT holds them."""
    width, height = size
    return zlib.compress((bytes([filter_type]) + bytes(width * bytes_of_pixel)) * height)


def of(*chunks: bytes) -> bytes:
    """Return a file of these chunks."""
    return MAGIC + b"".join(chunks)


def chunks_of(data: bytes) -> list[tuple[bytes, bytes]]:
    """Return (type, content) of each chunk."""
    found, at = [], len(MAGIC)
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        found.append((kind, data[at + 8 : at + 8 + length]))
        at += 12 + length
    return found
