"""Places for threads that read what strangers serve: how many there are, and for whom."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

import pytest

from app.domain.errors import FetchFailed
from reading import held
from workers.web import apart, browser
from workers.web.browser import Readers


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "PATIENCE_S", 0.01)


def refused(places: Readers, user: str) -> FetchFailed:
    with pytest.raises(FetchFailed) as told, places.place(user):
        pass
    return told.value


@pytest.mark.usefixtures("impatient")
def test_a_user_has_half_of_the_places_at_most() -> None:
    places = Readers(8)
    with held(places, *"aaaa"):
        assert refused(places, "a").code == "fetch_failed:no_reader"
        with held(places, "b"):
            pass


@pytest.mark.usefixtures("impatient")
def test_the_last_place_is_for_a_user_who_has_none() -> None:
    places = Readers(8)
    with held(places, *"aaaabbb"):
        refused(places, "b")
        with held(places, "c"):
            refused(places, "d")


def test_a_worker_with_one_place_uses_it() -> None:
    places = Readers(1)
    with held(places, "a"):
        begun = time.monotonic()
        refused(places, "b")
        assert time.monotonic() - begun < browser.PATIENCE_S, "it has no room to wait"
    with held(places, "b"):
        pass


def test_only_half_as_many_as_read_wait_for_a_place_and_the_others_go_at_once() -> None:
    places = Readers(8)
    users = [f"user {n}" for n in range(20)]

    def waited_s(user: str) -> float:
        begun = time.monotonic()
        refused(places, user)
        return time.monotonic() - begun

    with held(places, *"aaaabbbc"), ThreadPoolExecutor(20) as pool:
        waits = sorted(pool.map(waited_s, users))
    assert [wait_s > browser.PATIENCE_S / 2 for wait_s in waits] == [False] * 16 + [True] * 4


def test_the_more_pieces_of_a_user_are_put_off_the_later_they_look_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "PATIENCE_S", 0.0)
    places = Readers(2)
    with held(places, "a", "b"):
        waits = [refused(places, "a").retry_after_s or 0 for _ in range(800)]
        assert refused(places, "c").retry_after_s == pytest.approx(apart.AGAIN_S, abs=0.1), (
            "others do not wait for that"
        )
    assert waits[0] == pytest.approx(apart.AGAIN_S, abs=0.1)
    assert waits[100] > waits[0] + 1
    assert max(waits) <= browser.LONGEST_ROW_WAIT_S


@pytest.mark.parametrize("error", [FetchFailed("x", why="timeout", permanent=False), KeyboardInterrupt(), ValueError()])
def test_a_place_is_given_back_whatever_happens(error: BaseException) -> None:
    places = Readers(1)
    for _ in range(3):
        with pytest.raises(type(error)), places.place("a"):
            raise error


def test_never_too_many_read_at_once_and_every_place_is_free_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "PATIENCE_S", 0.005)
    places, lock = Readers(6), threading.Lock()
    now: Counter[str] = Counter()
    broken: list[Counter[str]] = []
    entered: Counter[str] = Counter()

    def comes_and_goes(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(60):
            user = chance.choice("aaaabbc")
            with suppress(FetchFailed), places.place(user):
                with lock:
                    now[user] += 1
                    entered[user] += 1
                    if now.total() > 6 or max(now.values()) > 3:
                        broken.append(now.copy())
                time.sleep(chance.random() / 500)
                with lock:
                    now[user] -= 1

    with ThreadPoolExecutor(24) as pool:
        done: list[Future[None]] = [pool.submit(comes_and_goes, seed) for seed in range(24)]
    assert [one.result() for one in done] == [None] * 24
    assert broken == []
    assert set(entered) == set("abc")
    assert (places._reading, places._waiting) == (Counter(), Counter())
