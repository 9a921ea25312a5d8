"""What an answer tells the gates of its picture: the type that the provider says, and the size that it was asked for."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from provider_loopback import PAINTERS, PNG, SAMPLES, Loopback, paint

from workers.providers import pictures
from workers.providers.provider import Answer, Call
from workers.providers.registry import provider_named

PACKED = "iVBORw0KGgo="


def sample(name: str) -> Any:
    return copy.deepcopy(SAMPLES[name])


def painted(vendor: str, model: str, ratio: str = "4:5", **options: object) -> Answer:
    return provider_named(vendor).picture(Call(model, 5, options), "A cat", aspect_ratio=ratio)


# ---- the type


def gateway_chat(url: str) -> Any:
    reply = sample("gw_chat_image_ok")
    reply["choices"][0]["message"]["images"] = [{"type": "image_url", "image_url": {"url": url}}]
    return reply


@pytest.mark.parametrize(
    ("url", "told"),
    [
        (f"data:image/png;base64,{PACKED}", "image/png"),
        (f"data:IMAGE/JPEG;name=a.jpg;base64,{PACKED}", "image/jpeg"),
        ("data:image/svg+xml,%3Csvg%3E", "image/svg+xml"),
        (f"data:;base64,{PACKED}", None),
        (f"data:,{PACKED}", None),
        (PACKED, None),
        ("https://example.org/a.png,b", None),
    ],
)
def test_a_data_url_says_its_type(vendor_server: Loopback, url: str, told: str | None) -> None:
    vendor_server.say(gateway_chat(url))
    assert paint("gateway").declared_type == told
    vendor_server.say({"data": [{"url": url}]})
    vendor_server.says.popleft()
    assert painted("gateway", "bfl/flux-2-pro").declared_type == told


@pytest.mark.parametrize(
    ("blob", "told"),
    [
        ({"inlineData": {"mimeType": "image/jpeg", "data": PACKED}}, "image/jpeg"),
        ({"inline_data": {"mime_type": "image/webp; x=1", "data": PACKED}}, "image/webp"),
        ({"inlineData": {"data": PACKED}}, None),
        ({"inlineData": {"mimeType": 7, "data": PACKED}}, None),
        ({"inlineData": {"mimeType": "", "data": PACKED}}, None),
        ({"text": "no picture"}, None),
    ],
)
def test_gemini_says_the_type_beside_the_bytes(vendor_server: Loopback, blob: Any, told: str | None) -> None:
    vendor_server.say({"candidates": [{"content": {"parts": [blob]}}]})
    assert paint("gemini").declared_type == told


def test_the_type_is_that_of_the_picture_that_is_taken(vendor_server: Loopback) -> None:
    parts = [
        {"inlineData": {"mimeType": "image/gif", "data": PACKED}, "thought": True},
        {"inlineData": {"mimeType": "image/bmp", "data": ""}},
        {"inlineData": {"mimeType": "image/png", "data": PACKED}},
        {"inlineData": {"mimeType": "image/webp", "data": PACKED}},
    ]
    vendor_server.say({"candidates": [{"content": {"parts": parts}}]})
    answer = paint("gemini")
    assert (answer.picture, answer.declared_type) == (PNG, "image/png")


def test_base64_without_a_type_declares_none(vendor_server: Loopback) -> None:
    vendor_server.say(sample("oai_images_ok"))
    assert paint("openai").declared_type is None


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({"Content-Type": "image/jpeg"}, "image/jpeg"),
        ({"Content-Type": "Image/PNG; q=1"}, "image/png"),
        ({"Content-Type": ""}, None),
        ({}, None),
    ],
    ids=str,
)
def test_leonardos_download_says_its_type(vendor_server: Loopback, headers: dict[str, str], told: str | None) -> None:
    job = sample("leo_complete")
    job["generations_by_pk"]["generated_images"][0]["url"] = f"{vendor_server.url}/x.png"
    vendor_server.say(sample("leo_create_ok"))
    vendor_server.say(job)
    vendor_server.say(PNG, headers=headers)
    answer = paint("leonardo")
    assert (answer.picture, answer.declared_type) == (PNG, told)


def test_a_type_is_bounded() -> None:
    assert len(pictures.declared_type("image/" + "x" * 10_000) or "") == 100
    assert pictures.declared_type(" ; charset=x") is pictures.declared_type(None) is None


# ---- the size


@pytest.mark.parametrize(
    ("model", "ratio", "size"),
    [
        ("gpt-image-2", "4:5", (1088, 1360)),
        ("gpt-image-1", "4:5", (1024, 1536)),
        ("gpt-image-1.5", "1:1", (1024, 1024)),
        ("chatgpt-image-latest", "16:9", (1536, 1024)),
    ],
)
def test_openai_is_asked_for_a_size(vendor_server: Loopback, model: str, ratio: str, size: tuple[int, int]) -> None:
    vendor_server.say(sample("oai_images_ok"))
    assert painted("openai", model, ratio).asked_px == size


@pytest.mark.parametrize(("option", "size"), [("1536x1024", (1536, 1024)), ("auto", None)])
def test_a_routes_own_size_is_what_was_asked(
    vendor_server: Loopback, option: str, size: tuple[int, int] | None
) -> None:
    vendor_server.say(sample("oai_images_ok"))
    assert painted("openai", "gpt-image-2", size=option).asked_px == size


def test_the_gateway_is_asked_for_a_size_at_images_and_for_a_ratio_in_chat(vendor_server: Loopback) -> None:
    vendor_server.say(sample("gw_images_ok"))
    assert painted("gateway", "bfl/flux-2-pro").asked_px == (1088, 1360)
    vendor_server.says.clear()
    vendor_server.say(sample("gw_chat_image_ok"))
    assert paint("gateway").asked_px is None


def test_gemini_is_asked_for_a_ratio_only(vendor_server: Loopback) -> None:
    vendor_server.say(sample("gem_image_ok"))
    assert paint("gemini").asked_px is None


@pytest.mark.parametrize(("options", "size"), [({}, (1088, 1360)), ({"width": 768, "height": 1024}, (768, 1024))])
def test_leonardo_is_asked_for_a_size(vendor_server: Loopback, options: dict[str, Any], size: tuple[int, int]) -> None:
    failed = sample("leo_pending")
    failed["generations_by_pk"]["status"] = "FAILED"
    vendor_server.say(sample("leo_create_ok"))
    vendor_server.say(failed)
    assert paint("leonardo", **options).asked_px == size


def test_a_resumed_job_does_not_say_what_it_was_asked_for(vendor_server: Loopback) -> None:
    failed = sample("leo_pending")
    failed["generations_by_pk"]["status"] = "FAILED"
    vendor_server.say(failed)
    assert provider_named("leonardo").resume(Call(PAINTERS["leonardo"], 5, {"polls": 1}), "id").asked_px is None


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1088x1360", (1088, 1360)),
        ("auto", None),
        ("0x1024", None),
        ("1024x", None),
        ("1024x1024\n", None),
        ("٣٤٥x٣٤٥", None),
        (None, None),
        (1024, None),
    ],
)
def test_a_size_is_two_numbers(text: object, size: tuple[int, int] | None) -> None:
    assert pictures.asked_px(text) == size
