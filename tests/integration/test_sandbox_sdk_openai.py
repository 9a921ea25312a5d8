"""The official OpenAI SDK against the sandbox: it parses its replies and raises its own errors."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from PIL import Image
from sandbox_sdk_calls import HI, PNG, SCHEMA, billed, script

from sandbox.server import Running

PART = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{base64.b64encode(PNG).decode()}"}}


# --- OpenAI --------------------------------------------------------------------------------------------------------


@pytest.fixture
def gpt(local_sandbox: Running) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{local_sandbox.url}/openai/v1", api_key="sk-sandbox", max_retries=0) as client:
        yield client


def test_openai_reads_a_chat_and_its_schema(gpt: openai.OpenAI, local_sandbox: Running) -> None:
    named: Any = {"type": "json_schema", "json_schema": {"name": "n", "strict": True, "schema": SCHEMA}}
    reply = gpt.chat.completions.create(model="gpt-4o", messages=HI, response_format=named)
    assert json.loads(reply.choices[0].message.content or "")["title"]
    assert reply.usage is not None
    assert billed(local_sandbox) == -(
        -(reply.usage.prompt_tokens * 2500 + reply.usage.completion_tokens * 10_000) // 1000
    )


def test_openai_reads_a_picture_and_its_usage(gpt: openai.OpenAI, local_sandbox: Running) -> None:
    reply = gpt.images.generate(model="gpt-image-2", prompt="a dune", size="1024x1536", quality="low", n=2)
    assert reply.data is not None
    sizes = [Image.open(io.BytesIO(base64.b64decode(one.b64_json or ""))).size for one in reply.data]
    assert sizes == [(1024, 1536)] * 2
    assert reply.usage is not None
    assert reply.usage.output_tokens == 2 * 294
    assert billed(local_sandbox) == reply.usage.input_tokens * 5 + reply.usage.output_tokens * 30


def test_openai_edits_a_picture_sent_as_a_form(gpt: openai.OpenAI, local_sandbox: Running) -> None:
    reply = gpt.images.edit(model="gpt-image-2", image=[("a.png", PNG), ("b.png", PNG)], prompt="make it night")
    assert reply.usage is not None
    assert reply.usage.input_tokens_details.image_tokens == 2 * 258
    assert billed(local_sandbox) == 4 * 5 + 516 * 8 + 1056 * 30


def test_openai_reads_a_moderation(gpt: openai.OpenAI, local_sandbox: Running) -> None:
    parts: Any = [{"type": "text", "text": "hello"}, PART]
    assert not gpt.moderations.create(model="omni-moderation-latest", input=parts).results[0].flagged
    script(local_sandbox, "flagged", categories=["sexual"])
    result = gpt.moderations.create(model="omni-moderation-latest", input=parts).results[0]
    assert (result.flagged, result.categories.sexual, result.categories.violence) == (True, True, False)
    assert billed(local_sandbox) == 0


def test_openai_raises_the_class_of_each_error(gpt: openai.OpenAI, local_sandbox: Running) -> None:
    expected = {
        "auth": (openai.AuthenticationError, "invalid_api_key"),
        "no_money": (openai.RateLimitError, "insufficient_quota"),
        "rate_limited": (openai.RateLimitError, "rate_limit_exceeded"),
        "overloaded": (openai.InternalServerError, "server_is_overloaded"),
        "model_retired": (openai.NotFoundError, "model_not_found"),
        "blocked": (openai.BadRequestError, "moderation_blocked"),
    }
    for fault, (kind, code) in expected.items():
        script(local_sandbox, fault)
        with pytest.raises(kind) as raised:
            gpt.images.generate(model="gpt-image-2", prompt="x")
        assert (raised.value.code, bool(raised.value.request_id)) == (code, True)


def test_openai_refuses_what_its_image_models_do_not_know(gpt: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as raised:
        gpt.images.generate(model="gpt-image-2", prompt="x", response_format="b64_json")
    assert (raised.value.code, raised.value.param) == ("unknown_parameter", "response_format")
    for size in ("1080x1350", "4096x1024", "32x1024"):
        with pytest.raises(openai.BadRequestError):
            gpt.images.generate(model="gpt-image-2", prompt="x", size=size)  # type: ignore[arg-type,unused-ignore]
    with pytest.raises(openai.NotFoundError):
        gpt.images.generate(model="gpt-image-1", prompt="x")
