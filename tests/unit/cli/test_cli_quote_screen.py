"""`pressroom quote`: each stage on a line, then what the run costs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from click.testing import CliRunner

from app.cli import client
from app.cli.quote import command

STAGE = {
    "step": "render_image", "purpose": "render_image", "calls": 13, "models": ["gemini/painter", "openai/painter"],
    "expected_micro_usd": 962_033, "expected_usd": "0.962033", "worst_micro_usd": 3_317_970, "worst_usd": "3.31797",
}  # fmt: skip
QUOTED = {
    "pipeline": "full-post", "expected_micro_usd": 1_105_990, "worst_micro_usd": 3_317_970,
    "reserved_micro_usd": 500_000, "charges": {"posts": 1}, "refused_by": None, "stages": [STAGE],
}  # fmt: skip


class Quoting:
    """An API that quotes."""

    def __init__(self, answer: Mapping[str, Any]) -> None:
        self.answer = answer
        self.asked: list[tuple[str, Mapping[str, Any]]] = []

    def quote(self, pipeline: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        self.asked.append((pipeline, request))
        return self.answer


def quote(monkeypatch: pytest.MonkeyPatch, *options: str, **changes: Any) -> tuple[str, Quoting]:
    """Return what the command prints, and the API that it asked."""
    api = Quoting(QUOTED | changes)

    @contextmanager
    def running(*_: object) -> Iterator[Quoting]:
        yield api

    monkeypatch.setattr(client, "running", running)
    done = CliRunner().invoke(command, options, catch_exceptions=False)
    assert done.exit_code == 0
    return done.output, api


def test_it_shows_each_stage_and_what_the_run_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    told, _ = quote(monkeypatch, "full-post", "--topic", "Rust")

    for part in ("render image", "13", "$0.962033", "$1.105990", "$3.317970", "$0.500000", "1 post of the month"):
        assert part in told


def test_a_cap_below_what_is_expected_is_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    warning = "less than is expected: not everything may be made"

    assert warning in quote(monkeypatch, "full-post")[0]
    assert warning not in quote(monkeypatch, "full-post", reserved_micro_usd=3_317_970)[0]


def test_it_asks_for_what_generate_would_order(monkeypatch: pytest.MonkeyPatch) -> None:
    _, api = quote(monkeypatch, "full-post", "--topic", "Rust", "--field", "slides=7")

    assert api.asked == [("full-post", {"topic": "Rust", "slides": 7})]


def test_it_says_who_would_refuse_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    told, _ = quote(monkeypatch, "full-post", refused_by={"code": "budget_exceeded", "message": "no room [at all]"})

    assert "no room [at all]" in told


def test_programs_get_the_answer_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    told, _ = quote(monkeypatch, "full-post", "--as-json")

    assert json.loads(told) == QUOTED
