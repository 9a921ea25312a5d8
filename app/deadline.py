"""Connections that keep a deadline for a whole exchange, also when its bytes trickle.

httpx bounds each read by itself: a peer that sends one byte every few seconds would be listened to for ever.
"""

from __future__ import annotations

import math
import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import httpcore
import httpx

MAX_CONNECTIONS = 200
WRITE_BYTES = 64 * 1024  # a picture goes out in slices, so that the deadline is looked at between them

_ends: ContextVar[float] = ContextVar("ends", default=math.inf)


@contextmanager
def until(ends: float) -> Iterator[None]:
    """Let everything that this thread reads or writes inside end at the moment `ends` of the monotonic clock."""
    before = _ends.set(ends)
    try:
        yield
    finally:
        _ends.reset(before)


class DeadlineTransport(httpx.HTTPTransport):
    """httpx' own transport, over connections that know the deadline."""

    def __init__(self) -> None:
        context = httpx.create_ssl_context(trust_env=False)
        super().__init__(verify=context, trust_env=False)
        self._pool = httpcore.ConnectionPool(
            ssl_context=context,
            max_connections=MAX_CONNECTIONS,
            max_keepalive_connections=50,
            keepalive_expiry=20,
            network_backend=_Network(),
        )


class _Network(httpcore.SyncBackend):
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        wait_s = left(timeout, httpcore.ConnectTimeout)
        try:
            return timed(super().connect_tcp(host, port, wait_s, local_address, socket_options))
        except UnicodeError as exc:  # a name that DNS cannot carry, from the resolver
            raise httpcore.ConnectError(str(exc)) from exc


def timed(stream: httpcore.NetworkStream) -> httpcore.NetworkStream:
    """Return a stream whose every operation ends at the thread's deadline: bytes that trickle are not read for ever."""
    return _Stream(stream)


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), WRITE_BYTES):
            self._inner.write(buffer[start : start + WRITE_BYTES], left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return timed(self._inner.start_tls(ssl_context, server_hostname, left(timeout, httpcore.ConnectTimeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def left(timeout: float | None, too_late: type[httpcore.TimeoutException]) -> float | None:
    """Return the seconds that one operation may take: its own limit, or what is left of the whole. Raises `too_late`."""
    rest = _ends.get() - time.monotonic()
    if rest <= 0:
        raise too_late
    seconds = min(math.inf if timeout is None else timeout, rest)
    return None if seconds == math.inf else seconds
