"""Labels: where a picture comes from, written into its file. No pixel is decoded or encoded.

Content credentials (C2PA) are left out of the labelled copy: they sign the bytes as they were, and would be shown as
broken. They stay in the original, which is kept as the provider made it.
Formats: XMP specification part 3 (Adobe, 2020); PNG 3rd edition; WebP container (RFC 9649).
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from app.domain.provenance import Provenance, xmp
from workers.images.anatomy import END, EXIF, SCAN, anatomy, jpeg_segments, png_chunks, riff_chunks

JPEG_XMP = b"http://ns.adobe.com/xap/1.0/\0"
PNG_XMP = b"XML:com.adobe.xmp\0"
JFIF, C2PA_JPEG = 0xE0, 0xEB
WEBP_ALPHA, WEBP_XMP = 0x10, 0x04


@dataclass(frozen=True, slots=True)
class Labelled:
    """A picture whose file says where it comes from."""

    data: bytes
    had_credentials: bool
    """The original carries content credentials, which this copy does not."""


def label(data: bytes, mime: str, provenance: Provenance) -> Labelled:
    """Return a PNG, JPEG or WebP with its label; everything else in the file stays as it is, but content credentials.

    The same arguments give the same bytes; what is labelled already gets the new label in its place.
    Raises: PictureRefused when the file is broken, KeyError for another `mime`.
    """
    anatomy(data, mime)
    return {"image/png": _png, "image/jpeg": _jpeg, "image/webp": _webp}[mime](data, provenance)


def _png(data: bytes, provenance: Provenance) -> Labelled:
    kept, existing, had_credentials = [data[:8]], None, False
    for name, start, end in png_chunks(data):
        if name == b"iTXt" and data.startswith(PNG_XMP, start):
            existing = _text(data[start:end])
        elif name == b"caBX":
            had_credentials = True
        else:
            kept.append(data[start - 8 : end + 4])
    # Behind the header and before the pixels: who reads a file from its start finds it without the rest.
    kept.insert(2, _png_chunk(b"iTXt", PNG_XMP + b"\0\0\0\0" + xmp(provenance, existing)))
    return Labelled(b"".join(kept), had_credentials)


def _text(note: bytes) -> bytes | None:
    """Return the text of an iTXt chunk; None when it is packed, which the XMP specification forbids."""
    packed, _, rest = note.partition(b"\0")[2].partition(b"\0")
    return None if packed else rest.split(b"\0", 2)[-1]


def _png_chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def _jpeg(data: bytes, provenance: Provenance) -> Labelled:
    kept, existing, had_credentials = [data[:2]], None, False
    at, place = 2, 1
    for code, start, end in jpeg_segments(data):
        if code in (SCAN, END):
            break
        if code == EXIF and data.startswith(JPEG_XMP, start):
            existing = data[start + len(JPEG_XMP) : end]
        elif code == C2PA_JPEG and data.startswith(b"JP", start):
            had_credentials = True
        else:
            kept.append(data[at:end])
            if code == JFIF or (code == EXIF and data.startswith(b"Exif\0\0", start)):
                place = len(kept)  # readers of either look for it first
        at = end
    content = JPEG_XMP + xmp(provenance, existing)
    kept.insert(place, b"\xff\xe1" + struct.pack(">H", len(content) + 2) + content)
    return Labelled(b"".join([*kept, data[at:]]), had_credentials)


def _webp(data: bytes, provenance: Provenance) -> Labelled:
    total = struct.unpack_from("<I", data, 4)[0] + 8
    chunks, existing, had_credentials = [], None, False
    for name, start, end in riff_chunks(data, 12, total):
        if name == b"XMP ":
            existing = data[start:end]
        elif name == b"C2PA":
            had_credentials = True
        else:
            chunks.append((name, data[start:end]))
    name, head = chunks[0]
    if name == b"VP8X":
        chunks[0] = name, bytes([head[0] | WEBP_XMP]) + head[1:]
    else:
        chunks.insert(0, (b"VP8X", _webp_header(name, head)))
    chunks.append((b"XMP ", xmp(provenance, existing)))
    body = b"WEBP" + b"".join(
        name + struct.pack("<I", len(part)) + part + b"\0" * (len(part) % 2) for name, part in chunks
    )
    return Labelled(b"RIFF" + struct.pack("<I", len(body)) + body + data[total:], had_credentials)


def _webp_header(name: bytes, head: bytes) -> bytes:
    """Return the extended header of a simple WebP, from the header of its pixels."""
    width: int
    height: int
    if name == b"VP8L":
        (bits,) = struct.unpack_from("<I", head, 1)
        width, height, alpha = bits & 0x3FFF, bits >> 14 & 0x3FFF, WEBP_ALPHA if bits >> 28 & 1 else 0
    else:
        width, height = ((side & 0x3FFF) - 1 for side in struct.unpack_from("<HH", head, 6))
        alpha = 0
    return bytes([alpha | WEBP_XMP, 0, 0, 0]) + width.to_bytes(3, "little") + height.to_bytes(3, "little")
