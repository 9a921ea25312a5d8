"""The HTTP server of the sandbox: one process, one thread per connection, state in memory."""

from __future__ import annotations

import contextlib
import signal
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType
from typing import Any

from flask import Flask
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from sandbox import anthropic, control, gateway, gemini, leonardo, openai
from sandbox.config import Config
from sandbox.desk import Desk

BACKLOG = 1024  # connections that may wait to be accepted: 300 clients that all start at once
POLL_S = 0.05  # how soon the accept loop notices that it must stop


class PortTakenError(OSError):
    """Raised when the address to listen on is in use or not allowed."""


class _Handler(WSGIRequestHandler):
    """HTTP/1.1 with keep-alive, and silent: the log is at /sandbox/log."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else the body's packet waits 40 ms for the headers' acknowledgement

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - the base class names it
        """Write nothing."""


@dataclass(frozen=True, slots=True)
class Running:
    """A sandbox that answers."""

    url: str
    """Like `http://127.0.0.1:9000`, without a slash at the end."""
    desk: Desk


def create_app(config: Config | None = None, desk: Desk | None = None) -> Flask:
    """Return the WSGI application; each has its own state unless a desk is handed in."""
    desk = desk or Desk(config or Config())
    app = Flask("sandbox", static_folder=None)
    app.register_blueprint(control.blueprint(desk))
    for vendor in (gateway, gemini, anthropic, openai, leonardo):
        app.register_blueprint(vendor.blueprint(desk))
    return app


@contextlib.contextmanager
def running(config: Config | None = None, host: str = "127.0.0.1", port: int = 0) -> Iterator[Running]:
    """Serve in threads of this process while the block runs; port 0 picks a free one.

    Raises: PortTakenError.
    """
    desk = Desk(config or Config())
    listener = _listen(host, port)
    server = ThreadedWSGIServer(host, port, create_app(desk=desk), handler=_Handler, fd=listener.fileno())
    loop = threading.Thread(target=server.serve_forever, args=(POLL_S,), name="sandbox-accept", daemon=True)
    loop.start()
    try:
        yield Running(f"http://{_shown(host)}:{listener.getsockname()[1]}", desk)
    finally:
        desk.stopping.set()
        server.shutdown()
        server.server_close()
        listener.close()


def serve(config: Config | None = None, host: str = "127.0.0.1", port: int = 9000) -> None:
    """Serve until SIGTERM or SIGINT; print one line when ready. Main thread only.

    Raises: PortTakenError.
    """
    told_to_stop = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        told_to_stop.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    with running(config, host, port) as sandbox:
        print(f"sandbox ready on {sandbox.url}", flush=True)  # noqa: T201 - what callers wait for
        told_to_stop.wait()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except (OSError, OverflowError) as error:
        listener.close()
        reason = getattr(error, "strerror", None) or error
        raise PortTakenError(f"cannot listen on {_shown(host)}:{port}: {reason}") from error
    return listener


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host
