"""What goes wrong below HTTP: connections that are closed in the middle, or never answer."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Any

from flask import Request, Response

CHECK_S = 0.1  # how often a hanging call looks whether its client is still there
_CUT = "X-Sandbox-Cut"


def wait_until_gone(request: Request, stopping: threading.Event) -> None:
    """Return when the client has closed the connection, or when the server stops."""
    connection = _socket(request)
    while not stopping.wait(CHECK_S):
        if connection is None or _is_closed(connection):
            return


def cut(request: Request, body: bytes = b"") -> Response:
    """Close the connection: without a byte, or in the middle of the given body.

    The response returned is never seen by the client. Under a test client there is no connection to cut, so
    it gets a body that is shorter than its Content-Length says.
    """
    connection = _socket(request)
    half = body[: len(body) // 2]
    if connection is not None:
        with contextlib.suppress(OSError):
            if body:
                head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
                connection.sendall(head.encode() + half)
            connection.shutdown(socket.SHUT_RDWR)
    return Response(half, status=200, headers={_CUT: "1", "Connection": "close"})


def is_cut(response: Response) -> bool:
    """Tell whether `cut` made this response."""
    return _CUT in response.headers


def _socket(request: Request) -> socket.socket | None:
    """Return the connection that Werkzeug's server hands over, if it is the one serving."""
    connection: Any = request.environ.get("werkzeug.socket")
    return connection if isinstance(connection, socket.socket) else None


def _is_closed(connection: socket.socket) -> bool:
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True
