"""Workers for tests of the limits: a process of threads that take jobs, wait for slots, and put back what must wait.

Jobs stand in Redis as pieces stand in their rows: "user token" -> when it is due. `running` runs this file as processes.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from app.domain.provider_errors import ProviderBusy
from app.routes import Limit
from app.settings import settings
from workers import limits

ROOT = Path(__file__).parents[2]
DUE, DONE = "test:due", "test:done"
INSIDE, MOST = "test:inside", "test:most"
TAKE = """
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, 1)
if due[1] then redis.call('ZREM', KEYS[1], due[1]) end
return due[1]
"""
ENTER = """
local inside = redis.call('INCR', KEYS[1])
if inside > tonumber(redis.call('GET', KEYS[2]) or 0) then redis.call('SET', KEYS[2], inside) end
"""


@dataclass(frozen=True, slots=True)
class Work:
    """What the processes do."""

    jobs: int
    """They end when so many are done."""
    job_s: float
    in_flight: int
    per_second: float = 0
    burst: int = 1
    threads: int = 8


def forget_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make this process one of 64 threads that has not asked for anything yet."""
    monkeypatch.setattr(limits, "_parking", limits._Parking(32))
    monkeypatch.setattr(limits, "_local_next", 0.0)
    monkeypatch.setattr(limits, "_told", {})
    monkeypatch.setattr(limits, "stopping", threading.Event())


def somebody(user: str = "somebody", *, weight: int = 1, is_wanted: Callable[[], bool] = lambda: True) -> limits.Waiter:
    """Return a waiter that did not wait before."""
    return limits.Waiter(str(uuid.uuid4()), user, weight, is_wanted)


def order(redis: Redis, user: str, jobs: int) -> None:
    """Put jobs of a user into the row, due now."""
    redis.zadd(DUE, {f"{user} {uuid.uuid4()}": time.time() for _ in range(jobs)})


def done(redis: Redis) -> list[str]:
    """Return the users of the jobs that were begun, in order."""
    begun: Any = redis.lrange(DONE, 0, -1)
    return [user.decode() for user in begun]


@contextmanager
def running(work: Work, processes: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Run processes of workers with this process' settings; they end with the block."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tests")))}
    command = [sys.executable, __file__, json.dumps(asdict(work))]
    started = [subprocess.Popen(command, env=env, cwd=ROOT) for _ in range(processes)]
    try:
        yield started
    finally:
        for process in started:
            process.kill()
            process.wait()


def _loop(redis: Redis, work: Work) -> None:
    limit = Limit(in_flight=work.in_flight, per_second=work.per_second, burst=work.burst)
    take, enter = redis.register_script(TAKE), redis.register_script(ENTER)
    while int(redis.llen(DONE)) < work.jobs:
        job = take(keys=[DUE], args=[time.time()])
        if job is None:
            time.sleep(0.02)
            continue
        user, _, token = job.decode().rpartition(" ")
        try:
            with limits.slot("gateway", "image", limits.Waiter(token, user), limit=limit):
                redis.rpush(DONE, user)
                enter(keys=[INSIDE, MOST])
                time.sleep(work.job_s)
                redis.decr(INSIDE)
        except ProviderBusy as busy:  # as workers.steps does
            wait_s = max(random.uniform(0.75, 1.25), (busy.retry_after_s or 0) * random.uniform(1.0, 1.1))
            redis.zadd(DUE, {job: time.time() + wait_s})


def _main() -> None:
    work = Work(**json.loads(sys.argv[1]))
    limits.set_threads(work.threads)
    redis = Redis.from_url(settings().need_redis_url())
    threads = [threading.Thread(target=_loop, args=(redis, work)) for _ in range(work.threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    _main()
