"""Transcripts in every form become the same timed lines; broken ones say where."""

from __future__ import annotations

import io
from itertools import pairwise

import pytest
import webvtt  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from app.pipelines import transcripts
from app.pipelines.transcripts import TranscriptError, clock, read

SRT = "1\n00:00:01,000 --> 00:00:02,500\nHello <i>there</i>\n\n2\n00:00:02,500 --> 00:01:04,000\nSalt &amp; water\nfreeze\n"
VTT = (
    "WEBVTT - a talk\n\nNOTE made by hand\n\nSTYLE\n::cue { color: red }\n\nintro\n00:01.000 --> 00:02.500 align:start\n"
    "<v Ann>Hello there\n\n00:02.500 --> 01:04.000\nSalt &amp; water\nfreeze\n"
)
STAMPED = "[0:01] Hello there\n(0:02.5) Salt & water\nfreeze\n1:04 - The end"


@pytest.mark.parametrize("text", [SRT, VTT, SRT.replace("\n", "\r\n"), "\ufeff" + SRT, STAMPED.rpartition("\n")[0]])
def test_each_form_becomes_the_same_lines(text: str) -> None:
    told = read(text)

    assert [(line.start_s, line.text) for line in told.lines] == [(1.0, "Hello there"), (2.5, "Salt & water freeze")]
    assert told.lines[0].end_s == 2.5
    assert told.timing == "given"


def test_a_stamped_line_lasts_until_the_next_one_and_the_last_as_long_as_it_takes_to_say_it() -> None:
    assert [(line.start_s, line.end_s) for line in read(STAMPED).lines] == [(1.0, 2.5), (2.5, 64.0), (64.0, 65.0)]


def test_a_text_without_times_is_timed_by_its_words() -> None:
    told = read("Nobody reads the manual. " * 75)  # 300 words

    assert told.timing == "estimated"
    assert (told.start_s, told.end_s) == (0.0, 120.0)
    assert all(before.end_s == after.start_s for before, after in pairwise(told.lines))


def test_a_text_without_full_stops_is_cut_into_lines_all_the_same() -> None:
    assert len(read("word " * 1_000).lines) >= 20


def test_one_that_only_speaks_of_a_time_has_none() -> None:
    assert read("We met in the hall.\n10:30 was the hour.").timing == "estimated"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("WEBVTT\n\n", "nothing is said"),
        ("   \n ", "nothing is said"),
        ("1\n00:00:01,000 --> 00:00:02,500\n\n", "nothing is said"),
        ("1\n00:00:05,000 --> 00:00:04,000\nback\n", "cue 1 at 00:00:05.000 ends at 00:00:04.000, before it begins"),
        ("1\n00:00:01,000 --> 00:00:02\nHi\n", "line 2: a cue's times have to read"),
        (SRT + "\n3\n00:01:05,000 -> 00:01:06,000\nlost\n", "line 11: a cue's times have to read"),
        (SRT.replace("00:01:04,000", "99:00:00,000"), "ends after 24 hours"),
        ("0:20 later\n0:10 before", "line 2: 0:10 lies before"),
        (f"1\n00:00:01,000 --> 00:00:02,500\n{'x' * 2001}\n", "2001 characters instead of at most 2000"),
        ("ی" * 160_000, "longer than 300 KB"),
    ],
)
def test_a_broken_one_says_where_and_why(text: str, told: str) -> None:
    with pytest.raises(TranscriptError, match=told):
        read(text)


def test_parts_hold_every_line_once_and_are_as_long_as_they_may_be() -> None:
    told = read("Nobody reads the manual, and we all know why. " * 500)

    parts = told.chunks(2_000)

    assert [line for part in parts for line in part] == list(told.lines)
    assert all(sum(len(transcripts.shown(line).encode()) for line in part) <= 2_000 for part in parts)
    assert len(parts) >= 10


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 9_000), st.text("abc é中", min_size=1, max_size=30)), min_size=1, max_size=20))
def test_whatever_the_library_of_subtitles_reads_is_read_alike(cues: list[tuple[int, str]]) -> None:
    at = 0
    parts = []
    for n, (lasts_ms, text) in enumerate(cues):
        start, end = (clock(ms / 1000).replace(".", ",") for ms in (at, at + lasts_ms))
        parts.append(f"{n + 1}\n{start} --> {end}\n{' '.join(text.split()) or '-'}\n")
        at += lasts_ms
    text = "\n".join(parts)

    lines = read(text).lines

    library = webvtt.from_buffer(io.StringIO(text), format="srt").captions
    assert [(clock(line.start_s), clock(line.end_s), line.text) for line in lines] == [
        (one.start, one.end, one.text) for one in library
    ]


@settings(max_examples=150, deadline=None)
@given(st.text("0123:.,->[]() \nWEBVTT ab。", max_size=200))
def test_any_text_is_read_or_refused_and_what_is_read_has_its_lines_in_order(text: str) -> None:
    try:
        told = read(text)
    except TranscriptError:
        return
    assert all(line.start_s < line.end_s and line.text for line in told.lines)
    assert [line.start_s for line in told.lines] == sorted(line.start_s for line in told.lines)
