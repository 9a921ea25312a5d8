"""Settings of the sandbox, and its limits."""

import pytest

from sandbox.calls import Kind, RefusedError
from sandbox.config import Config, ConfigError, Latency, Limit, parse_limits
from sandbox.load import Load


def test_limits_are_read_from_the_command_line() -> None:
    assert parse_limits("in_flight=50; google/x:in_flight=5,per_minute=60,retry_after_s=2") == (
        Limit(in_flight=50),
        Limit(model="google/x", in_flight=5, per_minute=60, retry_after_s=2),
    )


@pytest.mark.parametrize("text", ["in_flight", "in_flight=0", "in_flite=3", "in_flight=2.5", "retry_after_s=3"])
def test_a_limit_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_limits(text)


@pytest.mark.parametrize(
    "changes",
    [[], {"sed": 1}, {"seed": "7"}, {"latency": "slow"}, {"latency_scale": True}, {"limits": 5}, {"pictures": "x"}],
)
def test_a_setting_that_cannot_be_is_refused(changes: object) -> None:
    with pytest.raises(ConfigError):
        Config().with_changes(changes)


def test_what_is_not_named_in_a_change_stays() -> None:
    config = Config(seed=3).with_changes({"limits": [{"in_flight": 5}]})
    assert (config.seed, config.limits) == (3, (Limit(in_flight=5),))
    assert config.with_changes(config.as_json()) == config


def test_brief_latencies_are_those_of_the_brief_and_scale() -> None:
    seconds = [Latency("brief", 0.1).seconds(Kind.IMAGE, str(number)) for number in range(50)]
    assert 0.3 <= min(seconds) < 0.4
    assert 0.7 < max(seconds) <= 0.8
    assert Latency("fixed:2", 0.5).seconds(Kind.TEXT, "k") == 1


def test_a_call_over_the_rate_is_refused_and_admitted_once_the_window_has_passed() -> None:
    load, limits = Load(), (Limit(per_second=2, retry_after_s=1),)
    for now_s in (0.0, 0.5):
        load.admit("m", limits, now_s)
        load.leave("m")
    with pytest.raises(RefusedError) as refused:
        load.admit("m", limits, 0.9)
    assert refused.value.retry_after == "1"
    load.admit("m", limits, 1.1)


def test_a_limit_of_one_model_leaves_the_others_alone_and_the_peak_is_kept() -> None:
    load, limits = Load(), (Limit(model="a", in_flight=1),)
    load.admit("a", limits, 0)
    load.admit("b", limits, 0)
    with pytest.raises(RefusedError):
        load.admit("a", limits, 0)
    figures = load.as_json()
    assert figures["a"] | {"per_second": None} == {
        "in_flight": 1, "in_flight_max": 1, "offered_in_flight_max": 2, "admitted": 1, "refused": 1,
        "per_second_max": 2, "per_second": None,
    }  # fmt: skip
    assert figures["*"]["in_flight_max"] == 2
