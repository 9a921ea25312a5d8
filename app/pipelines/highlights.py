"""A highlight reel: what models return of it, what must hold of it, and the files it is handed over in. All pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from app.pipelines import csv_rows
from app.pipelines.languages import in_words, is_in_its_script, words
from app.pipelines.markdown import in_line, paragraphs
from app.pipelines.transcripts import clock

TOLERANCE = 0.10  # of the ordered length, either way
SLACK_S = 0.11  # models are shown times with one decimal
MOMENTS = (1, 6)  # of one part of the transcript
MOMENT_S = (1.0, 90.0)
SEGMENTS_AT_MOST = 40
LEAST_SEGMENT_S = 1.0
HOOK_WORDS, TITLE_WORDS, CAPTION_WORDS, IDEA_WORDS = 14, 12, 9, 20
CUT_COLUMNS = ("cut", "video_in", "video_out", "reel_in", "reel_out", "seconds", "caption", "narration")
SPOKEN_PER_S = 3.2  # words: a quick narrator; who has more to say runs over the cut


class Moment(BaseModel):
    """A part of the transcript that is worth showing."""

    model_config = ConfigDict(extra="forbid")
    start_s: float = Field(description="Seconds, where a line begins.")
    end_s: float = Field(description="Seconds, where a line ends.")
    gist: str = Field(min_length=1, description="What is said, in at most 25 words.")
    why: str = Field(min_length=1, description="Why it is worth showing, in at most 15 words.")
    strength: int = Field(description="1 (weak) to 10 (nobody should miss it).")


class Moments(BaseModel):
    """The best moments of one part of a transcript."""

    model_config = ConfigDict(extra="forbid")
    moments: list[Moment]


class Seen(BaseModel):
    """What a frame of the video shows."""

    model_config = ConfigDict(extra="forbid")
    shows: str = Field(min_length=1, description="What is to be seen, in one or two sentences.")
    text_in_picture: str = Field(description="Letters that are to be read in it; empty when there are none.")
    is_striking: bool = Field(description="Whether it would make people stop.")


class Segment(BaseModel):
    """One cut of the reel."""

    model_config = ConfigDict(extra="forbid")
    start_s: float = Field(description="Seconds in the video.")
    end_s: float = Field(description="Seconds in the video.")
    narration: str = Field(min_length=1, description="What a narrator says over it.")
    caption: str = Field(min_length=1, description=f"The line on the screen, at most {CAPTION_WORDS} words.")


class Script(BaseModel):
    """The script of a highlight reel."""

    model_config = ConfigDict(extra="forbid")
    hook: str = Field(min_length=1, description=f"The line that opens the reel, at most {HOOK_WORDS} words.")
    title: str = Field(min_length=1, description=f"What the reel is called, at most {TITLE_WORDS} words.")
    segments: list[Segment] = Field(description="In the order of the video.")
    thumbnail_idea: str = Field(
        min_length=1, description=f"What the thumbnail shows, in English, at most {IDEA_WORDS} words, no letters in it."
    )


def problems_of_moments(found: Moments, start_s: float, end_s: float) -> list[str]:
    """Return what is wrong with the moments of the part that lasts from `start_s` to `end_s`."""
    problems = []
    if not MOMENTS[0] <= len(found.moments) <= MOMENTS[1]:
        problems.append(f"moments: {len(found.moments)} instead of {MOMENTS[0]} to {MOMENTS[1]}")
    for number, moment in enumerate(found.moments, start=1):
        lasts = moment.end_s - moment.start_s
        if not (start_s - SLACK_S <= moment.start_s and moment.end_s <= end_s + SLACK_S):
            problems.append(f"moment {number}: {_span(moment)} does not lie within {start_s:.1f} to {end_s:.1f}")
        elif lasts <= 0 or (lasts < MOMENT_S[0] and lasts < end_s - start_s - SLACK_S) or lasts > MOMENT_S[1]:
            least, most = MOMENT_S
            problems.append(f"moment {number}: {_span(moment)} lasts {lasts:.1f} s instead of {least:g} to {most:g} s")
        if not 1 <= moment.strength <= 10:  # noqa: PLR2004 - as the field says
            problems.append(f"moment {number} strength: {moment.strength} instead of 1 to 10")
    return problems


def problems_of_script(script: Script, *, start_s: float, end_s: float, length_s: float, language: str) -> list[str]:
    """Return what is wrong with a script for the transcript that lasts from `start_s` to `end_s`.

    Every cut lies inside it, in order and without overlap, and together they last `length_s`, 10 % either way.
    """
    found = []
    if not 1 <= len(script.segments) <= SEGMENTS_AT_MOST:
        found.append(f"segments: {len(script.segments)} instead of 1 to {SEGMENTS_AT_MOST}")
    before = start_s
    for number, segment in enumerate(script.segments, start=1):
        name = f"segment {number}"
        lasts = segment.end_s - segment.start_s
        if not (start_s - SLACK_S <= segment.start_s and segment.end_s <= end_s + SLACK_S):
            found.append(f"{name}: {_span(segment)} does not lie within {start_s:.1f} to {end_s:.1f}")
        if lasts < LEAST_SEGMENT_S:
            found.append(f"{name}: {_span(segment)} lasts {lasts:.1f} s instead of at least {LEAST_SEGMENT_S:g} s")
        if segment.start_s < before - SLACK_S:
            found.append(f"{name}: begins at {segment.start_s:.1f}, before segment {number - 1} ends at {before:.1f}")
        before = max(before, segment.end_s)
        most = most_words(lasts)
        for field, text, limit in (("narration", segment.narration, most), ("caption", segment.caption, CAPTION_WORDS)):
            if words(text) > limit:
                found.append(f"{name} {field}: {words(text)} words instead of at most {limit}")
    least, most_s = (round(length_s * (1 + side), 1) for side in (-TOLERANCE, TOLERANCE))
    if not least <= round(total_s(script.segments), 1) <= most_s:
        found.append(f"segments last {total_s(script.segments):.1f} s in all instead of {least:g} to {most_s:g} s")
    return [*found, *_problems_of_lines(script, language)]


def _problems_of_lines(script: Script, language: str) -> list[str]:
    limits = (("hook", HOOK_WORDS), ("title", TITLE_WORDS), ("thumbnail_idea", IDEA_WORDS))
    found = [
        f"{name}: {words(getattr(script, name))} words instead of at most {most}"
        for name, most in limits
        if words(getattr(script, name)) > most
    ]
    told = " ".join([script.hook, script.title, *(f"{one.narration} {one.caption}" for one in script.segments)])
    if not is_in_its_script(told, language):
        found.append(f"not written in {in_words(language)}; write all but thumbnail_idea in that language, its letters")
    return found


def most_words(lasts_s: float) -> int:
    """Return how many words can be said over a cut of so many seconds."""
    return max(3, int(lasts_s * SPOKEN_PER_S))


def total_s(segments: Sequence[Segment]) -> float:
    """Return how long the cuts last together."""
    return sum(one.end_s - one.start_s for one in segments)


def _span(one: Moment | Segment) -> str:
    return f"{one.start_s:.1f} to {one.end_s:.1f}"


def script_md(script: Mapping[str, Any], note: str) -> str:
    """Return a script to be read: the hook, then each cut with its times in the video and in the reel."""
    lines = [f"# {in_line(script['title'])}", "", f"**{in_line(script['hook'])}**", "", note, ""]
    for number, (segment, at, until) in enumerate(_placed(script["segments"]), start=1):
        lines += [
            f"## {number}. {in_line(segment['caption'])}",
            "",
            f"- Video: {clock(segment['start_s'])} to {clock(segment['end_s'])}",
            f"- Reel: {clock(at)} to {clock(until)}",
            "",
            paragraphs(segment["narration"]),
            "",
        ]
    return "\n".join(lines)


def captions_srt(segments: Sequence[Mapping[str, Any]]) -> str:
    """Return the captions as subtitles of the finished reel."""
    cues = [
        f"{number}\n{clock(at).replace('.', ',')} --> {clock(until).replace('.', ',')}\n{segment['caption']}\n"
        for number, (segment, at, until) in enumerate(_placed(segments), start=1)
    ]
    return "\n".join(cues)


def cuts_csv(segments: Sequence[Mapping[str, Any]]) -> str:
    """Return the list of cuts for whoever edits the video; times are `hh:mm:ss.mmm`."""
    rows = [
        {
            "cut": number,
            "video_in": clock(segment["start_s"]),
            "video_out": clock(segment["end_s"]),
            "reel_in": clock(at),
            "reel_out": clock(until),
            "seconds": f"{until - at:.3f}",
            "caption": segment["caption"],
            "narration": segment["narration"],
        }
        for number, (segment, at, until) in enumerate(_placed(segments), start=1)
    ]
    return csv_rows.written(CUT_COLUMNS, rows)


def _placed(segments: Sequence[Mapping[str, Any]]) -> list[tuple[Mapping[str, Any], float, float]]:
    """Return each cut with when it begins and ends in the reel."""
    placed, at = [], 0.0
    for segment in segments:
        until = round(at + segment["end_s"] - segment["start_s"], 3)
        placed.append((segment, at, until))
        at = until
    return placed
