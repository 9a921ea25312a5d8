"""The official SDKs of Anthropic and Google against the sandbox, as the OpenAI one next door."""

from __future__ import annotations

import base64
import io
import json
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image
from sandbox_sdk_calls import HI, PNG, SCHEMA, billed, script

from sandbox.server import Running

anthropic = pytest.importorskip("anthropic")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    genai = pytest.importorskip("google.genai")


# --- Anthropic -----------------------------------------------------------------------------------------------------


@pytest.fixture
def claude(local_sandbox: Running) -> Iterator[Any]:
    with anthropic.Anthropic(base_url=f"{local_sandbox.url}/anthropic", api_key="sandbox", max_retries=0) as client:
        yield client


def test_anthropic_reads_a_message_and_its_schema(claude: Any, local_sandbox: Running) -> None:
    image = {"type": "base64", "media_type": "image/png", "data": base64.b64encode(PNG).decode()}
    content = [{"type": "image", "source": image}, {"type": "text", "text": "Write slide copy."}]
    reply = claude.messages.create(
        model="claude-sonnet-4-6",
        max_tokens=500,
        system="You write carousels.",
        messages=[{"role": "user", "content": content}],
        output_config={"format": {"type": "json_schema", "schema": SCHEMA}},
    )
    assert json.loads(reply.content[0].text)["title"]
    assert (reply.stop_reason, bool(reply._request_id)) == ("end_turn", True)
    assert billed(local_sandbox) == reply.usage.input_tokens * 3 + reply.usage.output_tokens * 15


def test_anthropic_reads_a_refusal_and_a_cut(claude: Any, local_sandbox: Running) -> None:
    for fault, reason in (("blocked", "refusal"), ("truncated_json", "max_tokens")):
        script(local_sandbox, fault)
        assert claude.messages.create(model="claude-haiku-4-5", max_tokens=9, messages=HI).stop_reason == reason


def test_anthropic_raises_the_class_of_each_error(claude: Any, local_sandbox: Running) -> None:
    expected = {
        "auth": anthropic.AuthenticationError,
        "rate_limited": anthropic.RateLimitError,
        "overloaded": anthropic.InternalServerError,
        "model_retired": anthropic.NotFoundError,
    }
    for fault, kind in expected.items():
        script(local_sandbox, fault)
        with pytest.raises(kind) as raised:
            claude.messages.create(model="claude-haiku-4-5", max_tokens=9, messages=HI)
        assert raised.value.request_id
    script(local_sandbox, "no_money")
    with pytest.raises(anthropic.APIStatusError) as refused:
        claude.messages.create(model="claude-haiku-4-5", max_tokens=9, messages=HI)
    assert (refused.value.status_code, refused.value.type) == (402, "billing_error")


def test_anthropics_new_version_knows_no_temperature_and_the_old_one_does(claude: Any) -> None:
    body = {"model": "claude-haiku-4-5", "max_tokens": 9, "messages": HI, "extra_body": {"temperature": 0.2}}
    with pytest.raises(anthropic.BadRequestError):
        claude.messages.create(**body)
    assert claude.messages.create(**body, extra_headers={"anthropic-version": "2023-06-01"}).content


# --- Google --------------------------------------------------------------------------------------------------------


@pytest.fixture(params=["v1beta", "v1"])
def gemini(local_sandbox: Running, request: pytest.FixtureRequest) -> Iterator[Any]:
    with genai.Client(
        api_key="sandbox", http_options={"base_url": local_sandbox.url, "api_version": request.param}
    ) as client:
        yield client


def test_google_reads_a_text_and_its_schema(gemini: Any, local_sandbox: Running) -> None:
    config = {
        "response_mime_type": "application/json",
        "response_json_schema": SCHEMA,
        "system_instruction": "Be brief",
    }
    reply = gemini.models.generate_content(model="gemini-2.5-flash", contents="Tides", config=config)
    assert json.loads(reply.text)["title"]
    usage = reply.usage_metadata
    out = usage.candidates_token_count + usage.thoughts_token_count
    assert usage.total_token_count == usage.prompt_token_count + out
    assert billed(local_sandbox) == -(-(usage.prompt_token_count * 300 + out * 2500) // 1000)


def test_google_reads_a_schema_in_capitals(gemini: Any) -> None:
    schema = {"type": "OBJECT", "properties": {"ok": {"type": "BOOLEAN"}, "n": {"type": "INTEGER"}}}
    config = {"response_mime_type": "application/json", "response_schema": schema}
    reply = gemini.models.generate_content(model="gemini-2.5-flash", contents="Tides", config=config)
    assert {name: type(value) for name, value in json.loads(reply.text).items()} == {"ok": bool, "n": int}


def test_google_edits_a_picture(gemini: Any, local_sandbox: Running) -> None:
    parts = ["make it night", genai.types.Part.from_bytes(data=PNG, mime_type="image/png")]
    config = {"response_modalities": ["TEXT", "IMAGE"], "image_config": {"aspect_ratio": "4:5", "image_size": "512"}}
    reply = gemini.models.generate_content(model="gemini-3.1-flash-image", contents=parts, config=config)
    (blob,) = [part.inline_data for part in reply.candidates[0].content.parts if part.inline_data]
    assert Image.open(io.BytesIO(blob.data)).size == (464, 576)
    usage = reply.usage_metadata
    assert [(one.modality.value, one.token_count) for one in usage.prompt_tokens_details] == [
        ("TEXT", 4),
        ("IMAGE", 258),
    ]
    assert usage.candidates_tokens_details[0].token_count == usage.candidates_token_count == 747
    assert billed(local_sandbox) == -(-(262 * 500 + 747 * 60_000 + usage.thoughts_token_count * 3000) // 1000)


def test_google_reads_blocks(gemini: Any, local_sandbox: Running) -> None:
    script(local_sandbox, "blocked", variant="image_prohibited_content")
    reply = gemini.models.generate_content(model="gemini-3.1-flash-image", contents="x")
    assert reply.candidates[0].finish_reason.value == "IMAGE_PROHIBITED_CONTENT"
    script(local_sandbox, "blocked", variant="prompt")
    reply = gemini.models.generate_content(model="gemini-3.1-flash-image", contents="x")
    assert (reply.candidates, reply.prompt_feedback.block_reason.value) == (None, "PROHIBITED_CONTENT")


def test_google_raises_the_class_of_each_error(gemini: Any, local_sandbox: Running) -> None:
    errors = genai.errors
    expected = {
        "auth": (errors.ClientError, 400, "INVALID_ARGUMENT"),
        "no_money": (errors.ClientError, 429, "RESOURCE_EXHAUSTED"),
        "rate_limited": (errors.ClientError, 429, "RESOURCE_EXHAUSTED"),
        "overloaded": (errors.ServerError, 503, "UNAVAILABLE"),
        "model_retired": (errors.ClientError, 404, "NOT_FOUND"),
    }
    for fault, (kind, code, status) in expected.items():
        script(local_sandbox, fault)
        with pytest.raises(kind) as raised:
            gemini.models.generate_content(model="gemini-2.5-flash", contents="x")
        assert (raised.value.code, raised.value.status) == (code, status)
    local_sandbox.desk.set_rules([])
    for model in ("gemini-2.0-flash-exp", "gemini-1.5-pro-latest"):
        with pytest.raises(errors.ClientError, match="NOT_FOUND"):
            gemini.models.generate_content(model=model, contents="x")
