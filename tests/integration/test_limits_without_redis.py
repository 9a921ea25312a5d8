"""Limits while Redis is away: a few requests are made, slowly; nothing hangs, and Redis is used again once it is back."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from limit_workers import forget_limits, somebody
from redis import Redis

from app import traffic
from app.domain.errors import NotClaimed, Unavailable
from app.domain.provider_errors import ProviderBusy
from app.routes import Limit
from app.settings import settings
from harness import Installation, wait_for
from races import together
from workers import limits

MANY = Limit(in_flight=50)
SLOTS = traffic.limit_keys("gateway", "image").slots


class Away:
    """A Redis that this process does not find, until it is back."""

    def __init__(self, url: str, link: Path) -> None:
        self._socket, self._link = url.removeprefix("unix://").partition("?")[0], link
        self.url = f"unix://{link}?db=0"

    def comes_back(self) -> None:
        self._link.symlink_to(self._socket)


@pytest.fixture(autouse=True)
def away(database: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Away]:
    """A Redis that is away."""
    forget_limits(monkeypatch)
    monkeypatch.setattr(limits, "LOCAL_INTERVAL_S", 0.3)
    monkeypatch.setattr(traffic, "AWAY_S", 0.3)
    made = Away(database.redis_url, tmp_path / "redis.sock")
    monkeypatch.setenv("REDIS_URL", made.url)
    settings.cache_clear()
    yield made
    settings.cache_clear()


def is_found_again() -> bool:
    """Whether this process asks Redis again, and has an answer."""
    try:
        return traffic.ask(lambda redis: bool(redis.ping()))
    except Unavailable:
        return False


class Calls:
    """Notes when each call began (monotonic)."""

    def __init__(self) -> None:
        self.moments: list[float] = []

    def call(self, user: str = "somebody") -> None:
        with limits.slot("gateway", "image", somebody(user), limit=MANY):
            self.moments.append(time.monotonic())


def test_the_first_request_is_made_at_once() -> None:
    began = time.monotonic()

    Calls().call()

    assert time.monotonic() - began < 1


def test_a_process_makes_few_requests_and_all_are_made() -> None:
    calls = Calls()

    together([partial(calls.call, f"user {n}") for n in range(6)])

    calls.moments.sort()
    gaps = [later - earlier for earlier, later in zip(calls.moments, calls.moments[1:], strict=False)]
    assert len(gaps) == 5
    assert all(0.29 < gap < 0.8 for gap in gaps)


def test_who_may_not_sleep_goes_to_its_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_parking", limits._Parking(0))
    calls = Calls()
    calls.call()

    with pytest.raises(ProviderBusy, match="Redis is away") as busy:
        calls.call()

    assert 0 < (busy.value.retry_after_s or 0) < 1


def test_who_sleeps_wakes_when_the_worker_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LOCAL_INTERVAL_S", 30.0)
    monkeypatch.setattr(limits, "MAX_PARKED_S", 60.0)
    calls = Calls()
    calls.call()
    threading.Timer(0.3, limits.stopping.set).start()
    began = time.monotonic()

    with pytest.raises(ProviderBusy, match="stopping"):
        calls.call()

    assert time.monotonic() - began < 1


def test_who_is_no_longer_wanted_wakes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LOCAL_INTERVAL_S", 15.0)
    Calls().call()
    waiter = somebody(is_wanted=lambda: False)

    with pytest.raises(NotClaimed), limits.slot("gateway", "image", waiter, limit=MANY):
        pytest.fail("a call for nobody")


def test_redis_that_is_back_is_used_again(away: Away) -> None:
    calls = Calls()
    calls.call()

    away.comes_back()

    began = time.monotonic()
    while time.monotonic() - began < traffic.AWAY_S:
        calls.call()
    with limits.slot("gateway", "image", somebody(), limit=MANY), Redis.from_url(away.url) as redis:
        assert redis.zcard(SLOTS) == 1


def test_a_call_that_began_without_redis_ends_with_it(away: Away) -> None:
    with limits.slot("gateway", "image", somebody(), limit=MANY):
        away.comes_back()
        wait_for(is_found_again, seconds=5)
        limits.renew_held()
        with Redis.from_url(away.url) as redis:
            assert redis.exists(SLOTS) == 0, "it has no slot there that could be renewed"

    with Redis.from_url(away.url) as redis:
        assert redis.exists(SLOTS) == 0


def test_a_call_is_made_although_nothing_of_it_can_be_told_to_the_others(away: Away) -> None:
    limits.pause("gateway", "image", 60)
    limits.succeeded("gateway", "image")
    limits.forget("gateway", "image", "piece")
    with limits.slot("gateway", "image", somebody(), limit=MANY):
        limits.renew_held()
        away.comes_back()

    wait_for(is_found_again, seconds=5)
    (state,) = traffic.limits_now([("gateway", "image")])
    assert (state.in_flight, state.waiting, state.paused_s) == (0, 0, 0)


def test_a_refusal_holds_this_process_back() -> None:
    calls = Calls()
    began = time.monotonic()

    assert not limits.pushed_back("gateway", "image", 0.8)
    calls.call()

    assert calls.moments[0] - began >= 0.8


def test_who_asks_for_a_long_wait_is_used_up_all_the_same() -> None:
    assert limits.pushed_back("gateway", "image", 3600)
