"""The sandbox as a process of its own, spoken to as its clients do: httpx and the official OpenAI SDK."""

import base64
import io
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import openai
import pytest
from PIL import Image

IMAGE_MODEL = "google/gemini-3.1-flash-image"
TEXT_MODEL = "anthropic/claude-sonnet-4.6"
KEY = {"Authorization": "Bearer sandbox"}
POST_SCHEMA = {"type": "json_schema", "json_schema": {"name": "full_post_content", "schema": {"type": "object"}}}
ASK_POST = [{"role": "user", "content": "Write it.\nTopic: How to learn Rust\nTone: story\nSlides: 7"}]


class Process:
    """A sandbox started from its command line."""

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "sandbox", "--port", "0", *arguments]
        self.child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.child.stdout is not None
        line = self.child.stdout.readline()
        assert line.startswith("sandbox ready on http://127.0.0.1:"), line
        self.url = line.split()[-1]
        self.http = httpx.Client(base_url=self.url, headers=KEY, timeout=20)

    def stop(self) -> int:
        self.http.close()
        self.child.send_signal(signal.SIGTERM)
        code = self.child.wait(timeout=5)
        assert self.child.stdout is not None
        self.child.stdout.close()
        return code


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


def image_request(prompt: str = "a dune", aspect: str = "4:5") -> dict[str, Any]:
    return {
        "model": IMAGE_MODEL,
        "messages": [{"role": "user", "content": prompt}],
        "modalities": ["text", "image"],
        "providerOptions": {"google": {"imageConfig": {"aspectRatio": aspect}}},
    }


def chat(sandbox: Process, **body: Any) -> httpx.Response:
    body = {"model": TEXT_MODEL, "messages": [{"role": "user", "content": "Public speaking"}]} | body
    return sandbox.http.post("/v1/chat/completions", json=body)


def ask_image(sandbox: Process, **request: str) -> httpx.Response:
    return sandbox.http.post("/v1/chat/completions", json=image_request(**request))


def message(response: httpx.Response) -> Any:
    return response.json()["choices"][0]["message"]


def picture(response: httpx.Response) -> Image.Image:
    head, _, data = message(response)["images"][0]["image_url"]["url"].partition(",")
    assert head == "data:image/png;base64"
    return Image.open(io.BytesIO(base64.b64decode(data, validate=True)))


def wait_until(is_true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not is_true():
        assert time.monotonic() < deadline, "the condition never came true"
        time.sleep(0.02)


def break_with(sandbox: Process, fault: str, params: dict[str, Any] | None = None, **match: Any) -> None:
    rules = [{"match": match, "fault": fault, "params": params or {}}]
    sandbox.http.put("/sandbox/faults", json=rules).raise_for_status()


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


# --- limits --------------------------------------------------------------------------------------------------------


def test_more_calls_than_the_limit_are_refused_and_the_limit_was_never_passed(sandbox: Process) -> None:
    limits = [{"model": TEXT_MODEL, "in_flight": 3, "retry_after_s": 2}]
    sandbox.http.put("/sandbox/config", json={"latency": "fixed:0.4", "limits": limits}).raise_for_status()
    with ThreadPoolExecutor(12) as pool:
        replies = list(pool.map(lambda _: chat(sandbox), range(12)))
    refused = [reply for reply in replies if reply.status_code == 429]
    assert {reply.headers["retry-after"] for reply in refused} == {"2"}
    figures = sandbox.http.get("/sandbox/load").json()["models"][TEXT_MODEL]
    assert figures["in_flight_max"] == 3 < figures["offered_in_flight_max"]
    assert (figures["refused"], figures["admitted"], figures["in_flight"]) == (len(refused), 12 - len(refused), 0)


def test_a_client_that_keeps_to_the_limit_is_never_refused(sandbox: Process) -> None:
    sandbox.http.put("/sandbox/config", json={"limits": [{"in_flight": 4}]}).raise_for_status()
    with ThreadPoolExecutor(4) as pool:
        assert {reply.status_code for reply in pool.map(lambda _: chat(sandbox), range(200))} == {200}


def test_three_hundred_calls_in_flight_are_answered(sandbox: Process) -> None:
    sandbox.http.put("/sandbox/config", json={"latency": "fixed:2"}).raise_for_status()
    body = json.dumps({"model": TEXT_MODEL, "messages": [{"role": "user", "content": "hi"}]}).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer k\r\nContent-Length: {len(body)}\r\n\r\n"
    host, port = sandbox.url.removeprefix("http://").split(":")
    connections = [socket.create_connection((host, int(port)), timeout=20) for _ in range(300)]
    for connection in connections:
        connection.sendall(head.encode() + body)
    assert {connection.recv(15) for connection in connections} == {b"HTTP/1.1 200 OK"}
    for connection in connections:
        connection.close()
    assert sandbox.http.get("/sandbox/load").json()["models"]["*"]["in_flight_max"] == 300


# --- control and process -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/sandbox/config", '{"seed": "x"}'), ("/sandbox/config", "{"), ("/sandbox/config", '{"limits": [{}]}'),
        ("/sandbox/faults", '[{"fault": "rain"}]'), ("/sandbox/faults", "5"),
    ],
)  # fmt: skip
def test_bad_input_to_the_control_api_gets_a_clear_400(sandbox: Process, path: str, body: str) -> None:
    response = sandbox.http.put(path, content=body)
    assert response.status_code == 400
    assert len(response.json()["error"]) > 10


def test_a_reset_goes_back_to_the_settings_of_the_start(sandbox: Process) -> None:
    before = sandbox.http.get("/sandbox/config").json()
    sandbox.http.put("/sandbox/config", json={"seed": 9, "latency": "fixed:1", "limits": [{"per_second": 1}]})
    sandbox.http.post("/sandbox/reset")
    assert sandbox.http.get("/sandbox/config").json() == before


def test_faults_are_listed_with_their_counts_and_deleted(sandbox: Process) -> None:
    break_with(sandbox, "overloaded", model=TEXT_MODEL)
    chat(sandbox)
    (rule,) = sandbox.http.get("/sandbox/faults").json()["rules"]
    assert (rule["fault"], rule["seen"], rule["applied"]) == ("overloaded", 1, 1)
    assert sandbox.http.delete("/sandbox/faults").status_code == 204
    assert chat(sandbox).status_code == 200


def test_the_server_stops_within_a_second_though_calls_are_waiting() -> None:
    process = Process("--latency", "fixed:60")
    waiting = httpx.Client(base_url=process.url, headers=KEY, timeout=30)

    def call() -> None:
        try:
            waiting.post(
                "/v1/chat/completions", json={"model": TEXT_MODEL, "messages": [{"role": "user", "content": "x"}]}
            )
        except httpx.HTTPError:
            return  # either a 503 or a closed connection

    caller = threading.Thread(target=call)
    caller.start()
    wait_until(lambda: process.http.get("/sandbox/load").json()["models"]["*"]["in_flight"] == 1)
    started_s = time.monotonic()
    assert process.stop() == 0
    assert time.monotonic() - started_s < 1
    caller.join(timeout=5)
    waiting.close()


def test_a_taken_port_ends_the_process_with_a_clear_line(sandbox: Process) -> None:
    port = sandbox.url.rpartition(":")[2]
    done = subprocess.run(
        [sys.executable, "-m", "sandbox", "--port", port], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.strip() == f"sandbox: cannot listen on 127.0.0.1:{port}: Address already in use"


def test_pictures_painted_beforehand_are_served_in_turn() -> None:
    process = Process("--pictures", "painted-beforehand", "--picture-count", "3")
    urls = [message(ask_image(process))["images"][0]["image_url"]["url"] for _ in range(4)]
    assert urls[3] == urls[0]
    assert len(set(urls)) == 3
    assert process.stop() == 0
