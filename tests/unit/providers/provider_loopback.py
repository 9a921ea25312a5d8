"""A server that says what a test tells it to, and remembers what it was asked."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

from workers.providers.provider import Answer, Call, Message
from workers.providers.registry import provider_named

SAMPLES: dict[str, Any] = json.loads(Path(__file__).with_name("wire_samples.json").read_text(encoding="utf-8"))
PNG = b"\x89PNG\r\n\x1a\n"  # what the samples' base64 holds
VENDORS = ("gateway", "gemini", "anthropic", "openai", "leonardo")
PAINTERS = {
    "gateway": "google/gemini-3.1-flash-image",
    "gemini": "gemini-3.1-flash-image",
    "openai": "gpt-image-2",
    "leonardo": "de7d3faf-762f-48e0-b3b7-9d0ac3a3fcf3",
}
WRITERS = {
    "gateway": "anthropic/claude-sonnet-4.6",
    "gemini": "gemini-2.5-flash",
    "anthropic": "claude-sonnet-4-6",
    "openai": "gpt-5.4-nano",
}
TALK = (Message("system", "You write carousels."), Message("user", "Topic: tides"))


@dataclass(frozen=True, slots=True)
class Seen:
    """A request that arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(slots=True)
class Loopback:
    """The server's side: `says` is answered in turn, the last one again and again."""

    url: str
    says: deque[tuple[int, bytes, Mapping[str, str]]] = field(default_factory=deque)
    seen: list[Seen] = field(default_factory=list)

    def say(self, body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        """Answer with JSON, or with bytes as they are."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.says.append((status, data, headers or {}))

    def forget(self) -> None:
        self.says.clear()
        self.seen.clear()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    loopback: Loopback


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else a header and its body wait 40 ms for each other

    def _answer(self) -> None:
        loopback = cast("_Server", self.server).loopback
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        loopback.seen.append(
            Seen(self.command, self.path, {name.lower(): value for name, value in self.headers.items()}, body)
        )
        status, data, headers = loopback.says.popleft() if len(loopback.says) > 1 else loopback.says[0]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = _answer  # noqa: N815 - the base class' names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class' name
        pass


@contextmanager
def listening() -> Iterator[Loopback]:
    """Serve until the end of the block."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.loopback = Loopback(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.loopback
    finally:
        server.shutdown()
        server.server_close()


def paint(vendor: str, *, timeout_s: float = 5.0, reference: bytes | None = None, **options: object) -> Answer:
    """Ask a vendor for a picture."""
    if vendor == "leonardo":
        options = {"poll_s": 0.001, "polls": 5, **options}
    call = Call(PAINTERS[vendor], timeout_s, options)
    return provider_named(vendor).picture(call, "A quiet harbour", aspect_ratio="4:5", reference=reference)


def write(vendor: str, *, timeout_s: float = 5.0, **options: object) -> Answer:
    """Ask a vendor for a text."""
    call = Call(WRITERS[vendor], timeout_s, options)
    return provider_named(vendor).chat(call, TALK, schema=None, max_tokens=100)


def ask(vendor: str) -> Answer:
    """Ask a vendor for what it is asked most."""
    return write(vendor) if vendor == "anthropic" else paint(vendor)
