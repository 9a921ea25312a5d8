"""Whole runs of video-summary: parts and frames side by side, the script, the thumbnail; and what fails."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from fetch_servers import Page, Site, keep_on_loopback, serving

from app import exports
from app.db.models import Piece
from app.db.session import transaction
from app.domain.states import PieceState, QuotaUnit, RunState
from app.exports import finished
from app.pipelines import highlights, transcripts
from app.pipelines.highlights import Script
from app.runs.view import Links, run_view
from app.storage import storage
from harness import Installation, Sandbox, forget_settings
from next_rounds import resume
from orders import a_user, calls_of, order, pieces_of, run_of, used
from pngs import logo
from rendering import PAINTERS, at, billed, journaled, use_routes
from working import worked

FRAME = logo((640, 480), "RGB")


@pytest.fixture(autouse=True)
def _shipped_routes(monkeypatch: pytest.MonkeyPatch, database: Installation, sandbox: Sandbox) -> None:
    assert database
    assert sandbox
    use_routes(monkeypatch)


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A site with a frame, on loopback, which the operator allows."""
    keep_on_loopback(monkeypatch)
    with serving({"/1.png": Page(FRAME, content_type="image/png")}) as made:
        monkeypatch.setenv("PRESSROOM_FETCH_ALLOW", "127.0.0.0/8")
        monkeypatch.setenv("PRESSROOM_FETCH_PORTS", str(made.port))
        forget_settings()
        yield made


def srt(cues: int = 120, words: str = "We cut the cost of this step and nobody noticed") -> str:
    """Return subtitles of three seconds each."""
    parts = []
    for n in range(cues):
        start, end = (transcripts.clock(second).replace(".", ",") for second in (n * 3, n * 3 + 2.8))
        parts.append(f"{n + 1}\n{start} --> {end}\n{words}, number {n}.\n")
    return "\n".join(parts)


def texts_of(run_id: uuid.UUID) -> dict[str, Any]:
    with transaction() as session:
        return dict(run_view(session, run_of(run_id), storage().url, Links("http://x", "http://x"))["texts"])


def script_of(run_id: uuid.UUID) -> Script:
    told = texts_of(run_id)["script"]
    return Script.model_validate({name: told[name] for name in Script.model_fields})


def of_kind(run_id: uuid.UUID, kind: str) -> list[Piece]:
    return [piece for piece in pieces_of(run_id) if piece.kind == kind]


def failure_of(run_id: uuid.UUID) -> str:
    failure = run_of(run_id).failure
    assert failure is not None
    return str(failure["code"])


def test_a_transcript_and_frames_become_a_script_and_a_thumbnail(sandbox: Sandbox, site: Site) -> None:
    user = a_user()
    frames = [{"at_s": 12.5, "url": f"http://127.0.0.1:{site.port}/1.png"}]
    run_id = order(user, "video-summary", transcript=srt(400), frames=frames, title="Cheaper by design", length_s=90)

    assert worked(run_id) is RunState.READY

    script = script_of(run_id)
    assert highlights.problems_of_script(script, start_s=0, end_s=1199.8, length_s=90, language="en") == []
    assert [len(of_kind(run_id, kind)) for kind in ("moments", "frame", "script", "thumbnail")] == [3, 1, 1, 1]
    (thumbnail,) = of_kind(run_id, "thumbnail")
    assert thumbnail.data["title"] == script.hook
    assert thumbnail.picture is not None
    assert texts_of(run_id)["frames"][0]["at_s"] == 12.5
    assert texts_of(run_id)["script"]["timing"] == "All times are the transcript's own."
    assert used(user, QuotaUnit.ITEMS) == 1
    assert journaled(run_id) == billed(sandbox)


def test_it_is_handed_over_as_files() -> None:
    run_id = order(None, "video-summary", transcript=srt())
    worked(run_id)

    with transaction() as session:
        run = run_of(run_id)
        view = run_view(session, run, storage().url, Links("http://x", "http://x"))
        files = exports.pipeline_files(finished.read(session, run, view))

    assert set(files) == {"script.md", "highlights.srt", "highlights.csv"}
    reel = transcripts.read(files["highlights.srt"])
    assert reel.start_s == 0
    assert 54 <= reel.end_s <= 66
    assert len(files["highlights.csv"].splitlines()) == len(reel.lines) + 1


def test_a_text_without_times_is_timed_and_says_so() -> None:
    run_id = order(None, "video-summary", transcript="Nobody reads the manual, and we know why. " * 60)

    assert worked(run_id) is RunState.READY
    assert "150 words a minute" in texts_of(run_id)["script"]["timing"]


def test_a_script_that_is_too_long_is_asked_for_again() -> None:
    run_id = order(None, "video-summary", transcript=srt(), title="Overrun once")

    assert worked(run_id) is RunState.READY

    planned = [call for call in calls_of(run_id) if call.purpose == "plan_content"]
    assert len(planned) == 2
    assert 54 <= highlights.total_s(script_of(run_id).segments) <= 66


def test_one_that_stays_too_long_ends_the_run_before_the_thumbnail_is_paid() -> None:
    user = a_user()
    run_id = order(user, "video-summary", transcript=srt(), title="Reel overrun")

    assert worked(run_id) is RunState.FAILED
    assert failure_of(run_id) == "invalid_reply"
    assert {call.purpose for call in calls_of(run_id)} == {"extract", "plan_content"}
    assert used(user, QuotaUnit.ITEMS) == 0


def test_moments_outside_their_part_end_the_run_before_the_script_is_paid() -> None:
    run_id = order(None, "video-summary", transcript=srt(), audience="moments astray")

    assert worked(run_id) is RunState.FAILED
    assert {call.purpose for call in calls_of(run_id)} == {"extract"}


def test_a_frame_that_is_gone_leaves_the_rest_and_a_resume_puts_it_in(site: Site) -> None:
    user = a_user()
    frames = [{"at_s": n, "url": f"http://127.0.0.1:{site.port}/{n}.png"} for n in (1, 2)]
    run_id = order(user, "video-summary", transcript=srt(), frames=frames)

    assert worked(run_id) is RunState.PARTIAL
    assert [one["at_s"] for one in texts_of(run_id)["frames"]] == [1]
    site.pages["/2.png"] = site.pages["/1.png"]
    paid = len([call for call in calls_of(run_id) if call.purpose == "extract"])

    resume(run_id, user)

    assert worked(run_id) is RunState.READY
    assert [one["at_s"] for one in texts_of(run_id)["frames"]] == [1, 2]
    assert len([call for call in calls_of(run_id) if call.purpose == "extract"]) == paid


def test_when_every_frame_is_gone_nothing_more_is_paid(site: Site) -> None:
    frames = [{"at_s": 1, "url": f"http://127.0.0.1:{site.port}/gone.png"}]
    run_id = order(None, "video-summary", transcript=srt(), frames=frames)

    assert worked(run_id) is RunState.FAILED
    assert failure_of(run_id) == "fetch_failed:not_found"
    assert of_kind(run_id, "script") == []


def test_a_provider_that_is_down_gives_way_to_the_next(sandbox: Sandbox) -> None:
    sandbox.fail(at("gemini", "internal_error", kind="json"))
    run_id = order(None, "video-summary", transcript=srt())

    assert worked(run_id) is RunState.READY
    assert {call.provider for call in calls_of(run_id) if call.purpose == "plan_content" and call.reply} == {
        "anthropic"
    }


def test_a_thumbnail_that_is_blocked_ends_the_run_and_a_resume_pays_for_nothing_else(sandbox: Sandbox) -> None:
    sandbox.fail(*(at(vendor, "blocked") for vendor in PAINTERS))
    user = a_user()
    run_id = order(user, "video-summary", transcript=srt())

    assert worked(run_id) is RunState.FAILED
    assert script_of(run_id).segments
    sandbox.fail()
    texts = [call.id for call in calls_of(run_id) if call.purpose in ("extract", "plan_content")]
    resume(run_id, user)

    assert worked(run_id) is RunState.READY
    assert [call.id for call in calls_of(run_id) if call.purpose in ("extract", "plan_content")] == texts


def test_a_part_and_the_thumbnail_that_failed_in_one_outage_are_paid_once_each(sandbox: Sandbox) -> None:
    part = {"match": {"prompt_contains": "Part: 0.0 to"}, "fault": "blocked", "params": {}}
    sandbox.fail(part, *(at(vendor, "blocked") for vendor in PAINTERS))
    user = a_user()
    run_id = order(user, "video-summary", transcript=srt(400))
    assert worked(run_id) is RunState.FAILED
    assert [piece.kind for piece in pieces_of(run_id) if piece.state is PieceState.FAILED] == ["moments", "thumbnail"]
    sandbox.fail()

    assert resume(run_id, user).redone == 2

    assert worked(run_id) is RunState.READY
    paid = [call.purpose for call in calls_of(run_id) if call.round == 2 and call.cost_micro_usd]
    assert [paid.count(purpose) for purpose in ("extract", "plan_content", "render_image")] == [1, 1, 1]


def test_the_script_is_in_the_language_that_was_ordered() -> None:
    run_id = order(None, "video-summary", transcript=srt(), language="ur")

    assert worked(run_id) is RunState.READY
    script = script_of(run_id)
    assert highlights.problems_of_script(script, start_s=0, end_s=359.8, length_s=60, language="ur") == []
    assert of_kind(run_id, "thumbnail")[0].state is PieceState.READY
