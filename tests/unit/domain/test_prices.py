"""What calls cost by our table; every figure here was computed by hand."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.prices import Price, Usage, cost_micro_usd, micro_usd, told_apart, worst_micro_usd
from app.prices import SHIPPED, price_of, read_prices

PAINTER = "google/gemini-3.1-flash-image"
PHOENIX = "de7d3faf-762f-48e0-b3b7-9d0ac3a3fcf3"


def priced(provider: str, model: str, **options: object) -> Price:
    price = price_of(provider, model, options)
    assert price is not None
    return price


@pytest.mark.parametrize(
    ("model", "usage", "cost"),
    [
        # 300 x $0.50/M + 1120 image tokens x $60/M = $0.00015 + $0.0672
        (PAINTER, Usage(300, 1120, image_out=1120), 67_350),
        # and 100 words about it: + 100 x $3/M
        (PAINTER, Usage(300, 1220, image_out=1120), 67_650),
        # and 319 thoughts, which are billed as words: + 319 x $3/M
        (PAINTER, Usage(300, 1120 + 319, image_out=1120), 68_307),
        # 300 x $0.30/M + 1290 x $30/M
        ("google/gemini-2.5-flash-image", Usage(300, 1290, image_out=1290), 38_790),
        # 300 x $2/M + 1120 x $120/M
        ("google/gemini-3-pro-image", Usage(300, 1120, image_out=1120), 135_000),
        # 300 x $3/M + 240 x $15/M
        ("anthropic/claude-sonnet-4.6", Usage(300, 240), 4_500),
        # 1000 x $1/M + 1000 x $5/M
        ("anthropic/claude-haiku-4.5", Usage(1000, 1000), 6_000),
        # 600 x $0.30/M + 2200 x $2.50/M
        ("google/gemini-2.5-flash", Usage(600, 2200), 5_680),
        # 7 x $0.20/M + 3 x $1.25/M = 5.15, rounded up
        ("openai/gpt-5.4-nano", Usage(7, 3), 6),
        # 50 x $5/M + 250 shown x $8/M + 1056 x $30/M
        ("openai/gpt-image-2", Usage(300, 1056, image_out=1056, image_in=250), 33_930),
        # 50 x $5/M + 1056 x $32/M
        ("openai/gpt-image-1.5", Usage(50, 1056, image_out=1056), 34_042),
        # 10 x $1/M + 251 x $1/M + $0.005 for the request
        ("perplexity/sonar", Usage(10, 251), 5_261),
        (PAINTER, Usage(0, 0), 0),
    ],
)
def test_a_call_costs(model: str, usage: Usage, cost: int) -> None:
    assert cost_micro_usd(priced("gateway", model), usage) == cost


def test_a_picture_that_the_reply_does_not_tell_apart_from_words_is_priced_as_a_picture() -> None:
    price = priced("gateway", PAINTER)

    assert cost_micro_usd(price, Usage(300, 1120), pictures=1) == 67_350
    assert cost_micro_usd(price, Usage(300, 1120)) == 3_510  # as text it would be 19 times too cheap


@pytest.mark.parametrize(("tokens_out", "image_out"), [(1120, 1120), (1300, 1120), (900, 900), (0, 0)])
def test_the_tokens_of_a_picture_are_those_of_its_model_and_never_more_than_there_were(
    tokens_out: int, image_out: int
) -> None:
    assert told_apart(priced("gateway", PAINTER), Usage(300, tokens_out), 1).image_out == image_out


def test_what_the_reply_tells_apart_is_left_as_it_is() -> None:
    usage = Usage(300, 1300, image_out=747)

    assert told_apart(priced("gateway", PAINTER), usage, 1) is usage


def test_a_text_has_no_image_tokens() -> None:
    assert told_apart(priced("gateway", PAINTER), Usage(300, 1120), 0).image_out == 0


@pytest.mark.parametrize(
    ("model", "usage", "cost"),
    [
        # 100 x $3/M + 900 x $0.30/M + 10 x $15/M
        ("anthropic/claude-sonnet-4.6", Usage(1000, 10, cached_in=900), 720),
        # 1000 x $0.03/M
        ("google/gemini-2.5-flash", Usage(1000, 0, cached_in=1000), 30),
        # 7 x $0.20/M + 3 x $0.02/M = 1.46, rounded up
        ("openai/gpt-5.4-nano", Usage(10, 0, cached_in=3), 2),
        # half of the price: 1000 x $2.50/M + 1000 x $1.25/M
        ("openai/gpt-4o", Usage(2000, 0, cached_in=1000), 3_750),
    ],
)
def test_input_that_came_from_a_cache_has_its_own_price(model: str, usage: Usage, cost: int) -> None:
    assert cost_micro_usd(priced("gateway", model), usage) == cost


def test_where_cached_input_has_no_price_of_its_own_it_costs_as_any_input() -> None:
    price = priced("gateway", PAINTER)

    assert price.cached_in is None
    assert cost_micro_usd(price, Usage(1000, 10, cached_in=900)) == cost_micro_usd(price, Usage(1000, 10))


def test_a_reply_that_tells_more_cached_tokens_than_there_were_earns_no_more_discount() -> None:
    price = priced("anthropic", "claude-haiku-4-5")

    assert cost_micro_usd(price, Usage(1000, 0, cached_in=10**9)) == cost_micro_usd(
        price, Usage(1000, 0, cached_in=1000)
    )


def test_no_picture_that_was_shown_counts_as_cached() -> None:
    price = replace(priced("openai", "gpt-image-2"), cached_in=Decimal("1.25"))

    # 100 x $1.25/M + 900 shown x $8/M
    assert cost_micro_usd(price, Usage(1000, 0, image_in=900, cached_in=1000)) == 7_325


def test_a_picture_of_leonardo_has_a_figure_of_ours_which_needs_no_usage() -> None:
    assert cost_micro_usd(priced("leonardo", PHOENIX), None, pictures=1) == 18_000


def test_a_judgement_is_free_and_that_is_known() -> None:
    price = priced("openai", "omni-moderation-latest")

    assert cost_micro_usd(price, None) == 0
    assert worst_micro_usd(price, max_tokens_in=1000, max_tokens_out=1000) == 0


@pytest.mark.parametrize(
    ("price", "usage"),
    [
        (None, Usage(300, 240)),
        (priced("anthropic", "claude-sonnet-4-6"), None),
        (priced("openai", "gpt-image-2"), None),
        (priced("anthropic", "claude-sonnet-4-6"), Usage(300, 1120, image_out=1120)),
        (priced("leonardo", PHOENIX), None),
        (priced("leonardo", PHOENIX), Usage(300, 0)),
        (priced("openai", "whisper-1"), None),
        (priced("openai", "whisper-1"), Usage(14, 45)),
        (priced("openai", "gpt-4o"), Usage(300, 0, audio_s=60)),
    ],
    ids=[
        "no price",
        "no usage",
        "picture without usage",
        "picture by a writer",
        "job without picture",
        "the same",
        "sound without usage",
        "sound of unknown length",
        "sound heard by a writer",
    ],
)
def test_a_cost_that_the_table_cannot_say_is_unknown_and_not_0(price: Price | None, usage: Usage | None) -> None:
    assert cost_micro_usd(price, usage) is None


# ---- sound


@pytest.mark.parametrize(
    ("model", "audio_s", "cost"),
    [
        ("whisper-1", 60, 6_000),  # $0.006 a minute
        ("whisper-1", 61, 6_100),
        ("whisper-1", 1, 100),
        ("gpt-transcribe", 60, 4_500),  # $0.0045 a minute
        ("gpt-transcribe", 1800, 135_000),
    ],
)
def test_sound_costs_by_the_second_that_was_heard(model: str, audio_s: int, cost: int) -> None:
    price = priced("openai", model)

    assert cost_micro_usd(price, Usage(0, 0, audio_s=audio_s)) == cost
    assert worst_micro_usd(price, max_tokens_in=2_000, max_tokens_out=1_000, max_audio_s=audio_s) == cost


def test_the_worst_case_of_sound_needs_its_length_and_a_model_that_has_a_price_for_it() -> None:
    assert worst_micro_usd(priced("openai", "whisper-1"), max_tokens_in=1, max_tokens_out=1) is None
    assert worst_micro_usd(priced("openai", "gpt-4o"), max_tokens_in=1, max_tokens_out=1, max_audio_s=60) is None


# ---- the worst case


def test_the_worst_case_of_a_picture_counts_all_text_that_may_come_with_it() -> None:
    # 1200 x $0.50/M + 400 x $3/M + 1120 x $60/M
    worst = worst_micro_usd(priced("gateway", PAINTER), max_tokens_in=1200, max_tokens_out=400, pictures=1)

    assert worst == 69_000


def test_the_worst_case_of_several_pictures_counts_each() -> None:
    price = priced("gateway", PAINTER)

    assert worst_micro_usd(price, max_tokens_in=0, max_tokens_out=0, pictures=3) == 201_600


def test_the_worst_case_takes_all_input_for_pictures_where_those_are_dearer() -> None:
    # 1000 x $8/M + 1800 x $30/M
    price = priced("openai", "gpt-image-2", quality="medium")

    assert worst_micro_usd(price, max_tokens_in=1000, max_tokens_out=0, pictures=1) == 62_000


def test_the_worst_case_of_research_is_the_deepest_search() -> None:
    price = priced("gateway", "perplexity/sonar")

    assert worst_micro_usd(price, max_tokens_in=1000, max_tokens_out=500) == 1_000 + 500 + 12_000


def test_the_worst_case_of_leonardo_is_our_figure_for_each_picture() -> None:
    assert worst_micro_usd(priced("leonardo", PHOENIX), max_tokens_in=2000, max_tokens_out=0, pictures=2) == 36_000


@pytest.mark.parametrize(("model", "pictures"), [("acme/new-model", 0), ("openai/gpt-4o", 1), ("perplexity/sonar", 1)])
def test_a_worst_case_that_the_table_cannot_say_is_unknown(model: str, pictures: int) -> None:
    assert worst_micro_usd(price_of("gateway", model), max_tokens_in=1, max_tokens_out=1, pictures=pictures) is None


EVERY_PRICE = st.sampled_from([price_of(*use.split("/", 1)) for use in read_prices(SHIPPED)])


@given(EVERY_PRICE, st.integers(0, 10**6), st.integers(0, 10**6), st.integers(1, 3), st.integers(1, 7200), st.data())
def test_no_call_costs_more_than_its_worst_case(
    price: Price, most_in: int, most_out: int, most_pictures: int, most_audio_s: int, data: st.DataObject
) -> None:
    pictures = data.draw(st.integers(0, most_pictures)) if price.makes_pictures else 0
    tokens_in = data.draw(st.integers(0, most_in))
    image_out = data.draw(st.integers(0, price.image_tokens * pictures))
    usage = Usage(
        tokens_in,
        data.draw(st.integers(0, most_out)) + image_out,
        image_out=image_out,
        image_in=data.draw(st.integers(0, tokens_in)),
        cached_in=data.draw(st.integers(0, 2 * tokens_in)),
        audio_s=data.draw(st.integers(0, most_audio_s)) if price.second_micro_usd else 0,
    )
    allowed = most_pictures if price.makes_pictures else 0
    sound = most_audio_s if price.second_micro_usd else 0

    worst = worst_micro_usd(price, max_tokens_in=most_in, max_tokens_out=most_out, pictures=allowed, max_audio_s=sound)

    assert worst is not None
    assert 0 <= (cost_micro_usd(price, usage, pictures=pictures) or 0) <= worst


# ---- amounts


@pytest.mark.parametrize(
    ("usd", "micro"),
    [
        ("0.0045405", 4541),
        ("0.0000004", 1),
        ("0.00000001", 1),
        ("0.005261", 5261),
        (str(0.1 + 0.2), 300_000),  # 0.30000000000000004: a float's last digits are no money
        ("1", 1_000_000),
        ("0", 0),
        ("12345.678901", 12_345_678_901),
    ],
)
def test_dollars_are_rounded_up_to_micro_dollars(usd: str, micro: int) -> None:
    assert micro_usd(Decimal(usd)) == micro


@given(st.lists(st.decimals("0", "9999", places=12), max_size=20))
def test_the_sum_of_the_rounded_amounts_is_never_below_the_bill(amounts: list[Decimal]) -> None:
    assert sum(map(micro_usd, amounts)) >= sum(amounts) * 1_000_000
