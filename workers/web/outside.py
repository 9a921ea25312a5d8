"""How this process reaches the outside: names, connections, trust. Tests put their own in its place."""

from __future__ import annotations

import queue
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import httpcore
import httpx

from app.domain.errors import FetchFailed

UNKNOWN = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}


def resolve(host: str, timeout_s: float) -> list[str]:
    """Return every address of a host. Raises FetchFailed (`unknown_host`, `dns`, `timeout`).

    The system's resolver knows no deadline, so a thread asks it and is left behind when it takes too long; it ends
    with the resolver's own patience.
    """
    answer: queue.SimpleQueue[list[str] | OSError | UnicodeError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
            answer.put(list(dict.fromkeys(str(entry[4][0]) for entry in found)))
        except (OSError, UnicodeError) as exc:
            answer.put(exc)

    threading.Thread(target=ask, name="resolve", daemon=True).start()
    try:
        told = answer.get(timeout=max(timeout_s, 0))
    except queue.Empty:
        raise FetchFailed(f"the name {host} took too long to resolve", why="timeout", permanent=False) from None
    if isinstance(told, list):
        return told
    if isinstance(told, UnicodeError) or told.errno in UNKNOWN:
        raise FetchFailed(f"there is no host {host}", why="unknown_host", permanent=True) from told
    raise FetchFailed(f"the name {host} cannot be resolved now", why="dns", permanent=False) from told


def connect(address: str, port: int, timeout_s: float | None) -> httpcore.NetworkStream:
    """Connect to an IP address; nothing is resolved. Raises httpcore's errors."""
    return httpcore.SyncBackend().connect_tcp(address, port, timeout_s)


@cache
def trusted() -> ssl.SSLContext:
    """Return the context that checks certificates and host names, made once: reading the authorities takes a while."""
    return httpx.create_ssl_context(trust_env=False)


@dataclass(frozen=True, slots=True)
class Outside:
    """The three things that a fetch needs of the world."""

    resolve: Callable[[str, float], list[str]] = resolve
    """Host and seconds; returns all its addresses."""
    connect: Callable[[str, int, float | None], httpcore.NetworkStream] = connect
    """IP address, port and seconds."""
    trusted: Callable[[], ssl.SSLContext] = trusted


OUTSIDE = Outside()
