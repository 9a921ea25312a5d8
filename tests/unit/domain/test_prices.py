"""What calls cost by our table; every figure here was computed by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.prices import PRICES, Usage, cost_micro_usd, micro_usd, worst_micro_usd

PAINTER = "google/gemini-3.1-flash-image"


@pytest.mark.parametrize(
    ("model", "usage", "cost"),
    [
        # 300 x $0.50/M + 1120 image tokens x $60/M = $0.00015 + $0.0672
        (PAINTER, Usage(300, 1120, image_out=1120), 67_350),
        # and 100 words about it: + 100 x $3/M
        (PAINTER, Usage(300, 1220, image_out=1120), 67_650),
        # 300 x $0.30/M + 1290 x $30/M
        ("google/gemini-2.5-flash-image", Usage(300, 1290, image_out=1290), 38_790),
        # 300 x $2/M + 1120 x $120/M
        ("google/gemini-3-pro-image", Usage(300, 1120, image_out=1120), 135_000),
        # 300 x $3/M + 240 x $15/M
        ("anthropic/claude-sonnet-4.6", Usage(300, 240), 4_500),
        # 600 x $0.30/M + 2200 x $2.50/M
        ("google/gemini-2.5-flash", Usage(600, 2200), 5_680),
        # 7 x $0.20/M + 3 x $1.25/M = 5.15
        ("openai/gpt-5.4-nano", Usage(7, 3), 5),
        (PAINTER, Usage(0, 0), 0),
    ],
)
def test_a_call_costs(model: str, usage: Usage, cost: int) -> None:
    assert cost_micro_usd(model, usage) == cost


def test_a_picture_priced_as_text_would_be_19_times_too_cheap() -> None:
    right = cost_micro_usd(PAINTER, Usage(300, 1120, image_out=1120))
    wrong = cost_micro_usd(PAINTER, Usage(300, 1120))

    assert (right, wrong) == (67_350, 3_510)


@pytest.mark.parametrize(
    ("model", "usage"),
    [("acme/new-model", Usage(300, 240)), ("anthropic/claude-sonnet-4.6", Usage(300, 1120, image_out=1120))],
    ids=["a model that is not in the table", "a picture from a model that makes none"],
)
def test_a_cost_that_the_table_cannot_say_is_unknown_and_not_0(model: str, usage: Usage) -> None:
    assert cost_micro_usd(model, usage) is None


def test_the_worst_case_of_a_picture_counts_all_text_that_may_come_with_it() -> None:
    # 1200 x $0.50/M + 400 x $3/M + 1120 x $60/M
    assert worst_micro_usd(PAINTER, max_tokens_in=1200, max_tokens_out=400, pictures=1) == 69_000


def test_the_worst_case_of_several_pictures_counts_each() -> None:
    assert worst_micro_usd(PAINTER, max_tokens_in=0, max_tokens_out=0, pictures=3) == 201_600


@pytest.mark.parametrize(("model", "pictures"), [("acme/new-model", 0), ("openai/gpt-4o", 1)])
def test_a_worst_case_that_the_table_cannot_say_is_unknown(model: str, pictures: int) -> None:
    assert worst_micro_usd(model, max_tokens_in=1, max_tokens_out=1, pictures=pictures) is None


@pytest.mark.parametrize(
    ("usd", "micro"),
    [
        ("0.0045405", 4541),
        ("0.0000004", 0),
        ("0.0000005", 1),
        ("1", 1_000_000),
        ("0", 0),
        ("12345.678901", 12_345_678_901),
    ],
)
def test_dollars_are_rounded_to_micro_dollars_half_up(usd: str, micro: int) -> None:
    assert micro_usd(Decimal(usd)) == micro


@pytest.mark.parametrize("model", PRICES)
def test_no_model_is_free(model: str) -> None:
    price = PRICES[model]

    assert min(price.text_in, price.text_out) > 0
    assert (price.image_out is None) == (price.image_tokens == 0)


@given(st.sampled_from(sorted(PRICES)), st.integers(0, 10**6), st.integers(0, 10**6), st.data())
def test_no_call_costs_more_than_its_worst_case(model: str, most_in: int, most_out: int, data: st.DataObject) -> None:
    usage = Usage(data.draw(st.integers(0, most_in)), data.draw(st.integers(0, most_out)))

    worst = worst_micro_usd(model, max_tokens_in=most_in, max_tokens_out=most_out)

    assert 0 <= (cost_micro_usd(model, usage) or 0) <= (worst or 0)
