"""The views of the providers' traffic for people, and the operator's reset."""

from __future__ import annotations

import pytest
from limit_workers import forget_limits, somebody

from app import traffic
from app.domain.errors import Unavailable
from app.domain.provider_errors import ModelRetired, ProviderAccount, ProviderBusy, ProviderDown
from app.routes import Limit
from app.settings import settings
from app.traffic import LimitState, breakers_now, limits_now, reset_breakers
from harness import Installation
from workers import breakers, limits

BOTH = [("gateway", "text"), ("gateway", "image")]
ONE = Limit(in_flight=1)


@pytest.fixture(autouse=True)
def _fresh(database: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    assert database
    forget_limits(monkeypatch)


def test_an_idle_provider_has_nothing_in_flight() -> None:
    assert limits_now(BOTH) == [LimitState("gateway", "text", 0, 0, 0), LimitState("gateway", "image", 0, 0, 0)]


def test_the_view_counts_who_is_in_flight_and_who_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_parking", limits._Parking(0))

    with limits.slot("gateway", "image", somebody(), limit=ONE):
        for _ in range(3):
            with pytest.raises(ProviderBusy), limits.slot("gateway", "image", somebody(), limit=ONE):
                pytest.fail("two are in flight")
        text, image = limits_now(BOTH)

    assert (text.in_flight, text.waiting) == (0, 0)
    assert (image.in_flight, image.waiting) == (1, 3)


def test_the_view_tells_how_long_a_pause_lasts() -> None:
    limits.pause("gateway", "image", 12)

    text, image = limits_now(BOTH)

    assert text.paused_s == 0
    assert 11 < image.paused_s <= 12


def test_closed_breakers_are_not_shown() -> None:
    breakers.failed("gateway", "image", "m", ProviderDown("502", provider="gateway"))

    assert breakers_now() == []


def test_open_breakers_are_shown_with_their_reason() -> None:
    breakers.failed("gateway", "image", "m", ProviderAccount("the key is wrong", provider="gateway"))
    breakers.failed("gemini", "image", "old/model", ModelRetired("no such model", provider="gemini"))

    gateway, gemini = breakers_now()

    assert (gateway.scope, gateway.code, gateway.message) == ("gateway", "provider_account", "the key is wrong")
    assert 599 < gateway.open_for_s <= 600
    assert not gateway.is_half_open
    assert (gemini.scope, gemini.code) == ("gemini/old/model", "model_retired")


def test_a_breaker_whose_time_is_over_is_half_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breakers, "ACCOUNT_S", 0)
    breakers.failed("gateway", "image", "m", ProviderAccount("the key is wrong", provider="gateway"))

    (shown,) = breakers_now()
    breakers.why_open("gateway", "image", "m")
    (probed,) = breakers_now()

    assert (shown.open_for_s, shown.is_half_open) == (0, True)
    assert probed.is_half_open


def test_a_reset_closes_every_breaker() -> None:
    breakers.failed("gateway", "image", "m", ProviderAccount("the key is wrong", provider="gateway"))
    breakers.failed("gemini", "image", "m", ModelRetired("no such model", provider="gemini"))
    breakers.failed("openai", "image", "m", ProviderDown("502", provider="openai"))

    assert reset_breakers() == 2

    assert breakers_now() == []
    assert breakers.why_open("gateway", "image", "m") is None


def test_without_redis_the_views_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "unix:///nowhere.sock?db=0")
    settings.cache_clear()

    for _ in range(2):
        with pytest.raises(Unavailable):
            limits_now(BOTH)
        with pytest.raises(Unavailable):
            breakers_now()
        with pytest.raises(Unavailable):
            reset_breakers()


def test_every_kind_of_every_provider_has_keys_of_its_own() -> None:
    keys = [key for provider in ("a", "b") for kind in ("text", "image") for key in traffic.limit_keys(provider, kind)]

    assert len(set(keys)) == len(keys)
