"""What leaves for a transcription, and what is read of its reply; wire format: openai 3.52, types/audio."""

from __future__ import annotations

import email.parser
import email.policy
import json
from email.message import EmailMessage
from typing import Any

import pytest
from openai.types.audio import Transcription, TranscriptionVerbose
from provider_loopback import Loopback

from app.domain.errors import SetupError
from app.domain.prices import Usage
from app.domain.provider_errors import (
    ModelRetired,
    ProviderAccount,
    ProviderBusy,
    ProviderDown,
    ProviderError,
    ProviderRejected,
)
from workers.providers import transcriptions
from workers.providers.provider import Answer, Call, Recording, Transcriber
from workers.providers.registry import transcriber_named

RECORDING = Recording("recording.mp3", b"\xff\xfb\x90\x00sound", "audio/mpeg")
SEGMENT = {
    "id": 0, "seek": 0, "start": 0.0, "end": 3.32, "text": " The beach was a popular spot.", "tokens": [50364, 440],
    "temperature": 0.0, "avg_logprob": -0.286, "compression_ratio": 1.236, "no_speech_prob": 0.0098,
}  # fmt: skip
VERBOSE = {
    "task": "transcribe", "language": "english", "duration": 8.47, "text": "The beach was a popular spot.",
    "segments": [SEGMENT], "usage": {"type": "duration", "seconds": 9},
}  # fmt: skip
PLAIN = {
    "text": "The beach was a popular spot.",
    "languages": [{"code": "en"}],
    "usage": {"type": "duration", "seconds": 9},
}


def transcribe(model: str = "whisper-1", about: str = "") -> Answer:
    return transcriber_named("openai").transcribe(Call(model, 5), RECORDING, about=about)


def said(server: Loopback, reply: Any) -> Answer:
    server.say(reply)
    return transcribe()


def form_of(server: Loopback) -> dict[str, EmailMessage]:
    seen = server.seen[-1]
    whole = b"Content-Type: " + seen.headers["content-type"].encode() + b"\r\n\r\n" + seen.body
    message = email.parser.BytesParser(policy=email.policy.default).parsebytes(whole)
    return {str(part.get_param("name", header="content-disposition")): part for part in message.iter_parts()}  # type: ignore[misc]


def values_of(server: Loopback) -> dict[str, str]:
    return {name: part.get_content().strip() for name, part in form_of(server).items() if name != "file"}


def test_the_samples_are_what_the_official_sdk_reads() -> None:
    assert TranscriptionVerbose.model_validate(VERBOSE).segments is not None
    assert Transcription.model_validate(PLAIN).languages is not None


# ---- what leaves


def test_a_recording_leaves_as_a_form_that_asks_for_segments(vendor_server: Loopback) -> None:
    said(vendor_server, VERBOSE)

    assert vendor_server.seen[-1].path == "/openai/v1/audio/transcriptions"
    assert vendor_server.seen[-1].headers["authorization"] == "Bearer k-123"
    assert values_of(vendor_server) == {
        "model": "whisper-1",
        "response_format": "verbose_json",
        "timestamp_granularities[]": "segment",
    }
    file = form_of(vendor_server)["file"]
    assert (file.get_filename(), file.get_content_type()) == ("recording.mp3", "audio/mpeg")
    assert file.get_payload(decode=True) == RECORDING.data


def test_a_model_without_times_is_not_asked_for_them(vendor_server: Loopback) -> None:
    vendor_server.say(PLAIN)

    transcribe("gpt-transcribe")

    assert values_of(vendor_server) == {"model": "gpt-transcribe", "response_format": "json"}


def test_what_it_is_about_goes_with_it_in_one_line_that_is_not_long(vendor_server: Loopback) -> None:
    vendor_server.say(VERBOSE)

    transcribe(about="Karachi\nrepairs " + "x" * 900)

    prompt = values_of(vendor_server)["prompt"]
    assert prompt.startswith("Karachi repairs xxx")
    assert len(prompt) == 300


# ---- what is read


def test_the_segments_are_read_with_their_times_and_the_seconds_that_are_billed(vendor_server: Loopback) -> None:
    answer = said(vendor_server, VERBOSE)

    assert transcriptions.heard(answer.text) == {
        "text": "The beach was a popular spot.",
        "segments": [{"start": 0.0, "end": 3.32, "text": "The beach was a popular spot."}],
    }
    assert answer.usage == Usage(0, 0, audio_s=9)


def test_a_reply_without_times_has_its_text(vendor_server: Loopback) -> None:
    assert transcriptions.heard(said(vendor_server, PLAIN).text) == {"text": PLAIN["text"], "segments": []}


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ({"usage": {"type": "duration", "seconds": 8.01}}, 9),
        ({"usage": None}, 9),
        ({"usage": {"type": "duration"}}, 9),
        ({"usage": {"seconds": "9"}, "duration": "8"}, None),
        ({"usage": None, "duration": 0}, None),
        ({"usage": None, "duration": True}, None),
        ({"usage": {"seconds": 1e12}, "duration": -3}, None),
    ],
)
def test_seconds_are_billed_begun_ones_in_full_and_unknown_is_not_0(
    vendor_server: Loopback, told: dict[str, Any], seconds: int | None
) -> None:
    usage = said(vendor_server, VERBOSE | told).usage

    assert (usage and usage.audio_s) == seconds


@pytest.mark.parametrize(
    "segments",
    [
        None,
        "none",
        [None, 3, {}],
        [{**SEGMENT, "end": 0.0}],
        [{**SEGMENT, "start": "0"}],
        [{**SEGMENT, "start": -1}],
        [{**SEGMENT, "text": "  "}],
    ],
    ids=str,
)
def test_a_segment_that_cannot_be_read_is_left_out_and_the_text_stays(vendor_server: Loopback, segments: Any) -> None:
    told = transcriptions.heard(said(vendor_server, VERBOSE | {"segments": segments}).text)

    assert told == {"text": VERBOSE["text"], "segments": []}


def test_silence_is_a_reply(vendor_server: Loopback) -> None:
    answer = said(vendor_server, VERBOSE | {"text": "", "segments": []})

    assert transcriptions.heard(answer.text) == {"text": "", "segments": []}
    assert answer.usage is not None


# ---- what fails


def error(message: str, kind: str = "invalid_request_error", code: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


@pytest.mark.parametrize(
    ("status", "body", "kind", "money"),
    [
        (413, error("Maximum content size limit (26214400) exceeded (26384384 bytes read)", "server_error"), ProviderRejected, "free"),
        (400, error("Invalid file format. Supported formats: ['flac', 'm4a', 'mp3']"), ProviderRejected, "free"),
        (404, error("The model `whisper-1` does not exist", code="model_not_found"), ModelRetired, "free"),
        (401, error("Incorrect API key provided", code="invalid_api_key"), ProviderAccount, "free"),
        (429, error("You exceeded your current quota", "insufficient_quota", "insufficient_quota"), ProviderAccount, "free"),
        (429, error("Rate limit reached", "requests", "rate_limit_exceeded"), ProviderBusy, "free"),
        (500, error("The server had an error", "server_error"), ProviderDown, "free"),
        (502, b"<html>Bad Gateway</html>", ProviderDown, "unknown"),
        (200, b"not json", ProviderDown, "unknown"),
        (200, {"segments": []}, ProviderDown, "unknown"),
    ],
)  # fmt: skip
def test_each_refusal_says_what_it_means_and_whether_it_may_be_charged(
    vendor_server: Loopback, status: int, body: Any, kind: type[ProviderError], money: str
) -> None:
    vendor_server.say(body, status)

    with pytest.raises(kind) as raised:
        transcribe()

    assert (type(raised.value), raised.value.charged) == (kind, False if money == "free" else None)


def test_only_who_hears_is_a_transcriber() -> None:
    assert isinstance(transcriber_named("openai"), Transcriber)
    with pytest.raises(SetupError, match="gemini"):
        transcriber_named("gemini")


def test_what_the_journal_keeps_is_text_in_any_script(vendor_server: Loopback) -> None:
    answer = said(vendor_server, VERBOSE | {"text": "مرحبا \ud83d\x00", "segments": []})

    assert json.loads(answer.text)["text"] == "مرحبا ?"
