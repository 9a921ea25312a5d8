"""A clock that was set back, as a machine's is that started with a wrong one: nothing stands still until it is late again.

The stored moments are moved ahead instead of the clock, which is the same for whoever compares the two.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from limit_workers import forget_limits, somebody
from redis import Redis

from app import request_rates, traffic
from app.routes import Limit
from harness import Installation, forget_settings
from workers import limits
from workers.beat import Scheduler
from workers.celery_app import app

KEYS = traffic.limit_keys("gateway", "image")
HOUR = timedelta(hours=1)
HOUR_MS = 3_600_000
RATED = Limit(in_flight=2, per_second=50.0)


@pytest.fixture
def redis(database: Installation, monkeypatch: pytest.MonkeyPatch) -> Iterator[Redis]:
    """The test's Redis."""
    forget_limits(monkeypatch)
    with Redis.from_url(database.redis_url) as client:
        yield client


@pytest.fixture
def beat(
    database: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Scheduler, list[str]]]:
    """A beat on a file of its own, and what it sends."""
    assert database
    sent: list[str] = []
    monkeypatch.setattr(Scheduler, "apply_async", lambda _self, entry, **_: sent.append(entry.name))
    made = Scheduler(app=app, schedule_filename=str(tmp_path / "schedule"))
    yield made, sent
    made.close()


def set_back(redis: Redis) -> None:
    """Have every moment that the limit stores lie an hour further ahead."""
    for name in ("next", "left"):
        redis.hset(KEYS.state, name, float(redis.hget(KEYS.state, name) or 0) + HOUR_MS)
    for key in (KEYS.slots, KEYS.asked):
        for member, moment in redis.zrange(key, 0, -1, withscores=True):
            redis.zadd(key, {member: moment + HOUR_MS})


def seconds_to_ask() -> float:
    began = time.monotonic()
    with limits.slot("gateway", "image", somebody(), limit=RATED) as leave:
        leave()
    return time.monotonic() - began


def test_the_limits_let_through_at_once(redis: Redis) -> None:
    seconds_to_ask()
    set_back(redis)

    assert seconds_to_ask() < 2


def test_a_slot_that_is_held_stays_and_that_of_a_dead_worker_ends_with_its_lease(redis: Redis) -> None:
    with limits.slot("gateway", "image", somebody(), limit=RATED):
        set_back(redis)
        seconds_to_ask()

        (_, ends) = redis.zrange(KEYS.slots, 0, -1, withscores=True)[0]
        assert ends < (time.time() + HOUR.total_seconds() / 2) * 1000
    assert traffic.limits_now([("gateway", "image")])[0].in_flight == 0


def test_who_has_a_grant_does_not_sleep_until_the_clock_is_late_again(redis: Redis) -> None:
    seconds_to_ask()
    with limits.slot("gateway", "image", somebody(), limit=RATED) as leave:
        set_back(redis)
        began = time.monotonic()
        leave()
        assert time.monotonic() - began < 2


def test_a_key_that_asked_just_before_may_ask(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRESSROOM_REQUESTS_PER_MINUTE", "2")
    forget_settings()
    allowed = [request_rates.take("key") for _ in range(3)]
    assert [one.retry_after_s is None for one in allowed if one] == [True, True, False]
    name = "pressroom:requests:key"
    redis.set(name, float(redis.get(name) or 0) + HOUR_MS)

    again = request_rates.take("key")

    monkeypatch.undo()
    forget_settings()
    assert again is not None
    assert again.retry_after_s is None


def test_beat_sends_everything_again(beat: tuple[Scheduler, list[str]]) -> None:
    scheduler, sent = beat
    for entry in scheduler.schedule.values():
        entry.last_run_at = entry.default_now() + HOUR
    scheduler.tick()

    for entry in scheduler.schedule.values():
        assert entry.last_run_at <= entry.default_now()
        entry.last_run_at -= HOUR
    scheduler._heap = None  # an hour has passed
    for _ in app.conf.beat_schedule:
        scheduler.tick()
    assert sorted(set(sent)) == sorted(app.conf.beat_schedule)


def test_it_is_ours_that_runs_and_it_looks_at_the_clock_every_few_seconds(beat: tuple[Scheduler, list[str]]) -> None:
    scheduler, _ = beat

    assert app.conf.beat_scheduler == f"{Scheduler.__module__}:{Scheduler.__name__}"
    assert scheduler.max_interval <= 5
