"""Limits under load, by real processes: never exceeded, used to the full, and fair by user."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from limit_workers import MOST, Work, done, order, running
from redis import Redis

from app.routes import Limit
from app.traffic import limit_keys
from harness import Installation, wait_for
from workers import limits

GRANTED = re.compile(rf'^(\d+\.\d+) \[\d+ lua\] "ZADD" "{limit_keys("gateway", "image").slots}"')
PER_SECOND = 20


@pytest.fixture
def redis(database: Installation) -> Iterator[Redis]:
    """The test's Redis."""
    with Redis.from_url(database.redis_url) as client:
        yield client


@contextmanager
def watching(database: Installation) -> Iterator[list[float]]:
    """Yield a list that fills with the moments of grants, by Redis' own clock."""
    grants: list[float] = []
    with Redis.from_url(database.redis_url, socket_timeout=None) as client, client.monitor() as monitor:
        connection = monitor.connection
        assert connection is not None

        def watch() -> None:
            while True:
                line = connection.read_response()
                text = line.decode() if isinstance(line, bytes) else str(line)
                if found := GRANTED.match(text):
                    grants.append(float(found[1]))
                if '"end of watch"' in text:
                    return

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            yield grants
        finally:
            with Redis.from_url(database.redis_url) as other:
                other.echo("end of watch")
            watcher.join(10)


def most_in_a_second(moments: list[float]) -> int:
    """Return the most grants in any sliding second."""
    return max(sum(1 for at in moments if begin <= at < begin + 1) for begin in moments)


def used(grants: list[float], per_second: float, *, margin: int) -> float:
    """Return which part of what is allowed was used, without the first and last grants: processes start and end."""
    counted = grants[margin:-margin]
    return (len(counted) - 1) / per_second / (counted[-1] - counted[0])


@pytest.mark.long
def test_the_rate_is_never_exceeded_and_one_user_alone_has_all_of_it(database: Installation, redis: Redis) -> None:
    work = Work(jobs=240, job_s=0.15, in_flight=8, per_second=PER_SECOND, burst=2)
    order(redis, "one", work.jobs)

    with watching(database) as grants, running(work, 2):
        wait_for(lambda: len(done(redis)) == work.jobs, seconds=60)

    assert len(grants) == work.jobs
    assert most_in_a_second(grants) <= PER_SECOND + work.burst
    assert int(redis.get(MOST) or 0) <= work.in_flight
    assert used(grants, PER_SECOND, margin=PER_SECOND) >= 0.95


@pytest.mark.long
def test_places_are_never_exceeded_and_one_user_alone_has_all_of_them(database: Installation, redis: Redis) -> None:
    work = Work(jobs=120, job_s=0.8, in_flight=8)
    order(redis, "one", work.jobs)

    with watching(database) as grants, running(work, 2):
        wait_for(lambda: len(done(redis)) == work.jobs, seconds=60)

    assert len(grants) == work.jobs
    assert int(redis.get(MOST) or 0) == work.in_flight
    assert used(grants, work.in_flight / work.job_s, margin=2 * work.in_flight) >= 0.95


def test_two_pieces_of_a_small_user_do_not_wait_behind_the_298_of_a_big_one(redis: Redis) -> None:
    work = Work(jobs=300, job_s=0.15, in_flight=8, per_second=PER_SECOND)
    order(redis, "big", 298)

    with running(work, 2):
        wait_for(lambda: len(done(redis)) >= PER_SECOND, seconds=30)
        before = len(done(redis))
        order(redis, "small", 2)
        wait_for(lambda: done(redis).count("small") == 2, seconds=10)
        served = done(redis)

    last = max(n for n, user in enumerate(served) if user == "small")
    assert last - before <= 2 * PER_SECOND  # of the 278 that the big one still has; the row's shortest wait is a second


def test_users_share_alike_when_many_wait(redis: Redis) -> None:
    users = [f"user {n}" for n in range(6)]
    work = Work(jobs=360, job_s=0.15, in_flight=8, per_second=PER_SECOND, threads=32)
    for user in users:
        order(redis, user, work.jobs // len(users))

    with running(work, 2):
        wait_for(lambda: len(done(redis)) >= 120, seconds=30)
        served = Counter(done(redis)[:120])

    assert min(served[user] for user in users) >= 10
    assert max(served[user] for user in users) <= 30


def test_the_slot_of_a_killed_worker_is_free_when_its_lease_ends(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRESSROOM_LEASE", "2")
    one = Limit(in_flight=1)
    order(redis, "killed", 1)
    with running(Work(jobs=2, job_s=60, in_flight=1, threads=1), 1):
        wait_for(lambda: done(redis) == ["killed"], seconds=20)
    killed = time.monotonic()

    with limits.slot("gateway", "image", limits.Waiter("mine", "me"), limit=one):
        waited_s = time.monotonic() - killed

    assert 0.5 < waited_s < 3
