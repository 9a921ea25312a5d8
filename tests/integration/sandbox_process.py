"""A sandbox started from its command line, and calls of the gateway to it."""

import base64
import io
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import httpx
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
