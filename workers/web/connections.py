"""One connection to a checked address, with a deadline for everything that is read and written over it.

Only the place that TCP connects to is pinned. The Host header, the name sent in TLS (SNI) and the name that the
certificate has to hold stay the host's, for httpcore takes them from the url.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore

from app.deadline import left, timed, until
from workers.web.guard import Target
from workers.web.outside import Outside

CONNECT_S = 5.0
MAX_ADDRESSES = 4  # of a host whose machines do not answer


@contextmanager
def asked(
    target: Target,
    headers: dict[str, str],
    *,
    ends: float,
    outside: Outside,
    method: str = "GET",
    body: bytes | None = None,
) -> Iterator[httpcore.Response]:
    """Ask one of a target's checked addresses; the reply's body is read by the caller, before `ends` (monotonic clock).

    body: needs its Content-Length among the headers.

    Raises httpcore's errors.
    """
    scheme, host = target.scheme.encode(), target.host.encode()
    sent = [(name.encode(), value.encode("ascii")) for name, value in ({"Host": target.authority} | headers).items()]
    with (
        until(ends),
        httpcore.HTTPConnection(
            httpcore.Origin(scheme, host, target.port),
            ssl_context=outside.trusted() if target.scheme == "https" else None,
            network_backend=_Pinned(target, outside),
        ) as connection,
        connection.stream(
            method,
            httpcore.URL(scheme=scheme, host=host, port=target.port, target=target.target.encode()),
            headers=sent,
            content=body,
        ) as response,
    ):
        yield response


class _Pinned(httpcore.NetworkBackend):
    """Connects to the target's checked addresses and to nothing else; no name is resolved here."""

    def __init__(self, target: Target, outside: Outside) -> None:
        self._target = target
        self._outside = outside

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - CONNECT_S
        local_address: str | None = None,  # noqa: ARG002
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        if (host, port) != (self._target.host, self._target.port):
            raise httpcore.ConnectError("a connection is for the target that was checked")
        failed: httpcore.NetworkError | httpcore.TimeoutException = httpcore.ConnectError("no address")
        for address in self._target.addresses[:MAX_ADDRESSES]:
            wait_s = left(CONNECT_S, httpcore.ConnectTimeout)
            try:
                return timed(self._outside.connect(address, port, wait_s))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as exc:
                failed = exc
        raise failed
