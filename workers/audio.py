"""What a recording is and how long it lasts at most, by its own bytes: nothing is decoded.

The length decides what a transcription may cost, so no decoder may find more sound than is counted here. What a file
declares of itself is not trusted for that: WAV is counted by its bytes, MP3 by its frames, and AAC in MP4 by its
packets. Other formats (WebM, Ogg, FLAC) are refused: nothing but decoding bears out what their headers say.

Formats: RIFF WAVE (Microsoft, 1991), MPEG audio (ISO 11172-3, 13818-3), MP4 and AAC (ISO 14496-12, -14, -3).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from app.domain.errors import SourceRefused

MAX_BYTES = 25_000_000  # OpenAI takes 26,214,400 with the form around it
MIME = {"wav": "audio/wav", "mp3": "audio/mpeg", "m4a": "audio/mp4"}
UNMEASURED = (b"\x1aE\xdf\xa3", b"OggS", b"fLaC")  # WebM, Ogg, FLAC

PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE

MP3_KBITS = {
    True: (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    False: (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""Kilobits a second of layer III by its index less 1: of MPEG 1, and of MPEG 2 and 2.5."""
MP3_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
LEAST_MP3_BYTES_PER_S = 950  # 8 kbit/s, rounded down to whole bytes in each frame
MOST_LOST_BYTES = 1_000_000  # not searched further for frames: a cover that stands behind the sound

AAC_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
AAC_KINDS = (2, 5, 29)  # low complexity, by itself or under spectral band replication
AAC_IN_MP4 = 0x40
PACKET_SAMPLES = 1024  # at the rate of the core
SILENT_TRACKS = frozenset({b"vide", b"text", b"sbtl", b"subt", b"clcp", b"tmcd", b"meta", b"hint"})
MOST_BOXES = 5_000  # files have about a hundred
NESTED = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts")


@dataclass(frozen=True, slots=True)
class Measured:
    """A recording that can be transcribed."""

    format: str
    """wav, mp3 or m4a: the ending of a file's name."""
    seconds: float
    """No decoder finds more in it."""


def measure(data: bytes) -> Measured:
    """Return what a recording is and how long it lasts at most.

    Raises SourceRefused with `audio_refused:` and no_audio, or unknown_length.
    """
    try:
        if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
            found = Measured("wav", _wav_s(data))
        elif data[4:8] == b"ftyp":
            found = Measured("m4a", _mp4_s(data))
        elif (start := _mp3_start(data)) is not None:
            found = Measured("mp3", _mp3_s(data, start))
        elif data.startswith(UNMEASURED):
            raise _unmeasured("the length of WebM, Ogg and FLAC cannot be told without decoding them")
        else:
            raise SourceRefused("what came is no recording; MP3, M4A (AAC) and WAV are", code="audio_refused:no_audio")
    except (struct.error, IndexError) as exc:
        raise _unmeasured("the recording is cut off") from exc
    if found.seconds <= 0:
        raise _unmeasured("the recording holds no sound")
    return found


def _unmeasured(why: str) -> SourceRefused:
    return SourceRefused(f"{why}; MP3, M4A (AAC) and WAV are taken", code="audio_refused:unknown_length")


# ---- WAV


def _wav_s(data: bytes) -> float:
    """Return the length of PCM, counted to the file's end: a header that was written first does not know it."""
    bytes_per_s, at = 0, 12
    while at + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        if name == b"fmt ":
            kind, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", data, at + 8)
            if kind == EXTENSIBLE:
                (kind,) = struct.unpack_from("<H", data, at + 32)
            if kind not in (PCM, FLOAT):
                raise _unmeasured("the WAV is packed")
            bytes_per_s = channels * rate * (bits // 8)
        elif name == b"data" and bytes_per_s:
            return (len(data) - at - 8) / bytes_per_s
        at += 8 + size + size % 2
    raise _unmeasured("the WAV has no sound that can be found")


# ---- MP3


def _mp3_start(data: bytes) -> int | None:
    """Return where the first of two frames in a row begins, behind tags and padding; None when it is no MP3."""
    at = 0
    while data[at : at + 3] == b"ID3" and len(data) >= at + 10:
        flags, a, b, c, d = data[at + 5 : at + 10]
        at += (20 if flags & 0x10 else 10) + ((a & 127) << 21 | (b & 127) << 14 | (c & 127) << 7 | d & 127)
    at += len(data[at:]) - len(data[at:].lstrip(b"\x00"))
    frame = _mp3_frame(data, at)
    return at if frame and _mp3_frame(data, at + frame[0]) else None


def _mp3_frame(data: bytes, at: int) -> tuple[int, float] | None:
    """Return the bytes and the seconds of the frame of layer III that begins here; None when none does."""
    head = data[at : at + 3]
    if len(head) < 3 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:  # noqa: PLR2004 - sync and layer III
        return None
    version, kbits, rate = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3
    if version not in MP3_RATES or kbits in (0, 15) or rate == 3:  # noqa: PLR2004 - free format, and reserved values
        return None
    hertz, is_first = MP3_RATES[version][rate], version == 3  # noqa: PLR2004 - MPEG 1
    samples = 1152 if is_first else 576
    size = samples // 8 * MP3_KBITS[is_first][kbits - 1] * 1000 // hertz
    return size + (head[2] >> 1 & 1), samples / hertz


def _mp3_s(data: bytes, at: int) -> float:
    """Return the length of all frames; bytes that are in none are counted as if they were the thinnest sound there is.

    As decoders have it, all frames last as long as the first, and behind what is none it takes two in a row to go on.
    """
    first = _mp3_frame(data, at)
    assert first is not None, "_mp3_start has looked"
    seconds, lost, is_lost = 0.0, 0, False

    def frame_at(place: int) -> tuple[int, float] | None:
        frame = _mp3_frame(data, place)
        return frame if frame and frame[1] == first[1] else None

    while at < len(data) and lost <= MOST_LOST_BYTES:
        frame = frame_at(at)
        is_lost = frame is None or (is_lost and frame_at(at + frame[0]) is None)
        if frame and not is_lost:
            seconds, at = seconds + frame[1], at + frame[0]
        else:
            found = data.find(b"\xff", at + 1)
            begins = len(data) if found < 0 else found
            lost, at = lost + begins - at, begins
    return seconds + (lost + max(0, len(data) - at)) / LEAST_MP3_BYTES_PER_S


# ---- MP4

Box = tuple[bytes, int, int]
"""Name, and where its content begins and ends."""


def _mp4_s(data: bytes) -> float:
    """Return the length of the longest track of sound, or what the file says of itself where that is more."""
    boxes = list(islice(_boxes(data, 0, len(data)), MOST_BOXES))
    if len(boxes) == MOST_BOXES:
        raise _unmeasured("the MP4 is in too many parts")
    if any(name in (b"moof", b"mvex") for name, _, _ in boxes):
        raise _unmeasured("the MP4 is cut into fragments")
    tracks = [list(_boxes(data, start, end)) for name, start, end in boxes if name == b"trak"]
    lengths = [_track_s(data, track) for track in tracks if _has_sound(data, track)]
    if not lengths:
        raise _unmeasured("the MP4 has no sound")
    declared = [_declared_s(data, start) for name, start, _ in boxes if name == b"mvhd"]
    return max(*lengths, *declared, 0.0)


def _boxes(data: bytes, start: int, end: int, depth: int = 0) -> Iterator[Box]:
    """Yield all boxes in order, each before those within it. Raises SourceRefused where they do not fit."""
    while start + 8 <= end:
        size, name = struct.unpack_from(">I4s", data, start)
        head = 8
        if size == 1:
            size, head = struct.unpack_from(">Q", data, start + 8)[0], 16
        stop = start + size if size else end
        if stop > end or stop < start + head or depth > len(NESTED):
            raise _unmeasured("the MP4 is cut off or broken")
        yield name, start + head, stop
        if name in NESTED:
            yield from _boxes(data, start + head, stop, depth + 1)
        start = stop


def _has_sound(data: bytes, track: list[Box]) -> bool:
    handlers = {data[start + 8 : start + 12] for name, start, _ in track if name == b"hdlr"}
    return b"soun" in handlers or not handlers & SILENT_TRACKS


def _track_s(data: bytes, track: list[Box]) -> float:
    """Return the length of a track of AAC by its packets. Raises SourceRefused for any other."""
    if sum(_edits(data, start) for name, start, _ in track if name == b"elst") > 1:
        raise _unmeasured("the MP4 plays parts of its sound again")
    hertz = [_aac_hertz(data[start:end]) for name, start, end in track if name == b"stsd"]
    packets = [struct.unpack_from(">I", data, start + 8)[0] for name, start, _ in track if name in (b"stsz", b"stz2")]
    if not hertz or not packets:
        raise _unmeasured("the MP4 does not list its sound")
    return float(max(packets) * PACKET_SAMPLES / min(hertz))


def _edits(data: bytes, start: int) -> int:
    """Return how many parts of the media an edit list plays; a pause is none."""
    is_long = data[start] == 1
    (count,) = struct.unpack_from(">I", data, start + 4)
    form = ">qqi" if is_long else ">iii"
    step = struct.calcsize(form)
    return sum(struct.unpack_from(form, data, start + 8 + n * step)[1] >= 0 for n in range(count))


def _declared_s(data: bytes, start: int) -> float:
    form, at = (">IQ", 20) if data[start] == 1 else (">II", 12)
    scale, length = struct.unpack_from(form, data, start + at)
    return length / scale if scale else 0.0


def _aac_hertz(entries: bytes) -> int:
    """Return the rate of a track's one kind of sound, which has to be AAC. Raises SourceRefused."""
    (count,) = struct.unpack_from(">I", entries, 4)
    at = entries.find(b"esds") + 8
    if count != 1 or entries[12:16] != b"mp4a" or at < 8:  # noqa: PLR2004 - not found
        raise _unmeasured("the sound of the MP4 is no AAC")
    tag, at = entries[at], _after_length(entries, at + 1)
    if tag == 3:  # noqa: PLR2004 - a stream; its flags say what stands before its decoder
        flags = entries[at + 2]
        at += 3 + 2 * (flags >> 7) + (1 + entries[at + 3] if flags & 0x40 else 0) + 2 * (flags >> 5 & 1)
        tag, at = entries[at], _after_length(entries, at + 1)
    is_aac = tag == 4 and entries[at] == AAC_IN_MP4  # noqa: PLR2004 - a decoder
    at += 13
    if is_aac and entries[at] == 5:  # noqa: PLR2004 - how it is set
        at = _after_length(entries, at + 1)
        kind, rate = entries[at] >> 3, (entries[at] & 7) << 1 | entries[at + 1] >> 7
        if kind in AAC_KINDS and rate < len(AAC_RATES):
            return AAC_RATES[rate]
    raise _unmeasured("the sound of the MP4 is no AAC")


def _after_length(data: bytes, at: int) -> int:
    """Return where a descriptor's content begins, behind its length of one to four bytes."""
    for _ in range(3):
        if not data[at] & 0x80:
            break
        at += 1
    return at + 1
