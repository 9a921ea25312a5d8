"""A tiny HTTP server for replies that no sandbox fault has: any status, any body, any headers."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(slots=True)
class Loopback:
    """What the server says, and what it was told."""

    url: str = ""
    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    """Bytes of the body after which the connection is closed; None = the whole body is sent."""
    received: list[bytes] = field(default_factory=list)
    sent: list[Mapping[str, str]] = field(default_factory=list)
    """The headers of every request, names in lower case."""
    turns: list[bytes] = field(default_factory=list)
    """Bodies of the next answers, one each; then `body` again."""
    replies: list[tuple[int, object]] = field(default_factory=list)
    """Statuses and JSON bodies of the next answers, one each; before all else."""

    def says(self, status: int, body: object, **headers: str) -> None:
        """Answer every request like this; a body that is not bytes is sent as JSON."""
        self.status = status
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


@contextmanager
def loopback() -> Iterator[Loopback]:
    """Serve on a free port of 127.0.0.1."""
    answer = Loopback()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            answer.sent.append({name.lower(): value for name, value in self.headers.items()})
            answer.received.append(self.rfile.read(int(self.headers.get("content-length") or 0)))
            status, body = answer.status, answer.turns.pop(0) if answer.turns else answer.body
            if answer.replies:
                status, told = answer.replies.pop(0)
                body = json.dumps(told).encode()
            self.send_response(status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.send_header("connection", "close")
            self.end_headers()
            self.wfile.write(body[: answer.cut_after])

        do_GET = do_POST = do_PUT = do_HEAD = answer  # noqa: N815 - the names that http.server calls

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        answer.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield answer
        server.shutdown()
        thread.join()
