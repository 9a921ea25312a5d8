"""Clients that send or read nothing: they hold a thread for a while, and then the API answers others again."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from handwork import work

from app.cli.stack import GUNICORN, PLAIN
from app.db.models import User
from app.embedded.ports import free_port
from app.embedded.supervisor import Process, Supervisor
from app.storage import storage
from harness import Installation, wait_for
from orders import order, pieces_of

HERE = Path(__file__).parent
SILENCE_S, BODY_S = 1, 3  # of short_patience
THREADS = 2
LONG = 5_000_000
"""Bytes of a download: more than fit between two sockets of one machine."""
ORDER = "POST /api/generate/full-post HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
Serve = Callable[[str], int]


@pytest.fixture(autouse=True)
def installation(lasting_installation: Installation) -> Installation:
    return lasting_installation


@pytest.fixture(scope="module")
def port_of(_lasting_installation: Installation) -> Iterator[Serve]:
    """Start a process, `web` or `events`, with two threads, when it is first asked for; give its port."""
    ports: dict[str, int] = {}
    with ExitStack() as running:

        def one(name: str) -> int:
            if name not in ports:
                ports[name] = running.enter_context(served(_lasting_installation, name))
            return ports[name]

        yield one


@contextmanager
def served(installation: Installation, name: str) -> Iterator[int]:
    port = free_port()
    few = ("--workers", "1", "--threads", str(THREADS), "--bind", f"127.0.0.1:{port}", "--pythonpath", str(HERE))
    process = Process(name, (*GUNICORN, *few, f"short_patience:{name}"), installation.env, ready=lambda: lives(port))
    with Supervisor(installation.data_dir / name, [process]) as supervisor:
        supervisor.wait_until_ready(30)
        yield port


def lives(port: int) -> bool:
    """Whether the process answers within a moment."""
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz", verify=PLAIN, trust_env=False, timeout=0.3).is_success
    except httpx.HTTPError:
        return False


@dataclass
class Client:
    """A connection of which each byte is the test's own."""

    connection: socket.socket

    def send(self, text: str) -> None:
        self.connection.sendall(text.encode())

    def answer(self) -> tuple[int, bytes]:
        """Return status and body of the answer, which the server ends by closing."""
        got = b""
        while piece := self.connection.recv(100_000):
            got += piece
        head, _, body = got.partition(b"\r\n\r\n")
        return int(head.split()[1]), body


@pytest.fixture
def connect() -> Iterator[Callable[[int], Client]]:
    with ExitStack() as opened:

        def one(port: int) -> Client:
            return Client(opened.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20)))

        yield one


Connect = Callable[[int], Client]


def assert_taken_and_then_free(port: int) -> None:
    """Look that nobody is answered, and soon everybody is."""
    assert not lives(port), "a thread was left"
    wait_for(lambda: lives(port), what="an answer", seconds=5 * BODY_S)


@pytest.mark.parametrize("name", ["web", "events"])
@pytest.mark.parametrize("framing", ["Content-Length: 1000", "Transfer-Encoding: chunked"])
def test_who_sends_no_body_is_told_so_and_others_are_answered(
    port_of: Serve, connect: Connect, name: str, framing: str
) -> None:
    port = port_of(name)
    silent = [connect(port) for _ in range(THREADS)]
    for client in silent:
        client.send(f"{ORDER}{framing}\r\n\r\n")

    assert_taken_and_then_free(port)

    for client in silent:
        status, body = client.answer()
        assert (status, json.loads(body)["code"]) == (408, "request_timeout")


@pytest.mark.parametrize("framing", ["Content-Length: 1000", "Transfer-Encoding: chunked"])
def test_who_sends_a_byte_now_and_then_is_not_waited_for_either(port_of: Serve, connect: Connect, framing: str) -> None:
    client, begun = connect(port_of("web")), time.monotonic()
    client.send(f"{ORDER}{framing}\r\n\r\n")
    client.connection.settimeout(SILENCE_S / 4)
    got = b""
    while not got and time.monotonic() - begun < 5 * BODY_S:
        client.send("1\r\n \r\n" if "chunked" in framing else " ")
        try:
            got = client.connection.recv(100)
        except TimeoutError:
            continue

    assert got.startswith(b"HTTP/1.1 408 ")
    assert time.monotonic() - begun >= BODY_S


def test_a_body_that_comes_slowly_and_in_time_is_taken(port_of: Serve, connect: Connect, api_key: str) -> None:
    client, body = connect(port_of("web")), json.dumps({"topic": "tides", "max_cost_usd": 0.01})
    client.send(f"{ORDER}Connection: close\r\nAuthorization: Bearer {api_key}\r\nContent-Length: {len(body)}\r\n\r\n")
    for at in range(0, len(body), 10):
        time.sleep(2 * SILENCE_S * 10 / len(body))
        client.send(body[at : at + 10])

    assert client.answer()[0] == 202


def test_who_stops_in_the_middle_of_the_headers_is_gone_and_others_are_answered(
    port_of: Serve, connect: Connect
) -> None:
    port = port_of("web")
    for _ in range(THREADS):
        connect(port).send("GET /healthz HTTP/1.1\r\nHost:")

    assert_taken_and_then_free(port)


@pytest.fixture
def downloads(user: User) -> dict[str, str]:
    """Paths of what is long: packed anew for who asks, and a file as it lies in the folder."""
    run_id = order(user, slides=5)
    work(run_id)
    picture = next(piece.composed for piece in pieces_of(run_id) if piece.composed)
    storage().put(picture["key"], b"x" * LONG)
    return {"packed": f"/api/runs/{run_id}/export.zip", "file": f"/media/{picture['key']}"}


@pytest.mark.parametrize("kind", ["packed", "file"])
def test_who_reads_nothing_of_a_download_is_gone_and_others_are_answered(
    port_of: Serve, connect: Connect, downloads: dict[str, str], api_key: str, kind: str
) -> None:
    port = port_of("web")
    deaf = [connect(port) for _ in range(THREADS)]
    for client in deaf:
        client.send(f"GET {downloads[kind]} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {api_key}\r\n\r\n")

    for client in deaf:
        assert client.connection.recv(12) == b"HTTP/1.1 200"
    assert_taken_and_then_free(port)


@pytest.mark.parametrize("kind", ["packed", "file"])
def test_who_reads_slowly_gets_the_whole_however_long_it_takes(
    port_of: Serve, connect: Connect, downloads: dict[str, str], api_key: str, kind: str
) -> None:
    client, begun, got = connect(port_of("web")), time.monotonic(), 0
    client.connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 100_000)
    client.send(f"GET {downloads[kind]} HTTP/1.0\r\nHost: x\r\nAuthorization: Bearer {api_key}\r\n\r\n")
    while piece := client.connection.recv(100_000, socket.MSG_WAITALL):
        got += len(piece)
        time.sleep(SILENCE_S / 5)

    assert got > LONG
    assert time.monotonic() - begun > 3 * SILENCE_S
