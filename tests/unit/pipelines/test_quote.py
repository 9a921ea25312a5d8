"""What a run is expected to cost, and at most."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app import costs
from app.costs import Quote, StageQuote
from app.domain.errors import SetupError
from app.pipelines.catalog import pipeline_named
from app.pipelines.full_post import FullPostRequest
from app.routes import Route, routes_for
from harness import forget_settings
from routing import SHIPPED, write_routes

FULL_POST = pipeline_named("full-post")
MILLION = 1_000_000


def quote(slides: int = 11) -> Quote:
    """Return a post's quote with the shipped routes."""
    return costs.quote(FULL_POST, FullPostRequest(topic="Sleep well", slides=slides))


def quoted(slides: int = 11) -> dict[tuple[str, str], StageQuote]:
    """Return the lines of a post's quote by step and purpose."""
    lines = quote(slides).lines
    assert len({(line.step, line.purpose) for line in lines}) == len(lines), "one line for each purpose of each stage"
    return {(line.step, line.purpose): line for line in lines}


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


def test_a_usual_post_costs_a_dollar_and_ten_cents_of_which_ten_cents_are_the_review() -> None:
    assert quote().expected_micro_usd == 1_105_990
    assert quoted()["review_image", "review_image"].expected_micro_usd == 96_525


def test_a_post_never_costs_more_than_3_times_the_usual_one() -> None:
    assert quote().worst_micro_usd == 3 * 1_105_990


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
        ("write_content", "write_content", 6_248),  # 1.1 x (600 x $0.30/M + 2200 x $2.50/M)
        ("draft_prompt", "draft_prompt", 41_184),  # 1.1 x 13 x (260 x $3/M + 140 x $15/M)
        ("render_image", "render_image", 962_033),  # 1.1 x 13 x (150 x $0.50/M + 1120 x $60/M)
        ("render_image", "rewrite_prompt", 0),  # only a blocked prompt is rewritten
        ("review_image", "review_image", 96_525),  # 1.1 x 13 x (1,900 x $3/M + 70 x $15/M)
    ],
)
def test_the_expected_cost_of_a_stage_is_its_usual_call_and_a_tenth_for_those_that_are_paid_twice(
    step: str, purpose: str, cost: int
) -> None:
    assert quoted()[step, purpose].expected_micro_usd == cost


@pytest.mark.parametrize(
    ("step", "purpose", "cost"),
    [
        ("write_content", "write_content", 3 * 52_000),  # Haiku: 12,000 x $1/M + 8,000 x $5/M
        ("draft_prompt", "draft_prompt", 13 * 2 * 12_600),  # Sonnet: 1,200 x $3/M + 600 x $15/M
        ("render_image", "rewrite_prompt", 13 * 3 * 15_000),  # Sonnet: 1,500 x $3/M + 700 x $15/M
        ("review_image", "review_image", 13 * 4 * 19_500),  # Sonnet: 4,000 x $3/M + 500 x $15/M
    ],
)
def test_a_stage_alone_takes_at_most_all_calls_that_it_allows_at_its_dearest_route(
    step: str, purpose: str, cost: int
) -> None:
    assert quoted()[step, purpose].worst_micro_usd == cost


def test_no_stage_takes_more_than_the_whole_run_may_cost() -> None:
    five_pictures_each = 13 * 5 * 74_000  # GPT Image 2: 2,500 x $8/M + 1,800 x $30/M
    assert quote().worst_micro_usd < five_pictures_each

    assert quoted()["render_image", "render_image"].worst_micro_usd == quote().worst_micro_usd


def test_a_run_whose_calls_cannot_cost_three_times_the_usual_reserves_what_they_can() -> None:
    stage = replace(FULL_POST.stage("slide", "draft_prompt"), max_charged_calls=1, expected_tokens=(1_200, 600))

    assert costs.worst_micro_usd_of([stage]) == 12_600


def test_a_call_that_is_much_dearer_at_most_than_usually_finds_the_room_to_leave() -> None:
    stage = replace(FULL_POST.stage("slide", "review_image"), expected_tokens=(100, 10))

    usual = 495  # 1.1 x (100 x $3/M + 10 x $15/M)
    assert costs.worst_micro_usd_of([stage]) == usual + 12_300  # 4,000 x $3/M + 2 x 10 x $15/M


def test_a_stage_names_who_may_be_asked_best_first() -> None:
    assert quoted()["render_image", "render_image"].models == tuple(
        dict.fromkeys(route.use for route in (*routes_for("render_image"), *routes_for("refine_image")))
    )


def test_a_picture_that_may_be_changed_by_a_dearer_model_is_held_at_that_ones_price(
    routed: Callable[..., None],
) -> None:
    cheap, dear = "gemini/gemini-2.5-flash-image", "gemini/gemini-3-pro-image"
    routed(render_image={"routes": [cheap]}, refine_image={"routes": [dear]})

    line = quoted(5)["render_image", "render_image"]
    assert line.models == (cheap, dear)
    assert line.worst_micro_usd == quote(5).worst_micro_usd < 7 * 5 * 157_400


def test_no_change_in_place_is_counted_where_it_is_turned_off(routed: Callable[..., None]) -> None:
    cheap, dear = "gemini/gemini-2.5-flash-image", "gemini/gemini-3-pro-image"
    routed(render_image={"routes": [cheap]}, refine_image={"routes": [dear], "enabled": False})

    assert quoted()["render_image", "render_image"].models == (cheap,)


def test_a_review_that_is_turned_off_is_not_in_the_quote(routed: Callable[..., None]) -> None:
    routed(review=False)

    assert ("review_image", "review_image") not in quoted()
    assert quote().expected_micro_usd == 1_105_990 - 96_525


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
