"""Which characters a TrueType font can draw. Pillow cannot tell, so the font's cmap table is read."""

from __future__ import annotations

import struct


def covered(font: bytes) -> frozenset[int]:
    """Return the code points in the font's Unicode cmap (OpenType 1.9 spec, cmap formats 4 and 12)."""
    table = _table(font, b"cmap")
    points: set[int] = set()
    (count,) = struct.unpack_from(">H", table, 2)
    for record in range(count):
        platform, _encoding, offset = struct.unpack_from(">HHI", table, 4 + 8 * record)
        if platform not in (0, 3):
            continue
        (layout,) = struct.unpack_from(">H", table, offset)
        read = _READERS.get(layout)
        points |= read(table, offset) if read else set()
    return frozenset(points)


def _table(font: bytes, tag: bytes) -> bytes:
    (count,) = struct.unpack_from(">H", font, 4)
    for record in range(count):
        name, _checksum, offset, length = struct.unpack_from(">4sIII", font, 12 + 16 * record)
        if name == tag:
            return font[offset : offset + length]
    raise ValueError(f"the font has no {tag.decode()} table; it is no TrueType or OpenType file")


def _format_4(table: bytes, offset: int) -> set[int]:
    segments = struct.unpack_from(">H", table, offset + 6)[0] // 2
    ends_at = offset + 14
    starts_at = ends_at + 2 * segments + 2
    deltas_at, ranges_at = starts_at + 2 * segments, starts_at + 4 * segments
    points: set[int] = set()
    for segment in range(segments):
        end, start, delta, jump = (
            struct.unpack_from(">H", table, at + 2 * segment)[0] for at in (ends_at, starts_at, deltas_at, ranges_at)
        )
        for point in range(start, min(end, 0xFFFE) + 1):
            glyph = point
            if jump:
                (glyph,) = struct.unpack_from(">H", table, ranges_at + 2 * segment + jump + 2 * (point - start))
                if glyph == 0:
                    continue
            if (glyph + delta) & 0xFFFF:
                points.add(point)
    return points


def _format_12(table: bytes, offset: int) -> set[int]:
    (groups,) = struct.unpack_from(">I", table, offset + 12)
    points: set[int] = set()
    for group in range(groups):
        start, end, glyph = struct.unpack_from(">III", table, offset + 16 + 12 * group)
        points.update(range(start if glyph else start + 1, end + 1))
    return points


_READERS = {4: _format_4, 12: _format_12}
