"""The sandbox as a process of its own: limits, control, start and end."""

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from sandbox_process import KEY, TEXT_MODEL, Process, ask_image, break_with, chat, message, wait_until


@pytest.fixture(scope="module")
def process() -> Iterator[Process]:
    started = Process()
    yield started
    started.stop()


@pytest.fixture
def sandbox(process: Process) -> Process:
    process.http.post("/sandbox/reset").raise_for_status()
    return process


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


def test_pictures_painted_once_are_served_in_turn() -> None:
    process = Process("--pictures", "painted-once", "--picture-count", "3")
    urls = [message(ask_image(process))["images"][0]["image_url"]["url"] for _ in range(4)]
    assert urls[3] == urls[0]
    assert len(set(urls)) == 3
    assert process.stop() == 0
