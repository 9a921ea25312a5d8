"""Recordings for tests, made here: nothing is said in them, and their length is known."""

from __future__ import annotations

import io
import math
import struct
import wave

MP3_FRAME_S = 1152 / 44100


def wav(seconds: float, *, rate: int = 4000) -> bytes:
    """Return a tone as PCM, one byte a sample."""
    packed = io.BytesIO()
    with wave.open(packed, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(rate)
        file.writeframes(bytes(128 + round(40 * math.sin(n / 3)) for n in range(100)) * round(seconds * rate / 100))
    return packed.getvalue()


def mp3(frames: int, *, tags: bytes = b"") -> bytes:
    """Return silent frames of 417 bytes: MPEG 1, layer III, 128 kbit/s, 44.1 kHz."""
    return tags + (b"\xff\xfb\x90\x00" + bytes(413)) * frames


def id3(size: int) -> bytes:
    """Return a tag of so many bytes, as a cover in front of the sound is one."""
    length = bytes(size >> shift & 127 for shift in (21, 14, 7, 0))
    return b"ID3\x04\x00\x00" + length + b"\xff\xfb\x90\x00"[:size] + bytes(max(0, size - 4))


def box(name: bytes, *contents: bytes) -> bytes:
    """Return a box of an MP4."""
    inner = b"".join(contents)
    return struct.pack(">I4s", 8 + len(inner), name) + inner


def m4a(
    packets: int,
    *,
    hertz: int = 4,
    kind: int = 2,
    declared_s: int = 0,
    handler: bytes = b"soun",
    codec: bytes = b"mp4a",
    edits: int = 1,
    more: bytes = b"",
) -> bytes:
    """Return an MP4 of AAC without its sound. hertz: index of the rate, 4 is 44.1 kHz. more: boxes behind the others."""
    setting = bytes([kind << 3 | hertz >> 1, (hertz & 1) << 7 | 1 << 3])
    decoder = b"\x04" + bytes([13 + 2 + len(setting), 0x40, 0x15]) + bytes(11) + b"\x05\x02" + setting
    stream = b"\x03" + bytes([3 + len(decoder) + 3]) + b"\x00\x01\x00" + decoder + b"\x06\x01\x02"
    entry = box(codec, bytes(6), b"\x00\x01", bytes(20), box(b"esds", bytes(4), stream))
    table = box(
        b"stbl",
        box(b"stsd", bytes(4), struct.pack(">I", 1), entry),
        box(b"stsz", bytes(4), struct.pack(">II", 0, packets)),
    )
    media = box(b"mdia", box(b"hdlr", bytes(8), handler, bytes(13)), box(b"minf", table))
    played = struct.pack(">iii", 1000, 0, 65536) * edits
    track = box(b"trak", box(b"edts", box(b"elst", bytes(4), struct.pack(">I", edits), played)), media)
    movie = box(b"mvhd", bytes(12), struct.pack(">II", 1000, declared_s * 1000), bytes(80))
    return box(b"ftyp", b"M4A \x00\x00\x00\x00") + box(b"moov", movie, track) + more
