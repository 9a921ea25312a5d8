"""Which calls a rule strikes."""

import pytest

from sandbox.calls import Ask, Kind
from sandbox.fault_names import Fault
from sandbox.faults import FaultError, read_rules, strike

TEXT = Ask(model="google/gemini-2.5-flash", kind=Kind.TEXT, system="", prompt="Sleep well")
IMAGE = Ask(model="google/gemini-3.1-flash-image", kind=Kind.IMAGE, system="", prompt="a dune")


def test_a_rule_without_conditions_strikes_every_call() -> None:
    rules = read_rules([{"fault": "overloaded"}])
    assert [strike(rules, ask, "k") is not None for ask in (TEXT, IMAGE)] == [True, True]


def test_call_numbers_count_only_the_calls_that_fit() -> None:
    rules = read_rules([{"match": {"kind": "image", "call_numbers": [2]}, "fault": "hang"}])
    assert [strike(rules, ask, "k") is not None for ask in (TEXT, IMAGE, TEXT, IMAGE, IMAGE)] == [
        False, False, False, True, False,
    ]  # fmt: skip


def test_times_ends_a_fault() -> None:
    rules = read_rules([{"match": {"times": 2}, "fault": "hang"}])
    assert [strike(rules, TEXT, "k") is not None for _ in range(4)] == [True, True, False, False]


def test_the_first_of_two_rules_wins_and_the_second_has_still_seen_the_call() -> None:
    rules = read_rules([{"fault": "hang"}, {"fault": "unpriced"}])
    struck = strike(rules, TEXT, "k")
    assert struck is not None
    assert struck.fault is Fault.HANG
    assert [(rule.seen, rule.applied) for rule in rules] == [(1, 1), (1, 0)]


def test_a_rate_strikes_about_its_share_and_the_same_calls_each_time() -> None:
    def struck() -> list[bool]:
        rules = read_rules([{"match": {"rate": 0.25}, "fault": "overloaded"}])
        return [strike(rules, TEXT, str(number)) is not None for number in range(400)]

    assert struck() == struck()
    assert 70 <= sum(struck()) <= 130


def test_prompt_contains_ignores_case_and_reads_the_system_text_too() -> None:
    rules = read_rules([{"match": {"prompt_contains": "SLEEP"}, "fault": "blocked"}])
    assert strike(rules, TEXT, "k")
    assert not strike(rules, IMAGE, "k")


@pytest.mark.parametrize(
    "rule",
    [
        "hang",
        {"fault": "nonsense"},
        {"fault": "hang", "match": {"modell": "x"}},
        {"fault": "hang", "match": {"kind": "video"}},
        {"fault": "hang", "match": {"rate": 2}},
        {"fault": "hang", "match": {"call_numbers": [0]}},
        {"fault": "hang", "match": {"times": "2"}},
        {"fault": "http_status", "params": {"status": 200}},
        {"fault": "slow_first_byte"},
        {"fault": "hang", "params": {"colour": 1}},
    ],
)
def test_a_rule_that_cannot_be_is_refused_with_its_number(rule: object) -> None:
    with pytest.raises(FaultError, match="rule 1"):
        read_rules([rule])
