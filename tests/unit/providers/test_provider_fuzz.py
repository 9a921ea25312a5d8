"""Whatever a provider sends: an answer that the journal takes, or a ProviderError. Never anything else."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from provider_loopback import SAMPLES

from app.domain.provider_errors import ProviderDown, ProviderError
from workers.providers import anthropic, chat_completions, citations, gateway, gemini, images_api, leonardo, openai
from workers.providers.http import Received
from workers.providers.provider import Answer, Verdict
from workers.providers.refusals import reply_of
from workers.providers.replies import at, parsed

ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**40), 10**40),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["NaN", "1e999", "\ud800", "\x00", "data:,", "https://x", "http://[", []]),
    st.lists(st.none() | st.integers() | st.text(max_size=3), max_size=3),
    st.dictionaries(
        st.sampled_from(["url", "text", "type", "error", "0"]), st.none() | st.text(max_size=3), max_size=2
    ),
)


def gateway_answer(reply: dict[str, Any]) -> Answer:
    answer = gateway._with_metadata(chat_completions.answer("gateway", reply, 200), reply)
    assert all(source.url for source in citations.sources(reply, answer.text))
    return answer


def gateway_images(reply: dict[str, Any]) -> Answer:
    return gateway._with_metadata(images_api.answer("gateway", reply, 200), reply)


def leonardo_job(reply: dict[str, Any]) -> Answer:
    job = reply.get("generations_by_pk")
    assert leonardo._is_allowed(str(job), "https://cloud.leonardo.ai/") in (True, False)
    cost = leonardo._cost(at(reply, "sdGenerationJob", "cost"))
    return Answer("", None, None, cost, None, 200)


READERS: dict[str, Callable[[dict[str, Any]], Answer | Verdict]] = {
    "gw_chat_ok": gateway_answer,
    "gw_chat_image_ok": gateway_answer,
    "pplx_ok": gateway_answer,
    "gw_images_ok": gateway_images,
    "oai_chat_ok": lambda reply: chat_completions.answer("openai", reply, 200),
    "oai_images_ok": lambda reply: images_api.answer("openai", reply, 200),
    "oai_moderation_ok": lambda reply: openai._verdict(reply, 200),
    "gem_text_ok": lambda reply: gemini._answer(reply, 200),
    "gem_image_ok": lambda reply: gemini._answer(reply, 200),
    "gem_prompt_block": lambda reply: gemini._answer(reply, 200),
    "ant_ok": lambda reply: anthropic._answer(reply, 200),
    "ant_refusal": lambda reply: anthropic._answer(reply, 200),
    "leo_create_ok": leonardo_job,
}
ERRORS = [name for name in SAMPLES if "_err" in name]


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the path of every member, however deep."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in members:
        yield (*path, name)
        yield from places(inner, (*path, name))


@st.composite
def mutated(draw: st.DrawFn, names: list[str]) -> tuple[str, Any]:
    """Return a sample in which one to three members are something else, or gone."""
    name = draw(st.sampled_from(names))
    reply = copy.deepcopy(SAMPLES[name])
    for _ in range(draw(st.integers(1, 3))):
        if not (all_places := list(places(reply))):
            break
        *path, last = draw(st.sampled_from(all_places))
        inner: Any = reply
        for step in path:
            inner = inner[step]
        if draw(st.booleans()):
            inner[last] = draw(ODD)
        else:
            del inner[last]
    return name, reply


def check(answer: Answer | Verdict) -> None:
    """The journal's columns take it."""
    if isinstance(answer, Verdict):
        return
    answer.text.encode()
    assert "\x00" not in answer.text + (answer.ref or "")
    assert answer.cost_micro_usd is None or 0 <= answer.cost_micro_usd < 2**53
    if answer.usage:
        counts = (answer.usage.tokens_in, answer.usage.tokens_out, answer.usage.cached_in, answer.usage.image_out)
        assert all(0 <= one < 2**31 for one in counts)
        assert answer.usage.image_out <= answer.usage.tokens_out


@settings(max_examples=150, deadline=None)
@given(mutated(list(READERS)))
def test_a_damaged_reply_is_read_or_refused(case: tuple[str, Any]) -> None:
    name, reply = case
    try:
        check(READERS[name](reply))
    except ProviderDown as exc:  # nothing else: it was a 200
        if exc.charged is not None:
            raise


@settings(max_examples=100, deadline=None)
@given(mutated(ERRORS), st.sampled_from([200, 400, 401, 402, 403, 404, 409, 418, 429, 500, 502, 503, 504, 529, 599]))
def test_a_damaged_error_is_a_provider_error(case: tuple[str, Any], status: int) -> None:
    _, error = case
    for rules in (gateway.RULES, openai.RULES, gemini.RULES, anthropic.RULES, leonardo.RULES):
        try:
            reply_of("x", Received(status, json.dumps(error).encode(), None), rules)
        except ProviderError as exc:
            str(exc).encode()
        found = gemini._refusal(Received(status, b"", None), error)
        assert isinstance(found, ProviderError)
        assert found.retry_after_s is None or 0 <= found.retry_after_s <= 6 * 3600


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_json_or_none(body: bytes) -> None:
    parsed(body)
    with pytest.raises(ProviderError):
        reply_of("x", Received(500, body, None))
