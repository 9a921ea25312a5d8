"""Where money is short a reply may be shorter, and never dearer than what its call was granted."""

from __future__ import annotations

import pytest

from app import costs
from app.pipelines.catalog import pipeline_named
from app.routes import Route

WRITE = pipeline_named("full-post").stage("content", "write_content")
HAIKU = Route(use="gateway/anthropic/claude-haiku-4.5")  # $1 and $5 a million
TOKENS_IN = 2_000


def test_what_its_worst_case_pays_is_the_whole_reply() -> None:
    worst = costs.call_micro_usd(WRITE, HAIKU, TOKENS_IN, WRITE.max_tokens_out)

    assert costs.tokens_out_within(WRITE, HAIKU, TOKENS_IN, worst) == WRITE.max_tokens_out
    assert costs.tokens_out_within(WRITE, HAIKU, TOKENS_IN, 10 * worst) == WRITE.max_tokens_out


@pytest.mark.parametrize("granted", [2_005, 10_000, 24_000, 41_999])
def test_less_money_is_a_shorter_reply_that_costs_no_more(granted: int) -> None:
    most = costs.tokens_out_within(WRITE, HAIKU, TOKENS_IN, granted)

    assert most == (granted - TOKENS_IN) // 5
    assert costs.call_micro_usd(WRITE, HAIKU, TOKENS_IN, most) <= granted


def test_the_least_that_a_text_leaves_with_is_twice_what_it_usually_needs() -> None:
    assert costs.roomy_tokens_out(WRITE) == 2 * 2_200
    assert costs.least_call_micro_usd(WRITE, HAIKU) == 2 * 600 + 2 * 2_200 * 5


def test_a_picture_cannot_be_had_for_less() -> None:
    render = pipeline_named("full-post").stage("slide", "render_image")
    painter = Route(use="gateway/google/gemini-3.1-flash-image")

    assert costs.least_call_micro_usd(render, painter) == costs.worst_call_micro_usd(render, painter)
