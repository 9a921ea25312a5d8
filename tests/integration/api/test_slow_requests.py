"""What is slow: nobody holds all threads of a process with it, and what is fast does not notice."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from callers import Caller, key_of
from handwork import work
from werkzeug.test import TestResponse

from app.api import pace
from app.db.models import User
from app.domain.errors import StorageError
from app.reports import plot
from app.storage import Folder
from harness import wait_for
from orders import order
from reporting import without_rates

PLOT = "/api/reports/costs?format=png&group_by=stage"
ORDER = {"prompts": ["a red fox in fresh snow"]}
LONG = {"prompts": ["a lighthouse in fog " * 100] * 40}
SLOW = (429, "too_many_slow_requests")


@pytest.fixture(autouse=True)
def _no_rates(database: object) -> Iterator[None]:
    with without_rates():
        yield


def told(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["code"]


@contextmanager
def drawing(call: Caller, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Future[int]]]:
    """Have as many plots of a user under way as may be."""
    begun, go_on = threading.Semaphore(0), threading.Event()

    def slowly(*_: object) -> bytes:
        begun.release()
        assert go_on.wait(30)
        return b"a plot"

    def asked() -> int:
        return Caller(call.client.application.test_client(), call.key)("GET", PLOT).status_code

    with monkeypatch.context() as slowed, ThreadPoolExecutor(pace.SLOW_AT_ONCE) as pool:
        slowed.setattr(plot, "draw", slowly)
        first = [pool.submit(asked) for _ in range(pace.SLOW_AT_ONCE)]
        try:
            for _ in first:
                wait_for(lambda: begun.acquire(blocking=False), what="a plot that is being drawn")
            slowed.undo()
            yield first
        finally:
            go_on.set()


@pytest.fixture
def run_id(user: User) -> uuid.UUID:
    """Of a run that has ended."""
    made = order(user, slides=5)
    work(made)
    return made


def test_a_user_whose_slow_requests_hold_threads_gets_no_more_of_them(
    call: Caller, user: User, run_id: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    other_key, files = Caller(call.client, key_of(user)), f"/api/runs/{run_id}"
    with drawing(call, monkeypatch) as first:
        refused = [
            call("GET", PLOT),
            other_key("GET", PLOT),
            *(call("GET", f"{files}/{name}") for name in ("carousel.pdf", "deck.pptx", "export.zip")),
            call("POST", "/api/quote/images", json=LONG),
        ]

    assert [told(answer) for answer in refused] == [SLOW] * len(refused)
    assert {answer.headers["Retry-After"] for answer in refused} == {"1"}
    assert [one.result() for one in first] == [200] * len(first)
    assert call("GET", PLOT).status_code == 200


def test_what_is_fast_passes_however_much_of_a_user_is_slow(call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    with drawing(call, monkeypatch):
        answers = [
            *(call("POST", "/api/generate/images", json=ORDER) for _ in range(5)),
            call("POST", "/api/quote/images", json=ORDER),
            call("GET", "/api/reports/costs"),
            call("GET", "/api/runs"),
        ]

    assert [answer.status_code for answer in answers] == [202] * 5 + [200] * 3


def test_other_users_have_places_of_their_own(call: Caller, stranger: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    with drawing(call, monkeypatch):
        assert stranger("GET", PLOT).status_code == 200
        assert stranger("POST", "/api/quote/images", json=LONG).status_code == 200


@pytest.mark.parametrize("ask", [
    lambda call, run_id: call("GET", f"/api/runs/{run_id}/deck.pptx"),
    lambda call, run_id: call("GET", f"/api/runs/{run_id}/export.zip"),
    lambda call, _: call("POST", "/api/quote/images", json=LONG | {"aspect_ratio": "round"}),
], ids=["deck", "export", "quote"])  # fmt: skip
def test_what_fails_gives_its_place_back(
    call: Caller, run_id: uuid.UUID, monkeypatch: pytest.MonkeyPatch, ask: Callable[[Caller, uuid.UUID], TestResponse]
) -> None:
    def away(_: Folder, key: str) -> bytes:
        raise StorageError(f"the folder did not give {key}")

    monkeypatch.setattr(Folder, "get", away)
    statuses = {ask(call, run_id).status_code for _ in range(pace.SLOW_AT_ONCE + 1)}

    assert statuses in ({503}, {422})
    assert not pace._slow


def test_nobody_waits_long_for_others_to_draw(call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plot, "DRAWING_WAIT_S", 0.05)
    with plot._drawing:
        busy = call("GET", PLOT)

    assert told(busy) == (503, "busy_with_plots")
    assert int(busy.headers["Retry-After"]) > 0
    assert call("GET", PLOT).status_code == 200
