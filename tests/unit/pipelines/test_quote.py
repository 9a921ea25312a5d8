"""What a run is expected to cost, and at most."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app import costs
from app.costs import StageQuote
from app.domain.errors import SetupError
from app.pipelines.catalog import pipeline_named
from app.pipelines.full_post import FullPostRequest
from app.routes import Route, routes_for
from harness import forget_settings
from routing import SHIPPED, write_routes

FULL_POST = pipeline_named("full-post")
MILLION = 1_000_000
SLIDE_WORST = 2 * (12_600 + 74_000 + 15_000 + 19_500)
"""Of one picture more, by hand below."""


def quoted(slides: int = 11) -> dict[tuple[str, str], StageQuote]:
    """Return the lines of a post's quote by step and purpose, with the shipped routes."""
    lines = costs.quote(FULL_POST, FullPostRequest(topic="Sleep well", slides=slides))
    assert len({(line.step, line.purpose) for line in lines}) == len(lines), "one line for each purpose of each stage"
    return {(line.step, line.purpose): line for line in lines}


def expected(slides: int = 11) -> int:
    return sum(line.expected_micro_usd for line in quoted(slides).values())


def worst(slides: int = 11) -> int:
    return sum(line.worst_micro_usd for line in quoted(slides).values())


@pytest.fixture
def routed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[..., None]]:
    """Return a function that changes the shipped routes, as `write_routes` does."""

    def use(**changes: Any) -> None:
        path = write_routes(tmp_path / "routes.toml", base=SHIPPED, **changes)
        monkeypatch.setenv("PRESSROOM_ROUTES", str(path))
        forget_settings()

    yield use
    monkeypatch.undo()
    forget_settings()


def test_a_usual_post_costs_a_dollar_of_which_nine_cents_are_the_review() -> None:
    assert expected() == 1_005_445
    assert quoted()["review_image", "review_image"].expected_micro_usd == 87_750


def test_the_worst_case_is_at_most_4_times_the_usual_one() -> None:
    assert worst() == 3_797_600 <= 4 * expected()


@pytest.mark.parametrize(
    ("step", "purpose", "calls"),
    [
        ("write_content", "write_content", 1),
        ("draft_prompt", "draft_prompt", 13),
        ("render_image", "render_image", 13),
        ("render_image", "rewrite_prompt", 0),
        ("review_image", "review_image", 13),
    ],
)
def test_a_stage_is_quoted_with_its_calls(step: str, purpose: str, calls: int) -> None:
    assert quoted()[step, purpose].calls == calls


def test_a_quote_has_these_lines_and_no_more() -> None:
    assert list(quoted()) == [
        ("write_content", "write_content"),
        ("draft_prompt", "draft_prompt"),
        ("render_image", "render_image"),
        ("render_image", "rewrite_prompt"),
        ("review_image", "review_image"),
    ]


def test_a_stage_without_a_model_is_not_in_the_quote() -> None:
    assert "compose" not in {step for step, _ in quoted()}


@pytest.mark.parametrize(
    ("step", "purpose", "cost"),
    [
        ("write_content", "write_content", 5_680),  # 600 x $0.30/M + 2200 x $2.50/M
        ("draft_prompt", "draft_prompt", 13 * 2_880),  # 260 x $3/M + 140 x $15/M
        ("render_image", "render_image", 13 * 67_275),  # 150 x $0.50/M + 1120 x $60/M
        ("render_image", "rewrite_prompt", 0),  # only a blocked prompt is rewritten
        ("review_image", "review_image", 13 * 6_750),  # 1,900 x $3/M + 70 x $15/M
    ],
)
def test_the_expected_cost_of_a_stage_by_hand(step: str, purpose: str, cost: int) -> None:
    assert quoted()[step, purpose].expected_micro_usd == cost


@pytest.mark.parametrize(
    ("step", "purpose", "cost"),
    [
        ("write_content", "write_content", 3 * 52_000),  # Haiku: 12,000 x $1/M + 8,000 x $5/M
        ("draft_prompt", "draft_prompt", 13 * 2 * 12_600),  # Sonnet: 1,200 x $3/M + 600 x $15/M
        ("render_image", "render_image", (2 * 13 + 5) * 74_000),  # GPT Image 2: 2,500 x $8/M + 1,800 x $30/M
        ("render_image", "rewrite_prompt", (2 * 13 + 3) * 15_000),  # Sonnet: 1,500 x $3/M + 700 x $15/M
        ("review_image", "review_image", (2 * 13 + 4) * 19_500),  # Sonnet: 4,000 x $3/M + 500 x $15/M
    ],
)
def test_the_worst_cost_of_a_stage_is_at_its_dearest_route_by_hand(step: str, purpose: str, cost: int) -> None:
    assert quoted()[step, purpose].worst_micro_usd == cost


@pytest.mark.parametrize(
    ("pieces", "calls"),
    [(0, 0), (1, 5), (2, 2 * 2 + 5), (13, 2 * 13 + 5), (100, 2 * 100 + 5)],
)
def test_a_piece_alone_can_fail_as_often_as_it_may_and_many_share_two_tries_each_and_one_full_measure(
    pieces: int, calls: int
) -> None:
    render = replace(FULL_POST.stage("slide", "render_image"), helped_by=())

    assert costs.worst_micro_usd_of([render] * pieces) == calls * 74_000


def test_what_remains_of_several_stages_is_the_sum_of_each() -> None:
    rest = FULL_POST.steps_from("slide", "render_image")

    assert costs.worst_micro_usd_of(rest) == 5 * 74_000 + 3 * 15_000 + 4 * 19_500


@pytest.mark.parametrize("slides", [5, 8, 12])
def test_each_slide_adds_the_same(slides: int) -> None:
    assert worst(11) - worst(slides) == (11 - slides) * SLIDE_WORST


def test_a_picture_that_may_be_changed_by_a_dearer_model_is_held_at_that_ones_price(
    routed: Callable[..., None],
) -> None:
    cheap, dear = "gemini/gemini-2.5-flash-image", "gemini/gemini-3-pro-image"
    routed(render_image={"routes": [cheap]}, refine_image={"routes": [dear]})

    # 2,500 x $2/M + 1,500 x $12/M + 1,120 x $120/M
    assert quoted()["render_image", "render_image"].worst_micro_usd == (2 * 13 + 5) * 157_400


def test_no_change_in_place_is_counted_where_it_is_turned_off(routed: Callable[..., None]) -> None:
    cheap, dear = "gemini/gemini-2.5-flash-image", "gemini/gemini-3-pro-image"
    routed(render_image={"routes": [cheap]}, refine_image={"routes": [dear], "enabled": False})

    # 2,500 x $0.30/M + 1,500 x $2.50/M + 1,290 x $30/M
    assert quoted()["render_image", "render_image"].worst_micro_usd == (2 * 13 + 5) * 43_200


def test_a_review_that_is_turned_off_is_not_in_the_quote(routed: Callable[..., None]) -> None:
    routed(review=False)

    assert ("review_image", "review_image") not in quoted()
    assert expected() == 1_005_445 - 87_750


def test_a_model_without_a_price_may_not_run_under_a_budget() -> None:
    stage = FULL_POST.stage("slide", "render_image")

    with pytest.raises(SetupError, match="acme/painter"):
        costs.worst_call_micro_usd(stage, Route(use="gateway/acme/painter"))


def test_a_purpose_without_a_route_names_itself() -> None:
    with pytest.raises(SetupError, match="dance"):
        routes_for("dance")


def test_a_key_that_no_route_uses_is_refused_with_each_key_that_would_help(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-made-up")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:1/v1")
    forget_settings()

    with pytest.raises(SetupError) as refused:
        routes_for("render_image")

    assert str(refused.value) == (
        "nobody serves render_image: set one of AI_GATEWAY_API_KEY, GOOGLE_AI_KEY, LEONARDO_API_KEY, OPENAI_API_KEY, or"
        " leave every key out to use the sandbox"
    )
    monkeypatch.undo()
    forget_settings()
