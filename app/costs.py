"""What a run is expected to cost, and what it can cost at most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.domain.errors import SetupError
from app.domain.prices import PRICES, Usage, cost_micro_usd, worst_micro_usd
from app.pipelines.pipeline import Pipeline, Stage
from app.routes import Route, routes_for


@dataclass(frozen=True, slots=True)
class StageQuote:
    """One stage of a quote; money in micro-USD."""

    step: str
    purpose: str
    calls: int
    expected_micro_usd: int
    worst_micro_usd: int


def worst_call_micro_usd(stage: Stage, route: Route) -> int:
    """Return the most that one call of a stage can cost, in micro-USD. Raises SetupError for an unpriced model."""
    worst = worst_micro_usd(
        route.model,
        max_tokens_in=stage.max_tokens_in,
        max_tokens_out=stage.max_tokens_out,
        pictures=1 if stage.makes_picture else 0,
    )
    if worst is None:
        raise SetupError(
            f"the price of {route.provider}/{route.model} is unknown, and a run has a budget; add its price to the table"
        )
    return worst


def expected_call_micro_usd(stage: Stage, route: Route) -> int:
    """Return what a usual call of a stage costs, in micro-USD. Raises SetupError for an unpriced model."""
    tokens_in, tokens_out = stage.expected_tokens
    price = PRICES.get(route.model)
    images = price.image_tokens if price and stage.makes_picture else 0
    cost = cost_micro_usd(route.model, Usage(tokens_in, tokens_out + images, image_out=images))
    return worst_call_micro_usd(stage, route) if cost is None else cost


def quote(pipeline: Pipeline, request: Any) -> list[StageQuote]:
    """Return expected and worst cost per stage of a run: the worst over every chargeable call at the dearest route."""
    lines: dict[str, StageQuote] = {}
    counts = pipeline.counts(request)
    for kind, track in pipeline.tracks.items():
        for stage in track:
            if stage.purpose is None:
                continue
            routes = routes_for(stage.purpose)
            calls = counts[kind]
            dearest = max(worst_call_micro_usd(stage, route) for route in routes)
            before = lines.get(stage.step)
            lines[stage.step] = StageQuote(
                stage.step,
                stage.purpose,
                calls + (before.calls if before else 0),
                calls * expected_call_micro_usd(stage, routes[0]) + (before.expected_micro_usd if before else 0),
                calls * stage.max_charged_calls * dearest + (before.worst_micro_usd if before else 0),
            )
    return list(lines.values())
