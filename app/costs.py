"""What a run is expected to cost, and what it can cost at most. Money in micro-USD."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from app.domain.errors import SetupError
from app.domain.prices import Usage, cost_micro_usd, worst_micro_usd
from app.pipelines.pipeline import Pipeline, Stage
from app.routes import Route, able, purpose_named, routes_for

HELPER_TOKENS = (1_500, 700)  # at most, of a text model that a step asks on the way: a prompt in, a prompt out


@dataclass(frozen=True, slots=True)
class StageQuote:
    """One line of a quote."""

    step: str
    purpose: str
    calls: int
    """Calls of a run in which nothing fails."""
    expected_micro_usd: int
    worst_micro_usd: int


def worst_call_micro_usd(stage: Stage, route: Route) -> int:
    """Return the most that one call of a stage can cost. Raises SetupError for an unpriced model."""
    return _worst(route, stage.max_tokens_in, stage.max_tokens_out, pictures=1 if stage.makes_picture else 0)


def worst_help_micro_usd(route: Route) -> int:
    """Return the most that one call for a helping purpose can cost. Raises SetupError for an unpriced model."""
    return _worst(route, *HELPER_TOKENS, pictures=0)


def _worst(route: Route, max_tokens_in: int, max_tokens_out: int, *, pictures: int) -> int:
    worst = worst_micro_usd(route.price, max_tokens_in=max_tokens_in, max_tokens_out=max_tokens_out, pictures=pictures)
    if worst is None:
        raise SetupError(f"the price of {route.use} is unknown, and a run has a budget; add its price to the table")
    return worst


def expected_call_micro_usd(stage: Stage, route: Route) -> int:
    """Return what a usual call of a stage costs. Raises SetupError for an unpriced model."""
    tokens_in, tokens_out = stage.expected_tokens
    images = route.price.image_tokens if route.price and stage.makes_picture else 0
    usage = Usage(tokens_in, tokens_out + images, image_out=images)
    cost = cost_micro_usd(route.price, usage, pictures=int(stage.makes_picture))
    return worst_call_micro_usd(stage, route) if cost is None else cost


def worst_micro_usd_of(stages: Iterable[Stage]) -> int:
    """Return the most that stages can cost, each as often as it stands there."""
    return sum(line.worst_micro_usd for stage, count in Counter(stages).items() for line in _lines(stage, count))


def is_asked(stage: Stage) -> bool:
    """Whether the stage asks a model at all, by its own word and the routes': a review can be turned off."""
    if stage.purpose is None:
        return False
    return not stage.reviews or purpose_named(stage.reviews).review


def _lines(stage: Stage, count: int) -> Iterator[StageQuote]:
    """Yield what `count` pieces pay for at a stage: its own purpose, then those that help on the way."""
    if stage.purpose is None or not is_asked(stage):
        return
    routes = routes_for(stage.purpose)
    others = [route for purpose in stage.counted_with for route in able(purpose)]
    dearest = max(worst_call_micro_usd(stage, route) for route in (*routes, *others))
    expected = expected_call_micro_usd(stage, routes[0])
    worst = dearest * _calls_at_most(count, stage.max_charged_calls)
    yield StageQuote(stage.step, stage.purpose, count, count * expected, worst)
    for purpose, most in stage.helped_by:
        dearest = max(worst_help_micro_usd(route) for route in routes_for(purpose))
        yield StageQuote(stage.step, purpose, 0, 0, dearest * _calls_at_most(count, most))


def _calls_at_most(count: int, most: int) -> int:
    """Return how many paid calls `count` pieces share, where each alone may make `most`.

    Twice what is needed and one piece's full measure on top: that all of 13 pieces fail four times each does not
    happen, and money reserved for it would keep other runs waiting. The run's cap holds in any case.
    """
    return min(count * most, 2 * count + most)


def quote(pipeline: Pipeline, request: Any) -> list[StageQuote]:
    """Return expected and worst cost of a run, one line for each purpose of each stage."""
    counts = pipeline.counts(request)
    stages: Counter[Stage] = Counter()
    for kind, stage in pipeline.all_stages:
        stages[stage] += counts.get(kind, 0)
    return [line for stage, count in stages.items() if count for line in _lines(stage, count)]
