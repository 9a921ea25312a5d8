"""Replies, texts and pictures that are not what was asked for, with every vendor."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from sandbox_calls import PAINTING, SCHEMA, VENDORS, WRITERS, WRITING, Client, finish, opened, paid, words

from sandbox.fault_names import BLOCK_FINISHES, Fault

# --- replies without what was asked for ----------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["empty", "no_image"])
@pytest.mark.parametrize("vendor", PAINTING)
def test_a_picture_call_can_come_back_without_a_picture(client: Client, vendor: str, fault: str) -> None:
    client.script(fault)
    response = client.image(vendor)
    assert client.pictures(vendor, response) == []
    if vendor == "gemini" and fault == "empty":
        assert finish(vendor, response) == "NO_IMAGE"
    if vendor == "openai":
        assert response.json()["usage"]["output_tokens"] == 0


@pytest.mark.parametrize(
    ("variant", "expected"),
    [("image_other", "IMAGE_OTHER"), ("other", "OTHER"), ("malformed_response", "MALFORMED_RESPONSE"),
     ("no_parts", "STOP"), ("no_candidates", "none")],
)  # fmt: skip
def test_gemini_has_many_ways_of_giving_nothing(client: Client, variant: str, expected: str) -> None:
    client.script("empty", {"variant": variant})
    assert finish("gemini", client.image("gemini")) == expected


@pytest.mark.parametrize("vendor", WRITING)
def test_a_text_can_be_empty(client: Client, vendor: str) -> None:
    client.script("empty")
    assert words(vendor, client.text(vendor)) == ""


@pytest.mark.parametrize("vendor", WRITING)
def test_a_blocked_text_says_so_and_bills_its_usage(client: Client, vendor: str) -> None:
    client.script("blocked")
    response = client.text(vendor)
    assert words(vendor, response) == ""
    expected = {"gateway": "content_filter", "gemini": "none", "anthropic": "refusal", "openai": "stop"}
    assert finish(vendor, response) == expected[vendor]
    if vendor == "gemini":
        assert response.json()["promptFeedback"] == {"blockReason": "PROHIBITED_CONTENT"}
        assert "candidatesTokenCount" not in response.json()["usageMetadata"]
    if vendor == "openai":
        assert response.json()["choices"][0]["message"]["refusal"]
    if vendor == "anthropic":
        assert response.json()["stop_details"]["type"] == "refusal"


def test_openai_can_filter_a_text(client: Client) -> None:
    client.script("blocked", {"variant": "content_filter"})
    assert finish("openai", client.text("openai")) == "content_filter"


@pytest.mark.parametrize("variant", ["", "prompt", *sorted(BLOCK_FINISHES)])
def test_gemini_blocks_a_picture_with_a_200_and_no_parts(client: Client, variant: str) -> None:
    client.script("blocked", {"variant": variant} if variant else {})
    response = client.image("gemini")
    assert client.pictures("gemini", response) == []
    if variant == "prompt":
        assert "candidates" not in response.json()
    else:
        assert finish("gemini", response) == (variant or "image_safety").upper()
        assert response.json()["candidates"][0]["content"] == {"role": "model"}
    assert paid(client) < 100  # the prompt


def test_the_gateway_blocks_a_picture_with_a_200_and_a_reason(client: Client) -> None:
    client.script("blocked")
    response = client.image("gateway")
    assert (client.pictures("gateway", response), finish("gateway", response)) == ([], "content_filter")


@pytest.mark.parametrize(("fault", "params"), [("blocked", {"variant": "nsfw"}), ("flagged", {})])
def test_leonardo_makes_the_picture_and_flags_it(client: Client, fault: str, params: dict[str, Any]) -> None:
    client.script(fault, params)
    job = client.poll(client.image("leonardo").json()["sdGenerationJob"]["generationId"])
    assert [one["nsfw"] for one in job["generated_images"]] == [True]


# --- texts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vendor", WRITING)
def test_json_comes_truncated_fenced_or_not_at_all(client: Client, vendor: str) -> None:
    def asked(fault: str) -> httpx.Response:
        client.script(fault)
        return client.text(vendor, schema=SCHEMA)

    cut = asked("truncated_json")
    expected = {"gateway": "length", "gemini": "MAX_TOKENS", "anthropic": "max_tokens", "openai": "length"}
    assert finish(vendor, cut) == expected[vendor]
    for response in (cut, asked("not_json"), fenced := asked("fenced_json")):
        with pytest.raises(ValueError, match=r"."):
            json.loads(words(vendor, response))
    assert json.loads(words(vendor, fenced).partition("```json\n")[2].partition("\n```")[0])["title"]


@pytest.mark.parametrize("vendor", WRITING)
def test_strings_can_be_too_long_though_the_schema_holds(client: Client, vendor: str) -> None:
    client.script("too_long_strings", {"words": 120})
    note = json.loads(words(vendor, client.text(vendor, schema=SCHEMA)))
    assert set(note) == {"title", "note"}
    assert len(note["note"].split()) == 120


@pytest.mark.parametrize("vendor", WRITING)
@pytest.mark.parametrize("fault", ["too_few_slides", "too_long_body"])
def test_a_post_can_break_its_bounds(client: Client, vendor: str, fault: str) -> None:
    slide = {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]}
    members = {name: {"type": "string"} for name in ("hook", "article", "quote")}
    members["slides"] = {"type": "array", "items": slide | {"additionalProperties": False}}  # type: ignore[dict-item]
    schema = {"type": "object", "properties": members, "required": [*members], "additionalProperties": False}
    client.script(fault)
    if vendor in ("gateway", "openai"):
        named = {"name": "full_post_content", "schema": schema}
        body = {"model": WRITERS[vendor], "messages": [{"role": "user", "content": "Topic: Rust\nSlides: 7"}],
                "response_format": {"type": "json_schema", "json_schema": named}}  # fmt: skip
        path = "/v1/chat/completions" if vendor == "gateway" else "/openai/v1/chat/completions"
        response = client.post(vendor, path, body)
    else:
        response = client.text(vendor, "Topic: Rust\nSlides: 7", schema)
    post = json.loads(words(vendor, response))
    assert len(post["slides"]) == (6 if fault == "too_few_slides" else 7)
    assert (len(post["slides"][0]["body"].split()) == 90) is (fault == "too_long_body")


# --- pictures ------------------------------------------------------------------------------------------------------


def spoiled(client: Client, vendor: str, fault: str) -> tuple[str, bytes]:
    client.script(fault, vendor=vendor)
    ((mime, data),) = client.pictures(vendor, client.image(vendor))
    return mime, data


@pytest.mark.parametrize("vendor", PAINTING)
def test_a_picture_can_be_broken_in_many_ways(client: Client, vendor: str) -> None:
    width, height = opened(spoiled(client, vendor, "unpriced")[1]).size
    assert height > width
    wide = opened(spoiled(client, vendor, "wrong_aspect")[1]).size
    assert wide[0] > wide[1]
    assert opened(spoiled(client, vendor, "tiny_image")[1]).size == (1, 1)
    mime, data = spoiled(client, vendor, "jpeg_labelled_png")
    assert (opened(data).format, mime) in (("JPEG", "image/png"), ("JPEG", ""))
    with pytest.raises(OSError, match=r"truncated|broken"):
        opened(spoiled(client, vendor, "truncated_image")[1])
    assert spoiled(client, vendor, "svg")[1].startswith(b"<svg")
    polyglot = spoiled(client, vendor, "polyglot")[1]
    assert opened(polyglot).size == (width, height)
    assert polyglot.endswith(b"</script>")
    blank = spoiled(client, vendor, "blank")[1]
    assert len(blank) > (1_000 if vendor == "leonardo" else 50_000)
    assert np.asarray(opened(blank).convert("L")).std() < 2
    bomb = spoiled(client, vendor, "bomb")[1]
    assert len(bomb) < 200_000
    with pytest.raises(Image.DecompressionBombError):
        opened(bomb)


@pytest.mark.parametrize("vendor", PAINTING)
def test_a_sibling_is_the_picture_before(client: Client, vendor: str) -> None:
    ((_, before),) = client.pictures(vendor, client.image(vendor, "a lake"))
    assert spoiled(client, vendor, "sibling")[1] == before
    client.http.delete("/sandbox/faults")
    ((_, after),) = client.pictures(vendor, client.image(vendor, "a wood"))
    assert after != before


@pytest.mark.parametrize("vendor", PAINTING)
@pytest.mark.parametrize("fault", ["truncated_base64", "data_url_without_base64"])
def test_base64_can_be_broken_where_there_is_any(client: Client, vendor: str, fault: str) -> None:
    client.script(fault)
    response = client.image(vendor)
    if fault == "truncated_base64" and vendor != "leonardo":
        with pytest.raises(base64.binascii.Error):  # type: ignore[attr-defined]
            client.pictures(vendor, response)
        return
    ((_, data),) = client.pictures(vendor, response)
    assert opened(data).size[1] > 0
    if fault == "data_url_without_base64" and vendor == "gateway":
        url = response.json()["choices"][0]["message"]["images"][0]["image_url"]["url"]
        assert url.startswith("data:image/png,%89PNG")


# --- jobs, prices, places -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("fault", "status"), [("job_failed", "FAILED"), ("job_stuck", "PENDING")])
@pytest.mark.parametrize("vendor", VENDORS)
def test_a_job_can_fail_or_never_end_and_no_other_vendor_has_any(
    client: Client, vendor: str, fault: str, status: str
) -> None:
    client.script(fault)
    response = client.image(vendor) if vendor == "leonardo" else client.text(vendor)
    assert response.status_code == 200
    if vendor == "leonardo":
        job = client.poll(response.json()["sdGenerationJob"]["generationId"])
        assert (job["status"], job["generated_images"]) == (status, [])


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_price_that_would_be_told_can_be_missing(client: Client, vendor: str) -> None:
    client.script("unpriced")
    response = client.image(vendor) if vendor == "leonardo" else client.text(vendor)
    assert response.status_code == 200
    assert not re.search(r'"\w*cost"', json.dumps(response.json()), re.IGNORECASE)
    assert paid(client) > 0


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("fault", ["citations", "bad_verdict", "flagged"])
def test_what_does_not_concern_a_call_leaves_it_alone(client: Client, vendor: str, fault: str) -> None:
    client.script(fault)
    response = client.image(vendor) if vendor == "leonardo" else client.text(vendor)
    assert response.status_code == 200


def test_every_fault_is_tested_with_the_vendors() -> None:
    folder = Path(__file__).parent
    text = "".join(file.read_text(encoding="utf-8") for file in folder.glob("test_sandbox_*by_vendor.py"))
    assert [fault for fault in Fault if f'"{fault}"' not in text] == []
