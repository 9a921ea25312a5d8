"""Breakers over all workers: what opens them, for how long, and who finds out that a provider is well again."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from redis import Redis

from app import traffic
from app.domain.provider_errors import (
    ModelRetired,
    ProviderAccount,
    ProviderBlocked,
    ProviderBusy,
    ProviderDown,
    ProviderError,
    ProviderRejected,
)
from app.settings import settings
from harness import Installation
from races import together
from workers import breakers

PAINTER = ("gateway", "image", "google/gemini-3.1-flash-image")
OTHER_PAINTER = ("gateway", "image", "openai/gpt-image-2")
WRITER = ("gateway", "text", "google/gemini-2.5-flash")
OTHER_PROVIDER = ("gemini", "image", "gemini-3.1-flash-image")


@pytest.fixture(autouse=True)
def redis(database: Installation, monkeypatch: pytest.MonkeyPatch) -> Iterator[Redis]:
    """The test's Redis."""
    monkeypatch.setattr(breakers, "_prober", breakers._Prober())
    with Redis.from_url(database.redis_url) as client:
        yield client


def error(
    kind: type[ProviderError], message: str = "it said so", *, retry_after_s: float | None = None
) -> ProviderError:
    return kind(message, provider="gateway", retry_after_s=retry_after_s)


def fails(kind: type[ProviderError], times: int = 1, whom: tuple[str, str, str] = PAINTER) -> None:
    for _ in range(times):
        breakers.failed(*whom, error(kind))


def is_open(whom: tuple[str, str, str] = PAINTER) -> bool:
    return breakers.why_open(*whom) is not None


def open_for_s(whom: tuple[str, str, str] = PAINTER) -> int:
    why = breakers.why_open(*whom)
    assert why is not None
    return round(why.for_s)


def let_the_time_pass(redis: Redis, scope: str = "gateway:image", what: str = "ends", to: int = 1) -> None:
    """Bring a breaker to the end of its time, or a probe to its own; or to the moment `to`, in ms of Redis' clock."""
    stored = json.loads(redis.hget(traffic.BREAKERS, scope) or b"{}")
    stored[what] = to
    redis.hset(traffic.BREAKERS, scope, json.dumps(stored))


def elsewhere(deed: Callable[[], Any]) -> Any:
    """Return what `deed` returns in another thread, which is another prober."""
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(deed()))
    thread.start()
    thread.join(10)
    return results[0]


# ---- what opens


def test_nothing_is_open_at_first() -> None:
    assert not any(is_open(whom) for whom in (PAINTER, WRITER, OTHER_PROVIDER))


def test_five_failures_in_a_row_open_a_kind_of_a_provider_for_thirty_seconds() -> None:
    fails(ProviderDown, 4)
    assert not is_open()

    fails(ProviderDown)

    assert open_for_s() == 30
    assert is_open(OTHER_PAINTER)
    assert not is_open(WRITER)
    assert not is_open(OTHER_PROVIDER)


def test_failures_of_all_workers_count_together() -> None:
    together([lambda: fails(ProviderDown)] * 5)

    assert is_open()


@pytest.mark.parametrize("well", [None, ProviderBlocked, ProviderRejected, ModelRetired])
def test_whoever_answers_is_well_and_failures_are_in_a_row_no_more(well: type[ProviderError] | None) -> None:
    fails(ProviderDown, 4)

    if well is None:
        breakers.succeeded(*OTHER_PAINTER)
    else:
        fails(well, whom=OTHER_PAINTER)
    fails(ProviderDown, 4)

    assert not is_open()


def test_a_success_with_texts_does_not_hide_that_pictures_fail() -> None:
    for _ in range(5):
        fails(ProviderDown)
        breakers.succeeded(*WRITER)

    assert is_open()


def test_failures_of_long_ago_are_not_in_a_row(redis: Redis) -> None:
    fails(ProviderDown, 4)
    let_the_time_pass(redis, what="at")

    fails(ProviderDown, 4)

    assert not is_open()


def test_trouble_with_the_account_opens_the_whole_provider_at_once() -> None:
    fails(ProviderAccount)

    assert open_for_s() == 600
    assert is_open(WRITER)
    assert not is_open(OTHER_PROVIDER)


def test_a_retired_model_opens_only_itself() -> None:
    fails(ModelRetired)

    assert open_for_s() == 3600
    assert not is_open(OTHER_PAINTER)
    assert not is_open(WRITER)


@pytest.mark.parametrize(("asked_s", "opened_s"), [(None, 60), (5, 60), (120, 120), (100_000, 3600)])
def test_a_provider_that_is_used_up_is_left_alone_for_as_long_as_it_asks(asked_s: float | None, opened_s: int) -> None:
    breakers.failed(*PAINTER, error(ProviderBusy, retry_after_s=asked_s), used_up=True)

    assert open_for_s() == opened_s
    assert not is_open(WRITER)


@pytest.mark.parametrize("harmless", [ProviderBusy, ProviderBlocked, ProviderRejected])
def test_what_is_no_failure_opens_nothing(harmless: type[ProviderError]) -> None:
    fails(harmless, 20)

    assert not is_open()


def test_it_says_why_it_is_open() -> None:
    breakers.failed(*PAINTER, error(ProviderAccount, "the credit is used up, top up at example.com \ud83d"))

    why = breakers.why_open(*PAINTER)

    assert why is not None
    assert (why.scope, why.code) == ("gateway", "provider_account")
    assert why.message.startswith("the credit is used up")


# ---- half-open


def test_of_many_one_finds_out_whether_a_provider_is_well_again(redis: Redis) -> None:
    fails(ProviderDown, 5)
    let_the_time_pass(redis)

    seen = together([lambda: breakers.why_open(*PAINTER)] * 20)

    assert seen.count(None) == 1
    assert {why.code for why in seen if isinstance(why, breakers.Open)} == {"half_open"}


def test_who_finds_out_may_ask_again(redis: Redis) -> None:
    fails(ProviderDown, 5)
    let_the_time_pass(redis)
    assert not is_open()

    assert not is_open()
    assert elsewhere(is_open)


def test_a_probe_that_succeeds_closes_for_everybody(redis: Redis) -> None:
    fails(ProviderDown, 5)
    let_the_time_pass(redis)
    assert not is_open()

    breakers.succeeded(*PAINTER)

    assert not elsewhere(is_open)
    fails(ProviderDown, 4)
    assert not is_open()


def test_while_probes_fail_the_time_doubles_up_to_five_minutes(redis: Redis) -> None:
    fails(ProviderDown, 5)
    times = []
    for _ in range(6):
        times.append(open_for_s())
        let_the_time_pass(redis)
        assert not is_open()
        fails(ProviderDown)

    assert times == [30, 60, 120, 240, 300, 300]


def test_after_a_success_the_time_begins_anew(redis: Redis) -> None:
    fails(ProviderDown, 5)
    let_the_time_pass(redis)
    fails(ProviderDown)
    let_the_time_pass(redis)
    breakers.succeeded(*PAINTER)

    fails(ProviderDown, 5)

    assert open_for_s() == 30


def test_a_probe_that_dies_is_followed_by_another(redis: Redis) -> None:
    fails(ProviderDown, 5)
    let_the_time_pass(redis)
    assert not elsewhere(is_open)
    assert is_open()

    let_the_time_pass(redis, what="probe")

    assert not is_open()


@pytest.mark.parametrize("tell", [breakers.not_asked, lambda: fails(ProviderBusy)], ids=["not sent", "rate limited"])
def test_a_probe_that_finds_nothing_out_is_left_to_another(tell: Callable[[], None], redis: Redis) -> None:
    fails(ProviderDown, 5)
    let_the_time_pass(redis)
    assert not is_open()

    tell()

    assert not elsewhere(is_open)


def test_who_is_no_prober_does_not_let_others_through(redis: Redis) -> None:
    fails(ProviderDown, 5)
    let_the_time_pass(redis)
    assert not is_open()
    let_the_time_pass(redis, what="probe")
    assert not elsewhere(is_open)

    breakers.not_asked()

    assert is_open()


def test_no_probe_is_taken_while_another_scope_is_open(redis: Redis) -> None:
    fails(ModelRetired)
    fails(ProviderDown, 5)
    let_the_time_pass(redis)

    assert is_open()

    assert not is_open(OTHER_PAINTER)


@pytest.mark.parametrize("kind", [ProviderDown, ProviderAccount])
def test_a_request_that_fails_late_does_not_make_it_longer(kind: type[ProviderError], redis: Redis) -> None:
    fails(kind, 5)
    soon = redis.time()[0] * 1000 + 10_000
    let_the_time_pass(redis, "gateway" if kind is ProviderAccount else "gateway:image", to=soon)

    fails(kind, 20)

    assert open_for_s() <= 10


def test_a_request_that_was_under_way_does_not_bring_the_credit_back() -> None:
    fails(ProviderAccount)

    breakers.succeeded(*PAINTER)

    assert is_open()


def test_a_request_that_was_under_way_shows_that_a_provider_is_not_down() -> None:
    fails(ProviderDown, 5)

    breakers.succeeded(*PAINTER)

    assert not is_open()


# ---- the operator


@pytest.mark.parametrize(("kind", "code"), [(ProviderAccount, "provider_account"), (ModelRetired, "model_retired")])
def test_what_only_the_operator_can_mend_is_told_once(
    kind: type[ProviderError], code: str, caplog: pytest.LogCaptureFixture
) -> None:
    together([lambda: fails(kind)] * 5)

    (told,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert told.getMessage() == "provider_needs_operator"
    assert vars(told).items() >= {"provider": "gateway", "model": PAINTER[2], "code": code}.items()
    assert "it said so" not in json.dumps(vars(told), default=str)


@pytest.mark.parametrize("kind", [ProviderDown, ProviderBlocked])
def test_what_mends_itself_is_no_error_in_the_log(kind: type[ProviderError], caplog: pytest.LogCaptureFixture) -> None:
    fails(kind, 6)

    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


@pytest.mark.parametrize("whom", [PAINTER, WRITER])
def test_each_question_is_one_round_trip(whom: tuple[str, str, str], redis: Redis) -> None:
    fails(ProviderDown, 5)
    breakers.succeeded(*whom)
    is_open(whom)
    redis.config_resetstat()

    is_open(whom)
    breakers.succeeded(*whom)

    assert redis.info("commandstats")["cmdstat_evalsha"]["calls"] == 2


def test_without_redis_every_breaker_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    fails(ProviderAccount)
    monkeypatch.setenv("REDIS_URL", "unix:///nowhere.sock?db=0")
    settings.cache_clear()

    assert not is_open()
    fails(ProviderDown, 6)
    breakers.not_asked()
    assert not is_open()
