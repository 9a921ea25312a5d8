"""What leaves for each vendor: the shapes of wire.md, and what must never be sent."""

from __future__ import annotations

import email.parser
import email.policy
from typing import Any

import pytest
from provider_loopback import PAINTERS, PNG, SAMPLES, TALK, Loopback, paint, write

from app.domain.capabilities import OPTIONS, PROVIDER_CAPABILITIES, Capability
from app.domain.errors import SetupError
from app.domain.provider_errors import ProviderAccount, ProviderRejected
from app.settings import settings
from workers.providers import pictures
from workers.providers.provider import Call, Message, Moderator, Schema
from workers.providers.registry import PROVIDERS, moderator_named, provider_named

SCHEMA = Schema(
    "reply", {"type": "object", "properties": {"title": {"type": "string", "maxLength": 9}}, "required": []}
)
STRICT = {
    "type": "object",
    "properties": {"title": {"type": "string", "description": "(maxLength 9)"}},
    "required": ["title"],
    "additionalProperties": False,
}
SEEING = (Message("user", "What is this?", (PNG,)),)
GOOD = {"gateway": "gw_chat_ok", "openai": "oai_chat_ok", "gemini": "gem_text_ok", "anthropic": "ant_ok"}


def chat(server: Loopback, vendor: str, messages: tuple[Message, ...], *, schema: Schema | None = None) -> Any:
    server.say(SAMPLES[GOOD[vendor]])
    provider_named(vendor).chat(Call("m/1", 5), messages, schema=schema, max_tokens=77)
    return server.seen[-1].json


@pytest.mark.parametrize(("vendor", "limit"), [("gateway", "max_tokens"), ("openai", "max_completion_tokens")])
def test_an_openai_shaped_chat(vendor_server: Loopback, vendor: str, limit: str) -> None:
    assert chat(vendor_server, vendor, TALK, schema=SCHEMA) == {
        "model": "m/1",
        "messages": [
            {"role": "system", "content": "You write carousels."},
            {"role": "user", "content": "Topic: tides"},
        ],
        "stream": False,
        limit: 77,
        "response_format": {"type": "json_schema", "json_schema": {"name": "reply", "strict": True, "schema": STRICT}},
    }
    assert vendor_server.seen[-1].path.endswith("/v1/chat/completions")
    assert vendor_server.seen[-1].headers["authorization"] == "Bearer k-123"


def test_an_anthropic_chat(vendor_server: Loopback) -> None:
    body = chat(
        vendor_server, "anthropic", (*TALK, Message("assistant", "{}"), Message("user", "Again.")), schema=SCHEMA
    )
    assert body == {
        "model": "m/1",
        "max_tokens": 77,
        "system": "You write carousels.",
        "messages": [
            {"role": "user", "content": "Topic: tides"},
            {"role": "assistant", "content": "{}"},
            {"role": "user", "content": "Again."},
        ],
        "output_config": {"format": {"type": "json_schema", "schema": STRICT}},
    }
    seen = vendor_server.seen[-1]
    assert seen.path == "/anthropic/v1/messages"
    assert (seen.headers["x-api-key"], seen.headers["anthropic-version"]) == ("k-123", "2023-06-01")


def test_anthropics_version_can_be_set_by_the_route(vendor_server: Loopback) -> None:
    vendor_server.say(SAMPLES["ant_ok"])
    write("anthropic", anthropic_version="2026-10-21")
    assert vendor_server.seen[-1].headers["anthropic-version"] == "2026-10-21"


def test_a_gemini_chat(vendor_server: Loopback) -> None:
    body = chat(vendor_server, "gemini", (*TALK, Message("assistant", "{}")), schema=SCHEMA)
    assert body["systemInstruction"] == {"parts": [{"text": "You write carousels."}]}
    assert [(turn["role"], turn["parts"]) for turn in body["contents"]] == [
        ("user", [{"text": "Topic: tides"}]),
        ("model", [{"text": "{}"}]),
    ]
    assert body["generationConfig"] == {
        "maxOutputTokens": 77,
        "responseMimeType": "application/json",
        "responseJsonSchema": {
            "type": "object",
            "properties": {"title": {"type": "string", "description": "(maxLength 9)"}},
            "required": [],
        },
    }
    assert vendor_server.seen[-1].path == "/v1beta/models/m%2F1:generateContent"
    assert vendor_server.seen[-1].headers["x-goog-api-key"] == "k-123"


SHOWN = {
    "gateway": {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
    "openai": {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
    "gemini": {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}},
    "anthropic": {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}},
}


@pytest.mark.parametrize("vendor", SHOWN)
def test_pictures_are_shown_beside_the_words(vendor_server: Loopback, vendor: str) -> None:
    body = chat(vendor_server, vendor, SEEING)
    turn = body["contents"][0]["parts"] if vendor == "gemini" else body["messages"][0]["content"]
    assert SHOWN[vendor] in turn
    assert any(part.get("text") == "What is this?" for part in turn)


def test_a_gateway_picture_through_chat(vendor_server: Loopback) -> None:
    vendor_server.say(SAMPLES["gw_chat_image_ok"])
    paint("gateway", imageSize="2K", order=["google"])
    assert vendor_server.seen[-1].json == {
        "model": "google/gemini-3.1-flash-image",
        "messages": [{"role": "user", "content": "A quiet harbour\n\nAspect ratio 4:5."}],
        "modalities": ["text", "image"],
        "stream": False,
        "providerOptions": {
            "google": {"imageConfig": {"aspectRatio": "4:5", "imageSize": "2K"}},
            "gateway": {"order": ["google"]},
        },
    }


def test_a_gateway_edit_through_chat_shows_the_picture(vendor_server: Loopback) -> None:
    vendor_server.say(SAMPLES["gw_chat_image_ok"])
    paint("gateway", reference=PNG)
    assert SHOWN["gateway"] in vendor_server.seen[-1].json["messages"][0]["content"]


@pytest.mark.parametrize(
    "model", ["openai/gpt-image-2.6-flare", "bfl/flux-2-pro", "recraft/recraft-v4", "topaz/wonder-3.5"]
)
@pytest.mark.parametrize("reference", [None, PNG])
def test_an_image_only_model_is_asked_at_images(vendor_server: Loopback, model: str, reference: bytes | None) -> None:
    vendor_server.say(SAMPLES["gw_images_ok"])
    call = Call(model, 5, {"quality": "low", "output_format": "png"})
    provider_named("gateway").picture(call, "A cat", aspect_ratio="4:5", reference=reference)
    body = vendor_server.seen[-1].json
    assert vendor_server.seen[-1].path == ("/v1/images/generations" if reference is None else "/v1/images/edits")
    assert body["size"] == "1088x1360"
    assert body["providerOptions"] == {model.partition("/")[0]: {"quality": "low", "outputFormat": "png"}}
    assert "modalities" not in body
    assert body.get("images") == (None if reference is None else [{"image_url": "data:image/png;base64,iVBORw0KGgo="}])


def test_a_gemini_edit(vendor_server: Loopback) -> None:
    vendor_server.say(SAMPLES["gem_image_ok"])
    paint("gemini", reference=PNG, imageSize="1K")
    assert vendor_server.seen[-1].json == {
        "contents": [{"role": "user", "parts": [{"text": "A quiet harbour"}, SHOWN["gemini"]]}],
        "generationConfig": {
            "responseModalities": ["TEXT", "IMAGE"],
            "imageConfig": {"aspectRatio": "4:5", "imageSize": "1K"},
        },
    }


def test_an_openai_picture_never_asks_for_a_response_format(vendor_server: Loopback) -> None:
    vendor_server.say(SAMPLES["oai_images_ok"])
    paint("openai", quality="medium", output_format="png")
    assert vendor_server.seen[-1].path == "/openai/v1/images/generations"
    assert vendor_server.seen[-1].json == {
        "model": "gpt-image-2",
        "prompt": "A quiet harbour",
        "n": 1,
        "size": "1088x1360",
        "quality": "medium",
        "output_format": "png",
    }


def test_an_openai_edit_is_a_form(vendor_server: Loopback) -> None:
    vendor_server.say(SAMPLES["oai_images_ok"])
    paint("openai", reference=PNG, quality="low")
    seen = vendor_server.seen[-1]
    assert seen.path == "/openai/v1/images/edits"
    head = f"Content-Type: {seen.headers['content-type']}\r\n\r\n".encode()
    form = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + seen.body)
    parts = {str(part.get_param("name", header="content-disposition")): part for part in form.iter_parts()}
    assert {name: part.get_content() for name, part in parts.items() if name != "image[]"} == {
        "model": "gpt-image-2", "prompt": "A quiet harbour", "n": "1", "size": "1088x1360", "quality": "low",
    }  # fmt: skip
    assert parts["image[]"].get_payload(decode=True) == PNG
    assert parts["image[]"].get_content_type() == "image/png"


@pytest.mark.parametrize(("ratio", "size"), [("1:1", "1024x1024"), ("4:5", "1024x1536"), ("16:9", "1536x1024")])
def test_an_older_openai_model_gets_one_of_its_three_sizes(vendor_server: Loopback, ratio: str, size: str) -> None:
    vendor_server.say(SAMPLES["oai_images_ok"])
    provider_named("openai").picture(Call("gpt-image-1.5", 5), "A cat", aspect_ratio=ratio)
    assert vendor_server.seen[-1].json["size"] == size


def test_a_moderation_asks_for_text_and_picture_together(vendor_server: Loopback) -> None:
    vendor_server.say(SAMPLES["oai_moderation_ok"])
    moderator_named("openai").moderate(Call("omni-moderation-latest", 5), PNG, "a text")
    assert vendor_server.seen[-1].json == {
        "model": "omni-moderation-latest",
        "input": [{"type": "text", "text": "a text"}, SHOWN["openai"]],
    }


@pytest.mark.parametrize("ratio", pictures.SIZES_PX)
def test_sizes_hold_to_every_vendors_rules(ratio: str) -> None:
    width, height = pictures.SIZES_PX[ratio]
    across, down = map(int, ratio.split(":"))
    assert width * down == height * across
    assert width % 16 == height % 16 == 0
    assert 1 / 3 <= width / height <= 3
    assert all(32 <= side <= 1536 for side in (width, height))
    assert min(width, height) >= 512


@pytest.mark.parametrize("vendor", ["gateway", "openai", "leonardo"])
def test_a_ratio_without_a_size_is_refused_before_anything_is_sent(vendor_server: Loopback, vendor: str) -> None:
    model = "bfl/flux-2-pro" if vendor == "gateway" else PAINTERS[vendor]
    with pytest.raises(ProviderRejected):
        provider_named(vendor).picture(Call(model, 5), "A cat", aspect_ratio="7:3")
    assert vendor_server.seen == []


@pytest.mark.parametrize("vendor", GOOD)
def test_no_sampling_parameter_is_ever_sent(vendor_server: Loopback, vendor: str) -> None:
    body = str(chat(vendor_server, vendor, TALK, schema=SCHEMA))
    assert not any(word in body for word in ("temperature", "top_p", "topP", "top_k", "topK"))


@pytest.mark.parametrize("vendor", GOOD)
def test_half_a_surrogate_pair_in_a_prompt_does_no_harm(vendor_server: Loopback, vendor: str) -> None:
    chat(vendor_server, vendor, (Message("user", "broken \ud83d \x00"),))
    assert len(vendor_server.seen) == 1


# ---- registry, capabilities, keys


def test_every_provider_is_registered_and_declares_what_it_can() -> None:
    assert PROVIDERS.keys() == PROVIDER_CAPABILITIES.keys() == OPTIONS.keys()
    for name in PROVIDERS:
        assert provider_named(name).name == name
        assert provider_named(name).can == PROVIDER_CAPABILITIES[name]
        assert provider_named(name) is provider_named(name)


def test_an_unknown_provider_is_refused_by_name() -> None:
    with pytest.raises(SetupError, match=r"'midjourney'.*gateway"):
        provider_named("midjourney")


def test_only_who_can_judge_is_a_moderator() -> None:
    assert isinstance(moderator_named("openai"), Moderator)
    with pytest.raises(SetupError, match="anthropic"):
        moderator_named("anthropic")


@pytest.mark.parametrize("vendor", PROVIDERS)
def test_what_a_provider_does_not_declare_is_refused_without_a_request(vendor_server: Loopback, vendor: str) -> None:
    provider, can, call = provider_named(vendor), PROVIDER_CAPABILITIES[vendor], Call("m", 5)
    vendor_server.say({}, 500)
    if Capability.IMAGE not in can:
        with pytest.raises(ProviderRejected):
            provider.picture(call, "A cat", aspect_ratio="1:1")
    if Capability.EDIT not in can:
        with pytest.raises(ProviderRejected):
            provider.picture(call, "A cat", aspect_ratio="1:1", reference=PNG)
    if Capability.TEXT not in can:
        with pytest.raises(ProviderRejected):
            provider.chat(call, TALK, schema=None, max_tokens=5)
    if Capability.JOBS not in can:
        with pytest.raises(ProviderRejected):
            provider.resume(call, "ref")
    assert vendor_server.seen == []


@pytest.mark.parametrize(
    ("vendor", "variable"),
    [("gateway", "AI_GATEWAY_API_KEY"), ("openai", "OPENAI_API_KEY"), ("leonardo", "LEONARDO_API_KEY")],
)
def test_a_key_that_is_missing_or_cannot_be_one_is_named(
    vendor_server: Loopback, monkeypatch: pytest.MonkeyPatch, vendor: str, variable: str
) -> None:
    for value in ("", "ключ", "k\n1"):
        monkeypatch.setenv(variable, value)
        settings.cache_clear()
        with pytest.raises(ProviderAccount, match=variable):
            paint(vendor)
    assert vendor_server.seen == []
