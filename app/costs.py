"""What a run is expected to cost, and what it can cost at most. Money in micro-USD."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from app.domain.errors import SetupError
from app.domain.prices import Usage, cost_micro_usd, worst_micro_usd
from app.pipelines.pipeline import Pipeline, Stage
from app.routes import Route, able, purpose_named, routes_for
from app.settings import Settings, settings

DIGIT = re.compile("[0-9]")
HELPER_TOKENS = (1_500, 700)  # at most, of a text model that a step asks on the way: a prompt in, a prompt out
CEILING = 3  # times what a run usually costs is all that it may: docs/decisions/0012-money.md
REPEATED = 10  # of 100 calls are usually paid once more: a reply that broke its rules, a picture that was refused
SHOWN_TOKENS = 1_600  # of one picture that a model is shown: Anthropic's most, and others usually count less
ROOMY = 2  # times the usual tokens is enough for a reply where money is short


@dataclass(frozen=True, slots=True)
class StageQuote:
    """One line of a quote."""

    step: str
    purpose: str
    calls: int
    """Calls of a run in which nothing fails."""
    models: tuple[str, ...]
    """Who may be asked, as provider/model, best first."""
    expected_micro_usd: int
    """With what is usually paid twice."""
    worst_micro_usd: int
    """What the stage can take of the run's money at most. The stages share that: these do not add up."""


@dataclass(frozen=True, slots=True)
class Quote:
    """What a run costs."""

    lines: tuple[StageQuote, ...]
    """One for each purpose of each stage."""
    expected_micro_usd: int
    worst_micro_usd: int
    """What it can never pass, whatever fails."""


def worst_call_micro_usd(stage: Stage, route: Route) -> int:
    """Return the most that one call of a stage can cost. Raises SetupError for an unpriced model."""
    return call_micro_usd(stage, route, stage.max_tokens_in, stage.max_tokens_out)


def least_call_micro_usd(stage: Stage, route: Route) -> int:
    """Return the room that a usual call of a stage needs before it may leave. Raises SetupError for an unpriced model."""
    tokens_in = stage.expected_tokens[0]
    shown = stage.makes_picture or stage.reviews  # what a picture counts for, nobody knows beforehand
    most_in = stage.max_tokens_in if shown else min(ROOMY * tokens_in, stage.max_tokens_in)
    most_out = stage.max_tokens_out if stage.makes_picture else roomy_tokens_out(stage)
    return call_micro_usd(stage, route, most_in, most_out)


def roomy_tokens_out(stage: Stage) -> int:
    """Return how many tokens a reply needs so that it is hardly ever cut short."""
    return min(ROOMY * stage.expected_tokens[1], stage.max_tokens_out)


def call_micro_usd(stage: Stage, route: Route, tokens_in: int, tokens_out: int) -> int:
    """Return the most that a call of a stage with so many tokens can cost. Raises SetupError for an unpriced model."""
    return _worst(route, tokens_in, tokens_out, pictures=int(stage.makes_picture), max_audio_s=stage.max_audio_s)


def tokens_out_within(stage: Stage, route: Route, tokens_in: int, micro_usd: int) -> int:
    """Return how many tokens a reply may have so that the call costs no more than `micro_usd`."""
    if micro_usd >= call_micro_usd(stage, route, tokens_in, stage.max_tokens_out):
        return stage.max_tokens_out
    rest = micro_usd - call_micro_usd(stage, route, tokens_in, 0)
    each = route.price.text_out if route.price else 0
    return min(int(rest / each), stage.max_tokens_out) if each else stage.max_tokens_out


def tokens_at_most(texts: Iterable[str]) -> int:
    """Return how many tokens texts have at most: one for two bytes, but one for each digit, as some models count."""
    return sum(len(text.encode()) + len(DIGIT.findall(text)) for text in texts) // 2 + 1


def worst_help_micro_usd(route: Route, tokens_in: int = 0) -> int:
    """Return the most that one call for a helping purpose can cost. Raises SetupError for an unpriced model.

    tokens_in: of a question that may have more than is usual.
    """
    usual, most_out = HELPER_TOKENS
    return _worst(route, max(usual, tokens_in), most_out, pictures=0)


def _worst(route: Route, max_tokens_in: int, max_tokens_out: int, *, pictures: int, max_audio_s: int = 0) -> int:
    worst = worst_micro_usd(
        route.price,
        max_tokens_in=max_tokens_in,
        max_tokens_out=max_tokens_out,
        pictures=pictures,
        max_audio_s=max_audio_s,
    )
    if worst is None:
        raise SetupError(f"the price of {route.use} is unknown, and a run has a budget; add its price to the table")
    return worst


def expected_call_micro_usd(stage: Stage, route: Route) -> int:
    """Return what a usual call of a stage costs. Raises SetupError for an unpriced model."""
    tokens_in, tokens_out = stage.expected_tokens
    images = route.price.image_tokens if route.price and stage.makes_picture else 0
    usage = Usage(tokens_in, tokens_out + images, image_out=images, audio_s=stage.max_audio_s)
    cost = cost_micro_usd(route.price, usage, pictures=int(stage.makes_picture))
    return worst_call_micro_usd(stage, route) if cost is None else cost


def worst_micro_usd_of(stages: Iterable[Stage]) -> int:
    """Return the most that stages can cost, each as often as it stands there."""
    return _quote(Counter(stages)).worst_micro_usd


def is_asked(stage: Stage) -> bool:
    """Whether the stage asks a model at all, by its own word and the routes': a review can be turned off."""
    if stage.purpose is None:
        return False
    return not stage.reviews or purpose_named(stage.reviews).review


def quote(pipeline: Pipeline, request: Any) -> Quote:
    """Return what a run of this request costs. Raises SetupError for a purpose that nobody serves, and an unpriced model."""
    counts = pipeline.counts(request)
    stages: Counter[Stage] = Counter()
    for kind, stage in pipeline.all_stages:
        hears = replace(stage, max_audio_s=pipeline.hears_s(request)) if stage.max_audio_s else stage
        stages[hears] += counts.get(kind, 0)
    return _quote(stages)


def _quote(stages: Mapping[Stage, int]) -> Quote:
    """Return what stages cost, each for so many pieces. Orders are much alike: the arithmetic is done once for each."""
    return _priced(tuple(stages.items()), settings())


@lru_cache(maxsize=1000)
def _priced(stages: tuple[tuple[Stage, int], ...], _: Settings) -> Quote:
    """As `_quote`; the settings name the files of routes and prices, and the keys that there are.

    All that could be charged, five pictures for each slide at the dearest model, does not happen, and money reserved
    for it keeps other runs waiting. So a run gets one allowance that all its calls share; INTENT holds it to that.
    """
    paid = {stage: count for stage, count in stages if count and is_asked(stage)}
    lines = [line for stage, count in paid.items() for line in _lines(stage, count)]
    expected, all_fail = sum(line.expected_micro_usd for line in lines), sum(line.worst_micro_usd for line in lines)
    # Whatever else is spent, the dearest call has to find the room to leave.
    dearest = max((least_call_micro_usd(stage, _routes(stage)[0]) for stage in paid), default=0)
    worst = min(max(CEILING * expected, expected + dearest), all_fail)
    shared = (replace(line, worst_micro_usd=min(line.worst_micro_usd, worst)) for line in lines)
    return Quote(tuple(shared), min(expected, worst), worst)


def _routes(stage: Stage) -> tuple[Route, ...]:
    assert stage.purpose is not None, "only stages that ask are priced"
    return routes_for(stage.purpose)


def _lines(stage: Stage, count: int) -> Iterator[StageQuote]:
    """Yield what `count` pieces pay for at a stage if all calls that it allows are charged: its own, then those that help."""
    routes = _routes(stage)
    others = [route for purpose in stage.counted_with for route in able(purpose)]
    dearest = max(worst_call_micro_usd(stage, route) for route in (*routes, *others))
    expected = -(-count * expected_call_micro_usd(stage, routes[0]) * (100 + REPEATED) // 100)  # rounded up
    most = count * stage.max_charged_calls * dearest
    yield StageQuote(stage.step, str(stage.purpose), count, _names((*routes, *others)), expected, most)
    for purpose, calls in stage.helped_by:
        routes = routes_for(purpose)
        most = count * calls * max(worst_help_micro_usd(route) for route in routes)
        yield StageQuote(stage.step, purpose, 0, _names(routes), 0, most)


def _names(routes: Iterable[Route]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(route.use for route in routes))
