"""Slots over all workers: never more than allowed, never lost with a dead holder, and never a reason to hang."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import pytest
from limit_workers import forget_limits, somebody
from redis import Redis

from app import traffic
from app.domain.errors import NotClaimed
from app.domain.provider_errors import ProviderBusy
from app.routes import Kind, Limit
from app.settings import settings
from harness import Installation, wait_for
from races import losers, together, winners
from workers import limits

KEYS = traffic.limit_keys("gateway", "image")


@pytest.fixture(autouse=True)
def _fresh(database: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    assert database
    forget_limits(monkeypatch)


@pytest.fixture
def redis(database: Installation) -> Iterator[Redis]:
    """The test's Redis."""
    with Redis.from_url(database.redis_url) as client:
        yield client


def slot(most: int, waiter: limits.Waiter | None = None, kind: Kind = "image") -> AbstractContextManager[float]:
    return limits.slot("gateway", kind, waiter or somebody(), limit=Limit(in_flight=most))


def now() -> traffic.LimitState:
    return traffic.limits_now([("gateway", "image")])[0]


class Crowd:
    """Counts how many are inside at once."""

    def __init__(self) -> None:
        self.inside = self.most = self.served = 0
        self._lock = threading.Lock()

    def visit(self, most: int, user: str = "somebody", seconds: float = 0.02) -> None:
        with slot(most, somebody(user)):
            with self._lock:
                self.inside += 1
                self.most = max(self.most, self.inside)
            threading.Event().wait(seconds)
            with self._lock:
                self.inside -= 1
                self.served += 1


class Sleeper:
    """A thread that waits for a slot; notes how that ended, and when (monotonic)."""

    def __init__(self, waiter: limits.Waiter | None = None, most: int = 1) -> None:
        self.error: Exception | None = None
        self.ended = 0.0
        self._thread = threading.Thread(target=self._sleep, args=(most, waiter or somebody()))
        self._thread.start()
        wait_for(lambda: now().waiting > 0 or not self._thread.is_alive(), what="it waits")

    def _sleep(self, most: int, waiter: limits.Waiter) -> None:
        try:
            with slot(most, waiter):
                pass
        except (ProviderBusy, NotClaimed) as exc:
            self.error = exc
        self.ended = time.monotonic()

    def result(self) -> Exception | None:
        self._thread.join(30)
        assert not self._thread.is_alive()
        return self.error


# ---- how many at once


@pytest.mark.parametrize("most", [1, 3, 5])
def test_many_threads_never_exceed_the_limit_and_all_are_served(most: int) -> None:
    crowd = Crowd()

    results = together([partial(crowd.visit, most, f"user {n}") for n in range(20)])

    assert losers(results) == []
    assert (crowd.most, crowd.served) == (most, 20)


def test_providers_and_kinds_have_limits_of_their_own() -> None:
    own = [("gateway", "image"), ("gateway", "text"), ("gemini", "image")]

    with slot(1), slot(1, kind="text"), limits.slot("gemini", "image", somebody(), limit=Limit(in_flight=1)):
        held = [state.in_flight for state in traffic.limits_now(own)]

    assert held == [1, 1, 1]


def test_the_routes_say_the_limit() -> None:
    with limits.slot("gateway", "image", somebody()):
        assert now().in_flight == 1


def test_a_slot_is_free_again_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), slot(1):
        raise ZeroDivisionError

    assert now().in_flight == 0


def test_a_piece_that_two_workers_have_claimed_takes_two_slots() -> None:
    waiter = somebody()

    with slot(2, waiter), slot(2, waiter):
        assert now().in_flight == 2

    assert now().in_flight == 0


def test_what_goes_wrong_inside_is_not_taken_for_a_busy_provider() -> None:
    with pytest.raises(ConnectionError), slot(1):
        raise ConnectionError


def test_the_clocks_of_the_workers_do_not_matter(monkeypatch: pytest.MonkeyPatch, redis: Redis) -> None:
    monkeypatch.setattr(time, "time", lambda: 0.0)

    with slot(1):
        limits.renew_held()
        seconds = redis.time()[0]
        assert ends_at_ms(redis) > seconds * 1000


# ---- leases


def dead_holder(redis: Redis, lease_ms: int) -> None:
    """Take a slot as a worker does that is killed before it can free it."""
    seconds, micros = redis.time()
    redis.zadd(KEYS.slots, {"dead": seconds * 1000 + micros // 1000 + lease_ms})


def ends_at_ms(redis: Redis) -> float:
    """Return when the last lease ends."""
    held: list[Any] = list(redis.zrange(KEYS.slots, 0, -1, withscores=True))
    return max(float(end) for _, end in held)


def test_the_slot_of_a_dead_holder_frees_itself(redis: Redis) -> None:
    dead_holder(redis, lease_ms=300)
    began = time.monotonic()

    with slot(1):
        waited_s = time.monotonic() - began

    assert 0.2 < waited_s < 1


def test_the_heartbeat_keeps_the_slot_of_a_long_call(redis: Redis) -> None:
    with slot(1):
        (grant,) = redis.zrange(KEYS.slots, 0, -1)
        soon_ms = redis.time()[0] * 1000 + 2000
        redis.zadd(KEYS.slots, {grant: soon_ms})

        limits.renew_held()

        assert redis.zrange(KEYS.slots, 0, -1) == [grant]
        assert ends_at_ms(redis) >= soon_ms - 2000 + settings().lease.total_seconds() * 1000


def test_the_heartbeat_does_not_bring_a_freed_slot_back(redis: Redis) -> None:
    with slot(1):
        redis.delete(KEYS.slots)

        limits.renew_held()

        assert redis.zcard(KEYS.slots) == 0


def test_a_lease_of_a_slot_is_as_long_as_that_of_a_piece(redis: Redis) -> None:
    with slot(1):
        left_ms = ends_at_ms(redis) - redis.time()[0] * 1000

    assert 0 < left_ms <= settings().lease.total_seconds() * 1000 + 1000


def test_redis_that_is_emptied_during_a_call_does_not_spoil_its_result(redis: Redis) -> None:
    with slot(1):
        redis.flushall()
        redis.script_flush()

    assert now().in_flight == 0


# ---- pauses


def test_a_long_pause_is_waited_out_in_the_row() -> None:
    limits.pause("gateway", "image", 60)

    results = together([lambda: Crowd().visit(5)] * 4)

    assert {type(lost) for lost in losers(results)} == {ProviderBusy}
    assert all(55 < (lost.retry_after_s or 0) <= 65 for lost in losers(results))  # type: ignore[attr-defined]


def test_a_short_pause_is_waited_out_in_place() -> None:
    limits.pause("gateway", "image", 0.3)
    began = time.monotonic()

    Crowd().visit(1)

    assert 0.2 < time.monotonic() - began < 1


def test_a_pause_of_one_provider_does_not_hold_another_back() -> None:
    limits.pause("gateway", "image", 60)

    with slot(1, kind="text"), limits.slot("gemini", "image", somebody(), limit=Limit(in_flight=1)):
        text, gemini = traffic.limits_now([("gateway", "text"), ("gemini", "image")])

    assert (text.in_flight, text.paused_s) == (gemini.in_flight, gemini.paused_s) == (1, 0)
    assert now().paused_s > 50


def test_a_shorter_pause_does_not_end_a_longer_one() -> None:
    limits.pause("gateway", "image", 60)
    limits.pause("gateway", "image", 1)

    assert now().paused_s > 50


def test_who_sleeps_when_a_long_pause_begins_is_sent_to_its_row_at_once() -> None:
    with slot(1):
        sleeper = Sleeper()
        limits.pause("gateway", "image", 60)
        assert isinstance(sleeper.result(), ProviderBusy)


# ---- sleeping


def test_at_most_half_of_the_threads_sleep_and_at_most_half_of_those_for_one_user() -> None:
    limits.set_threads(8)

    with slot(1):
        sleepers = [Sleeper(somebody("one")), Sleeper(somebody("one"))]
        wait_for(lambda: limits._parking._by_user.total() == 2, what="two of eight threads sleep")
        results = together([lambda: Crowd().visit(1, "one")] * 3)
        sleepers.append(Sleeper(somebody("two")))
        wait_for(lambda: limits._parking._by_user.total() == 3, what="another user's thread may")

    assert winners(results) == []
    assert {type(lost) for lost in losers(results)} == {ProviderBusy}
    assert [sleeper.result() for sleeper in sleepers] == [None] * 3


def test_there_is_always_a_place_to_sleep_for_a_user_who_has_none() -> None:
    parking = limits._Parking(16)

    while [user for user in ("big", "bigger") if parking.enter(user)]:
        pass

    assert [parking.enter(f"small {n}") for n in range(2)] == [True, True]


def test_places_to_sleep_are_free_again_for_others() -> None:
    parking = limits._Parking(4)
    assert [parking.enter("one") for _ in range(3)] == [True, True, False]

    parking.leave("one")

    assert parking.enter("two")
    assert parking.enter("three")


def test_a_worker_of_one_thread_may_sleep() -> None:
    limits.set_threads(1)
    limits.pause("gateway", "image", 0.2)
    crowd = Crowd()

    crowd.visit(1)

    assert crowd.served == 1


def test_who_slept_for_long_goes_to_its_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_PARKED_S", 0.4)

    with slot(1):
        began = time.monotonic()
        with pytest.raises(ProviderBusy) as busy, slot(1):
            pytest.fail("there are two inside")

    assert 0.3 < time.monotonic() - began < 1
    assert 0 < (busy.value.retry_after_s or 0) <= limits.LONGEST_ROW_WAIT_S


def test_sleepers_wake_when_the_worker_stops() -> None:
    with slot(1):
        sleepers = [Sleeper(somebody(user)) for user in ("one", "two", "three")]
        limits.stopping.set()
        began = time.monotonic()
        errors = [sleeper.result() for sleeper in sleepers]

    assert all(isinstance(error, ProviderBusy) and (error.retry_after_s or 9) <= 1 for error in errors)
    assert all(sleeper.ended - began < 0.2 for sleeper in sleepers)


def test_a_worker_that_stops_begins_no_call() -> None:
    limits.stopping.set()

    with pytest.raises(ProviderBusy), slot(1):
        pytest.fail("a call that keeps the worker from ending")


def test_who_is_no_longer_wanted_wakes_and_leaves_the_queue() -> None:
    canceled = threading.Event()

    with slot(1):
        sleeper = Sleeper(somebody(is_wanted=lambda: not canceled.is_set()))
        canceled.set()
        began = time.monotonic()
        error = sleeper.result()

    assert isinstance(error, NotClaimed)
    assert sleeper.ended - began < 1.5
    assert now().waiting == 0
