"""The AI Gateway, spoken to as its clients do: httpx and the official OpenAI SDK."""

import json
from collections.abc import Iterator

import httpx
import openai
import pytest
from sandbox_process import (
    ASK_POST,
    IMAGE_MODEL,
    KEY,
    POST_SCHEMA,
    TEXT_MODEL,
    Process,
    ask_image,
    break_with,
    chat,
    image_request,
    message,
    picture,
    wait_until,
)


@pytest.fixture(scope="module")
def process() -> Iterator[Process]:
    started = Process()
    yield started
    started.stop()


@pytest.fixture
def sandbox(process: Process) -> Process:
    process.http.post("/sandbox/reset").raise_for_status()
    return process


@pytest.fixture
def sdk(sandbox: Process) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{sandbox.url}/v1", api_key="sandbox", max_retries=0) as client:
        yield client


# --- answers -------------------------------------------------------------------------------------------------------


def test_the_openai_sdk_reads_a_text_reply_and_its_usage(sdk: openai.OpenAI) -> None:
    reply = sdk.chat.completions.create(model=TEXT_MODEL, messages=[{"role": "user", "content": "Public speaking"}])
    assert reply.choices[0].finish_reason == "stop"
    assert "speaking" in (reply.choices[0].message.content or "")
    assert reply.usage is not None
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens > 0


def test_the_openai_sdk_reads_a_whole_post_and_the_generation_tells_the_same_cost(
    sandbox: Process, sdk: openai.OpenAI
) -> None:
    reply = sdk.chat.completions.create(model=TEXT_MODEL, messages=ASK_POST, response_format=POST_SCHEMA)  # type: ignore[call-overload]
    content = json.loads(reply.choices[0].message.content)
    assert set(content) == {"hook", "slides", "article", "quote"}
    assert len(content["slides"]) == 7
    gateway = reply.choices[0].message.provider_metadata["gateway"]
    assert gateway["generationId"] == reply.id
    bill = sandbox.http.get("/sandbox/bill").json()
    assert round(float(gateway["cost"]) * 1e6) == bill["total_micro_usd"] == bill["models"][TEXT_MODEL]["micro_usd"]
    generation = sandbox.http.get("/v1/generation", params={"id": reply.id}).json()["data"]
    assert generation["total_cost"] == float(gateway["cost"])


def test_an_edit_request_with_a_picture_gets_a_picture_of_the_ratio_asked_for(sandbox: Process) -> None:
    first = ask_image(sandbox, aspect="16:9")
    assert picture(first).size == (1376, 768)
    url = message(first)["images"][0]["image_url"]["url"]
    parts = [{"type": "text", "text": "make it night"}, {"type": "image_url", "image_url": {"url": url}}]
    edited = sandbox.http.post(
        "/v1/chat/completions", json=image_request() | {"messages": [{"role": "user", "content": parts}]}
    )
    assert picture(edited).size == (928, 1152)
    assert message(edited)["provider_metadata"]["gateway"]["cost"] == "0.067331"


def test_the_same_seed_gives_the_same_bytes_and_a_repeated_request_another_answer(sandbox: Process) -> None:
    first, second = (chat(sandbox).content for _ in range(2))
    sandbox.http.post("/sandbox/reset")
    assert [chat(sandbox).content for _ in range(2)] == [first, second]
    assert first != second
    sandbox.http.put("/sandbox/config", json={"seed": 8})
    assert chat(sandbox).content != first


def test_the_catalogue_lists_models_and_needs_no_key(sandbox: Process, sdk: openai.OpenAI) -> None:
    rows = {row["id"]: row for row in httpx.get(f"{sandbox.url}/v1/models").json()["data"]}
    assert rows[IMAGE_MODEL]["pricing"] == {"input": "0.0000005", "output": "0.000003"}
    assert {model.id for model in sdk.models.list()} == set(rows)


def test_credits_go_down_by_the_bill_and_end_in_a_402(sandbox: Process, sdk: openai.OpenAI) -> None:
    sandbox.http.put("/sandbox/config", json={"credits_micro_usd": 1000})
    cost = chat(sandbox).json()["choices"][0]["message"]["provider_metadata"]["gateway"]["cost"]
    assert sandbox.http.get("/v1/credits").json()["total_used"] == cost
    with pytest.raises(openai.APIStatusError) as refused:
        sdk.chat.completions.create(model=TEXT_MODEL, messages=[{"role": "user", "content": "again"}])
    assert (refused.value.status_code, refused.value.type) == (402, "insufficient_funds")


# --- errors --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["wrong", ""])
def test_a_wrong_or_missing_key_is_a_401(sandbox: Process, key: str) -> None:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    response = httpx.post(f"{sandbox.url}/v1/chat/completions", json=image_request(), headers=headers)
    assert response.json() == {"error": {"message": "Invalid API key", "type": "authentication_error"}}
    assert response.status_code == 401


@pytest.mark.parametrize("slug", ["google/gemini-3-flash-image-preview", "google/gemini-2.0-flash-exp"])
def test_a_retired_model_is_not_found_and_the_sdk_says_so(sdk: openai.OpenAI, slug: str) -> None:
    with pytest.raises(openai.NotFoundError) as refused:
        sdk.chat.completions.create(model=slug, messages=[{"role": "user", "content": "hi"}])
    assert refused.value.body == {
        "message": f"Model '{slug}' not found", "type": "model_not_found", "param": {"modelId": slug},
    }  # fmt: skip


def test_the_sdk_raises_the_class_of_each_error(sandbox: Process, sdk: openai.OpenAI) -> None:
    expected = {
        "rate_limited": openai.RateLimitError,
        "overloaded": openai.InternalServerError,
        "internal_error": openai.InternalServerError,
        "model_retired": openai.NotFoundError,
    }
    for fault, error in expected.items():
        break_with(sandbox, fault)
        with pytest.raises(error):
            sdk.chat.completions.create(model=TEXT_MODEL, messages=[{"role": "user", "content": "hi"}])
    with pytest.raises(openai.AuthenticationError):
        sdk.with_options(api_key="wrong").chat.completions.create(
            model=TEXT_MODEL, messages=[{"role": "user", "content": "hi"}]
        )
    assert sandbox.http.get("/sandbox/bill").json()["calls"] == 0


@pytest.mark.parametrize(
    "body",
    [
        "{", "[]", '{"model": "openai/gpt-4o"}', '{"model": "openai/gpt-4o", "messages": [{"role": "king"}]}',
        '{"model": "openai/gpt-4o", "messages": [{"role": "user", "content": "x"}], "modalities": ["image"]}',
        '{"model": "openai/gpt-image-2", "messages": [{"role": "user", "content": "x"}]}',
        '{"model": "openai/gpt-4o", "messages": [{"role": "user", "content": "x"}], "response_format": {"type": "xml"}}',
    ],
)  # fmt: skip
def test_a_malformed_request_is_a_400_and_the_connection_lives_on(sandbox: Process, body: str) -> None:
    response = sandbox.http.post("/v1/chat/completions", content=body)
    assert (response.status_code, response.json()["error"]["type"]) == (400, "invalid_request_error")
    assert chat(sandbox).status_code == 200


@pytest.mark.parametrize("retry_after", [7, "Sat, 21 Nov 2026 12:00:00 GMT"])
def test_a_rate_limit_tells_when_to_come_back(sandbox: Process, retry_after: object) -> None:
    break_with(sandbox, "rate_limited", {"retry_after": retry_after}, kind="text")
    response = chat(sandbox)
    assert (response.status_code, response.headers["retry-after"]) == (429, str(retry_after))
    assert response.json() == {"error": {"message": "Rate limit exceeded", "type": "rate_limit_exceeded"}}


def test_any_status_type_and_message_can_be_scripted(sandbox: Process) -> None:
    break_with(sandbox, "http_status", {"status": 403, "type": "no_providers_available", "message": "Not on this plan"})
    response = chat(sandbox)
    assert response.status_code == 403
    assert response.json() == {"error": {"message": "Not on this plan", "type": "no_providers_available"}}


# --- faults of the answer ------------------------------------------------------------------------------------------


def test_json_can_come_fenced_cut_off_or_not_at_all(sandbox: Process) -> None:
    def content(fault: str) -> tuple[str, str]:
        break_with(sandbox, fault)
        choice = chat(sandbox, messages=ASK_POST, response_format=POST_SCHEMA).json()["choices"][0]
        return choice["message"]["content"], choice["finish_reason"]

    fenced, _ = content("fenced_json")
    assert json.loads(fenced.partition("```json\n")[2].partition("\n```")[0])["slides"]
    for fault, reason in (("truncated_json", "length"), ("not_json", "stop")):
        text, finish_reason = content(fault)
        with pytest.raises(ValueError, match=r"."):
            json.loads(text)
        assert finish_reason == reason
    assert len(json.loads(content("too_few_slides")[0])["slides"]) == 6
    assert len(json.loads(content("too_long_body")[0])["slides"][0]["body"].split()) == 90


def test_pictures_can_be_missing_blocked_broken_mislabelled_or_of_the_wrong_shape(sandbox: Process) -> None:
    def reply(fault: str) -> httpx.Response:
        break_with(sandbox, fault)
        return ask_image(sandbox)

    assert "images" not in message(reply("no_image"))
    blocked = reply("blocked").json()["choices"][0]
    assert (blocked["finish_reason"], "images" in blocked["message"]) == ("content_filter", False)
    assert picture(reply("jpeg_labelled_png")).format == "JPEG"
    assert picture(reply("wrong_aspect")).size == (1376, 768)
    assert picture(reply("tiny_image")).size == (1, 1)
    with pytest.raises(OSError, match=r"truncated|broken"):
        picture(reply("truncated_image")).load()
    assert "provider_metadata" not in message(reply("unpriced"))
    assert sandbox.http.get("/sandbox/bill").json()["calls"] == 7


# --- faults of the connection --------------------------------------------------------------------------------------


def test_a_proxy_in_between_can_answer_with_html(sandbox: Process) -> None:
    break_with(sandbox, "html_502")
    response = chat(sandbox)
    assert (response.status_code, response.headers["content-type"]) == (502, "text/html")


def test_a_connection_cut_in_the_middle_of_the_body_is_billed(sandbox: Process) -> None:
    break_with(sandbox, "disconnect", times=1)
    with pytest.raises(httpx.RemoteProtocolError, match=r"incomplete|without"):
        ask_image(sandbox)
    assert sandbox.http.get("/sandbox/bill").json()["calls"] == 1


def test_a_charge_without_an_answer_is_on_the_bill_and_in_the_log(sandbox: Process) -> None:
    break_with(sandbox, "disconnect_after_charge", kind="image", times=1)
    with pytest.raises(httpx.RemoteProtocolError):
        ask_image(sandbox, prompt="a" * 200)
    # The client sees the cut a moment before the server is done with it.
    wait_until(lambda: sandbox.http.get("/sandbox/log").json()["calls"][0]["status"] is not None)
    bill, calls = sandbox.http.get("/sandbox/bill").json(), sandbox.http.get("/sandbox/log").json()["calls"]
    assert len(calls) == 1
    assert calls[0]["id"] in bill["ids"]
    assert calls[0] | {"at": "", "seconds": 0, "id": "", "prompt_sha256": ""} == {
        "n": 1, "at": "", "vendor": "gateway", "id": "", "model": IMAGE_MODEL, "kind": "image", "prompt_sha256": "",
        "prompt_start": "a" * 80, "status": 0, "fault": "disconnect_after_charge", "billed_micro_usd": 67_225,
        "seconds": 0, "in_flight_at_start": 0,
    }  # fmt: skip


def test_a_hanging_call_leaves_when_its_client_gives_up(sandbox: Process) -> None:
    break_with(sandbox, "hang")
    with pytest.raises(httpx.ReadTimeout), httpx.Client(headers=KEY, timeout=0.3) as client:
        client.post(f"{sandbox.url}/v1/chat/completions", json=image_request())
    wait_until(lambda: sandbox.http.get("/sandbox/load").json()["models"]["*"]["in_flight"] == 0)
    assert sandbox.http.get("/sandbox/bill").json()["calls"] == 0


def test_a_slow_first_byte_keeps_the_client_waiting(sandbox: Process) -> None:
    break_with(sandbox, "slow_first_byte", {"seconds": 0.3})
    assert chat(sandbox).elapsed.total_seconds() >= 0.3
