"""A video's sound instead of its transcript: fetched, measured, transcribed, and cut into parts.

What it may cost is known before it is paid: an order says how many minutes its recording lasts at most, and a longer one
is refused by its own bytes. How much text a part of it may hold is bounded too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from app.domain.errors import SourceRefused
from app.domain.states import PieceState
from app.pipelines import transcripts
from app.pipelines.highlights import TOLERANCE
from app.pipelines.pipeline import Done, NewPiece, Stage, Work
from app.pipelines.transcripts import Line, Transcript

MAX_MINUTES = 30  # OpenAI hears about half a minute in a second; the answer has to come within 90 s
USUAL_MINUTES = 15
PADDING_S = 1  # that a codec may put around the sound
PART_S = 300
PART_BYTES = 20_000  # nobody says more than 4 KB a minute, with times and in any script
TIMES = {
    "given": "All times were heard by the model that transcribed the recording.",
    "estimated": "The model that transcribed the recording told no times: all times are estimated from its words; check"
    " them against the video.",
}


def opening(request: Any) -> list[NewPiece]:
    """Return the piece that a run with a recording starts with: nothing else is paid before something is heard."""
    return [NewPiece("transcript", 0, {"url": request.audio_url})]


def fetch_audio(work: Work) -> Done:
    """Fetch the recording, and refuse one that is too long or too short before it is paid for."""
    request = work.request
    given = work.web.audio(work.data["url"], max_s=request.audio_minutes * 60)
    lasts_s = given["seconds"]
    if lasts_s < request.length_s * (1 - TOLERANCE):
        told = f"the recording lasts {lasts_s:.0f} s, which is shorter than the reel that is asked for"
        raise SourceRefused(told, code="audio_refused:too_short")
    if late := [frame.at_s for frame in request.frames if frame.at_s > lasts_s]:
        told = f"frames: {late[0]:g} s lies after the recording's end at {lasts_s:.1f} s"
        raise SourceRefused(told, code="audio_refused:frame_outside")
    return Done(data={"given": given})


def transcribe(work: Work) -> Done:
    """Have the recording transcribed; its parts and the frames are then worked on side by side.

    What was paid for is kept, so that a refusal here costs nothing more when it is looked at again.
    """
    request, given = work.request, work.data["given"]
    reply = work.ask.transcript("transcribe", given, about=request.title or "")
    try:
        told = transcripts.heard(reply["text"], reply["segments"], given["seconds"])
    except transcripts.TranscriptError as exc:
        return Done(failure=("audio_refused:nothing_said", f"the recording cannot be used: {exc}"))
    found = parts(told)
    if told.lasts_s < request.length_s * (1 - TOLERANCE):
        said = f"only {told.lasts_s:.0f} s of the recording hold speech, which is shorter than the reel"
        return Done(failure=("audio_refused:too_little_said", said))
    if any(_bytes(part) > PART_BYTES for part in found):
        said = "more was transcribed than anybody can say in that time; send the transcript instead"
        return Done(failure=("audio_refused:not_speech", said))
    opens = [NewPiece("moments", n, {"part": n, "material": packed(part)}) for n, part in enumerate(found)]
    frames = [NewPiece("frame", n, frame.model_dump()) for n, frame in enumerate(request.frames)]
    return Done(data={"material": packed(told.lines), "timing": TIMES[told.timing]}, opens=[*opens, *frames])


def parts(told: Transcript) -> list[list[Line]]:
    """Return the lines in parts of equal length, of at most PART_S seconds."""
    start_s, lasts_s = told.start_s, told.lasts_s  # each is looked for in all lines
    count = max(1, math.ceil(lasts_s / PART_S))
    found: list[list[Line]] = [[] for _ in range(count)]
    for line in told.lines:
        found[min(int((line.start_s - start_s) / lasts_s * count), count - 1)].append(line)
    return [part for part in found if part]


def parts_at_most(minutes: int) -> int:
    """Return how many parts a recording of so many minutes has at most."""
    return math.ceil(minutes * 60 / PART_S)


def hears_s(request: Any) -> int:
    """Return the seconds that an order's recording is billed for at most."""
    return int(request.audio_minutes) * 60 + PADDING_S if request.audio_url else 0


def packed(lines: Sequence[Line]) -> list[list[Any]]:
    """Return lines as a piece's data holds them."""
    return [[line.start_s, line.end_s, line.text] for line in lines]


def unpacked(rows: Sequence[Sequence[Any]]) -> list[Line]:
    """Return the lines of a piece's data."""
    return [Line(start, end, text) for start, end, text in rows]


def span(lines: Sequence[Line]) -> list[float]:
    """Return when the first line begins and the last one to end ends."""
    return [lines[0].start_s, max(line.end_s for line in lines)]


def name(url: str) -> str:
    """Return what people call a recording that nobody gave a title: its file's name, or its host's."""
    place = urlsplit(url)
    return (place.path.rpartition("/")[2] or place.hostname or "")[:80]


def shown(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a transcript as a run's texts show it."""
    return [{"start_s": start, "end_s": end, "text": text} for start, end, text in data["material"]]


def _bytes(part: Sequence[Line]) -> int:
    return sum(len(transcripts.shown(line).encode()) for line in part)


TRACK = (
    Stage("fetch_audio", fetch_audio, PieceState.PENDING, "text", keeps="given", expected_s=3),
    Stage(
        "transcribe", transcribe, PieceState.READY, "text",
        purpose="transcribe", keeps="material", max_audio_s=MAX_MINUTES * 60 + PADDING_S, max_tokens_in=0,
        max_tokens_out=0, expected_tokens=(0, 0), expected_s=20,
    ),
)  # fmt: skip
