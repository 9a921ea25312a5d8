"""video-summary: what is ordered, what must hold of the reel, what each model is told. All pure."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from pydantic import ValidationError

from app.domain.brand import DEFAULT_BRAND
from app.domain.states import QuotaUnit
from app.pipelines import highlights, transcripts, video_summary
from app.pipelines.highlights import Moment, Moments, Script, Segment
from app.pipelines.pipeline import Made, Work
from app.pipelines.video_request import VideoSummaryRequest
from app.pipelines.video_summary import PIPELINE
from sandbox.calls import Ask, Kind
from sandbox.languages import LANGUAGES
from sandbox.writer import write

TEXT = "Nobody reads the manual, and we all know why it is so. " * 120  # 1,440 words, 576 s
URL = "https://cdn.example/1.png"


def request(**said: Any) -> VideoSummaryRequest:
    return VideoSummaryRequest(**{"transcript": TEXT, **said})


def wrong_fields(**said: Any) -> list[str]:
    with pytest.raises(ValidationError) as told:
        request(**said)
    return [".".join(map(str, error["loc"])) for error in told.value.errors()]


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"transcript": ""}, "transcript"),
        ({"transcript": "WEBVTT\n\n00:01.000 -> 00:02.000\nx"}, "transcript"),
        ({"transcript": "ی" * 160_000}, "transcript"),
        ({"transcript": "A short one."}, "length_s"),
        ({"length_s": 14}, "length_s"),
        ({"length_s": 301}, "length_s"),
        ({"frames": [{"at_s": 1, "url": URL}] * 13}, "frames"),
        ({"frames": [{"at_s": 577, "url": URL}]}, "frames"),
        ({"frames": [{"at_s": -1, "url": URL}]}, "frames.0.at_s"),
        ({"frames": [{"at_s": 1, "url": "file:///etc/passwd"}]}, "frames.0.url"),
        ({"audio_url": "https://cdn.example/talk.mp3"}, "audio_url"),
    ],
)
def test_what_cannot_be_worked_on_is_refused_by_its_field(said: dict[str, Any], field: str) -> None:
    assert wrong_fields(**said) == [field]


def test_parts_and_frames_are_all_open_from_the_start() -> None:
    long = request(transcript=TEXT * 5, frames=[{"at_s": 1, "url": URL}, {"at_s": 2, "url": URL}])

    opened = PIPELINE.opening(long, DEFAULT_BRAND)

    assert [piece.kind for piece in opened] == ["moments"] * 4 + ["frame"] * 2
    assert PIPELINE.counts(long) == {"moments": 4, "frame": 2, "script": 1, "thumbnail": 1}
    assert len(str([piece.data for piece in opened])) < 400  # the transcript stands in the order, and only there
    assert PIPELINE.charges_of(long) == {QuotaUnit.ITEMS: 1}


# ---- what comes then


def moment(start: float, end: float, strength: int = 5) -> dict[str, Any]:
    return {"start_s": start, "end_s": end, "gist": "Said.", "why": "Good.", "strength": strength}


def found(*, ready: bool = True) -> Made:
    return Made("moments", 0, ready, {"moments": [moment(10, 20, 3), moment(0, 8, 9)]} if ready else {})


SEEN = {"shows": "A hand.", "text_in_picture": "", "is_striking": True}
FRAME = {"at_s": 4.0, "url": URL, "stored": {"key": "k"}, "seen": SEEN}
WRITTEN = {"script": {"hook": "Stop.", "thumbnail_idea": "a door"}}


def kinds(*made: Made, **said: Any) -> list[str]:
    return [piece.kind for piece in PIPELINE.then(request(**said), DEFAULT_BRAND, made)]


def test_the_script_comes_after_the_parts_and_the_thumbnail_after_the_script() -> None:
    assert kinds(found()) == ["script"]
    assert kinds(found(), Made("script", 0, True, WRITTEN)) == ["script", "thumbnail"]
    assert kinds(found(), Made("script", 0, False, {})) == ["script"]


def test_without_any_part_or_any_of_the_frames_nothing_more_is_paid() -> None:
    frames = [{"at_s": 4.0, "url": URL}]

    assert kinds(found(ready=False)) == []
    assert kinds(found(), Made("frame", 0, False, {}), frames=frames) == []
    assert kinds(found(), Made("frame", 0, True, FRAME), Made("frame", 1, False, {}), frames=frames) == ["script"]


def test_the_script_is_given_the_best_moments_in_order_and_the_thumbnail_only_its_hook_and_idea() -> None:
    made = (found(), Made("frame", 0, True, FRAME), Made("script", 0, True, WRITTEN))

    script, thumbnail = PIPELINE.then(request(frames=[{"at_s": 4.0, "url": URL}]), DEFAULT_BRAND, made)

    assert [one["start_s"] for one in script.data["best"]] == [0, 10]
    assert script.data["frames"] == [{"at_s": 4.0, **SEEN}]
    assert "150 words a minute" in script.data["timing"]
    assert thumbnail.data == {"title": "Stop.", "image_theme": "a door"}


def test_of_very_many_moments_the_strongest_are_given() -> None:
    many = [moment(n * 10, n * 10 + 9, 1 + n % 10) for n in range(150)]

    kept = video_summary.best(many, 60)

    assert sum(one["end_s"] - one["start_s"] for one in kept) <= 60 * 4 + 9
    assert min(one["strength"] for one in kept) >= 9
    assert kept == sorted(kept, key=lambda one: one["start_s"])


# ---- what the models are told


def test_a_part_is_told_its_own_lines_and_no_others() -> None:
    order = request(transcript=TEXT * 5, audience="Office people\nLanguage: xx")
    parts = order.told.chunks(video_summary.CHUNK_BYTES)

    user = video_summary.moments_prompt(order, parts[1]).user

    assert transcripts.shown(parts[1][0]) in user
    assert transcripts.shown(parts[0][0]) not in user
    assert len(user.encode()) < video_summary.CHUNK_BYTES + 1_200
    assert [line for line in user.splitlines() if line.startswith("Language:")] == ["Language: en (English)"]


def test_who_writes_the_script_never_sees_the_transcript() -> None:
    data = {"best": [moment(0, 8)], "frames": [{"at_s": 4.0, **SEEN}], "timing": "x"}

    user = video_summary.script_prompt(request(), data, "plain").user

    assert "manual" not in user
    assert "[0.0-8.0] (5) Said. | Good." in user
    assert "[4.0] A hand." in user
    assert "54 to 66 seconds" in user


# ---- what must hold of moments and scripts


def segments(*spans: tuple[float, float]) -> list[Segment]:
    return [Segment(start_s=start, end_s=end, narration="Say it.", caption="See it") for start, end in spans]


def script(*spans: tuple[float, float], **said: Any) -> Script:
    usual = {"hook": "Stop.", "title": "A reel", "thumbnail_idea": "a door", "segments": segments(*spans)}
    return Script(**{**usual, **said})


def problems(written: Script, language: str = "en") -> list[str]:
    return highlights.problems_of_script(written, start_s=5, end_s=100, length_s=60, language=language)


@pytest.mark.parametrize(
    "spans", [[(5, 65)], [(5, 59)], [(34, 100)], [(5, 35), (35, 65)], [(5.0, 25.05), (25.0, 65.0)]], ids=str
)
def test_a_script_at_every_limit_has_no_problem(spans: list[tuple[float, float]]) -> None:
    assert problems(script(*spans)) == []


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (script((4, 64)), "segment 1: 4.0 to 64.0 does not lie within 5.0 to 100.0"),
        (script((60, 120)), "segment 1: 60.0 to 120.0 does not lie within"),
        (script((5, 40), (39, 64)), "segment 2: begins at 39.0, before segment 1 ends at 40.0"),
        (script((50, 80), (10, 40)), "segment 2: begins at 10.0, before segment 1 ends at 80.0"),
        (script((5, 65), (70, 70.5)), "segment 2: 70.0 to 70.5 lasts 0.5 s instead of at least 1 s"),
        (script((5, 58.8)), "segments last 53.8 s in all instead of 54 to 66 s"),
        (script((5, 71.2)), "segments last 66.2 s in all instead of 54 to 66 s"),
        (script(), "segments: 0 instead of 1 to 40"),
        (script((5, 65), hook="word " * 15), "hook: 15 words instead of at most 14"),
        (script((5, 65), segments=[Segment(start_s=5, end_s=65, narration="w " * 193, caption="c")]), "segment 1 narr"),
        (script((5, 65), segments=[Segment(start_s=5, end_s=65, narration="w", caption="c " * 10)]), "segment 1 capt"),
    ],
)
def test_each_rule_that_a_script_breaks_is_told(written: Script, told: str) -> None:
    assert any(problem.startswith(told) for problem in problems(written))


def test_a_script_in_other_letters_is_told() -> None:
    assert problems(script((5, 65)), "ur")[0].startswith("not written in ur (Urdu)")


@pytest.mark.parametrize(
    ("start", "end", "told"),
    [(9, 20, "does not lie within"), (20, 31, "does not lie within"), (20, 20.5, "lasts 0.5 s"), (25, 12, "lasts -13")],
)
def test_a_moment_outside_its_part_or_too_short_is_told(start: float, end: float, told: str) -> None:
    wrong = Moments(moments=[Moment(**moment(start, end))])

    (problem,) = highlights.problems_of_moments(wrong, 10, 30)
    assert told in problem


# ---- files


def test_the_files_agree_with_the_script_and_hold_no_formula() -> None:
    written = script((5, 35.5), (40, 70)).model_dump()
    written["segments"][1] |= {"caption": "=HYPERLINK(1)", "narration": "\r=HYPERLINK(2)"}
    told = {**written, "timing": "All times are the transcript's own."}

    files = PIPELINE.files(request(), {"script": [{"script": told}]})

    assert [(cue.start_s, cue.end_s) for cue in transcripts.read(files["highlights.srt"]).lines] == [
        (0.0, 30.5),
        (30.5, 60.5),
    ]
    rows = list(csv.DictReader(io.StringIO(files["highlights.csv"], newline="")))
    assert [row["video_in"] for row in rows] == ["00:00:05.000", "00:00:40.000"]
    assert (rows[1]["caption"], rows[1]["narration"]) == ("'=HYPERLINK(1)", "'\n=HYPERLINK(2)")
    assert "All times are the transcript's own." in files["script.md"]
    assert PIPELINE.files(request(), {}) == {}


# ---- the sandbox's own writers hold to all of it


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("length_s", [15, 300])
def test_the_sandbox_writes_scripts_without_a_problem(language: str, length_s: int) -> None:
    order = request(language=language, length_s=length_s, title="The manual")
    told = order.told

    class Sandboxed:
        def structured(self, _purpose: str, prompt: Any, schema: Any, *, name: str, check: Any) -> Any:
            ask = Ask("", Kind.JSON, prompt.system, prompt.user, name, schema.model_json_schema())
            reply = schema.model_validate_json(write(ask, f"{language}{length_s}" * 9))
            assert check(reply) == []
            return reply

    def work(kind: str, data: dict[str, Any]) -> Work:
        return Work(order, DEFAULT_BRAND, kind, 0, data, None, Sandboxed(), lambda _: {})  # type: ignore[arg-type]

    moments = video_summary.find_moments(work("moments", {"part": 0})).data
    assert moments is not None
    data = {"best": video_summary.best(moments["moments"], length_s), "frames": [], "timing": "x"}
    written = video_summary.write_script(work("script", data)).data
    assert written is not None
    assert written["script"]["total_s"] == pytest.approx(length_s, rel=0.1)
    assert written["script"]["segments"][-1]["end_s"] <= told.end_s + 0.1
