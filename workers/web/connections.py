"""One connection to a checked address, with a deadline for everything that is read and written over it.

Only the place that TCP connects to is pinned. The Host header, the name sent in TLS (SNI) and the name that the
certificate has to hold stay the host's, for httpcore takes them from the url.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore

from workers.web.guard import Target
from workers.web.outside import Outside

CONNECT_S = 5.0
MAX_ADDRESSES = 4  # of a host whose machines do not answer


@contextmanager
def asked(target: Target, headers: dict[str, str], *, ends: float, outside: Outside) -> Iterator[httpcore.Response]:
    """GET a target from one of its checked addresses; the body is read by the caller, before `ends` (monotonic clock).

    Raises httpcore's errors.
    """
    scheme, host = target.scheme.encode(), target.host.encode()
    sent = [(name.encode(), value.encode("ascii")) for name, value in ({"Host": target.authority} | headers).items()]
    with (
        httpcore.HTTPConnection(
            httpcore.Origin(scheme, host, target.port),
            ssl_context=outside.trusted() if target.scheme == "https" else None,
            network_backend=_Pinned(target, ends, outside),
        ) as connection,
        connection.stream(
            "GET", httpcore.URL(scheme=scheme, host=host, port=target.port, target=target.target.encode()), headers=sent
        ) as response,
    ):
        yield response


class _Pinned(httpcore.NetworkBackend):
    """Connects to the target's checked addresses and to nothing else; no name is resolved here."""

    def __init__(self, target: Target, ends: float, outside: Outside) -> None:
        self._target = target
        self._ends = ends
        self._outside = outside

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the deadline is ours
        local_address: str | None = None,  # noqa: ARG002
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        if (host, port) != (self._target.host, self._target.port):
            raise httpcore.ConnectError("a connection is for the target that was checked")
        failed: httpcore.NetworkError | httpcore.TimeoutException = httpcore.ConnectError("no address")
        for address in self._target.addresses[:MAX_ADDRESSES]:
            left = _left(self._ends, httpcore.ConnectTimeout)
            try:
                return _Timed(self._outside.connect(address, port, min(left, CONNECT_S)), self._ends)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as exc:
                failed = exc
        raise failed


class _Timed(httpcore.NetworkStream):
    """A stream whose every operation ends at the deadline, so that bytes that trickle are not read for ever."""

    def __init__(self, inner: httpcore.NetworkStream, ends: float) -> None:
        self._inner = inner
        self._ends = ends

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - the deadline is ours
        return self._inner.read(max_bytes, _left(self._ends, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        self._inner.write(buffer, _left(self._ends, httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        left = _left(self._ends, httpcore.ConnectTimeout)
        return _Timed(self._inner.start_tls(ssl_context, server_hostname, left), self._ends)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _left(ends: float, too_late: type[httpcore.TimeoutException]) -> float:
    """Return the seconds that are left. Raises `too_late`."""
    left = ends - time.monotonic()
    if left <= 0:
        raise too_late
    return left
