"""How a picture's file is built: size, frames, and where it ends, read part by part before anything is decoded.

A decoder believes a header and allocates what it says; so what is too large has to be seen here.
Formats: PNG 3rd edition (W3C, 2025), JPEG (ITU-T T.81, annex B), WebP container (RFC 9649).
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from app.domain.errors import PictureRefused
from workers.images.refusals import Gate, refusal

MAX_PIXELS = 25_000_000  # the largest that providers make is 17 million (Gemini's 4K, 2026-11)
MAX_PARTS = 20_000  # chunks or segments: 25 MB in a PNG's usual 8 KB chunks are 3,000
MAX_SCANS = 32  # of a JPEG: a progressive one has about 10, and each makes the decoder pass over all pixels
MAX_UNPACKED_BYTES = 1024 * 1024  # of compressed notes and profiles, together; as Pillow's MAX_TEXT_CHUNK of one
CHECK_BYTES = 4  # behind each chunk of a PNG
FRAME_HEADERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
BARE = frozenset({0x01, *range(0xD0, 0xD9)})  # markers without a length
END, SCAN, EXIF, APP2 = 0xD9, 0xDA, 0xE1, 0xE2
MARKER = re.compile(rb"\xff+[^\xff]")
NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # in a scan, 0xff is followed by 0 or is a restart
ORIENTATION, SIDEWAYS, MAX_EXIF_ENTRIES = 0x0112, frozenset({5, 6, 7, 8}), 200


@dataclass(frozen=True, slots=True)
class Anatomy:
    """What a file says of itself."""

    stored_px: tuple[int, int]
    """Width and height as stored."""
    end: int
    """Where the picture ends, in bytes; what comes after it belongs to something else."""
    frames: int = 1
    is_turned: bool = False
    """EXIF says that it is shown with its sides exchanged."""
    notes: tuple[bytes, ...] = ()
    """Compressed texts and profiles, unpacked."""

    @property
    def size_px(self) -> tuple[int, int]:
        """Return width and height as shown."""
        width, height = self.stored_px
        return (height, width) if self.is_turned else (width, height)


def anatomy(data: bytes, mime: str) -> Anatomy:
    """Return how a PNG, JPEG or WebP is built. Raises PictureRefused: bomb, truncated."""
    read = {"image/png": _png, "image/jpeg": _jpeg, "image/webp": _webp}[mime]
    try:
        found = read(data)
    except (struct.error, IndexError) as exc:
        raise _broken("a part of it is too short") from exc
    width, height = found.stored_px
    if width * height > MAX_PIXELS:
        raise refusal(Gate.BOMB, f"its header claims {width}x{height}, more than {MAX_PIXELS} pixels")
    return found


def _png(data: bytes) -> Anatomy:
    size: tuple[int, int] | None = None
    frames, is_turned, left = 1, False, MAX_UNPACKED_BYTES
    notes: list[bytes] = []
    for name, start, end in png_chunks(data):
        if (size is None) != (name == b"IHDR"):
            raise _broken("it does not have one header, at its start")
        match name:
            case b"IHDR":
                width, height = struct.unpack_from(">II", data, start)
                size = width, height
            case b"acTL":
                (frames,) = struct.unpack_from(">I", data, start)
            case b"eXIf":
                is_turned = _is_turned(data[start:end])
            case b"zTXt" | b"iTXt" | b"iCCP":
                notes.append(_unpacked(name, data[start:end], left))
                left -= len(notes[-1])
            case b"IEND":
                assert size is not None, "else the check above has raised"
                return Anatomy(size, end + CHECK_BYTES, frames, is_turned, tuple(notes))
    raise _broken("it ends before its end mark")


def png_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield (name, start, end) of the content of each chunk."""
    at = 8
    for _ in range(MAX_PARTS):
        if at >= len(data):
            return
        length, name = struct.unpack_from(">I4s", data, at)
        start, end = at + 8, at + 8 + length
        at = end + CHECK_BYTES
        if at > len(data):
            raise _broken("a part of it goes on beyond the end")
        yield name, start, end
    raise _too_many_parts()


def _unpacked(name: bytes, note: bytes, most: int) -> bytes:
    """Return the content of a note that may be compressed; one that cannot be read is empty, as for a viewer."""
    _, _, packed = note.partition(b"\0")
    if name == b"iTXt":
        packed = packed[:1] + packed[2:].split(b"\0", 2)[-1]
        if packed[:1] != b"\1":
            return b""
    unpacker = zlib.decompressobj()
    try:
        content = unpacker.decompress(packed[1:], most + 1)
    except zlib.error:
        return b""
    if len(content) > most:
        raise refusal(Gate.BOMB, f"its notes unpack to more than {MAX_UNPACKED_BYTES} bytes")
    return content


def _jpeg(data: bytes) -> Anatomy:
    size: tuple[int, int] | None = None
    frames, scans, is_turned = 1, 0, False
    for code, start, end in jpeg_segments(data):
        if code in FRAME_HEADERS:
            if size is not None:
                raise _broken("it has two headers")
            height, width = struct.unpack_from(">HH", data, start + 1)
            size = width, height
        elif code == SCAN:
            scans += 1
        elif code == EXIF and data.startswith(b"Exif\0\0", start):
            is_turned = _is_turned(data[start + 6 : end])
        elif code == APP2 and data.startswith(b"MPF\0", start):
            frames = 2  # or more
        elif code == END:
            if size is None or not scans:
                raise _broken("it holds no picture")
            return Anatomy(size, start, frames, is_turned)
        if scans > MAX_SCANS:
            raise refusal(Gate.BOMB, f"it has more than {MAX_SCANS} scans")
    raise _broken("it ends before its end mark")


def jpeg_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield (marker, start, end) of each segment of a JPEG; of its end mark, the end of the file."""
    at = 2
    for _ in range(MAX_PARTS):
        mark = MARKER.match(data, at)
        if mark is None:
            raise _broken(f"there is no marker at byte {at}")
        code, start = data[mark.end() - 1], mark.end()
        if code in BARE or code == END:
            end = start
        else:
            (length,) = struct.unpack_from(">H", data, start)
            start, end = start + 2, start + max(length, 2)
        yield code, start, end
        at = end
        if code == SCAN:
            found = NEXT_MARKER.search(data, end)
            if found is None:
                return
            at = found.start()
    raise _too_many_parts()


def _webp(data: bytes) -> Anatomy:
    (length,) = struct.unpack_from("<I", data, 4)
    total = length + 8
    if total > len(data):
        raise _broken(f"{total - len(data)} of its {total} bytes are missing")
    size: tuple[int, int] | None = None
    frames, is_turned = 0, False
    for name, start, end in riff_chunks(data, 12, total):
        size = size or _webp_size(name, data[start : min(end, start + 10)])
        frames += name == b"ANMF"
        if name == b"EXIF":
            is_turned = _is_turned(data[start:end].removeprefix(b"Exif\0\0"))
    if size is None:
        raise _broken("it holds no picture")
    return Anatomy(size, total, max(frames, 1), is_turned)


def _webp_size(name: bytes, head: bytes) -> tuple[int, int]:
    """Return the size that a WebP's first chunk says."""
    match name:
        case b"VP8X":
            return int.from_bytes(head[4:7], "little") + 1, int.from_bytes(head[7:10], "little") + 1
        case b"VP8L":
            (bits,) = struct.unpack_from("<I", head, 1)
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8 ":
            width, height = struct.unpack_from("<HH", head, 6)
            return width & 0x3FFF, height & 0x3FFF
    raise _broken("it does not begin with a picture")


def riff_chunks(data: bytes, at: int, total: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield (name, start, end) of the content of each chunk up to `total`; each is padded to an even length."""
    for _ in range(MAX_PARTS):
        if at >= total:
            return
        name, length = struct.unpack_from("<4sI", data, at)
        start, end = at + 8, at + 8 + length
        if end > total:
            raise _broken("a part of it goes on beyond the end")
        yield name, start, end
        at = end + length % 2
    raise _too_many_parts()


def _is_turned(exif: bytes) -> bool:
    """Return whether EXIF says that the picture lies on its side; a broken one says nothing."""
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    if order is None:
        return False
    try:
        (directory,) = struct.unpack_from(f"{order}I", exif, 4)
        (count,) = struct.unpack_from(f"{order}H", exif, directory)
        for number in range(min(count, MAX_EXIF_ENTRIES)):
            tag, _, _, value = struct.unpack_from(f"{order}HHIH", exif, directory + 2 + 12 * number)
            if tag == ORIENTATION:
                return value in SIDEWAYS
    except struct.error:
        pass
    return False


def _too_many_parts() -> PictureRefused:
    return refusal(Gate.BOMB, f"it has more than {MAX_PARTS} parts")


def _broken(what: str) -> PictureRefused:
    return refusal(Gate.TRUNCATED, f"it does not decode: {what}")
