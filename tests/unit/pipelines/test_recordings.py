"""video-summary from a recording: what is ordered, what it may cost, and what its transcript becomes. All pure."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.domain.brand import DEFAULT_BRAND
from app.domain.states import QuotaUnit
from app.pipelines import recordings, transcripts, video_summary
from app.pipelines.pipeline import Made
from app.pipelines.transcripts import Line, Transcript
from app.pipelines.video_request import VideoSummaryRequest
from app.pipelines.video_summary import PIPELINE

URL = "https://cdn.example/talks/talk.mp3"


def request(**said: Any) -> VideoSummaryRequest:
    return VideoSummaryRequest(**{"audio_url": URL, **said})


def wrong_fields(**said: Any) -> list[str]:
    with pytest.raises(ValidationError) as told:
        VideoSummaryRequest(**said)
    return [".".join(map(str, error["loc"])) for error in told.value.errors()]


# ---- orders


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({}, "audio_url"),
        ({"audio_url": URL, "transcript": "A word. " * 400}, "audio_url"),
        ({"audio_url": "file:///etc/passwd"}, "audio_url"),
        ({"audio_url": URL, "audio_minutes": 0}, "audio_minutes"),
        ({"audio_url": URL, "audio_minutes": 31}, "audio_minutes"),
        ({"audio_url": URL, "audio_minutes": 1, "length_s": 120}, "length_s"),
        ({"audio_url": URL, "audio_minutes": 1, "frames": [{"at_s": 61, "url": URL}]}, "frames"),
    ],
)
def test_what_cannot_be_worked_on_is_refused_by_its_field(said: dict[str, Any], field: str) -> None:
    assert wrong_fields(**said) == [field]


def test_neither_or_both_is_refused_with_what_to_send() -> None:
    with pytest.raises(ValidationError, match="send either the transcript or an audio_url"):
        VideoSummaryRequest()


def test_a_recording_alone_is_open_from_the_start_so_that_nothing_else_is_paid_for_it() -> None:
    order = request(audio_minutes=12, frames=[{"at_s": 1, "url": URL}])

    (opened,) = PIPELINE.opening(order, DEFAULT_BRAND)

    assert (opened.kind, opened.data) == ("transcript", {"url": URL})
    assert PIPELINE.counts(order) == {"transcript": 1, "moments": 3, "frame": 1, "script": 1, "thumbnail": 1}
    assert PIPELINE.charges_of(order) == {QuotaUnit.ITEMS: 1}


def test_it_is_called_by_its_title_or_its_file() -> None:
    assert PIPELINE.heading(request()) == "talk.mp3"
    assert PIPELINE.heading(request(title="Repairs")) == "Repairs"
    assert PIPELINE.heading(request(audio_url="https://cdn.example/")) == "cdn.example"


def test_it_hears_at_most_the_minutes_that_are_ordered_and_a_transcript_is_not_heard() -> None:
    assert PIPELINE.hears_s(request(audio_minutes=10)) == 601
    assert PIPELINE.hears_s(VideoSummaryRequest(transcript="A word. " * 400)) == 0


# ---- what is heard


def segment(start: float, end: float, text: str = "Said.") -> dict[str, Any]:
    return {"start": start, "end": end, "text": text}


def test_segments_become_lines_and_what_was_made_up_behind_the_end_is_left_out() -> None:
    told = transcripts.heard("", [segment(0, 4.1234), segment(58, 63), segment(61, 70)], 60.0)

    assert [(line.start_s, line.end_s) for line in told.lines] == [(0.0, 4.123), (58.0, 60.0)]
    assert told.timing == "given"


def test_a_long_segment_is_cut_into_lines_that_share_its_time() -> None:
    told = transcripts.heard("", [segment(10, 70, "A sentence of six whole words. " * 30)], 100.0)

    assert len(told.lines) > 3
    assert (told.start_s, told.end_s) == (10.0, 70.0)
    assert all(len(line.text) <= 2 * transcripts.LINE_CHARS for line in told.lines)


def test_a_text_without_times_is_spread_over_the_recording() -> None:
    told = transcripts.heard("One is said here. " * 40, [], 300.0)

    assert (told.start_s, told.end_s, told.timing) == (0.0, 300.0, "estimated")


@pytest.mark.parametrize(("text", "segments"), [("", []), ("  ", []), ("", [segment(61, 70)])])
def test_where_nothing_is_said_that_is_told(text: str, segments: list[dict[str, Any]]) -> None:
    with pytest.raises(transcripts.TranscriptError, match="nothing is said"):
        transcripts.heard(text, segments, 60.0)


def test_it_is_handed_over_as_srt_that_reads_as_it_was() -> None:
    lines = [Line(0.0, 2.5, "First."), Line(3600.25, 3601.0, "Ratio 1.5.")]

    assert list(transcripts.read(transcripts.srt(lines)).lines) == lines


# ---- parts

LINES = st.lists(st.tuples(st.floats(0, 1799), st.floats(0.01, 40)), min_size=1, max_size=80)


@given(LINES, st.integers(1, 30))
def test_a_recording_never_has_more_parts_than_were_counted_and_loses_no_line(
    spans: list[tuple[float, float]], minutes: int
) -> None:
    segments = [segment(start, start + lasts) for start, lasts in spans if start < minutes * 60 - 1]
    if not segments:
        return
    told = transcripts.heard("", segments, minutes * 60.0)

    found = recordings.parts(told)

    assert len(found) <= recordings.parts_at_most(minutes)
    assert sorted(line for part in found for line in map(str, part)) == sorted(map(str, told.lines))


def test_the_parts_of_an_even_talk_are_about_as_long_as_each_other() -> None:
    told = Transcript(tuple(Line(n * 5.0, n * 5.0 + 4.9, "Said.") for n in range(132)), "given")  # 11 minutes

    assert [len(part) for part in recordings.parts(told)] == [44, 44, 44]


# ---- what comes then


def test_the_script_knows_from_when_to_when_something_is_said_and_never_sees_it() -> None:
    rows = recordings.packed([Line(4.0, 9.0, "The manual is never read."), Line(300.0, 420.5, "And that is why.")])
    heard = Made("transcript", 0, True, {"url": URL, "material": rows, "timing": recordings.TIMES["given"]})
    moment = {"start_s": 4.0, "end_s": 9.0, "gist": "Said.", "why": "Good.", "strength": 5}
    found = Made("moments", 0, True, {"moments": [moment]})

    (script,) = PIPELINE.then(request(), DEFAULT_BRAND, [heard, found])

    assert script.data["span"] == [4.0, 420.5]
    assert script.data["timing"] == "All times were heard by the model that transcribed the recording."
    user = video_summary.script_prompt(request(), script.data, "plain").user
    assert "Lasts: 4.0 to 420.5 seconds" in user
    assert "manual" not in user


def test_without_a_transcript_nothing_comes() -> None:
    assert PIPELINE.then(request(), DEFAULT_BRAND, [Made("transcript", 0, False, {})]) == []


def test_what_was_heard_is_in_the_result_and_among_the_files_also_without_a_script() -> None:
    data = {"material": [[0.0, 2.0, "Said."]], "timing": "x"}

    assert PIPELINE.texts({"transcript": [data]})["transcript"] == [{"start_s": 0.0, "end_s": 2.0, "text": "Said."}]
    assert PIPELINE.files(request(), {"transcript": [data]}) == {
        "transcript.srt": "1\n00:00:00,000 --> 00:00:02,000\nSaid.\n"
    }
    assert "transcript" not in PIPELINE.texts({"transcript": [{"url": URL}]})
