"""The exchange: its deadline, its limit, and whether the request left."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from app.domain.provider_errors import ProviderDown
from workers.providers import http

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n"
NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)


@contextmanager
def serving(act: Callable[[socket.socket], None]) -> Iterator[str]:
    """Accept connections one after another and do `act` with each."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(5)

    def accept() -> None:
        try:
            while True:
                connection, _ = listener.accept()
                with connection:
                    act(connection)
        except OSError:
            pass  # the client or the test went away

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        listener.close()


def post(url: str, timeout_s: float = 0.5, body: object = "x") -> http.Received:
    return http.post("gateway", url, {"a": body}, headers={}, timeout_s=timeout_s)


def trickle(connection: socket.socket, before: bytes, drop: bytes) -> None:
    connection.recv(65536)
    connection.sendall(before)
    for _ in range(200):
        connection.sendall(drop)
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("before", "drop"),
    [(OK, b"x"), (b"", b"H"), (b"HTTP/1.1 200 OK\r\nX: ", b"y"), (OK.replace(b"Content-Length: 10000", b"Transfer-Encoding: chunked"), b"1\r\nx\r\n")],
    ids=["body", "status line", "header", "chunks"],
)  # fmt: skip
def test_the_deadline_holds_when_bytes_trickle(before: bytes, drop: bytes) -> None:
    with serving(lambda connection: trickle(connection, before, drop)) as url:
        began = time.monotonic()
        with pytest.raises(ProviderDown, match=r"took longer|broke off") as caught:
            post(url, 0.3)
        assert time.monotonic() - began < 0.3 + 0.5
    assert caught.value.charged is None


def test_silence_ends_at_the_deadline_and_may_have_been_charged() -> None:
    with serving(lambda connection: time.sleep(1.2)) as url:
        began = time.monotonic()
        with pytest.raises(ProviderDown) as caught:
            post(url, 0.3)
        assert 0.25 < time.monotonic() - began < 0.8
    assert caught.value.charged is None


def test_a_get_creates_nothing_and_so_is_never_charged() -> None:
    with serving(lambda connection: time.sleep(0.6)) as url, pytest.raises(ProviderDown) as caught:
        http.get("gateway", url, headers={}, timeout_s=0.2)
    assert caught.value.charged is False


def test_a_connection_that_breaks_off_after_the_request_may_have_been_charged() -> None:
    def half(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(OK + b"only this")

    with serving(half) as url, pytest.raises(ProviderDown, match="broke off") as caught:
        post(url)
    assert caught.value.charged is None


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/", "ftp://127.0.0.1/", "http://[", "http://" + "a" * 300, "nonsense"]
)
def test_a_request_that_never_left_is_not_charged(url: str) -> None:
    with pytest.raises(ProviderDown) as caught:
        post(url)
    assert caught.value.charged is False


def test_a_request_that_did_not_leave_whole_is_not_charged() -> None:
    with serving(lambda connection: time.sleep(1.5)) as url:
        began = time.monotonic()
        with pytest.raises(ProviderDown) as caught:
            post(url, 0.5, "x" * 30_000_000)  # more than the kernel's buffers take from a reader that does not read
        assert time.monotonic() - began < 1.4
    assert caught.value.charged is False


def test_a_reply_that_is_too_large_is_not_read_to_its_end() -> None:
    def flood(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + bytes(100_000))
        connection.recv(1)

    with serving(flood) as url, pytest.raises(ProviderDown, match="more than 5000 bytes"):
        http.get("gateway", url, headers={}, timeout_s=2, max_bytes=5000)


def test_two_providers_have_two_pools() -> None:
    assert http.client("gateway") is http.client("gateway")
    assert http.client("gateway") is not http.client("openai")


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("12", 12.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        ("Sat, 21 Nov 2026 12:00:30 GMT", 30.0),
        ("Sat, 21 Nov 2026 12:00:30 -0000", 30.0),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 0.0),
        ("Sat, 21 Nov 2099 11:00:00 GMT", 6 * 3600.0),
        ("1e300", 6 * 3600.0),
        ("inf", 6 * 3600.0),
        ("nan", None),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_in_every_form(value: str, seconds: float | None) -> None:
    assert http.retry_after_s({"retry-after": value}, NOW) == seconds


def test_milliseconds_go_before_seconds() -> None:
    assert http.retry_after_s({"retry-after-ms": "250", "retry-after": "9"}, NOW) == 0.25
    assert http.retry_after_s({"retry-after-ms": "?", "retry-after": "9"}, NOW) == 9.0
    assert http.retry_after_s({}, NOW) is None
