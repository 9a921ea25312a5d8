"""video-summary from a recording: fetched, measured, transcribed once, and all that can go wrong before and after it is paid."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from fetch_servers import Page, Site, keep_on_loopback, serving

from app import exports
from app.db.models import Piece
from app.db.session import transaction
from app.domain.errors import SetupError
from app.domain.states import CallState, QuotaUnit, RunState
from app.exports import finished
from app.pipelines import transcripts
from app.pipelines.highlights import Script, problems_of_script
from app.runs.view import Links, run_view
from app.settings import KEY_SETTINGS
from app.storage import storage
from asking import fault
from harness import Installation, Sandbox, forget_settings
from making import expire_lease
from next_rounds import resume
from orders import a_user, calls_of, order, pieces_of, run_of, used
from pngs import logo
from rendering import billed, journaled, use_routes
from sounds import m4a, mp3, wav
from workers import steps
from working import step, worked

TALK = wav(400)


@cache
def pages() -> dict[str, Page]:
    """Return what the site has; the longest recording has 25 MB, so all are made once."""
    return {
        "/talk.wav": Page(TALK, content_type="audio/wav"),
        "/talk": Page(TALK, content_type="text/plain"),
        "/page": Page(b"<!doctype html><p>Not here</p>"),
        "/brief.mp3": Page(mp3(2000), content_type="audio/mpeg"),
        "/talk.ogg": Page(b"OggS" + bytes(9_000), content_type="audio/ogg"),
        "/lies.m4a": Page(m4a(200_000, declared_s=5), content_type="audio/mp4"),
        "/big.wav": Page(wav(6_300), content_type="audio/wav"),
        "/1.png": Page(logo((640, 480), "RGB"), content_type="image/png"),
    }


@pytest.fixture(autouse=True)
def _shipped_routes(monkeypatch: pytest.MonkeyPatch, database: Installation, sandbox: Sandbox) -> None:
    assert database
    assert sandbox
    use_routes(monkeypatch)


@pytest.fixture(autouse=True)
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A site with recordings, on loopback, which the operator allows."""
    keep_on_loopback(monkeypatch)
    with serving(pages()) as made:
        monkeypatch.setenv("PRESSROOM_FETCH_ALLOW", "127.0.0.0/8")
        monkeypatch.setenv("PRESSROOM_FETCH_PORTS", str(made.port))
        forget_settings()
        yield made


def recorded(site: Site, path: str = "/talk.wav", **said: Any) -> uuid.UUID:
    """Order a reel of a recording."""
    said = {"audio_minutes": 10, "title": "Repairing bicycles at home", **said}
    return order(said.pop("user", None), "video-summary", audio_url=f"http://127.0.0.1:{site.port}{path}", **said)


def texts_of(run_id: uuid.UUID) -> dict[str, Any]:
    with transaction() as session:
        return dict(run_view(session, run_of(run_id), storage().url, Links("http://x", "http://x"))["texts"])


def heard(run_id: uuid.UUID) -> list[Any]:
    return [call for call in calls_of(run_id) if call.purpose == "transcribe"]


def failure_of(run_id: uuid.UUID) -> str:
    failure = run_of(run_id).failure
    assert failure is not None
    return str(failure["code"])


def recording_of(run_id: uuid.UUID) -> Piece:
    (piece,) = (piece for piece in pieces_of(run_id) if piece.kind == "transcript")
    return piece


# ---- from beginning to end


def test_a_recording_becomes_a_transcript_with_times_a_script_and_a_thumbnail(sandbox: Sandbox, site: Site) -> None:
    user = a_user()
    frames = [{"at_s": 12.5, "url": f"http://127.0.0.1:{site.port}/1.png"}]
    run_id = recorded(site, user=user, frames=frames)

    assert worked(run_id) is RunState.READY

    texts = texts_of(run_id)
    assert texts["transcript"][-1]["end_s"] <= 400
    assert texts["frames"][0]["at_s"] == 12.5
    assert "heard by the model" in texts["script"]["timing"]
    script = Script.model_validate({name: texts["script"][name] for name in Script.model_fields})
    assert problems_of_script(script, start_s=0, end_s=400, length_s=60, language="en") == []
    assert len([piece for piece in pieces_of(run_id) if piece.kind == "moments"]) == 2
    assert journaled(run_id) == billed(sandbox)
    assert used(user, QuotaUnit.ITEMS) == 1


def test_it_costs_by_the_second_and_never_more_than_was_held_for_it(site: Site) -> None:
    run_id = recorded(site)
    reserved = run_of(run_id).reserved_micro_usd
    worked(run_id)

    (call,) = heard(run_id)
    assert (call.provider, call.model, call.cost_micro_usd) == ("openai", "whisper-1", 40_000)
    assert 40_000 <= call.worst_micro_usd <= 40_200
    assert run_of(run_id).spent_micro_usd <= reserved


def test_the_transcript_is_handed_over_as_a_file_and_where_the_recording_is_kept_is_not_shown(site: Site) -> None:
    run_id = recorded(site)
    worked(run_id)

    with transaction() as session:
        run = run_of(run_id)
        view = run_view(session, run, storage().url, Links("http://x", "http://x"))
        files = exports.pipeline_files(finished.read(session, run, view))

    assert set(files) == {"transcript.srt", "script.md", "highlights.srt", "highlights.csv"}
    assert transcripts.read(files["transcript.srt"]).end_s == pytest.approx(400, abs=1)
    shown = next(piece for piece in view["pieces"] if piece["kind"] == "transcript")
    assert "given" not in str(shown)
    assert Path(recording_of(run_id).data["given"]["key"]).suffix == ".wav"


def test_what_the_server_calls_a_recording_does_not_matter(site: Site) -> None:
    assert worked(recorded(site, "/talk")) is RunState.READY


def test_where_whisper_is_no_more_its_successor_hears_and_the_times_are_estimated(sandbox: Sandbox, site: Site) -> None:
    sandbox.fail({"match": {"model": "whisper-1", "kind": "transcript"}, "fault": "model_retired"})
    run_id = recorded(site)

    assert worked(run_id) is RunState.READY

    assert [(call.model, call.state) for call in heard(run_id)] == [
        ("whisper-1", CallState.FAILED),
        ("gpt-transcribe", CallState.SUCCEEDED),
    ]
    texts = texts_of(run_id)
    assert "estimated" in texts["script"]["timing"]
    assert texts["transcript"][-1]["end_s"] == pytest.approx(400)
    assert journaled(run_id) == billed(sandbox)


# ---- nothing is paid


@pytest.mark.parametrize(
    ("path", "said", "code"),
    [
        ("/gone.mp3", {}, "fetch_failed:not_found"),
        ("/page", {}, "audio_refused:no_audio"),
        ("/1.png", {}, "audio_refused:no_audio"),
        ("/talk.ogg", {}, "audio_refused:unknown_length"),
        ("/big.wav", {"audio_minutes": 30}, "fetch_failed:too_large"),
        ("/talk.wav", {"audio_minutes": 6}, "audio_refused:too_long"),
        ("/lies.m4a", {"audio_minutes": 30}, "audio_refused:too_long"),
        ("/brief.mp3", {"length_s": 300}, "audio_refused:too_short"),
        ("/brief.mp3", {"frames": [{"at_s": 70, "url": "http://127.0.0.1/1.png"}]}, "audio_refused:frame_outside"),
    ],
)
def test_what_cannot_be_used_ends_the_run_before_anything_is_paid(
    sandbox: Sandbox, site: Site, path: str, said: dict[str, Any], code: str
) -> None:
    user = a_user()
    run_id = recorded(site, path, user=user, **{"length_s": 15, **said})

    assert worked(run_id) is RunState.FAILED

    assert failure_of(run_id) == code
    assert sandbox.log() == []
    assert used(user, QuotaUnit.ITEMS) == 0


def test_an_address_inside_is_refused_by_the_one_guard(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRESSROOM_FETCH_ALLOW", "")
    forget_settings()
    run_id = recorded(site)

    assert worked(run_id) is RunState.FAILED
    assert failure_of(run_id).startswith("url_refused")
    assert site.asked == []


def test_without_a_key_for_who_transcribes_the_order_is_refused_with_the_key_to_set(
    site: Site, monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox
) -> None:
    for names in KEY_SETTINGS.values():
        for name in names:
            monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GOOGLE_AI_KEY", "k-123")
    monkeypatch.setenv("GOOGLE_AI_BASE_URL", f"{sandbox.url}/v1beta")
    forget_settings()

    with pytest.raises(SetupError, match="nobody serves transcribe: set OPENAI_API_KEY"):
        recorded(site)


# ---- paid once


def test_a_provider_that_is_down_for_a_moment_is_asked_again(sandbox: Sandbox, site: Site) -> None:
    rule = {"match": {"kind": "transcript", "times": 2}, "fault": "internal_error"}
    sandbox.fail(rule)
    run_id = recorded(site)

    assert worked(run_id) is RunState.READY
    assert [call.state for call in heard(run_id)] == [CallState.FAILED, CallState.FAILED, CallState.SUCCEEDED]
    assert journaled(run_id) == billed(sandbox)


def test_a_worker_that_died_after_the_reply_was_paid_reads_it_and_pays_no_more(
    sandbox: Sandbox, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = recorded(site)
    step(recording_of(run_id))  # fetches
    with monkeypatch.context() as patch:
        patch.setattr(steps, "_written", _killed)
        with pytest.raises(_KilledError):
            step(recording_of(run_id))
    paid = billed(sandbox)
    expire_lease(recording_of(run_id))

    assert worked(run_id) is RunState.READY
    assert len(heard(run_id)) == 1
    assert [call["kind"] for call in sandbox.log()].count("transcript") == 1
    assert paid == 40_000


class _KilledError(BaseException):
    """The worker is gone."""


def _killed(*_: object) -> None:
    raise _KilledError


def test_a_step_that_is_delivered_twice_does_nothing_the_second_time(sandbox: Sandbox, site: Site) -> None:
    run_id = recorded(site)
    step(recording_of(run_id))
    before = recording_of(run_id)
    step(before)
    step(before)

    assert [call["kind"] for call in sandbox.log()] == ["transcript"]


def test_an_answer_that_never_comes_may_be_charged_and_is_repeated_within_what_was_reserved(
    sandbox: Sandbox, site: Site
) -> None:
    sandbox.fail({"match": {"kind": "transcript"}, "fault": "disconnect_after_charge"})
    run_id = recorded(site)

    assert worked(run_id) is RunState.FAILED

    assert {call.state for call in heard(run_id)} == {CallState.UNKNOWN}
    assert len(heard(run_id)) == 2
    assert billed(sandbox) <= run_of(run_id).held_micro_usd <= run_of(run_id).reserved_micro_usd


def test_a_silent_recording_is_paid_once_however_often_the_run_is_resumed(sandbox: Sandbox, site: Site) -> None:
    sandbox.fail({"match": {"kind": "transcript"}, "fault": "empty"})
    user = a_user()
    run_id = recorded(site, user=user)

    assert worked(run_id) is RunState.FAILED
    assert failure_of(run_id) == "audio_refused:nothing_said"
    resume(run_id, user)
    assert worked(run_id) is RunState.FAILED
    assert len(heard(run_id)) == 1


def test_more_text_than_anybody_says_is_not_handed_on_to_models_that_are_paid_by_the_word(
    sandbox: Sandbox, site: Site
) -> None:
    sandbox.fail({**fault("too_long_strings", words=20_000), "match": {"kind": "transcript"}})
    run_id = recorded(site)

    assert worked(run_id) is RunState.FAILED
    assert failure_of(run_id) == "audio_refused:not_speech"
    assert {call.purpose for call in calls_of(run_id)} == {"transcribe"}


def test_when_the_script_fails_a_resume_does_not_transcribe_again(sandbox: Sandbox, site: Site) -> None:
    user = a_user()
    run_id = recorded(site, user=user, title="Reel overrun")
    assert worked(run_id) is RunState.FAILED
    assert texts_of(run_id)["transcript"]

    resume(run_id, user)
    worked(run_id)

    assert len(heard(run_id)) == 1


# ---- what is reserved


def test_the_reservation_grows_with_the_minutes_that_are_ordered(site: Site) -> None:
    short, long = (run_of(recorded(site, audio_minutes=minutes, length_s=15)) for minutes in (1, 30))

    assert long.reserved_micro_usd - short.reserved_micro_usd >= 29 * 60 * 100  # $0.006 for each minute, once at least


def test_a_cap_that_the_recording_does_not_fit_is_told_before_it_is_paid(sandbox: Sandbox, site: Site) -> None:
    run_id = recorded(site, max_cost_usd=0.03)

    assert worked(run_id) is RunState.FAILED
    assert failure_of(run_id) == "run_budget_reached"
    assert sandbox.log() == []
