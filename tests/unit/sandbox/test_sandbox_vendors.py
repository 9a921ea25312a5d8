"""What the vendors make of pictures and words: edits, verdicts, rewrites, sources, reports, lists."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient
from PIL import Image

from sandbox.calls import Ask, Json, Kind
from sandbox.fault_names import PLACES
from sandbox.painter import encode, render
from sandbox.server import create_app
from sandbox.verdicts import verdict
from sandbox.writer import write

BEARER = {"Authorization": "Bearer sandbox"}
GOOGLE = {"x-goog-api-key": "sandbox"}
CLAUDE = {"Authorization": "Bearer sandbox", "anthropic-version": "2023-06-01"}
LAKE = encode(render("a lake in deep navy and amber", (192, 240), "k"))
URL = f"data:image/png;base64,{base64.b64encode(LAKE).decode()}"
SHOWN = [{"type": "text", "text": "make it crimson"}, {"type": "image_url", "image_url": {"url": URL}}]
GATEWAY_PAINTER = "google/gemini-3.1-flash-image"


@pytest.fixture
def client() -> FlaskClient:
    return create_app().test_client()


def script(client: FlaskClient, fault: str, params: Json | None = None, **match: Any) -> None:
    rule = {"match": match, "fault": fault, "params": params or {}}
    assert client.put("/sandbox/faults", json=[rule]).status_code == 200


def opened(text: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(text.rpartition(",")[2])))


def distance(one: Image.Image, other: Image.Image) -> int:
    """Return in how many of 64 bits the difference hashes differ."""
    greys = [np.asarray(image.convert("L").resize((9, 8))).astype(int) for image in (one, other)]
    first, second = (grey[:, 1:] > grey[:, :-1] for grey in greys)
    return int((first != second).sum())


# --- edits ---------------------------------------------------------------------------------------------------------


def edits(client: FlaskClient) -> list[Image.Image]:
    """Ask every endpoint that edits to edit the same picture."""
    chat = client.post(
        "/v1/chat/completions", headers=BEARER,
        json={"model": GATEWAY_PAINTER, "modalities": ["image"], "messages": [{"role": "user", "content": SHOWN}]},
    ).get_json()  # fmt: skip
    texts = [chat["choices"][0]["message"]["images"][0]["image_url"]["url"]]
    blob = {"inlineData": {"mime_type": "image/png", "data": base64.urlsafe_b64encode(LAKE).decode()}}
    google = client.post(
        "/v1/models/gemini-2.5-flash-image:generateContent?key=k",
        json={"contents": [{"parts": [{"text": "make it crimson"}, blob]}]},
    ).get_json()
    texts.append(google["candidates"][0]["content"]["parts"][1]["inlineData"]["data"])
    for base, model in (("/v1", "openai/gpt-image-2"), ("/openai/v1", "gpt-image-2")):
        body = {"model": model, "prompt": "make it crimson", "size": "320x400", "images": [{"image_url": URL}]}
        form = {"model": model, "prompt": "make it crimson", "size": "320x400", "image": (io.BytesIO(LAKE), "lake.png")}
        for reply in (
            client.post(f"{base}/images/edits", headers=BEARER, json=body),
            client.post(f"{base}/images/edits", headers=BEARER, data=form, content_type="multipart/form-data"),
        ):
            texts.append(reply.get_json()["data"][0]["b64_json"])  # noqa: PERF401 - one line each
    return [opened(text) for text in texts]


def test_an_edited_picture_is_the_picture_sent_in_other_colours(client: FlaskClient) -> None:
    lake = Image.open(io.BytesIO(LAKE))
    other = render("a lake in deep navy and amber", (192, 240), "other")
    for edited in edits(client):
        fitted = edited.resize((192, 240))
        assert edited.height > edited.width
        assert distance(edited, lake) < 12 <= distance(edited, other)
        assert np.abs(np.asarray(fitted).astype(int) - np.asarray(lake).astype(int)).mean() > 10


def test_a_picture_to_edit_that_is_none_is_a_400(client: FlaskClient) -> None:
    for url in ("data:image/png;base64,iVBORw0KGgo=", "data:image/png;base64,%%%"):
        body = {"model": "gpt-image-2", "prompt": "x", "images": [{"image_url": url}]}
        assert client.post("/openai/v1/images/edits", headers=BEARER, json=body).status_code == 400


# --- verdicts and rewrites -----------------------------------------------------------------------------------------

VERDICT: Json = {
    "type": "object",
    "properties": {
        "matches": {"type": "boolean"}, "has_text": {"type": "boolean"}, "has_watermark": {"type": "boolean"},
        "is_safe": {"type": "boolean"}, "problems": {"type": "array", "items": {"type": "string"}},
        "score": {"type": "integer", "minimum": 0, "maximum": 10}, "decision": {"enum": ["accept", "reject"]},
    },
    "additionalProperties": False,
}  # fmt: skip
GOOD = {"matches": True, "has_text": False, "has_watermark": False, "is_safe": True}


def reviews(client: FlaskClient) -> list[Json]:
    """Show the picture to every vendor that looks at pictures."""
    named = {"type": "json_schema", "json_schema": {"name": "picture_verdict", "schema": VERDICT}}
    body = {"messages": [{"role": "user", "content": SHOWN}], "response_format": named}
    texts = []
    for path, model in (("/v1", "google/gemini-2.5-flash"), ("/openai/v1", "gpt-4o")):
        reply = client.post(f"{path}/chat/completions", headers=BEARER, json=body | {"model": model}).get_json()
        texts.append(reply["choices"][0]["message"]["content"])
    blob = {"inlineData": {"mimeType": "image/png", "data": base64.b64encode(LAKE).decode()}}
    config: Json = {"responseMimeType": "application/json", "responseJsonSchema": VERDICT}
    asked: Json = {"contents": [{"parts": [{"text": "?"}, blob]}], "generationConfig": config}
    reply = client.post("/v1beta/models/gemini-2.5-flash:generateContent", headers=GOOGLE, json=asked).get_json()
    texts.append(reply["candidates"][0]["content"]["parts"][0]["text"])
    source = {"type": "base64", "media_type": "image/png", "data": base64.b64encode(LAKE).decode()}
    free: Json = {name: {"type": member.get("type", "string")} for name, member in VERDICT["properties"].items()}
    free["problems"]["items"] = {"type": "string"}
    schema = {"type": "object", "properties": free, "additionalProperties": False}
    asked = {
        "model": "claude-haiku-4-5", "max_tokens": 99, "output_config": {"format": {"type": "json_schema", "schema": schema}},
        "messages": [{"role": "user", "content": [{"type": "image", "source": source}]}],
    }  # fmt: skip
    texts.append(client.post("/v1/messages", headers=CLAUDE, json=asked).get_json()["content"][0]["text"])
    return [json.loads(text) for text in texts]


def test_a_picture_that_is_shown_finds_favour(client: FlaskClient) -> None:
    for said in reviews(client):
        assert said | GOOD == said
        assert said["problems"] == []


def test_a_bad_verdict_is_bad_in_every_member_and_says_why(client: FlaskClient) -> None:
    script(client, "bad_verdict", {"reason": "There is lettering on the sail."})
    for said in reviews(client):
        assert {name: said[name] for name in GOOD} == {name: not value for name, value in GOOD.items()}
        assert said["problems"] == ["There is lettering on the sail."]
        assert said["score"] <= 1


def test_a_verdict_keeps_to_enums_and_ranges() -> None:
    ask = Ask("m", Kind.JSON, "", "?", "picture_verdict", VERDICT)
    both = [json.loads(verdict(ask, "k", is_good=is_good)) for is_good in (True, False)]
    assert [(one["decision"], one["score"] > 5) for one in both] == [("accept", True), ("reject", False)]


def test_json_about_a_picture_that_is_no_verdict_is_written_as_ever() -> None:
    schema = {"type": "object", "properties": {"title": {"type": "string"}, "is_new": {"type": "boolean"}}}
    ask = Ask("m", Kind.JSON, "", "A mug", "listing", schema, input_images=1)
    assert "asked for" not in write(ask, "0" * 64)


@pytest.mark.parametrize("kind", [Kind.TEXT, Kind.JSON])
def test_a_rewritten_prompt_differs_and_lacks_what_was_blocked(client: FlaskClient, kind: Kind) -> None:
    script(client, "blocked", prompt_contains="blood", kind="image")
    prompt = "A chef at a long table. Blood drips from the knife. Warm light from the left."
    body: Json = {
        "model": "anthropic/claude-sonnet-4.6",
        "messages": [{"role": "system", "content": "You rewrite image prompts to be safer."},
                     {"role": "user", "content": f"Prompt: {prompt}"}],
    }  # fmt: skip
    if kind is Kind.JSON:
        schema = {"type": "object", "properties": {"prompt": {"type": "string"}}}
        body["response_format"] = {"type": "json_schema", "json_schema": {"name": "safer", "schema": schema}}
    text = client.post("/v1/chat/completions", headers=BEARER, json=body).get_json()["choices"][0]["message"]["content"]
    rewritten = json.loads(text)["prompt"] if kind is Kind.JSON else text
    assert "blood" not in rewritten.lower()
    assert "A chef at a long table." in rewritten
    assert "Warm light" in rewritten
    assert rewritten != prompt


# --- sources, reports, lists ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", PLACES)
def test_sources_stand_where_the_script_puts_them(client: FlaskClient, place: str) -> None:
    script(client, "citations", {"place": place}, model="perplexity/sonar")
    body = {"model": "perplexity/sonar", "messages": [{"role": "user", "content": "Tides"}]}
    reply = client.post("/v1/chat/completions", headers=BEARER, json=body).get_json()
    message = reply["choices"][0]["message"]
    found = {
        "citations": reply.get("citations"), "search_results": reply.get("search_results"),
        "annotations": message.get("annotations"),
        "provider_metadata": message["provider_metadata"].get("perplexity"),
        "inline": "https://example.com" in message["content"] or None,
    }  # fmt: skip
    expected = {"top_level": {"citations", "search_results"}, "none": set()}.get(place, {place})
    assert {name for name, value in found.items() if value} == expected
    assert ("[1]" in message["content"]) is (place not in ("inline", "none"))


def test_a_report_groups_what_was_billed(client: FlaskClient) -> None:
    for tags in (["a"], ["a", "b"]):
        body = {"model": "openai/gpt-4o", "messages": [{"role": "user", "content": "Hi"}],
                "providerOptions": {"gateway": {"tags": tags, "user": "brand-42"}}}  # fmt: skip
        client.post("/v1/chat/completions", headers=BEARER, json=body)
    days = "start_date=2020-01-01&end_date=2099-12-31"
    by_tag = client.get(f"/v1/report?{days}&group_by=tag", headers=BEARER).get_json()["results"]
    assert [(row["tag"], row["request_count"]) for row in by_tag] == [("a", 2), ("b", 1)]
    (total,) = client.get(f"/v1/report?{days}&group_by=user", headers=BEARER).get_json()["results"]
    assert round(total["total_cost"] * 1e6) == client.get("/sandbox/bill").get_json()["total_micro_usd"]
    (day,) = client.get(f"/v1/report?{days}", headers=BEARER).get_json()["results"]
    assert (len(day["day"]), day["request_count"]) == (10, 2)
    assert client.get("/v1/report?start_date=x", headers=BEARER).status_code == 400
    assert client.get(f"/v1/report?{days}").status_code == 401


def test_the_endpoints_of_a_model_are_listed_and_of_a_retired_one_are_not(client: FlaskClient) -> None:
    data = client.get(f"/v1/models/{GATEWAY_PAINTER}/endpoints").get_json()["data"]
    assert data["architecture"]["output_modalities"] == ["text", "image"]
    assert data["endpoints"][0]["provider_name"] == "google"
    assert client.get("/v1/models/google/gemini-2.0-flash-exp/endpoints").status_code == 404


def test_health_tells_where_every_vendor_is(client: FlaskClient) -> None:
    assert client.get("/sandbox/health").get_json()["base_urls"] == {
        "gateway": "http://localhost/v1",
        "gemini": "http://localhost/v1beta",
        "anthropic": "http://localhost/anthropic/v1",
        "openai": "http://localhost/openai/v1",
        "leonardo": "http://localhost/api/rest/v1",
    }


def test_a_picture_is_flagged_by_its_hash(client: FlaskClient) -> None:
    script(client, "flagged", {"categories": ["sexual"]}, picture_sha256=hashlib.sha256(LAKE).hexdigest()[:16])
    results = []
    for parts in (SHOWN, SHOWN[:1]):
        reply = client.post("/openai/v1/moderations", headers=BEARER, json={"input": parts}).get_json()
        results.append(reply["results"][0]["flagged"])
    assert results == [True, False]
