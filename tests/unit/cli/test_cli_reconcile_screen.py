"""The screen of `pressroom reconcile`: readable where terminals are narrow, and plain about what is not known."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

import pytest
from terminals import WIDTHS, Terminal

from app.cli import reconcile

MODEL = "google/gemini-3.1-flash-image"


def call(**changes: Any) -> dict[str, Any]:
    """Return a call in doubt."""
    usual = {
        "id": str(uuid.UUID(int=7)), "model": MODEL, "started_at": "2026-11-20T12:00:00+00:00", "ref": None,
        "micro_usd": None, "worst_micro_usd": 90_000,
    }  # fmt: skip
    return usual | changes


def report(**changes: Any) -> dict[str, Any]:
    """Return the report of books that agree."""
    none: dict[str, Any] = {"calls": 0, "rows": []}
    line = {
        "model": MODEL, "calls": 120, "micro_usd": 8_064_000, "open_calls": 0, "open_micro_usd": 0,
        "their_calls": 120, "their_micro_usd": 8_063_990, "rejected": 0, "verdict": "matched",
    }  # fmt: skip
    usual: dict[str, Any] = {
        "agrees": True, "matched": {"calls": 120, "micro_usd": 8_064_000}, "not_compared": 0, "missing": none,
        "extra": none, "drift": [], "settled": none | {"micro_usd": 0}, "written_off": none, "in_doubt": none | {"worst_micro_usd": 0},
        "models": [line], "notes": [],
    }  # fmt: skip
    return usual | changes


def printed(terminal: Terminal, shown: dict[str, Any], *, is_dry: bool = False) -> list[str]:
    reconcile._print(shown, "gateway", date(2026, 11, 13), date(2026, 11, 20), is_dry=is_dry)
    return list(terminal.lines)


@WIDTHS
def test_no_row_is_wider_than_the_terminal(terminal: Terminal, width: int) -> None:
    terminal.opened(width)
    doubtful = {"calls": 30, "rows": [call()] * 30, "worst_micro_usd": 2_700_000}
    foreign = {"ref": "gen_01K8KPJ0FZA7172X6CSGNZGDWY", "model": MODEL, "at": None, "micro_usd": 67_200}

    lines = printed(terminal, report(in_doubt=doubtful, extra={"calls": 1, "rows": [foreign]}))

    assert max(len(line) for line in lines) <= width
    assert sum(str(uuid.UUID(int=7)) in line for line in lines) == reconcile.SHOWN
    assert any("--json lists them" in line for line in lines)


def test_the_worst_case_of_what_is_in_doubt_is_told_and_no_cost_of_it(terminal: Terminal) -> None:
    terminal.opened(120)

    lines = printed(terminal, report(in_doubt={"calls": 1, "rows": [call()], "worst_micro_usd": 90_000}))

    assert any("1 call, at most $0.090000" in line for line in lines)
    assert not any("$0.000000" in line and str(uuid.UUID(int=7)) in line for line in lines)


@pytest.mark.parametrize(("is_dry", "told"), [(True, "would be settled"), (False, "in doubt settled")])
def test_a_dry_run_says_would(terminal: Terminal, told: str, *, is_dry: bool) -> None:
    terminal.opened(120)
    settled = {"calls": 1, "micro_usd": 60_000, "rows": [call(micro_usd=60_000)]}

    lines = printed(terminal, report(settled=settled), is_dry=is_dry)

    assert any(told in line and "$0.060000" in line for line in lines)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"their_calls": 123, "verdict": "extra"}, "extra        3 calls"),
        ({"their_calls": 119, "verdict": "missing"}, "missing      1 call of ours"),
        ({"their_micro_usd": 9, "verdict": "drift"}, "price drift  1 model whose sums differ"),
    ],
)
def test_what_only_the_sums_tell_is_in_the_summary_too(terminal: Terminal, changes: dict[str, Any], told: str) -> None:
    terminal.opened(120)
    (line,) = report()["models"]

    assert any(told in shown for shown in printed(terminal, report(models=[line | changes])))


def test_a_drift_names_both_prices(terminal: Terminal) -> None:
    terminal.opened(120)
    row = {"model": MODEL, "calls": 3, "our_micro_usd": 201_600, "their_micro_usd": 210_000}

    lines = printed(terminal, report(drift=[row]))

    assert any("3 calls, ours $0.201600, theirs $0.210000" in line for line in lines)
