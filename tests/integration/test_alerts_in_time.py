"""The operator's receiver of alerts has a few seconds for all of its answer, however it passes them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from sqlalchemy import select

from app import alerts
from app.db.models import AlertDelivery
from app.db.session import transaction
from app.domain.budgets import BudgetScope
from budgeting import MILLION, no_budgets_left, set_budget, set_month
from harness import Installation
from settings_of import own_settings

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)  # too early to project
Writes = Callable[[Any, threading.Event], None]


def drips(before: bytes, drop: bytes) -> Writes:
    """Return an answer that begins and then never ends, one drop at a time."""

    def write(out: Any, over: threading.Event) -> None:
        out.write(before)
        while not over.wait(0.02):
            out.write(drop)

    return write


@pytest.fixture
def receiver(database: Installation, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Writes]]:
    """The operator's server; a test puts into the list how it answers."""
    assert database
    answers: list[Writes] = []
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.close_connection = True
            try:
                answers[0](self.wfile, over)
            except OSError:
                return  # the sender has had enough

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with no_budgets_left(), ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        own_settings(monkeypatch, PRESSROOM_ALERT_WEBHOOK=f"http://127.0.0.1:{server.server_port}/hook")
        monkeypatch.setattr(alerts, "TIMEOUT_S", 0.6)
        set_month(set_budget(BudgetScope.INSTALLATION, 1, "", NOW), spent=MILLION // 2, now=NOW)
        yield answers
        over.set()
        server.shutdown()
        thread.join()


def delivered() -> AlertDelivery:
    with transaction() as session:
        return session.scalars(select(AlertDelivery)).one()


@pytest.mark.parametrize(
    "answer",
    [
        drips(b"HTTP/1.1 200 OK\r\nx-a: ", b"b"),
        drips(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        drips(b"HTTP/1.1 200", b""),
    ],
    ids=["its headers drip", "it asks for patience without end", "it stops in its first line"],
)
def test_a_receiver_that_never_comes_to_an_end_is_left_at_the_deadline(receiver: list[Writes], answer: Writes) -> None:
    receiver.append(answer)
    began = time.monotonic()

    alerts.watch(NOW)

    assert time.monotonic() - began < 5
    assert (delivered().problem, delivered().sent_at) == ("ReadTimeout", None)


@pytest.mark.parametrize(
    ("status", "problem"), [(b"200 OK", None), (b"302 Found", "HTTP 302"), (b"500 Oh", "HTTP 500")]
)
def test_what_it_says_beside_its_status_is_not_waited_for(
    receiver: list[Writes], status: bytes, problem: str | None
) -> None:
    receiver.append(drips(b"HTTP/1.1 " + status + b"\r\nlocation: http://127.0.0.1:9/\r\n\r\n", b"x" * 1000))
    began = time.monotonic()

    alerts.watch(NOW)

    assert time.monotonic() - began < 5
    assert delivered().problem == problem
