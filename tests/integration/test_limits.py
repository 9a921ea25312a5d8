"""Limits over all workers: never exceeded, never lost with a dead holder, and never a reason to hang."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from redis import Redis

from app.domain.errors import ProviderBusy
from app.settings import settings
from harness import Installation, wait_for
from races import losers, together, winners
from workers import limits

pytestmark = pytest.mark.usefixtures("database")
SLOTS = "pressroom:slots:gateway:image"


@pytest.fixture
def threads() -> Iterator[None]:
    """A worker of 64 threads; the process' own number comes back."""
    limits.set_threads(64)
    yield
    limits.set_threads(64)


@pytest.fixture
def redis(database: Installation) -> Iterator[Redis]:
    """The test's Redis."""
    with Redis.from_url(database.redis_url) as client:
        yield client


class Crowd:
    """Counts how many are inside at once."""

    def __init__(self) -> None:
        self.inside = self.most = self.served = 0
        self._lock = threading.Lock()

    def visit(self, most: int, seconds: float = 0.02) -> None:
        with limits.slot("gateway", "image", most):
            with self._lock:
                self.inside += 1
                self.most = max(self.most, self.inside)
            threading.Event().wait(seconds)
            with self._lock:
                self.inside -= 1
                self.served += 1


@pytest.mark.usefixtures("threads")
@pytest.mark.parametrize("most", [1, 3, 5])
def test_many_threads_never_exceed_the_limit_and_all_are_served(most: int) -> None:
    crowd = Crowd()

    results = together([lambda: crowd.visit(most)] * 20)

    assert losers(results) == []
    assert (crowd.most, crowd.served) == (most, 20)


@pytest.mark.usefixtures("threads")
def test_providers_and_kinds_have_limits_of_their_own() -> None:
    with limits.slot("gateway", "image", 1), limits.slot("gateway", "text", 1), limits.slot("gemini", "image", 1):
        pass


def test_a_slot_is_free_again_after_an_error(redis: Redis) -> None:
    with pytest.raises(ZeroDivisionError), limits.slot("gateway", "image", 1):
        raise ZeroDivisionError

    assert redis.zcard(SLOTS) == 0


def dead_holder(redis: Redis, lease_ms: int) -> None:
    """Take a slot as a worker does that is killed before it can free it."""
    seconds, micros = redis.time()
    redis.zadd(SLOTS, {"dead": seconds * 1000 + micros // 1000 + lease_ms})


def test_the_slot_of_a_dead_holder_frees_itself(redis: Redis) -> None:
    dead_holder(redis, lease_ms=300)
    began = time.monotonic()

    with limits.slot("gateway", "image", 1):
        waited = time.monotonic() - began

    assert 0.2 < waited < 3


def ends_at_ms(redis: Redis) -> float:
    """Return when the lease of the one slot that is held ends."""
    held: list[Any] = list(redis.zrange(SLOTS, 0, -1, withscores=True))
    return max(float(score) for _, score in held)


def test_the_heartbeat_keeps_the_slot_of_a_long_call(redis: Redis) -> None:
    def is_renewed() -> bool:
        limits.renew_held()
        return ends_at_ms(redis) > before

    with limits.slot("gateway", "image", 1):
        before = ends_at_ms(redis)
        wait_for(is_renewed, seconds=3)


def test_the_heartbeat_does_not_bring_a_freed_slot_back(redis: Redis) -> None:
    with limits.slot("gateway", "image", 1):
        redis.delete(SLOTS)

        limits.renew_held()

        assert redis.zcard(SLOTS) == 0


def test_a_lease_of_a_slot_is_as_long_as_that_of_a_piece(redis: Redis) -> None:
    with limits.slot("gateway", "image", 1):
        left_ms = ends_at_ms(redis) - time.time() * 1000

    assert 0 < left_ms <= settings().lease.total_seconds() * 1000 + 100


def test_a_pause_holds_everybody_back() -> None:
    limits.pause("gateway", "image", 60)

    results = together([lambda: Crowd().visit(5)] * 4)

    assert {type(lost) for lost in losers(results)} == {ProviderBusy}
    assert all(55 < (lost.retry_after_s or 0) <= 60 for lost in losers(results))  # type: ignore[attr-defined]


def test_a_pause_ends_by_itself() -> None:
    limits.pause("gateway", "image", 0.3)
    began = time.monotonic()

    Crowd().visit(1)

    assert 0.2 < time.monotonic() - began < 3


def test_a_pause_of_one_provider_does_not_hold_another_back() -> None:
    limits.pause("gateway", "image", 60)

    with limits.slot("gemini", "image", 1):
        pass


@pytest.mark.usefixtures("threads")
def test_who_waits_for_a_slot_when_a_long_pause_begins_is_sent_away_at_once() -> None:
    told: list[float | None] = []

    def wait() -> None:
        try:
            Crowd().visit(1)
        except ProviderBusy as busy:
            told.append(busy.retry_after_s)

    with limits.slot("gateway", "image", 1):
        waiter = threading.Thread(target=wait)
        waiter.start()
        wait_for(lambda: limits._parked._value < 32, what="the waiter parks")
        limits.pause("gateway", "image", 60)
        waiter.join(5)

    assert len(told) == 1


def test_at_most_half_of_the_threads_wait() -> None:
    limits.set_threads(8)
    results: list[object] = []
    try:
        with limits.slot("gateway", "image", 1):
            waiters = [threading.Thread(target=lambda: Crowd().visit(1, 0)) for _ in range(4)]
            for waiter in waiters:
                waiter.start()
            wait_for(lambda: limits._parked._value == 0, what="four of eight threads wait")

            results = together([lambda: Crowd().visit(1)] * 3)
        for waiter in waiters:
            waiter.join(10)
    finally:
        limits.set_threads(64)

    assert winners(results) == []
    assert {type(lost) for lost in losers(results)} == {ProviderBusy}


def test_a_worker_of_one_thread_may_still_wait() -> None:
    limits.set_threads(1)
    try:
        limits.pause("gateway", "image", 0.2)
        Crowd().visit(1)
    finally:
        limits.set_threads(64)


@pytest.fixture
def no_redis(database: Installation, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A Redis that is away."""
    assert database
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:9/0")
    settings.cache_clear()
    limits._redis.cache_clear()
    yield
    limits._redis.cache_clear()
    settings.cache_clear()


@pytest.mark.usefixtures("no_redis")
def test_without_redis_no_call_is_made() -> None:
    with pytest.raises(ProviderBusy, match="Redis is away"), limits.slot("gateway", "image", 5):
        pytest.fail("a call without a limit")


@pytest.mark.usefixtures("no_redis")
def test_without_redis_the_answer_comes_quickly() -> None:
    began = time.monotonic()

    with pytest.raises(ProviderBusy), limits.slot("gateway", "image", 5):
        pass

    assert time.monotonic() - began < 2


@pytest.mark.usefixtures("no_redis")
def test_without_redis_a_pause_is_no_error() -> None:
    limits.pause("gateway", "image", 1)


def test_redis_that_is_emptied_during_a_call_does_not_spoil_its_result(redis: Redis) -> None:
    with limits.slot("gateway", "image", 1):
        redis.flushall()

    assert redis.zcard(SLOTS) == 0
