"""The official OpenAI SDK against the sandbox's transcriptions: replies, limits of a file, faults, log and bill."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai.types.audio import TranscriptionVerbose
from sandbox_sdk_calls import billed, script

from sandbox.config import Config, Limit
from sandbox.server import Running
from sounds import id3, m4a, mp3, wav

TALK = wav(30.5)


@pytest.fixture
def gpt(local_sandbox: Running) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{local_sandbox.url}/openai/v1", api_key="sk-sandbox", max_retries=0) as client:
        yield client


def verbose(gpt: openai.OpenAI, name: str = "talk.wav", sound: bytes = TALK, **said: Any) -> TranscriptionVerbose:
    asked: dict[str, Any] = {"response_format": "verbose_json", "timestamp_granularities": ["segment"], **said}
    reply = gpt.audio.transcriptions.create(model="whisper-1", file=(name, sound), **asked)
    assert isinstance(reply, TranscriptionVerbose)
    return reply


def test_it_is_read_with_its_segments_and_billed_by_the_begun_second(
    gpt: openai.OpenAI, local_sandbox: Running
) -> None:
    reply = verbose(gpt, prompt="Balcony tomatoes")

    assert reply.segments is not None
    assert reply.usage is not None
    assert (reply.duration, reply.usage.seconds, reply.usage.type) == (30.5, 31, "duration")
    assert [one.id for one in reply.segments] == list(range(len(reply.segments)))
    assert reply.segments[0].start == 0
    assert reply.segments[-1].end == pytest.approx(30.5)
    assert all(before.end == after.start for before, after in zip(reply.segments, reply.segments[1:], strict=False))
    assert " ".join(one.text.strip() for one in reply.segments) == reply.text
    assert "tomatoes" in reply.text
    assert billed(local_sandbox) == 31 * 100


def test_the_same_recording_has_the_same_words_after_a_reset(gpt: openai.OpenAI, local_sandbox: Running) -> None:
    first = verbose(gpt).text
    local_sandbox.desk.reset()

    assert verbose(gpt).text == first


def test_as_many_words_are_said_as_the_time_holds(gpt: openai.OpenAI) -> None:
    short, long = (len(verbose(gpt, sound=wav(seconds)).text.split()) for seconds in (2, 600))

    assert short <= 5
    assert 1_450 <= long <= 1_500


def test_the_language_that_is_named_is_spoken(gpt: openai.OpenAI) -> None:
    text = verbose(gpt, language="ur", prompt="باغبانی").text

    assert not any("a" <= letter <= "z" for letter in text)


def test_the_models_without_times_answer_in_plain_json(gpt: openai.OpenAI, local_sandbox: Running) -> None:
    reply = gpt.audio.transcriptions.create(model="gpt-transcribe", file=("talk.wav", TALK))

    assert reply.text
    assert [one.code for one in reply.languages or ()] == ["en"]
    assert billed(local_sandbox) == 31 * 75
    assert str(gpt.audio.transcriptions.create(model="whisper-1", file=("a.wav", TALK), response_format="text")).strip()
    with pytest.raises(openai.BadRequestError) as raised:
        gpt.audio.transcriptions.create(model="gpt-transcribe", file=("a.wav", TALK), response_format="verbose_json")
    assert (raised.value.code, raised.value.param) == ("unsupported_value", "response_format")


@pytest.mark.parametrize(
    ("name", "sound", "seconds"),
    [
        ("a.mp3", mp3(1000), 26),
        ("a.mp3", mp3(500, tags=id3(800)), 27),  # not measured: a guess by its bytes
        ("a.m4a", m4a(10, declared_s=12), 12),
        ("a.webm", b"\x1aE\xdf\xa3" + bytes(16_000), 2),
    ],
)
def test_other_recordings_have_a_length_too(gpt: openai.OpenAI, name: str, sound: bytes, seconds: int) -> None:
    usage = verbose(gpt, name, sound).usage

    assert usage is not None
    assert usage.seconds == pytest.approx(seconds, abs=1)


def test_a_file_that_is_too_large_is_a_413(gpt: openai.OpenAI, local_sandbox: Running) -> None:
    with pytest.raises(openai.APIStatusError) as raised:
        verbose(gpt, sound=wav(6_600))

    assert raised.value.status_code == 413
    assert "Maximum content size limit (26214400) exceeded" in raised.value.message
    assert billed(local_sandbox) == 0


@pytest.mark.parametrize(
    ("name", "sound"), [("a.wav", b"<html>"), ("a.txt", TALK), ("a.mp3", b""), ("a.wav", TALK[:30])]
)
def test_a_file_of_another_sort_is_a_400(gpt: openai.OpenAI, name: str, sound: bytes) -> None:
    with pytest.raises(openai.BadRequestError, match=r"Invalid file format\. Supported formats"):
        verbose(gpt, name, sound)


def test_a_model_that_does_not_hear_and_one_that_only_hears_are_refused(gpt: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="does not transcribe"):
        gpt.audio.transcriptions.create(model="gpt-4o", file=("a.wav", TALK))
    with pytest.raises(openai.BadRequestError, match="not a chat model"):
        gpt.chat.completions.create(model="whisper-1", messages=[{"role": "user", "content": "Hi"}])
    with pytest.raises(openai.NotFoundError):
        gpt.audio.transcriptions.create(model="gpt-4o-transcribe", file=("a.wav", TALK))


def test_times_need_the_format_that_has_them(gpt: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="verbose_json"):
        verbose(gpt, response_format="json")


def test_faults_strike_it_and_raise_the_class_of_each_error(gpt: openai.OpenAI, local_sandbox: Running) -> None:
    expected = {
        "auth": (openai.AuthenticationError, "invalid_api_key"),
        "no_money": (openai.RateLimitError, "insufficient_quota"),
        "rate_limited": (openai.RateLimitError, "rate_limit_exceeded"),
        "overloaded": (openai.InternalServerError, "server_is_overloaded"),
        "model_retired": (openai.NotFoundError, "model_not_found"),
    }
    for fault, (kind, code) in expected.items():
        script(local_sandbox, fault)
        with pytest.raises(kind) as raised:
            verbose(gpt)
        assert raised.value.code == code
    script(local_sandbox, "empty")
    assert (verbose(gpt).text, verbose(gpt).segments) == ("", [])


def test_it_stands_in_the_log_and_counts_towards_the_limits(gpt: openai.OpenAI, local_sandbox: Running) -> None:
    local_sandbox.desk.configure(Config(limits=(Limit(model="whisper-1", per_minute=1),)))
    verbose(gpt)
    with pytest.raises(openai.RateLimitError):
        verbose(gpt)

    first, second = local_sandbox.desk.snapshot("log")["calls"]
    assert (first["kind"], first["model"], first["billed_micro_usd"], first["status"]) == (
        "transcript", "whisper-1", 3_100, 200,
    )  # fmt: skip
    assert (second["status"], second["billed_micro_usd"]) == (429, None)
