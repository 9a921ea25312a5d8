"""Jobs, what each vendor refuses, prices, and repetition."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask.testing import FlaskClient
from PIL import Image

from sandbox.calls import Json, Kind, Vendor
from sandbox.catalogue import BY_VENDOR, PHOENIX, cost_micro_usd
from sandbox.config import Config, Latency
from sandbox.server import create_app

BEARER = {"Authorization": "Bearer sandbox"}
GOOGLE = {"x-goog-api-key": "sandbox"}
CLAUDE = {"Authorization": "Bearer sandbox", "anthropic-version": "2023-06-01"}
LEONARDO = {"Authorization": "Bearer 6f1c2b3a-4d5e-4f60-8a7b-9c0d1e2f3a4b"}


@pytest.fixture
def client() -> FlaskClient:
    return create_app().test_client()


def script(client: FlaskClient, fault: str, params: Json | None = None, **match: Any) -> None:
    rule = {"match": match, "fault": fault, "params": params or {}}
    assert client.put("/sandbox/faults", json=[rule]).status_code == 200


# --- jobs ----------------------------------------------------------------------------------------------------------


def submit(client: FlaskClient, **changes: Any) -> Any:
    body = {"modelId": PHOENIX, "prompt": "a cat", "contrast": 3.5, "width": 64, "height": 80} | changes
    return client.post("/api/rest/v1/generations", headers=LEONARDO, json=body)


def test_a_job_is_billed_at_once_pending_for_a_while_and_then_there(client: FlaskClient) -> None:
    client.put("/sandbox/config", json={"latency": "fixed:0.3", "limits": [{"model": PHOENIX, "in_flight": 1}]})
    job = submit(client, num_images=2).get_json()["sdGenerationJob"]
    assert job["cost"] == {"amount": "0.0360", "unit": "DOLLARS"}
    assert job["apiCreditCost"] == 18
    assert client.get("/sandbox/bill").get_json()["total_micro_usd"] == 36_000
    path = f"/api/rest/v1/generations/{job['generationId']}"
    assert client.get(path, headers=LEONARDO).get_json()["generations_by_pk"]["status"] == "PENDING"
    assert submit(client).status_code == 429, "the job is still in flight"
    while (row := client.get(path, headers=LEONARDO).get_json()["generations_by_pk"])["status"] == "PENDING":
        pass
    files = [client.get(image["url"]) for image in row["generated_images"]]
    assert [Image.open(io.BytesIO(file.data)).size for file in files] == [(64, 80)] * 2
    assert {file.content_type for file in files} == {"image/jpeg"}
    assert files[0].data != files[1].data
    assert client.get(row["generated_images"][0]["url"]).data == files[0].data
    assert submit(client).status_code == 200


def test_a_job_whose_reply_was_lost_is_found_in_the_users_list(client: FlaskClient) -> None:
    script(client, "disconnect_after_charge", vendor="leonardo")
    submit(client, prompt="a lost cat")
    user_id = client.get("/api/rest/v1/me", headers=LEONARDO).get_json()["user_details"][0]["user"]["id"]
    (job,) = client.get(f"/api/rest/v1/generations/user/{user_id}", headers=LEONARDO).get_json()["generations"]
    assert (job["prompt"], job["status"], len(job["generated_images"])) == ("a lost cat", "COMPLETE", 1)
    assert client.get("/sandbox/bill").get_json()["ids"] == [job["id"]]


def test_polls_and_downloads_fail_only_by_their_own_name(client: FlaskClient) -> None:
    path = f"/api/rest/v1/generations/{submit(client).get_json()['sdGenerationJob']['generationId']}"
    script(client, "overloaded")
    row = client.get(path, headers=LEONARDO).get_json()["generations_by_pk"]
    script(client, "overloaded", kind="poll")
    assert client.get(path, headers=LEONARDO).status_code == 503
    script(client, "truncated_image", kind="download")
    with pytest.raises(OSError, match="truncated"):
        Image.open(io.BytesIO(client.get(row["generated_images"][0]["url"]).data)).load()
    assert client.get("/cdn/users/x").status_code == 404


@pytest.mark.parametrize(
    "changes",
    [{"contrast": None}, {"contrast": 5}, {"width": 33}, {"width": 1544}, {"height": 24}, {"prompt": "x" * 1501},
     {"num_images": 9}, {"num_images": 5, "width": 1024}, {"modelId": "phoenix-0"}],
)  # fmt: skip
def test_what_leonardo_does_not_take_is_a_400(client: FlaskClient, changes: Json) -> None:
    assert submit(client, **changes).status_code == 400


@pytest.mark.parametrize(
    ("key", "status"), [("sandbox", 500), ("", 500), ("00000000-0000-0000-0000-000000000000", 401)]
)
def test_a_key_that_is_no_uuid_breaks_leonardos_hook(client: FlaskClient, key: str, status: int) -> None:
    response = client.get("/api/rest/v1/me", headers={"Authorization": f"Bearer {key}"})
    assert response.status_code == status
    assert "hook" in response.get_json()["error"]


# --- what each vendor refuses --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/v1beta/models/gemini-2.5-flash:generateContent", {}, 403),
        ("/v1beta/models/gemini-2.5-flash:generateContent", {"x-goog-api-key": "wrong"}, 400),
        ("/v1beta/models/imagen-3.0-generate-001:predict", GOOGLE, 404),
        ("/v1/models/gemini-2.0-flash-exp:generateContent", GOOGLE, 404),
        ("/v1/messages", {"anthropic-version": "2023-06-01"}, 401),
        ("/anthropic/v1/messages", {"x-api-key": "k"}, 400),
        ("/anthropic/v1/messages", {"x-api-key": "k", "anthropic-version": "2024-01-01"}, 400),
        ("/openai/v1/chat/completions", {}, 401),
        ("/openai/v1/moderations", {"Authorization": "Bearer wrong"}, 401),
    ],
)
def test_a_missing_key_version_or_model_is_refused(client: FlaskClient, path: str, headers: Json, status: int) -> None:
    assert client.post(path, json={"contents": [{"parts": [{"text": "x"}]}]}, headers=headers).status_code == status


@pytest.mark.parametrize(
    "config",
    [{"imageConfig": {"aspectRatio": "7:3"}}, {"imageConfig": {"imageSize": "8K"}},
     {"responseJsonSchema": {"type": "object"}},
     {"responseMimeType": "application/json", "responseSchema": {}, "responseJsonSchema": {}}],
)  # fmt: skip
def test_what_gemini_does_not_take_is_a_400(client: FlaskClient, config: Json) -> None:
    body = {"contents": [{"parts": [{"text": "x"}]}], "generationConfig": config}
    path = "/v1beta/models/gemini-3.1-flash-image:generateContent"
    assert client.post(path, headers=GOOGLE, json=body).get_json()["error"]["status"] == "INVALID_ARGUMENT"


@pytest.mark.parametrize(
    "schema",
    [{"type": "object", "properties": {}}, {"type": "object", "additionalProperties": False,
                                            "properties": {"a": {"type": "string", "maxLength": 9}}},
     {"type": "object", "additionalProperties": False, "properties": {"a": {"type": "array", "minItems": 2}}}],
)  # fmt: skip
def test_anthropic_refuses_bounds_and_open_objects(client: FlaskClient, schema: Json) -> None:
    body = {"model": "claude-sonnet-4-6", "max_tokens": 9, "messages": [{"role": "user", "content": "x"}],
            "output_config": {"format": {"type": "json_schema", "schema": schema}}}  # fmt: skip
    response = client.post("/v1/messages", headers=CLAUDE, json=body)
    assert (response.status_code, response.get_json()["error"]["type"]) == (400, "invalid_request_error")


def test_openai_refuses_a_strict_schema_with_optional_members(client: FlaskClient) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}, "required": [], "additionalProperties": False}
    named = {"type": "json_schema", "json_schema": {"name": "n", "strict": True, "schema": schema}}
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "x"}], "response_format": named}
    error = client.post("/openai/v1/chat/completions", headers=BEARER, json=body).get_json()["error"]
    assert (error["code"], error["param"]) == ("invalid_json_schema", "response_format")


# --- money and repetition ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("vendor", "model", "tokens", "expected"),
    [
        (
            Vendor.GEMINI,
            "gemini-3.1-flash-image",
            {"prompt_tokens": 300, "image_tokens": 1120, "text_tokens": 319},
            68_307,
        ),
        (Vendor.GEMINI, "gemini-2.5-flash-image", {"prompt_tokens": 300, "image_tokens": 1290}, 38_790),
        (Vendor.OPENAI, "gpt-image-2", {"prompt_tokens": 300, "input_image_tokens": 250, "image_tokens": 1056}, 33_930),
        (Vendor.OPENAI, "gpt-image-1.5", {"prompt_tokens": 50, "image_tokens": 1056}, 34_042),
        (Vendor.OPENAI, "gpt-4o", {"prompt_tokens": 1000, "text_tokens": 1000}, 12_500),
        (Vendor.ANTHROPIC, "claude-haiku-4-5", {"prompt_tokens": 1000, "text_tokens": 1000}, 6_000),
        (Vendor.LEONARDO, PHOENIX, {"prompt_tokens": 40, "pictures": 1}, 18_000),
        (Vendor.OPENAI, "gpt-image-2.6-flare", {"prompt_tokens": 50}, None),
        (Vendor.ANTHROPIC, "claude-sonnet-5", {"prompt_tokens": 50}, None),
    ],
)
def test_each_vendors_prices_are_exact(
    vendor: Vendor, model: str, tokens: dict[str, int], expected: int | None
) -> None:
    counts = {"text_tokens": 0, "image_tokens": 0} | tokens
    assert cost_micro_usd(BY_VENDOR[vendor][model], **counts) == expected


def test_retired_models_are_with_no_vendor() -> None:
    known = {name for models in BY_VENDOR.values() for name in models}
    assert not known & {"gpt-image-1", "gemini-2.0-flash-exp", "gemini-1.5-pro-latest", "claude-3-haiku-20240307"}


def test_a_rate_strikes_the_same_calls_of_a_vendor_again() -> None:
    def statuses() -> list[int]:
        client = create_app(Config(seed=3)).test_client()
        script(client, "overloaded", vendor="anthropic", rate=0.4)
        body = {"model": "claude-sonnet-4-6", "max_tokens": 9, "messages": [{"role": "user", "content": "x"}]}
        return [client.post("/v1/messages", headers=CLAUDE, json=body).status_code for _ in range(20)]

    first = statuses()
    assert first == statuses()
    assert set(first) == {200, 529}


def test_free_calls_take_no_fixed_time() -> None:
    latency = Latency("fixed:5")
    assert [latency.seconds(kind, "k") for kind in Kind] == [5, 5, 5, 5, 0, 0, 0]
