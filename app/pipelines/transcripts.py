"""Transcripts as people have them: SRT, WebVTT, or plain text with or without times; or as a model heard them.

All become timed lines. A plain text without times is timed by how fast people read aloud; whoever shows times made from it says so.
"""

from __future__ import annotations

import io
import math
import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from typing import Any, Literal

from app.pipelines.languages import words

MAX_BYTES = 300 * 1024
READ_ALOUD_WPM = 150  # narrators of audiobooks speak 150 to 160 words a minute
LINE_WORDS = 40  # of a plain text: about 16 s of speech
LINE_CHARS = 200
MAX_LINE_CHARS = 2_000
LONGEST_S = 24 * 3600.0
CUE_TIME = re.compile(r"\s*(?:\d+:)?\d{1,2}:\d{2}[.,]\d{3}(?:\s+|$)")
TIMED_CUE = re.compile(r"^[ \t]*\d+:\d.{0,20}?-+>", re.MULTILINE)
STAMP = r"\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d{1,3})?"
STAMPED = re.compile(rf"^\s*[\[(]?(?P<at>{STAMP})[\])]?\s*(?:[-–—:|]\s+)?(?P<text>.*)$")
SENTENCE_END = re.compile(r"(?<=[.!?。！？؟۔।])\s*")


class TranscriptError(ValueError):
    """Raised when a transcript cannot be read; the message says where and why."""


@dataclass(frozen=True, slots=True)
class Line:
    """What is said from one moment to another, in seconds from the beginning of the video."""

    start_s: float
    end_s: float
    text: str


@dataclass(frozen=True, slots=True)
class Transcript:
    """The lines of a video, in order of their starts; never empty."""

    lines: tuple[Line, ...]
    timing: Literal["given", "estimated"]
    """estimated: nobody gave times; they follow from READ_ALOUD_WPM, or from the length of what was heard."""

    @property
    def start_s(self) -> float:
        """When the first line begins."""
        return self.lines[0].start_s

    @property
    def end_s(self) -> float:
        """When the last line to end does."""
        return max(line.end_s for line in self.lines)

    @property
    def lasts_s(self) -> float:
        """From the first line to the last."""
        return self.end_s - self.start_s

    def chunks(self, most_bytes: int) -> list[tuple[Line, ...]]:
        """Return the lines in parts of at most so many bytes as a model is shown them, or of one line that is longer."""
        parts: list[list[Line]] = [[]]
        size = 0
        for line in self.lines:
            length = len(shown(line).encode())
            if parts[-1] and size + length > most_bytes:
                parts.append([])
                size = 0
            parts[-1].append(line)
            size += length
        return [tuple(part) for part in parts]


@lru_cache(maxsize=16)
def read(text: str) -> Transcript:
    """Return a transcript in whichever format it is. Raises TranscriptError.

    Remembered: a request is validated at each step of its run, and 300 KB take a tenth of a second.
    """
    if len(text.encode()) > MAX_BYTES:
        raise TranscriptError(f"it is longer than {MAX_BYTES // 1024} KB")
    plain = text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if plain.startswith("WEBVTT") or TIMED_CUE.search(plain):
        found, timing = _cues(plain), "given"
    elif _is_stamped(plain):
        found, timing = _stamped(plain), "given"
    else:
        found, timing = _untimed(plain), "estimated"
    if not found:
        raise TranscriptError("nothing is said in it")
    _check(found)
    return Transcript(
        tuple(sorted(found, key=lambda line: line.start_s)), "given" if timing == "given" else "estimated"
    )


def heard(text: str, segments: Sequence[Mapping[str, Any]], lasts_s: float) -> Transcript:
    """Return what a model heard in a recording of `lasts_s` seconds. Raises TranscriptError when nothing is said.

    segments: {start, end, text}, in seconds. Without them the text is spread over the recording by its words. What a
    model says it heard after the end, it made up.
    """
    found: list[Line] = []
    for one in segments:
        start, end = max(0.0, round(one["start"], 3)), round(min(one["end"], lasts_s), 3)
        if end > start:
            found += (
                _spread(one["text"], start, end - start)
                if len(one["text"]) > LINE_CHARS
                else [Line(start, end, one["text"])]
            )
    timing: Literal["given", "estimated"] = "given" if found else "estimated"
    found = [line for line in found or _spread(text, 0.0, lasts_s) if line.end_s > line.start_s]
    if not found:
        raise TranscriptError("nothing is said in it")
    return Transcript(tuple(sorted(found, key=lambda line: line.start_s)), timing)


def srt(lines: Sequence[Line]) -> str:
    """Return lines as SRT."""
    cues = (
        f"{number}\n{clock(line.start_s)} --> {clock(line.end_s)}\n".replace(".", ",") + f"{line.text}\n"
        for number, line in enumerate(lines, start=1)
    )
    return "\n".join(cues)


def shown(line: Line) -> str:
    """Return a line as a model is shown it: `[62.5-66.1] What is said`."""
    return f"[{line.start_s:.1f}-{line.end_s:.1f}] {line.text}"


def clock(seconds: float) -> str:
    """Return a moment as subtitles have it: `00:01:02.500`."""
    ms = round(seconds * 1000)
    return f"{ms // 3_600_000:02d}:{ms // 60_000 % 60:02d}:{ms // 1000 % 60:02d}.{ms % 1000:03d}"


def spoken_s(text: str) -> float:
    """Return how long a text takes to be read aloud, at least a second."""
    return max(1.0, words(text) * 60 / READ_ALOUD_WPM)


def _is_stamped(text: str) -> bool:
    """Whether a plain text has times before its lines: one that only speaks of `10:30` somewhere has none."""
    lines = [STAMPED.match(line) is not None for line in text.split("\n") if line.strip()]
    return bool(lines) and (lines[0] or sum(lines) > 1)


def _cues(text: str) -> list[Line]:
    """Return the cues of SRT or WebVTT."""
    import webvtt  # noqa: PLC0415 - only where subtitles are read

    is_vtt = text.startswith("WEBVTT")
    try:
        captions = webvtt.from_buffer(io.StringIO(text), format="vtt" if is_vtt else "srt").captions
    except (webvtt.errors.MalformedFileError, webvtt.errors.MalformedCaptionError) as exc:
        raise TranscriptError(f"it is no {'WebVTT' if is_vtt else 'SRT'} that can be read: {exc}") from exc
    _check_cues(text)
    return [
        Line(_seconds(one.start), _seconds(one.end), said)
        for one in captions
        if (said := " ".join(unescape(one.text).split()))
    ]


def _check_cues(text: str) -> None:
    """Raise TranscriptError at a time that cannot be read: the reader of subtitles leaves out such cues silently."""
    for number, line in enumerate(text.split("\n"), start=1):
        before, arrow, after = line.partition("-->")
        if (arrow or TIMED_CUE.match(line)) and not (CUE_TIME.fullmatch(before) and CUE_TIME.match(after)):
            told = "a cue's times have to read 00:00:01,000 --> 00:00:02,500"
            raise TranscriptError(f"line {number}: {told}; here stands {line.strip()[:60]!r}")


def _stamped(text: str) -> list[Line]:
    """Return a text's lines, each with the time that stands before it; it lasts until the next one begins."""
    found: list[tuple[float, list[str]]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if stamp := STAMPED.match(line):
            at = _seconds(stamp["at"])
            if found and at < found[-1][0]:
                raise TranscriptError(f"line {number}: {stamp['at']} lies before the time of the line above")
            if found and at == found[-1][0]:
                found[-1][1].append(stamp["text"])
            else:
                found.append((at, [stamp["text"]]))
        elif line.strip():
            found = found or [(0.0, [])]
            found[-1][1].append(line)
    lines: list[Line] = []
    ends: Sequence[float | None] = [*(at for at, _ in found[1:]), None]
    for (at, parts), end in zip(found, ends, strict=True):
        said = " ".join(" ".join(parts).split())
        lines += _spread(said, at, spoken_s(said) if end is None else end - at)
    return lines


def _untimed(text: str) -> list[Line]:
    """Return a text in lines of a few sentences, as if it were read aloud without a pause."""
    return _spread(text, 0.0, spoken_s(text))


def _spread(text: str, at: float, lasts_s: float) -> list[Line]:
    """Return a text in lines that share its time by their words."""
    parts = _parts(text)
    total = sum(count for _, count in parts) or 1
    lines, passed = [], 0
    for part, count in parts:
        start, passed = passed, passed + count
        lines.append(Line(round(at + lasts_s * start / total, 3), round(at + lasts_s * passed / total, 3), part))
    return lines


def _parts(text: str) -> list[tuple[str, int]]:
    """Return a text in parts of at most LINE_WORDS words, each with their number, cut between sentences where it can be."""
    parts: list[tuple[str, int]] = []
    for sentence in (one for line in text.split("\n") for one in SENTENCE_END.split(line)):
        for piece in _cut(sentence.strip()):
            count = max(1, words(piece))
            if parts and parts[-1][1] + count <= LINE_WORDS and len(parts[-1][0]) + len(piece) <= 2 * LINE_CHARS:
                parts[-1] = (f"{parts[-1][0]} {piece}", parts[-1][1] + count)
            else:
                parts.append((piece, count))
    return parts


def _cut(sentence: str) -> list[str]:
    """Return a sentence in parts that are short enough, as speech that was written down without a full stop is not."""
    if words(sentence) <= LINE_WORDS and len(sentence) <= LINE_CHARS:
        return [sentence] if sentence else []
    return textwrap.wrap(sentence, LINE_CHARS, break_on_hyphens=False)


def _check(lines: list[Line]) -> None:
    for number, line in enumerate(lines, start=1):
        told = None
        if line.end_s <= line.start_s:
            told = f"ends at {clock(line.end_s)}, before it begins"
        elif not math.isfinite(line.end_s) or line.end_s > LONGEST_S:
            told = f"ends after {LONGEST_S / 3600:.0f} hours"
        elif len(line.text) > MAX_LINE_CHARS:
            told = f"has {len(line.text)} characters instead of at most {MAX_LINE_CHARS}; cut it into several"
        if told:
            raise TranscriptError(f"cue {number} at {clock(line.start_s)} {told}")


def _seconds(stamp: str) -> float:
    """Return `1:02:03,500` and `02:03` in seconds."""
    total = 0.0
    for part in stamp.replace(",", ".").split(":"):
        total = total * 60 + float(part)
    return total
