"""Whatever bytes come over the wire: a reply whose every field is of its type, or a ProviderError. Never anything else.

Each provider is asked as the steps ask it, and a server answers with a sample of its own format that was damaged.
"""

from __future__ import annotations

import copy
import dataclasses
import json
import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from provider_loopback import PAINTERS, SAMPLES, TALK, WRITERS, Loopback, paint, write

from app.domain.provider_errors import ProviderError
from workers.providers import gemini, transcriptions
from workers.providers.http import MAX_RETRY_AFTER_S
from workers.providers.provider import Answer, Call, Recording, Verdict
from workers.providers.registry import moderator_named, provider_named, transcriber_named

Path = tuple[str | int, ...]
RECORDING = Recording("recording.mp3", b"\xff\xfb\x90\x00sound", "audio/mpeg")
HEARD = {
    "duration": 8.47, "text": "The beach was a popular spot.", "usage": {"type": "duration", "seconds": 9},
    "segments": [{"start": 0.0, "end": 3.32, "text": " The beach was a popular spot."}],
}  # fmt: skip
JOB = "3bc8f0a1-6a52-4b0c-9e35-5d1f1c5e9d11"
HUGE = 10**400
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from([HUGE, -HUGE, "9" * 5000, "1e999", "NaN", "\ud800", "\x00", "===", "data:,", "http://[", [], {}]),
    st.lists(st.none() | st.integers() | st.text(max_size=3), max_size=3),
    st.dictionaries(st.sampled_from(["url", "text", "type", "error", "0"]), st.none() | st.text(max_size=3)),
)
PAGES = (
    b"", b" ", b"null", b"[]", b"true", b"1" * 5000, b"{}", b'{"error":', b'"words"', b"\xff\xfe{\x00}\x00", b"\xef\xbb\xbf{}",
    b"<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1></body></html>", b"[" * 100_000, b'{"a":' * 100_000,
    b"event: error\ndata: {}\n\n", b"upstream connect error or disconnect/reset before headers",
)  # fmt: skip
STATUSES = (200, 200, 200, 201, 202, 204, 206, 301, 307, 400, 401, 402, 403, 404, 409, 413, 418, 422, 424, 429, 500,
            502, 503, 504, 520, 529, 599)  # fmt: skip
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "Retry-After": st.sampled_from(["7", "-1", "1e999", "nan", "soon", "Wed, 21 Oct 2099 07:28:00 GMT", "9" * 400]),
        "retry-after-ms": st.sampled_from(["250", "inf", "", "-9e99"]),
        "Content-Type": st.sampled_from(["text/html", "application/json; charset=utf-7", ";", "image/png; x"]),
        "Content-Encoding": st.sampled_from(["gzip", "br", "deflate", "identity", "no-such"]),
    },
)


def chat(vendor: str) -> Callable[[], Answer]:
    return lambda: write(vendor)


def picture(vendor: str, *, reference: bytes | None = None) -> Callable[[], Answer]:
    return lambda: paint(vendor, reference=reference)


def research() -> Answer:
    return provider_named("gateway").chat(Call("perplexity/sonar", 5), TALK, schema=None, max_tokens=100)


def image_only() -> Answer:
    return provider_named("gateway").picture(Call("openai/gpt-image-2", 5), "A quiet harbour", aspect_ratio="4:5")


def moderation() -> Verdict:
    return moderator_named("openai").moderate(Call("omni-moderation-latest", 5), None, "words")


def transcription() -> Answer:
    answer = transcriber_named("openai").transcribe(Call("whisper-1", 5), RECORDING, about="tides")
    assert isinstance(transcriptions.heard(answer.text)["segments"], list)
    return answer


def resumed() -> Answer:
    call = Call(PAINTERS["leonardo"], 5, {"poll_s": 0.001, "polls": 3})
    return provider_named("leonardo").resume(call, JOB)


# What is asked, and the good replies to it, one of which is damaged; the last one is repeated.
EXCHANGES: dict[str, tuple[Callable[[], Answer | Verdict], Sequence[str]]] = {
    "gateway text": (chat("gateway"), ["gw_chat_ok"]),
    "gateway picture": (picture("gateway"), ["gw_chat_image_ok"]),
    "gateway image model": (image_only, ["gw_images_ok"]),
    "gateway research": (research, ["pplx_ok"]),
    "gemini text": (chat("gemini"), ["gem_text_ok"]),
    "gemini picture": (picture("gemini"), ["gem_image_ok"]),
    "gemini block": (picture("gemini"), ["gem_image_block"]),
    "gemini prompt": (picture("gemini"), ["gem_prompt_block"]),
    "anthropic text": (chat("anthropic"), ["ant_ok"]),
    "anthropic refusal": (chat("anthropic"), ["ant_refusal"]),
    "openai text": (chat("openai"), ["oai_chat_ok"]),
    "openai picture": (picture("openai"), ["oai_images_ok"]),
    "openai edit": (picture("openai", reference=b"\x89PNG\r\n\x1a\n"), ["oai_images_ok"]),
    "openai moderation": (moderation, ["oai_moderation_ok"]),
    "openai transcription": (transcription, ["heard"]),
    "leonardo picture": (picture("leonardo"), ["leo_create_ok", "leo_pending", "leo_complete", "png"]),
    "leonardo resume": (resumed, ["leo_pending", "leo_complete", "png"]),
}
ERRORS = {
    "gw_": ("gateway text", "gateway picture", "gateway image model", "gateway research"),
    "gem_": ("gemini text", "gemini picture"),
    "ant_": ("anthropic text",),
    "oai_": ("openai text", "openai picture", "openai edit", "openai moderation", "openai transcription"),
    "leo_": ("leonardo picture", "leonardo resume"),
}
fuzzed = settings(
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


def sample(server: Loopback, name: str) -> Any:
    """Return a reply that nothing is wrong with."""
    if name == "heard":
        return copy.deepcopy(HEARD)
    made = copy.deepcopy(SAMPLES[name])
    if name == "leo_complete":
        made["generations_by_pk"]["generated_images"][0]["url"] = f"{server.url}/cdn/x_0.png"
    return made


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """Yield the path of every member, however deep."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in members:
        yield (*path, name)
        yield from places(inner, (*path, name))


@st.composite
def damaged(draw: st.DrawFn, reply: Any) -> Any:
    """Return the reply with one to three members dropped, or replaced by anything."""
    for _ in range(draw(st.integers(1, 3))):
        if not (all_places := list(places(reply))):
            return reply
        *path, last = draw(st.sampled_from(all_places))
        holder: Any = reply
        for step in path:
            holder = holder[step]
        if draw(st.booleans()):
            holder[last] = draw(ODD)
        else:
            del holder[last]
    return reply


@st.composite
def spoiled(draw: st.DrawFn, body: bytes) -> bytes:
    """Return the bytes cut off, with some overwritten, or something else altogether."""
    match draw(st.sampled_from(["cut", "overwritten", "page", "bytes"])):
        case "cut":
            return body[: draw(st.integers(0, len(body)))]
        case "overwritten":
            at = draw(st.integers(0, len(body)))
            return body[:at] + draw(st.binary(min_size=1, max_size=4)) + body[at + 1 :]
        case "page":
            return draw(st.sampled_from(PAGES))
        case _:
            return draw(st.binary(max_size=60))


def is_of(value: Any, wanted: Any) -> bool:
    """Return whether a value is of an annotated type, all the way down."""
    origin, inner = typing.get_origin(wanted), typing.get_args(wanted)
    if origin in (typing.Union, types.UnionType):
        return any(is_of(value, one) for one in inner)
    if origin is tuple:
        kinds = [inner[0]] * len(value) if inner[-1] is ... else list(inner)
        return isinstance(value, tuple) and len(value) == len(kinds) and all(map(is_of, value, kinds))
    if dataclasses.is_dataclass(wanted):
        assert isinstance(wanted, type)
        hints = typing.get_type_hints(wanted)
        return isinstance(value, wanted) and all(
            is_of(getattr(value, field.name), hints[field.name]) for field in dataclasses.fields(wanted)
        )
    return type(value) is wanted or (wanted is type(None) and value is None)  # a bool is no number of tokens


def asked(ask: Callable[[], Answer | Verdict]) -> Answer | Verdict | ProviderError:
    """Return the reply, well typed and such that the journal's columns take it, or the classified error."""
    try:
        reply: Answer | Verdict | ProviderError = ask()
    except ProviderError as exc:
        reply = exc
    if isinstance(reply, ProviderError):
        str(reply).encode()
        assert type(reply) is not ProviderError
        assert reply.charged in (None, False)
        assert reply.retry_after_s is None or 0 <= reply.retry_after_s <= MAX_RETRY_AFTER_S
        return reply
    assert is_of(reply, type(reply)), reply
    if isinstance(reply, Answer):
        told = [reply.text, reply.ref or "", reply.declared_type or "", *(one.url for one in reply.sources)]
        assert "\x00" not in "".join(told).encode().decode()
        assert reply.cost_micro_usd is None or 0 <= reply.cost_micro_usd < 2**53
        if reply.usage is not None:
            assert all(0 <= count < 2**31 for count in dataclasses.astuple(reply.usage))
            assert reply.usage.image_out <= reply.usage.tokens_out
    return reply


def prepared(
    server: Loopback, names: Sequence[str], instead: Mapping[int, tuple[bytes, int, Mapping[str, str]]]
) -> None:
    """Make the server answer with the samples, but for those that something else is said instead of."""
    server.forget()
    for n, name in enumerate(names):
        body, status, headers = instead.get(n) or (b"", 0, {})
        if not status:
            body = b"\x89PNG\r\n\x1a\n" if name == "png" else json.dumps(sample(server, name)).encode()
        server.say(body, status or 200, headers)


@pytest.mark.parametrize("what", EXCHANGES)
def test_an_undamaged_reply_is_a_well_typed_answer(vendor_server: Loopback, what: str) -> None:
    ask, names = EXCHANGES[what]
    prepared(vendor_server, names, {})
    assert not isinstance(asked(ask), ProviderError)


@pytest.mark.parametrize("what", EXCHANGES)
@settings(fuzzed, max_examples=40)
@given(data=st.data())
def test_a_reply_with_damaged_members_is_read_or_refused_and_never_called_free(
    vendor_server: Loopback, what: str, data: st.DataObject
) -> None:
    ask, names = EXCHANGES[what]
    n = data.draw(st.sampled_from([n for n, name in enumerate(names) if name != "png"]))
    reply = data.draw(damaged(sample(vendor_server, names[n])))
    prepared(vendor_server, names, {n: (json.dumps(reply).encode(), 200, {})})
    outcome = asked(ask)
    if isinstance(outcome, ProviderError) and "error" not in reply:
        assert outcome.charged is None  # it was a 200: somebody may have been paid


@pytest.mark.parametrize("what", EXCHANGES)
@settings(fuzzed, max_examples=40)
@given(data=st.data())
def test_spoiled_bytes_with_any_status_and_headers_are_read_or_refused(
    vendor_server: Loopback, what: str, data: st.DataObject
) -> None:
    ask, names = EXCHANGES[what]
    n = data.draw(st.integers(0, len(names) - 1))
    good = b"\x89PNG\r\n\x1a\n" if names[n] == "png" else json.dumps(sample(vendor_server, names[n])).encode()
    body = data.draw(spoiled(good))
    status, headers = data.draw(st.sampled_from(STATUSES)), data.draw(HEADERS)
    prepared(vendor_server, names, {n: (body, status, headers)})
    outcome = asked(ask)
    if status // 100 != 2 and n == 0 and names[n] != "leo_pending":  # a lost poll is asked again
        assert isinstance(outcome, ProviderError)


@pytest.mark.parametrize("prefix", ERRORS)
@settings(fuzzed, max_examples=40)
@given(data=st.data())
def test_a_damaged_error_is_still_a_classified_error(vendor_server: Loopback, prefix: str, data: st.DataObject) -> None:
    ask, names = EXCHANGES[data.draw(st.sampled_from(ERRORS[prefix]))]
    name = data.draw(st.sampled_from([name for name in SAMPLES if name.startswith(prefix) and "_err" in name]))
    error = data.draw(damaged(copy.deepcopy(SAMPLES[name])))
    status = data.draw(st.sampled_from([status for status in STATUSES if status >= 400]))
    prepared(vendor_server, names[:1], {0: (json.dumps(error).encode(), status, data.draw(HEADERS))})
    assert isinstance(asked(ask), ProviderError)


@pytest.mark.parametrize("what", ["gateway picture", "gateway image model", "gemini picture", "openai picture"])
@settings(fuzzed, max_examples=40)
@given(
    packed=st.one_of(
        st.text(max_size=40),
        st.from_regex(r"\A[A-Za-z0-9+/=\s_-]{0,60}\Z"),
        st.sampled_from(["data:image/png;base64,%%%"]),
    )
)
def test_a_picture_in_wrong_base64_is_kept_as_bytes_for_the_gates(
    vendor_server: Loopback, what: str, packed: str
) -> None:
    ask, names = EXCHANGES[what]
    text = json.dumps(sample(vendor_server, names[0]))
    assert "iVBORw0KGgo=" in text
    text = text.replace("iVBORw0KGgo=", json.dumps(packed)[1:-1])
    prepared(vendor_server, names, {0: (text.encode(), 200, {})})
    outcome = asked(ask)
    assert isinstance(outcome, Answer)  # paid for: the refusal is the gates', which journal it
    assert outcome.picture is None or isinstance(outcome.picture, bytes)


@settings(fuzzed, max_examples=40)
@given(duration=st.text(max_size=12) | st.sampled_from(["34.4s", "s", "1e999s", "-1s", "nans", "９s"]))
def test_a_delay_in_any_words_is_a_bounded_wait_or_none(vendor_server: Loopback, duration: str) -> None:
    error = copy.deepcopy(SAMPLES["gem_err_429"])
    error["error"]["details"].append({"retryDelay": duration})
    vendor_server.forget()
    vendor_server.say(error, 429)
    assert isinstance(asked(EXCHANGES["gemini picture"][0]), ProviderError)
    assert gemini.NAME in WRITERS
