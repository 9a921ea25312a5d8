"""Orders start admission passes: a pass sees all orders before it, so that a crowd of orders needs few of them."""

from __future__ import annotations

import time

import pytest
from redis import Redis

from app import broker
from app.api import answers
from harness import Installation, wait_for

AT_ONCE, SOON_S = 0, answers.ADMIT_WINDOW_MS / 1000


@pytest.fixture
def passes(database: Installation, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """After how many seconds each pass starts that was asked for."""
    started: list[float] = []

    def note(task: str, _args: object = (), *, countdown: float = 0) -> None:
        assert task == "upkeep.admit"
        started.append(countdown)

    monkeypatch.setattr(broker, "send", note)
    monkeypatch.setattr(answers, "_covered_until", 0.0)
    return started


def test_of_many_orders_the_first_starts_a_pass_and_the_second_one_for_all_others(passes: list[float]) -> None:
    for _ in range(20):
        answers.admit()

    assert passes == [AT_ONCE, SOON_S]


def test_another_process_knows_of_the_pass_that_comes(passes: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    answers.admit()
    answers.admit()

    monkeypatch.setattr(answers, "_covered_until", 0.0)
    answers.admit()

    assert passes == [AT_ONCE, SOON_S]
    assert answers._covered_until <= time.monotonic() + SOON_S


def test_what_is_ordered_later_starts_a_pass_again(passes: list[float], database: Installation) -> None:
    answers.admit()
    answers.admit()
    with Redis.from_url(database.redis_url) as redis:
        wait_for(lambda: not redis.exists("pressroom:admit:now", "pressroom:admit:soon"), seconds=5)
    wait_for(lambda: time.monotonic() >= answers._covered_until, seconds=5)

    answers.admit()

    assert passes == [AT_ONCE, SOON_S, AT_ONCE]
