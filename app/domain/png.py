"""A strict check of a PNG that users send, without decoding its pixels: it is one still picture and nothing else."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from app.domain.errors import InvalidRequest
from app.domain.polyglots import hidden_in

MAX_BYTES = 1024 * 1024
MIN_SIDE_PX, MAX_SIDE_PX = 64, 4000
MAX_PIXELS = 16_000_000
MAX_RATIO = 6  # of the longer side to the shorter

MAGIC = b"\x89PNG\r\n\x1a\n"
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}  # of each colour type (PNG, 11.2.1)
SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # a pixel's, by colour type
PALETTE, WITH_ALPHA = 3, (4, 6)  # colour types
TRANSPARENCY = {0: 2, 2: 6}  # bytes of tRNS, by colour type
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
FILTERS = 5
PIECE_BYTES = 256 * 1024  # inflated at a time
OTHER_FORMATS = (
    (b"\xff\xd8\xff", "a JPEG"), (b"RIFF", "a WebP"), (b"GIF8", "a GIF"), (b"<svg", "an SVG"), (b"<?xml", "an SVG"),
    (b"%PDF-", "a PDF"), (b"BM", "a BMP"), (b"II*\0", "a TIFF"), (b"MM\0*", "a TIFF"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Png:
    """A picture that passed."""

    width: int
    """In px, as `height`."""
    height: int
    has_alpha: bool
    """Whether parts of it may be transparent."""
    data: bytes
    """The picture alone: without the texts, places, dates and profiles that files carry along."""


@dataclass(frozen=True, slots=True)
class _Header:
    width: int
    height: int
    depth: int
    colour: int
    interlaced: bool

    def rows(self) -> Iterator[tuple[int, int]]:
        """Yield (number of rows, bytes of each, its filter byte included) of each pass."""
        for x, y, step_x, step_y in ADAM7 if self.interlaced else ((0, 0, 1, 1),):
            width = (self.width - x + step_x - 1) // step_x
            height = (self.height - y + step_y - 1) // step_y
            if width and height:
                yield height, 1 + (width * self.depth * SAMPLES[self.colour] + 7) // 8


def check(data: bytes) -> Png:
    """Return the picture that the bytes are. Raises InvalidRequest with code `logo_refused:<why>`.

    1. the magic; 2. every chunk whole, with the right checksum and in its place, the last one IEND and nothing behind it;
    3. a legal header, and a size that a logo has; 4. pixels that inflate to exactly what the header says, never more;
    5. no other file hidden in what is kept. why: not_png, broken, animated, size, ratio, bytes, polyglot.
    """
    if len(data) > MAX_BYTES:
        raise _refusal("bytes", f"it has {len(data) // 1024} KB, and {MAX_BYTES // 1024} are the most; save it smaller")
    if not data.startswith(MAGIC):
        raise InvalidRequest(
            f"a logo must be a PNG, and this is {_kind_of(data)}; save it as PNG", code="logo_refused:not_png"
        )
    chunks = list(_chunks(data))
    header = _header(chunks[0])
    kept = _picture_only(chunks, header)
    _check_pixels((content for kind, content in kept if kind == b"IDAT"), header)
    has_alpha = header.colour in WITH_ALPHA or any(kind == b"tRNS" for kind, _ in kept)
    kept_bytes = MAGIC + b"".join(_packed(kind, content) for kind, content in kept)
    if what := hidden_in(kept_bytes):
        raise _refusal("polyglot", f"{what} is hidden in it; save it again with another program")
    return Png(header.width, header.height, has_alpha, kept_bytes)


def _refusal(why: str, told: str) -> InvalidRequest:
    return InvalidRequest(f"this logo cannot be used: {told}", code=f"logo_refused:{why}")


def _broken(told: str) -> InvalidRequest:
    return _refusal("broken", f"{told}; save it again with another program")


def _kind_of(data: bytes) -> str:
    start = data[:64].lstrip(b"\xef\xbb\xbf \t\r\n")
    return next((name for magic, name in OTHER_FORMATS if start.startswith(magic)), "something else")


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield (type, content) of each chunk up to IEND, with which the bytes must end."""
    at = len(MAGIC)
    while at + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        if end > len(data):
            break
        content = data[at + 8 : end - 4]
        if not kind.isalpha() or zlib.crc32(content, zlib.crc32(kind)) != struct.unpack_from(">I", data, end - 4)[0]:
            raise _broken("the file is damaged: a checksum is wrong")
        if kind == b"IEND":
            if length or end != len(data):
                raise _broken("something stands behind the end of the picture")
            yield kind, content
            return
        yield kind, content
        at = end
    raise _broken("the file ends before the picture does")


def _header(first: tuple[bytes, bytes]) -> _Header:
    kind, content = first
    if kind != b"IHDR" or len(content) != 13:  # noqa: PLR2004 - two numbers of four bytes, five of one
        raise _broken("it does not begin with a header")
    width, height, depth, colour, compression, filtering, interlace = struct.unpack(">IIBBBBB", content)
    if depth not in DEPTHS.get(colour, ()) or compression or filtering or interlace > 1:
        raise _broken("its header names a kind of PNG that does not exist")
    if not (min(width, height) >= MIN_SIDE_PX and max(width, height) <= MAX_SIDE_PX and width * height <= MAX_PIXELS):
        told = f"each side has {MIN_SIDE_PX} to {MAX_SIDE_PX} px, and this one is {width} x {height}; save it in such a size"
        raise _refusal("size", told)
    if max(width, height) > MAX_RATIO * min(width, height):
        told = f"one side is at most {MAX_RATIO} times as long as the other, and this one is {width} x {height}; cut it"
        raise _refusal("ratio", told)
    return _Header(width, height, depth, colour, bool(interlace))


def _picture_only(chunks: list[tuple[bytes, bytes]], header: _Header) -> list[tuple[bytes, bytes]]:
    """Return the chunks that decide how the picture looks: each in its place, once, and of a legal length."""
    kept = [chunks[0]]
    seen = {b"IHDR"}
    before = b"IHDR"
    colours = 0
    for kind, content in chunks[1:]:
        if kind in {b"acTL", b"fcTL", b"fdAT"}:
            raise _refusal("animated", "it is animated; save one still picture")
        is_again = kind in seen and (kind != b"IDAT" or before != b"IDAT")
        match kind:
            case b"IHDR" | b"PLTE" | b"tRNS" | b"IDAT" | b"IEND" if is_again:
                raise _broken(f"it has {kind.decode()} twice")
            case b"PLTE":
                colours = len(content) // 3
                most = 2**header.depth if header.colour == PALETTE else 256
                _expect(header.colour not in {0, 4} and not {b"IDAT", b"tRNS"} & seen)
                _expect(len(content) % 3 == 0 and 1 <= colours <= most)
            case b"tRNS":
                _expect(header.colour not in WITH_ALPHA and b"IDAT" not in seen)
                fits = 1 <= len(content) <= colours if header.colour == PALETTE else None
                _expect(len(content) == TRANSPARENCY[header.colour] if fits is None else fits)
            case b"IDAT":
                _expect(header.colour != PALETTE or colours > 0)
            case b"IEND":
                _expect(b"IDAT" in seen)
            case _ if kind[:1].isupper():  # nobody may show a picture with a critical chunk that he does not know
                raise _broken(f"it has a part {kind.decode()}, which no PNG has")
        seen.add(kind)
        before = kind
        if kind in {b"tRNS", b"IDAT", b"IEND"} or (kind == b"PLTE" and header.colour == PALETTE):
            kept.append((kind, content))
    return kept


def _expect(is_well: bool) -> None:  # noqa: FBT001 - reads as an assertion
    if not is_well:
        raise _broken("its parts are in a wrong order, or of a wrong length")


def _check_pixels(parts: Iterable[bytes], header: _Header) -> None:
    """Inflate the pixels piece by piece and drop them: a bomb is noticed one piece after it passed its size."""
    wrong = _broken("its pixels are damaged, or not as many as its header says")
    lines = (length for count, length in header.rows() for _ in range(count))
    total = sum(count * length for count, length in header.rows())
    got = filter_at = 0
    decoder = zlib.decompressobj()
    for part in parts:
        waiting, is_full = part, True
        while waiting or is_full:
            try:
                piece = decoder.decompress(waiting, PIECE_BYTES)
            except zlib.error:
                raise wrong from None
            while filter_at < min(got + len(piece), total):
                if piece[filter_at - got] >= FILTERS:
                    raise wrong
                filter_at += next(lines)
            got += len(piece)
            if got > total:
                raise wrong
            waiting, is_full = decoder.unconsumed_tail, len(piece) == PIECE_BYTES
    if got != total or not decoder.eof or decoder.unused_data:
        raise wrong


def _packed(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", len(content), kind) + content + struct.pack(">I", zlib.crc32(content, zlib.crc32(kind)))
