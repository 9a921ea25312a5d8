"""What the sandbox says has the shape of what the vendors say: each sample's members and types are found again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from sandbox.calls import Json
from sandbox.server import create_app

SAMPLES: dict[str, Json] = json.loads((Path(__file__).parent / "wire_samples.json").read_text(encoding="utf-8"))
PHOENIX = "de7d3faf-762f-48e0-b3b7-9d0ac3a3fcf3"
BEARER = {"Authorization": "Bearer sandbox"}
GOOGLE = {"x-goog-api-key": "sandbox"}
CLAUDE = {"x-api-key": "sandbox", "anthropic-version": "2023-06-01"}
LEONARDO = {"Authorization": "Bearer 6f1c2b3a-4d5e-4f60-8a7b-9c0d1e2f3a4b"}
SCHEMA = {
    "type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"], "additionalProperties": False,
}  # fmt: skip
HI = [{"role": "user", "content": "Tides"}]
Call = Callable[[FlaskClient], Json]


def post(path: str, body: Json, headers: Json, fault: str = "", **params: Any) -> Call:
    def call(client: FlaskClient) -> Json:
        rules = [{"fault": fault, "params": params}] if fault else []
        assert client.put("/sandbox/faults", json=rules).status_code == 200
        return dict(client.post(path, json=body, headers=headers).get_json())

    return call


def chat(model: str, fault: str = "", base: str = "/v1", **params: Any) -> Call:
    return post(f"{base}/chat/completions", {"model": model, "messages": HI}, BEARER, fault, **params)


def gemini(model: str, fault: str = "", *, config: Json | None = None, **params: Any) -> Call:
    body = {"contents": [{"role": "user", "parts": [{"text": "Tides"}]}], "generationConfig": config or {}}
    return post(f"/v1beta/models/{model}:generateContent", body, GOOGLE, fault, **params)


def claude(fault: str = "", **params: Any) -> Call:
    body = {"model": "claude-sonnet-4-6", "max_tokens": 9, "messages": HI}
    return post("/v1/messages", body, CLAUDE, fault, **params)


def gpt_image(fault: str = "", **more: Any) -> Call:
    body = {"model": "gpt-image-2", "prompt": "a cat", "size": "256x256"} | more
    return post("/openai/v1/images/generations", body, BEARER, fault)


def generation(client: FlaskClient) -> Json:
    reply = chat("anthropic/claude-sonnet-4.6")(client)
    return dict(client.get(f"/v1/generation?id={reply['id']}", headers=BEARER).get_json())


def leonardo(fault: str = "", **params: Any) -> Call:
    body = {"modelId": PHOENIX, "prompt": "a cat", "contrast": 3.5, "width": 64, "height": 64}
    return post("/api/rest/v1/generations", body, LEONARDO, fault, **params)


def poll(fault: str = "") -> Call:
    def call(client: FlaskClient) -> Json:
        job_id = leonardo(fault)(client)["sdGenerationJob"]["generationId"]
        return dict(client.get(f"/api/rest/v1/generations/{job_id}", headers=LEONARDO).get_json())

    return call


PAINTER, WRITER = "gemini-3.1-flash-image", "anthropic/claude-sonnet-4.6"
SMALL = {"responseModalities": ["TEXT", "IMAGE"], "imageConfig": {"aspectRatio": "1:1", "imageSize": "512"}}
CALLS: dict[str, Call] = {
    "gw_chat_ok": chat(WRITER),
    "gw_chat_image_ok": post(
        "/v1/chat/completions",
        {"model": f"google/{PAINTER}", "messages": HI, "modalities": ["text", "image"]},
        BEARER,
    ),
    "gw_images_ok": post(
        "/v1/images/generations",
        {"model": "openai/gpt-image-2", "prompt": "a cat", "n": 1, "size": "1024x1024", "response_format": "b64_json",
         "providerOptions": {"openai": {"quality": "low", "outputFormat": "png"}}},
        BEARER,
    ),
    "gw_models": lambda client: dict(client.get("/v1/models").get_json()),
    "gw_credits": lambda client: dict(client.get("/v1/credits", headers=BEARER).get_json()),
    "gw_generation": generation,
    "gw_error_401": chat(WRITER, "auth"),
    "gw_error_402": chat(WRITER, "no_money"),
    "gw_error_404": chat("google/gemini-3-flash-image-preview"),
    "gw_error_429": chat(WRITER, "rate_limited"),
    "gem_text_ok": gemini("gemini-2.5-flash"),
    "gem_image_ok": gemini(PAINTER, config=SMALL),
    "gem_prompt_block": gemini(PAINTER, "blocked", variant="prompt", config=SMALL),
    "gem_image_block": gemini(PAINTER, "blocked", variant="image_prohibited_content", config=SMALL),
    "gem_err_key": gemini(PAINTER, "auth"),
    "gem_err_429": gemini(PAINTER, "rate_limited", retry_after=34.4),
    "gem_err_503": gemini(PAINTER, "overloaded"),
    "ant_ok": claude(),
    "ant_refusal": claude("blocked"),
    "ant_err_429": claude("rate_limited"),
    "ant_err_529": claude("overloaded"),
    "oai_chat_ok": chat("gpt-4o", base="/openai/v1"),
    "oai_err_unknown_param": gpt_image(response_format="b64_json"),
    "oai_images_ok": gpt_image(),
    "oai_err_moderation": gpt_image("blocked"),
    "oai_err_401": gpt_image("auth"),
    "oai_err_429_quota": gpt_image("no_money"),
    "oai_err_429_rate": gpt_image("rate_limited"),
    "leo_create_ok": leonardo(),
    "leo_pending": poll("job_stuck"),
    "leo_complete": poll(),
    "leo_err_401": leonardo("auth"),
    "leo_err_moderation": leonardo("blocked"),
    "leo_err_credits": leonardo("no_money"),
    "pplx_ok": chat("perplexity/sonar"),
    "oai_moderation_ok": post(
        "/openai/v1/moderations",
        {"model": "omni-moderation-latest", "input": [{"type": "text", "text": "…"}]},
        BEARER,
        "flagged",
    ),
}  # fmt: skip
# The same to the letter, where a client reads the words.
EXACT = frozenset(
    (
        "gw_error_401", "gw_error_402", "gw_error_404", "gw_error_429", "gem_err_key", "gem_err_429", "gem_err_503",
        "oai_err_unknown_param", "oai_err_401", "oai_err_429_quota", "leo_err_401", "leo_err_moderation",
    )
)  # fmt: skip
# Members that only Perplexity's own API has, that name the provider, or that not every model has.
LEFT_OUT = {
    "pplx_ok": {"search_context_size", "cost"},
    "gw_chat_ok": {"anthropic", "fallbacksAvailable"},
    "gw_models": {"input_cache_read", "web_search"},
}


def missing(sample: object, found: object, left_out: set[str], path: str = "") -> list[str]:
    """Return where the reply lacks a member of the sample, or has another type there."""
    match sample:
        case dict():
            if not isinstance(found, dict):
                return [f"{path}: no object"]
            gaps = [f"{path}.{name}" for name in set(sample) - set(found) - left_out]
            both = set(sample) & set(found) - left_out
            return gaps + [
                gap for name in both for gap in missing(sample[name], found[name], left_out, f"{path}.{name}")
            ]
        case list():
            if not isinstance(found, list) or bool(sample) > bool(found):
                return [f"{path}: no items"]
            return [gap for item in sample[:1] for gap in missing(item, found[0], left_out, f"{path}[0]")]
        case None:
            return []
        case _:
            same = isinstance(found, float | int) if isinstance(sample, float | int) else type(found) is type(sample)
            return [] if same else [f"{path}: {found!r} is not like {sample!r}"]


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    return create_app().test_client()


def test_every_sample_is_replayed() -> None:
    assert set(CALLS) == set(SAMPLES)


@pytest.mark.parametrize("name", CALLS)
def test_a_reply_has_the_members_and_types_of_the_sample(client: FlaskClient, name: str) -> None:
    reply = CALLS[name](client)
    if name == "gw_models":
        reply = {"object": "list", "data": [row for row in reply["data"] if row["id"] == f"google/{PAINTER}"]}
    assert missing(SAMPLES[name], reply, LEFT_OUT.get(name, set())) == []
    if name in EXACT:
        assert reply == SAMPLES[name]
