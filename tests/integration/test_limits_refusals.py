"""Refusals (429): everybody pauses, longer with each in a row, until a success; or the provider is used up."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from limit_workers import forget_limits
from redis import Redis

from app import traffic
from harness import Installation
from races import together
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


def refused(retry_after_s: float | None = None) -> bool:
    return limits.pushed_back("gateway", "image", retry_after_s)


def paused_s(kind: str = "image") -> float:
    return traffic.limits_now([("gateway", kind)])[0].paused_s


def let_the_pause_end(redis: Redis) -> None:
    redis.hdel(KEYS.state, "paused")


def let_the_row_be_old(redis: Redis, seconds: float) -> None:
    """Move the beginning of the row of refusals into the past."""
    redis.hincrbyfloat(KEYS.refused, "first", -seconds * 1000)


def as_another_process() -> None:
    """Forget what this process knows by itself."""
    limits._told.clear()


def test_the_provider_says_how_long_everybody_pauses() -> None:
    assert not refused(7)

    assert 6.5 < paused_s() <= 7
    assert paused_s("text") == 0


def test_without_a_word_the_pause_doubles_up_to_eight_seconds(redis: Redis) -> None:
    pauses = []
    for _ in range(6):
        assert not refused()
        pauses.append(paused_s())
        let_the_pause_end(redis)

    for pause, wanted in zip(pauses, [1, 2, 4, 8, 8, 8], strict=True):
        assert wanted - 0.1 < pause < wanted * 1.25


def test_zero_seconds_are_no_word() -> None:
    assert not refused(0)

    assert 0.9 < paused_s() < 1.25


def test_five_that_are_refused_at_once_are_not_five_in_a_row() -> None:
    together([refused] * 5)

    assert 0.5 < paused_s() < 1.25


def test_a_shorter_word_does_not_end_a_longer_pause() -> None:
    refused(20)
    refused(2)

    assert paused_s() > 18


def test_a_success_ends_the_row(redis: Redis) -> None:
    for _ in range(4):
        refused()
        let_the_pause_end(redis)

    limits.succeeded("gateway", "image")
    refused()

    assert paused_s() < 1.25


def test_a_success_in_any_process_ends_the_row(redis: Redis) -> None:
    refused()
    let_the_row_be_old(redis, 31)
    as_another_process()

    limits.succeeded("gateway", "image")

    assert not refused()


def test_a_success_of_another_kind_does_not(redis: Redis) -> None:
    refused()
    let_the_row_be_old(redis, 31)

    limits.succeeded("gateway", "text")
    limits.succeeded("gemini", "image")

    assert refused()


def test_a_success_after_a_refusal_counts_although_another_was_told_just_now(redis: Redis) -> None:
    limits.succeeded("gateway", "image")
    refused()
    let_the_row_be_old(redis, 31)

    limits.succeeded("gateway", "image")

    assert not refused()


def test_many_successes_cost_one_command_in_a_second(redis: Redis) -> None:
    redis.config_resetstat()

    for _ in range(200):
        limits.succeeded("gateway", "image")

    assert redis.info("commandstats")["cmdstat_del"]["calls"] == 1


@pytest.mark.parametrize("asked_s", [30.5, 3600])
def test_who_asks_for_more_than_thirty_seconds_is_used_up_and_holds_nobody_back(asked_s: float) -> None:
    assert refused(asked_s)

    assert paused_s() == 0


def test_thirty_seconds_are_waited() -> None:
    assert not refused(30)

    assert 29 < paused_s() <= 30


@pytest.mark.parametrize("asked_s", [None, 2.0])
def test_who_refuses_for_thirty_seconds_is_used_up(redis: Redis, asked_s: float | None) -> None:
    assert not refused(asked_s)
    let_the_pause_end(redis)
    let_the_row_be_old(redis, 29)
    assert not refused(asked_s)
    let_the_pause_end(redis)
    let_the_row_be_old(redis, 1.5)

    assert refused(asked_s)
    assert paused_s() == 0


def test_a_provider_that_was_used_up_is_so_still_when_it_refuses_the_next_request(redis: Redis) -> None:
    refused(120)

    let_the_row_be_old(redis, 120)

    assert redis.pttl(KEYS.refused) > 120_000
    assert refused()


def test_a_refusal_of_long_ago_is_in_no_row(redis: Redis) -> None:
    refused()

    assert 30_000 < redis.pttl(KEYS.refused) <= 121_500


def test_a_pause_that_is_set_holds_a_longer_one_of_a_refusal() -> None:
    limits.pause("gateway", "image", 20)

    refused()

    assert paused_s() > 19
