"""A Redis that holds its connections and answers nothing: whoever publishes is told in seconds."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator

import pytest
from redis import Redis

from app import broker
from app.db.session import transaction
from app.domain.errors import Unavailable
from app.metrics import collector
from app.runs import plan
from harness import Installation, forget_caches
from making import opened
from workers import canvas

MOST_S = 12.0  # 5 s for an answer; of a chord, Celery asks twice


@pytest.fixture
def frozen(database: Installation) -> Iterator[Callable[[], None]]:
    """What freezes the test's Redis; it goes on afterwards."""
    with Redis.from_url(database.redis_url) as client:
        pid = int(client.info()["process_id"])
    try:
        yield lambda: os.kill(pid, signal.SIGSTOP)
    finally:
        os.kill(pid, signal.SIGCONT)
        forget_caches()


def test_a_message_is_given_up_within_seconds_and_the_next_at_once(frozen: Callable[[], None]) -> None:
    broker.send("upkeep.admit")  # there is a connection
    frozen()

    assert given_up(lambda: broker.send("upkeep.admit")) < MOST_S
    assert given_up(lambda: broker.send("upkeep.admit")) < 0.1


def test_a_chord_is_given_up_within_seconds(frozen: Callable[[], None]) -> None:
    run_id = opened(slides=5)
    with transaction() as session:
        chains = plan.plan(session, run_id)
    frozen()

    assert given_up(lambda: canvas.publish_chord(chains, run_id, 1)) < MOST_S


def test_a_scrape_still_tells_what_the_database_knows(frozen: Callable[[], None]) -> None:
    frozen()

    collector.forget()
    told = collector.exposition().decode()
    collector.forget()

    assert 'pressroom_part_up{part="database"} 1.0' in told
    assert 'pressroom_part_up{part="redis"} 0.0' in told
    assert "pressroom_step_wait_seconds{" in told


def test_a_plan_is_given_up_within_seconds(frozen: Callable[[], None]) -> None:
    run_id = opened(slides=5)
    broker.send("upkeep.admit")
    frozen()

    assert given_up(lambda: canvas.publish_plan(run_id)) < MOST_S


def given_up(publish: Callable[[], None]) -> float:
    """Return after how many seconds a publisher was told that Redis is away."""
    began = time.monotonic()
    with pytest.raises(Unavailable):
        publish()
    return time.monotonic() - began
