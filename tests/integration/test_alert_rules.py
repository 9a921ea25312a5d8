"""docs/alerts.yml: each rule asks for a metric that there is, by labels that it has, and is explained to the operator."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.broker import celery
from app.domain.states import TERMINAL_RUNS
from app.metrics.collector import Pressroom
from app.metrics.queues import FINISHERS, UPKEEP
from app.metrics.rows import QUEUES
from app.runs.finish import Finisher
from harness import Installation

ROOT = Path(__file__).parents[2]
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((ROOT / "docs" / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
]
METRIC = re.compile(r"\b(pressroom_[a-z_]+)\b(?:\{([^}]*)\})?")
MATCHER = re.compile(r'(\w+)\s*=~?\s*"([^"]*)"')
WORDS = {
    "by": set(Finisher),
    "state": {*TERMINAL_RUNS, "UNKNOWN"},
    "scope": {"key", "user", "provider", "installation"},
    "outcome": {"succeeded", "busy", "failed", "unknown", "cached"},
    "reason": {"provider_account", "model_retired", "provider_down", "provider_busy"},
    "task": set(UPKEEP),
    "part": {"database", "redis"},
}


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
