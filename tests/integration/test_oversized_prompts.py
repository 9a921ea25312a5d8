"""A prompt costs no more than what its call holds, however long it is: what does not fit the money never leaves."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from app import costs
from app.domain.errors import BudgetReached, InvalidReply
from app.domain.prices import Usage, cost_micro_usd
from app.pipelines.pipeline import Prompt
from app.routes import routes_for
from app.runs.claims import Claim
from harness import Installation, Sandbox
from making import stage_of, take
from orders import calls_of, order, pieces_of, run_of
from workers.ask import Asker
from workers.calls import Caller, Question

pytestmark = pytest.mark.usefixtures("database")
BOOK = "hello world " * 150_000
"""1.8 million characters."""
PURPOSE = "write_content"


def ask(held: Claim, prompt: Prompt, problem: str | None = None) -> str:
    asker = Asker(held, stage_of(held))
    return asker.text(PURPOSE, prompt, check=lambda _: [] if problem is None else [problem] * 20)


def question(held: Claim, words: str, *, purpose: str = PURPOSE, shown: int = 0) -> Question:
    caller = Caller(held, stage_of(held), time.monotonic() + 60)
    return caller.question(routes_for(purpose)[0], "text", purpose, [words], 10.0, shown=shown)


def test_a_prompt_that_the_money_does_not_cover_never_leaves(database: Installation, sandbox: Sandbox) -> None:
    assert database
    writing = take(pieces_of(order(slides=5, max_cost_usd=0.02))[0])

    with pytest.raises(BudgetReached, match="raise max_cost_usd") as refused:
        ask(writing, Prompt("", BOOK))

    assert refused.value.code == "run_budget_reached"
    assert sandbox.log() == []
    assert calls_of(writing.run.id) == []
    assert run_of(writing.run.id).held_micro_usd == 0


def test_a_prompt_longer_than_its_stage_foresees_is_held_at_its_own_length(writing: Claim, sandbox: Sandbox) -> None:
    words = "hello world " * 4_000  # twice of what the stage foresees, at most
    stage = stage_of(writing)

    ask(writing, Prompt("", words))

    (call,) = calls_of(writing.run.id)
    route = next(route for route in routes_for(PURPOSE) if (route.provider, route.model) == (call.provider, call.model))
    measured = costs.tokens_at_most([words])
    assert measured > stage.max_tokens_in
    assert call.worst_micro_usd >= costs.call_micro_usd(stage, route, measured, stage.max_tokens_out)
    assert call.cost_micro_usd is not None
    assert call.cost_micro_usd <= call.worst_micro_usd
    assert sandbox.log()


def test_no_question_costs_more_than_it_says_whatever_is_asked_and_shown(writing: Claim) -> None:
    for shown in (0, 3):
        asked = question(writing, BOOK, shown=shown)
        usage = Usage(len(BOOK.encode()) // 2 + shown * costs.SHOWN_TOKENS, stage_of(writing).max_tokens_out)
        least = cost_micro_usd(asked.route.price, usage)
        assert least is not None
        assert asked.asked.worst_micro_usd >= least


def test_the_prompt_of_a_helping_question_is_counted_too(writing: Claim) -> None:
    short, long = (question(writing, words, purpose="rewrite_prompt") for words in ("a fox", BOOK))

    assert short.asked.worst_micro_usd == costs.worst_help_micro_usd(short.route)
    assert long.asked.worst_micro_usd > 100 * short.asked.worst_micro_usd


def test_the_prompt_of_a_picture_is_counted_too(writing: Claim) -> None:
    rendering = replace(stage_of(writing), purpose="render_image", makes_picture=True, max_tokens_in=2_500)
    caller = Caller(writing, rendering, time.monotonic() + 60)
    route = routes_for("render_image")[0]
    short, long = (caller.question(route, "image", "render_image", [words], 10.0) for words in ("a fox", BOOK))

    assert short.asked.worst_micro_usd == costs.worst_call_micro_usd(rendering, route)
    assert long.asked.worst_micro_usd > short.asked.worst_micro_usd


def test_rules_that_a_reply_breaks_are_told_in_a_few_words(writing: Claim, sandbox: Sandbox) -> None:
    with pytest.raises((InvalidReply, BudgetReached)):
        ask(writing, Prompt("", "hello world"), problem="there is no field " * 20_000)

    first, second, *_ = calls_of(writing.run.id)
    assert first.tokens_in is not None
    assert second.tokens_in is not None
    assert second.tokens_in - first.tokens_in < 12_000
    assert sandbox.log()
