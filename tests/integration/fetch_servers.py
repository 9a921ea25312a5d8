"""Sites on loopback for tests of fetching, and an outside whose names lead to them and to nothing else."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpcore
import pytest

from workers.web.outside import Outside, trusted

PUBLIC = "93.184.216.34"
ALSO_PUBLIC = "1.1.1.1"


@dataclass(frozen=True, slots=True)
class Page:
    """What a site answers under one path."""

    body: bytes = b"<p>hello</p>"
    status: int = 200
    content_type: str | None = "text/html; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: Callable[[Site, Any], object] | None = None
    """Writes the whole answer itself, to a file; the site's `over` says when the test is."""


@dataclass(slots=True)
class Site:
    """A site of one test."""

    port: int = 0
    pages: dict[str, Page] = field(default_factory=dict)
    """By path and query; others are 404."""
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """Path and headers (names in lower case) of every request, in order."""
    over: threading.Event = field(default_factory=threading.Event)
    server_names: list[str | None] = field(default_factory=list)
    """What TLS clients asked for (SNI)."""

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]


class _Server(ThreadingHTTPServer):
    """Serves one site, with TLS where a context is given."""

    def __init__(self, site: Site, tls: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.site = site
        self._tls = tls
        site.port = self.server_port

    def finish_request(self, request: Any, client_address: Any) -> None:
        if self._tls is None:
            super().finish_request(request, client_address)
            return
        try:
            request = self._tls.wrap_socket(request, server_side=True)
        except OSError:
            return  # a client that does not trust us
        with request:
            super().finish_request(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        site = self.server.site
        site.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        page = site.pages.get(self.path, Page(b"no such page", 404))
        self.close_connection = True
        try:
            if page.raw:
                page.raw(site, self.wfile)
            else:
                self._answer(page)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            return  # the client has had enough, which is what many of these tests are about

    def _answer(self, page: Page) -> None:
        self.send_response(page.status)
        if page.content_type:
            self.send_header("content-type", page.content_type)
        for name, value in page.headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(page.body)))
        self.end_headers()
        self.wfile.write(page.body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving(pages: dict[str, Page], *, tls: ssl.SSLContext | None = None) -> Iterator[Site]:
    """Serve pages on a free port of 127.0.0.1."""
    site = Site(pages=pages)
    if tls:
        tls.sni_callback = lambda _socket, name, _context: site.server_names.append(name)
    with _Server(site, tls) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield site
        finally:
            site.over.set()
            server.shutdown()
            thread.join()


@dataclass(slots=True)
class World:
    """An outside where names and public addresses are the test's own; every connection ends on loopback."""

    machines: dict[str, Site]
    """Which site answers at an address. Connecting to any other address fails the test."""
    names: dict[str, list[list[str]]] = field(default_factory=dict)
    """What a name leads to, asked for the first time, the second, ...; the last answer stays. Others: PUBLIC."""
    trust: Callable[[], ssl.SSLContext] = trusted
    resolved: list[str] = field(default_factory=list)
    connected: list[tuple[str, int]] = field(default_factory=list)

    @property
    def outside(self) -> Outside:
        return Outside(resolve=self._resolve, connect=self._connect, trusted=self.trust)

    def _resolve(self, host: str, _timeout_s: float) -> list[str]:
        self.resolved.append(host)
        answers = self.names.get(host, [[PUBLIC]])
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def _connect(self, address: str, port: int, timeout_s: float) -> httpcore.NetworkStream:
        self.connected.append((address, port))
        assert address in self.machines, f"{address} must not be connected to"
        return httpcore.SyncBackend().connect_tcp("127.0.0.1", self.machines[address].port, timeout_s)


def keep_on_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process connect to loopback only, and resolve nothing: a refusal that fails must not reach out."""
    connect, resolve = socket.socket.connect, socket.getaddrinfo

    def guarded(self: socket.socket, address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else "127.0.0.1"
        assert host in ("127.0.0.1", "::1"), f"this test reached out to {host}"
        connect(self, address)

    def numeric(host: Any, *args: Any, **kwargs: Any) -> Any:
        assert str(host) in ("127.0.0.1", "::1", "localhost"), f"this test asked for {host}"
        return resolve(host, *args, **kwargs)

    monkeypatch.setattr(socket.socket, "connect", guarded)
    monkeypatch.setattr(socket, "getaddrinfo", numeric)
