"""The screen of `pressroom providers`: readable where terminals are narrow, and honest where nobody knows."""

from __future__ import annotations

from typing import Any

import click
import pytest
from terminals import WIDTHS, Terminal

from app.cli import providers
from app.cli.providers import Traffic
from app.scorecard import Score
from app.traffic import BreakerState, LimitState


def score(**changes: Any) -> Score:
    """Return the score of a good model."""
    usual: dict[str, Any] = {
        "provider": "gemini", "model": "gemini-3.1-flash-image", "is_sandbox": False, "calls": 120, "succeeded": 119,
        "busy": 0, "median_s": 4.93, "p95_s": 8.21, "refused": 3, "commonest_gate": "ratio", "pictures": 116,
        "known_micro_usd": 8_121_600, "unknown_costs": 0, "known_picture_micro_usd": 8_121_600,
        "unknown_picture_costs": 0, "cached": 12,
    }  # fmt: skip
    return Score(**{**usual, **changes})


DEAD = {
    "calls": 3,
    "succeeded": 0,
    "median_s": None,
    "p95_s": None,
    "refused": 0,
    "commonest_gate": None,
    "pictures": 0,
}
FREE = {"known_micro_usd": 0, "known_picture_micro_usd": 0, "cached": 0}
SCORES = [
    score(busy=1, succeeded=115),
    score(provider="leonardo", model="de7d3faf-762f-48e0-b3b7-9d0ac3a3fcf3", **DEAD, **FREE),
    score(provider="gateway", model="google/gemini-3.1-flash-image", unknown_costs=2, unknown_picture_costs=2),
    score(provider="anthropic", model="claude-sonnet-4-6", calls=9999, pictures=0, refused=0, cached=0),
]
LIMITS = [
    (LimitState("gemini", "image", 3, 14, 0.0), 5),
    (LimitState("gemini", "text", 0, 0, 0.0), 20),
    (LimitState("leonardo", "image", 0, 2, 12.5), 5),
    (LimitState("openai", "image", 0, 0, 0.0), 5),
    (LimitState("openai", "text", 0, 0, 0.0), 20),
]
MODELS: dict[Any, set[str]] = {
    ("gemini", "image"): {"painter"},
    ("gemini", "text"): {"writer"},
    ("leonardo", "image"): {"phoenix"},
    ("openai", "image"): {"gpt-image-2"},
    ("openai", "text"): {"moderator"},
}
HALF_OPEN = BreakerState("gemini:image", "provider_down", "503 the model is overloaded", 0.0, is_half_open=True)
NO_CREDIT = BreakerState(
    "leonardo", "provider_account", "the credit is used up [see the page]", 240.0, is_half_open=False
)
RETIRED = BreakerState("openai/gpt-image-2", "model_retired", "there is no such model", 3120.0, is_half_open=False)


@pytest.fixture(autouse=True)
def _called() -> Any:
    """Make this the command `pressroom providers`, which screens name in what they say."""
    with click.Context(click.Command("pressroom")):
        yield


def rows_of(lines: list[str], start: str) -> list[str]:
    """Return the lines that begin with a word."""
    return [line for line in lines if line.split()[:1] == [start]]


@WIDTHS
@pytest.mark.parametrize("count", range(1, len(SCORES) + 1))
def test_no_row_is_wider_than_the_terminal(terminal: Terminal, width: int, count: int) -> None:
    terminal.opened(width)

    providers._print_scores(SCORES[:count], "24h")
    providers._print_traffic(Traffic(LIMITS, MODELS, [HALF_OPEN, NO_CREDIT, RETIRED]))

    assert max(len(line) for line in terminal.lines if "--reset" not in line) <= width
    for one in SCORES[:count]:
        assert sum(f"{one.provider}/{one.model}" in line for line in terminal.lines) == 1


def test_a_narrow_terminal_has_the_model_above_its_figures(terminal: Terminal) -> None:
    terminal.opened(80)

    providers._print_scores(SCORES, "24h")

    place = terminal.lines.index("anthropic/claude-sonnet-4-6")
    assert terminal.lines[place + 1].split()[:3] == ["9999", "1%", "4.9"]


def test_a_wide_one_has_them_in_one_row(terminal: Terminal) -> None:
    terminal.opened(None)

    providers._print_scores([score()], "24h")

    (row,) = rows_of(terminal.lines, "gemini/gemini-3.1-flash-image")
    for figure in ("120", "99%", "4.9 s", "8.2 s", "3 ratio", "$8.121600", "$0.070014", "12"):
        assert figure in row


def test_a_rate_is_never_rounded_up_to_a_hundred(terminal: Terminal) -> None:
    terminal.opened(None)

    providers._print_scores([score(calls=1000, succeeded=999)], "24h")

    assert "99%" in terminal.lines[1]


def test_what_nobody_knows_is_a_question_mark_and_explained(terminal: Terminal) -> None:
    terminal.opened(None)

    providers._print_scores(
        [score(unknown_costs=1, unknown_picture_costs=1), score(**DEAD | FREE, model="dead", unknown_costs=3)], "24h"
    )

    first, dead, note = terminal.lines[1:4]
    assert "$8.121600 + ?" in first
    assert "$0.070014 + ?" in first
    assert "$0" not in dead
    assert "?" in dead.split()
    assert note == "? 4 calls of unknown cost, which may have been charged"


def test_a_model_without_calls_has_no_rate(terminal: Terminal) -> None:
    terminal.opened(None)

    providers._print_scores([score(**DEAD | {"calls": 0}, known_micro_usd=0, known_picture_micro_usd=0)], "24h")

    assert terminal.lines[1].split() == [
        "gemini/gemini-3.1-flash-image",
        "0",
        "-",
        "-",
        "-",
        "-",
        "$0.000000",
        "-",
        "12",
    ]


def test_the_sandbox_is_named_where_real_providers_answered_too(terminal: Terminal) -> None:
    terminal.opened(None)

    providers._print_scores([score(), score(is_sandbox=True)], "24h")

    assert len(rows_of(terminal.lines, "gemini/gemini-3.1-flash-image")) == 2
    assert sum("(sandbox)" in line for line in terminal.lines[1:3]) == 1
    assert "nothing was really paid" in terminal.lines[3]


def test_without_calls_it_says_so(terminal: Terminal) -> None:
    terminal.opened(80)

    providers._print_scores([], "24h")

    assert terminal.lines == ["No model was asked in the last 24h; `--since` looks further back."]


def test_each_provider_has_its_limit_and_its_breaker(terminal: Terminal) -> None:
    terminal.opened(80)

    providers._print_traffic(Traffic(LIMITS, MODELS, [HALF_OPEN, NO_CREDIT, RETIRED]))

    assert [" ".join(line.split()) for line in terminal.lines[1:6]] == [
        "gemini image 3 of 5 14 - half open, the next call finds out",
        "gemini text 0 of 20 0 - closed",
        "leonardo image 0 of 5 2 12.5 s open for 4 min 00 s",
        "openai image 0 of 5 0 - closed but for 1 model",
        "openai text 0 of 20 0 - closed",
    ]


def test_an_open_breaker_says_why_and_how_to_close_it(terminal: Terminal) -> None:
    terminal.opened(None)

    providers._print_traffic(Traffic(LIMITS, MODELS, [NO_CREDIT, RETIRED]))

    assert "leonardo open for 4 min 00 s: the credit is used up [see the page] (provider_account)" in terminal.lines
    assert "openai/gpt-image-2 open for 52 min 00 s: there is no such model (model_retired)" in terminal.lines
    assert "providers --reset" in terminal.lines[-1]


def test_with_all_breakers_closed_nothing_is_explained(terminal: Terminal) -> None:
    terminal.opened(80)

    providers._print_traffic(Traffic(LIMITS, MODELS, []))

    assert len(terminal.lines) == 1 + len(LIMITS)
