"""docs/alerts.yml: each rule asks for a metric that there is, by labels that it has, and is explained to the operator."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.broker import celery
from app.domain.states import TERMINAL_RUNS
from app.metrics.collector import Pressroom
from app.metrics.queues import FINISHERS, UPKEEP
from app.runs.finish import Finisher
from app.traffic import QUEUES
from harness import Installation

ROOT = Path(__file__).parents[2]
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((ROOT / "docs" / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
]
METRIC = re.compile(r"\b(pressroom_[a-z_]+)\b(?:\{([^}]*)\})?")
MATCHER = re.compile(r'(\w+)\s*(?:=~?|!~)\s*"([^"]*)"')
EXPR = {rule["alert"]: " ".join(rule["expr"].split()) for rule in RULES}
UNITS = {"m": "minutes", "h": "hours", "d": "days"}
WORDS = {
    "by": set(Finisher),
    "state": {*TERMINAL_RUNS, "UNKNOWN"},
    "scope": {"key", "user", "provider", "installation"},
    "outcome": {"succeeded", "busy", "failed", "unknown", "cached"},
    "reason": {"provider_account", "model_retired", "provider_down", "provider_busy"},
    "task": set(UPKEEP),
    "part": {"database", "redis"},
}


def _time(told: str) -> timedelta:
    return timedelta(**{UNITS[told[-1]]: int(told[:-1])})


@pytest.fixture
def every(database: Installation) -> dict[str, timedelta]:
    """How often beat sends each task of upkeep."""
    assert database
    told = {entry["task"].removeprefix("upkeep."): entry["schedule"] for entry in celery().conf.beat_schedule.values()}
    return {task: time if isinstance(time, timedelta) else timedelta(seconds=time) for task, time in told.items()}


@pytest.fixture
def declared(database: Installation) -> dict[str, set[str]]:
    """What a scrape tells, by the names of its samples, with their labels."""
    assert database
    suffixes = {"counter": ("_total",), "summary": ("_count", "_sum")}
    return {
        family.name + suffix: set(family._labelnames)  # type: ignore[attr-defined]
        for family in Pressroom().collect()
        for suffix in suffixes.get(family.type, ("",))
    }


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_a_rule_asks_for_metrics_that_there_are_by_labels_and_words_that_they_have(
    rule: dict[str, Any], declared: dict[str, set[str]]
) -> None:
    asked = METRIC.findall(rule["expr"])
    assert asked or rule["expr"].startswith("up{")
    for name, selector in asked:
        assert name in declared
        for label, words in MATCHER.findall(selector):
            assert label in declared[name]
            assert set(words.split("|")) <= WORDS[label]
    for grouped in re.findall(r"\bby \(([^)]*)\)", rule["expr"]):
        labels = {label.strip() for label in grouped.split(",")}
        assert any(labels <= declared[name] for name, _ in asked)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_a_rule_says_how_bad_it_is_and_what_happened(rule: dict[str, Any]) -> None:
    assert set(rule) - {"for"} == {"alert", "expr", "labels", "annotations"}
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"]["summary"]
    assert rule["expr"].count("(") == rule["expr"].count(")")
    assert re.fullmatch(r"\d+[mhd]", rule.get("for", "1m"))


def test_every_task_of_upkeep_is_watched_over_twice_its_time_at_least(every: dict[str, timedelta]) -> None:
    often, rarely = re.findall(r'increase\(\w+{task(?:!~|=~)"([^"]*)"}\[(\w+)\]', EXPR["PressroomUpkeepStands"])
    rare = set(rarely[0].split("|"))

    assert {"relay", *rare} == set(often[0].split("|"))
    assert 'task="relay"' in EXPR["PressroomBeatStopped"]
    for name, time in every.items():
        assert 2 * time < _time(rarely[1] if name in rare else often[1])


def test_what_is_done_once_an_hour_is_not_missed_in_the_first_one(every: dict[str, timedelta]) -> None:
    rare = EXPR["PressroomUpkeepStands"].partition(" or ")[2]
    told = re.search(r" == 0 and max by \(task\) \(last_over_time\(\w+({[^}]*})\[1h\] offset (\w+)\)\)", rare)

    assert told is not None
    assert rare.count(told[1]) == 2
    assert _time(told[2]) > max(every.values())


@pytest.mark.parametrize("alert", ["PressroomBeatStopped", "PressroomUpkeepStands"])
def test_upkeep_that_stands_because_the_database_is_away_is_not_told_beside_it(alert: str) -> None:
    stands, _, away = EXPR[alert].rpartition(" unless on() ")

    assert away == 'min(pressroom_part_up{part="database"}) == 0'
    assert " or " not in stands or stands[0] + stands[-1] == "()"  # `unless` binds tighter than `or`


def test_a_share_is_told_of_more_than_a_few_only() -> None:
    shares = {alert: expr for alert, expr in EXPR.items() if re.search(r" > 0\.\d+ \* sum", expr)}

    assert shares.keys() == {"PressroomMessagesLost", "PressroomRunsFail", "PressroomProviderFails"}
    for expr in shares.values():
        share, few = expr.split(" and ")
        # Half a one above: `increase` tells a little more than was counted.
        assert re.fullmatch(re.escape(share.partition(" > 0.")[0]) + r" > \d\.5", few)


def test_a_missed_scrape_does_not_begin_a_long_wait_anew() -> None:
    for rule in RULES:
        assert _time(rule.get("for", "0m")) <= timedelta(minutes=15) or "last_over_time(" in rule["expr"]


def test_a_budget_that_refused_is_told_only_while_it_is_nearly_full() -> None:
    refused, full = EXPR["PressroomBudgetRefuses"].split(" and ")

    assert full == refused.replace("pressroom_budgets_refusing", "pressroom_budget_used_ratio").replace("> 0", "> 0.9")


def test_every_alert_is_explained_and_nothing_else_is() -> None:
    explained = re.findall(r"^\| `(Pressroom\w+)` \|", OPERATIONS, re.MULTILINE)

    assert explained == [rule["alert"] for rule in RULES]


def test_every_metric_is_in_the_operators_table(declared: dict[str, set[str]]) -> None:
    told = set(re.findall(r"`(pressroom_[a-z_]+)(?:\{[^`]*\})?`", OPERATIONS))

    assert told == declared.keys()


def test_the_queues_tasks_and_finishers_that_are_told_are_those_that_there_are(database: Installation) -> None:
    assert database
    conf = celery().conf
    assert tuple(queue.name for queue in conf.task_queues) == QUEUES
    assert {entry["task"] for entry in conf.beat_schedule.values()} == {f"upkeep.{name}" for name in UPKEEP}
    assert tuple(Finisher) == FINISHERS
