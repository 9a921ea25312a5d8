"""What a run is expected to cost, and at most."""

from __future__ import annotations

import pytest

from app import costs
from app.domain.errors import SetupError
from app.pipelines.catalog import pipeline_named
from app.pipelines.full_post import FullPostRequest
from app.routes import Route, routes_for
from app.settings import settings

FULL_POST = pipeline_named("full-post")
LINES = {line.step: line for line in costs.quote(FULL_POST, FullPostRequest(topic="Sleep well"))}
MILLION = 1_000_000


def test_a_usual_post_costs_between_90_cents_and_a_dollar() -> None:
    assert 0.9 * MILLION <= sum(line.expected_micro_usd for line in LINES.values()) <= 1.0 * MILLION


def test_the_worst_case_is_at_most_3_6_times_the_usual_one() -> None:
    expected = sum(line.expected_micro_usd for line in LINES.values())

    assert sum(line.worst_micro_usd for line in LINES.values()) <= 3.6 * expected


@pytest.mark.parametrize(("step", "calls"), [("write_content", 1), ("draft_prompt", 13), ("render_image", 13)])
def test_a_stage_is_quoted_with_its_calls(step: str, calls: int) -> None:
    assert LINES[step].calls == calls


def test_a_stage_without_a_model_is_not_in_the_quote() -> None:
    assert "compose" not in LINES


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("write_content", 5_680),  # 600 x $0.30/M + 2200 x $2.50/M
        ("draft_prompt", 13 * 2_880),  # 260 x $3/M + 140 x $15/M
        ("render_image", 13 * 67_275),  # 150 x $0.50/M + 1120 x $60/M
    ],
)
def test_the_expected_cost_of_a_stage_by_hand(step: str, expected: int) -> None:
    assert LINES[step].expected_micro_usd == expected


@pytest.mark.parametrize(
    ("step", "worst"),
    [
        ("write_content", 3 * 23_600),  # 12,000 x $0.30/M + 8,000 x $2.50/M
        ("draft_prompt", 13 * 2 * 12_600),  # 1,200 x $3/M + 600 x $15/M
        ("render_image", 13 * 3 * 69_000),  # 1,200 x $0.50/M + 400 x $3/M + 1120 x $60/M
    ],
)
def test_the_worst_cost_of_a_stage_by_hand(step: str, worst: int) -> None:
    assert LINES[step].worst_micro_usd == worst


@pytest.mark.parametrize("slides", [5, 8, 12])
def test_each_slide_adds_the_same(slides: int) -> None:
    fewer, more = (
        sum(line.worst_micro_usd for line in costs.quote(FULL_POST, FullPostRequest(topic="abc", slides=count)))
        for count in (slides, 11)
    )

    assert more - fewer == (11 - slides) * (2 * 12_600 + 3 * 69_000)


def test_a_model_without_a_price_may_not_run_under_a_budget() -> None:
    stage = FULL_POST.stage("slide", "render_image")

    with pytest.raises(SetupError, match="acme/painter"):
        costs.worst_call_micro_usd(stage, Route("gateway", "acme/painter"))


def test_a_purpose_without_a_route_names_itself() -> None:
    with pytest.raises(SetupError, match="dance"):
        routes_for("dance")


def test_a_key_that_no_route_uses_is_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-made-up")
    settings.cache_clear()

    with pytest.raises(SetupError, match="set AI_GATEWAY_API_KEY"):
        routes_for("render_image")

    monkeypatch.undo()
    settings.cache_clear()
