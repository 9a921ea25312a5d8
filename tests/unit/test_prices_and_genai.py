"""Our price table beside the list of `genai-prices`, which others keep: what agrees, what differs and why.

Its data lies in the package; no request is made. A difference that is not named here is a mistake in one of the two.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, time
from decimal import Decimal

import genai_prices
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.capabilities import Capability
from app.domain.prices import MILLION, Price, Usage, cost_micro_usd, worst_micro_usd
from app.prices import DEFAULT, SHIPPED, price_of, read_prices

TABLE = read_prices(SHIPPED)
MAKERS = {"gemini": "google", "anthropic": "anthropic", "openai": "openai"}
NOT_COMPARED = {
    "leonardo/de7d3faf-762f-48e0-b3b7-9d0ac3a3fcf3": "they list no Leonardo; ours is a figure of our own",
    "openai/omni-moderation-latest": "in their list without any price, which they count as 0; it is free",
}
TO_COMPARE = {
    **{
        use: (MAKERS[use.partition("/")[0]], use.partition("/")[2])
        for use in TABLE
        if use.partition("/")[0] in MAKERS and use not in NOT_COMPARED
    },
    "gateway/perplexity/sonar": ("perplexity", "sonar"),
}
"""Our name, and theirs: (provider, model). The gateway passes on what the makers ask, and they have no such provider."""
SEARCH = "gateway/perplexity/sonar"
PAINTERS = [use for use in TO_COMPARE if TABLE[use].image_out is not None]
WRITERS = [use for use in TO_COMPARE if Capability.TEXT in TABLE[use].can and use not in (*PAINTERS, SEARCH)]
LISTENERS = [use for use in TO_COMPARE if Capability.TRANSCRIPTION in TABLE[use].can]
PAINTS_ONLY = [use for use in PAINTERS if Capability.TEXT not in TABLE[use].can]
COUNTS = st.integers(0, 200_000)


def priced(use: str) -> Price:
    provider, _, model = use.partition("/")
    price = price_of(provider, model)
    assert price is not None
    return price


def theirs(use: str, *, provider: str | None = None, model: str | None = None, **usage: int) -> Decimal:
    """Return what they say that a call costs, in USD, on the day of our price."""
    maker, name = TO_COMPARE[use]
    day = datetime.combine(TABLE[use].as_of, time(12), UTC)
    told = genai_prices.calc_price(
        genai_prices.Usage(**usage),
        model_ref=model or name,
        provider_id=provider or maker,
        genai_request_timestamp=day,
    )
    return told.total_price


def in_micro(usd: Decimal) -> int:
    return math.ceil(usd * MILLION)


# ---- who is in both lists


def test_every_model_of_ours_is_compared_or_named_with_the_reason_why_not() -> None:
    at_makers = {use for use in TABLE if not use.startswith("gateway/")} | {SEARCH}

    assert TO_COMPARE.keys() | NOT_COMPARED.keys() == at_makers
    assert {*PAINTERS, *WRITERS, *LISTENERS, SEARCH} == TO_COMPARE.keys()


def test_whoever_is_at_the_gateway_costs_there_what_the_maker_asks() -> None:
    at_makers = [TABLE[use] for use in TO_COMPARE]

    assert [use for use, listed in TABLE.items() if use.startswith("gateway/") and listed not in at_makers] == []


def test_they_have_no_gateway_and_no_leonardo() -> None:
    for provider in ("vercel", "leonardo"):
        with pytest.raises(LookupError):
            theirs("gemini/gemini-2.5-flash", provider=provider, input_tokens=1)


# ---- texts


@given(st.sampled_from(WRITERS), COUNTS, st.floats(0, 1), COUNTS)
def test_a_text_costs_the_same_by_both_to_the_micro_dollar(
    use: str, tokens_in: int, from_cache: float, tokens_out: int
) -> None:
    cached = int(tokens_in * from_cache)
    usage = Usage(tokens_in, tokens_out, cached_in=cached)

    told = theirs(use, input_tokens=tokens_in, cache_read_tokens=cached, output_tokens=tokens_out)

    assert cost_micro_usd(priced(use), usage) == in_micro(told)


@given(COUNTS, COUNTS)
def test_research_differs_by_the_fee_for_a_request_theirs_is_the_deepest_search(
    tokens_in: int, tokens_out: int
) -> None:
    told = in_micro(theirs(SEARCH, input_tokens=tokens_in, output_tokens=tokens_out))
    usual = cost_micro_usd(priced(SEARCH), Usage(tokens_in, tokens_out))

    assert usual == told - 7_000  # we ask for the least search, $5 per 1000; theirs is $12
    assert worst_micro_usd(priced(SEARCH), max_tokens_in=tokens_in, max_tokens_out=tokens_out) == told


@given(st.sampled_from(LISTENERS), st.integers(1, 7200))
def test_sound_costs_the_same_by_both(use: str, audio_s: int) -> None:
    # Theirs is per hour, and a second of it need not be a whole micro-dollar.
    told = theirs(use, audio_seconds=audio_s)

    assert cost_micro_usd(priced(use), Usage(0, 0, audio_s=audio_s)) == round(told * MILLION)


# ---- pictures


@pytest.mark.parametrize("use", PAINTERS)
def test_a_picture_costs_by_ours_what_it_costs_by_theirs_when_they_are_told_its_tokens(use: str) -> None:
    for tokens in TABLE[use].image_tokens.values():
        ours = cost_micro_usd(priced(use), Usage(300, tokens, image_out=tokens))

        assert ours == in_micro(theirs(use, input_tokens=300, output_tokens=tokens, output_image_tokens=tokens))


@given(st.sampled_from(PAINTERS), COUNTS, st.integers(0, 8_000), COUNTS)
def test_words_about_a_picture_cost_the_same_where_the_model_writes_any(
    use: str, tokens_in: int, image_out: int, words: int
) -> None:
    words = 0 if use in PAINTS_ONLY else words
    usage = Usage(tokens_in, image_out + words, image_out=image_out)

    told = theirs(use, input_tokens=tokens_in, output_tokens=image_out + words, output_image_tokens=image_out)

    assert cost_micro_usd(priced(use), usage) == in_micro(told)


@given(st.sampled_from(PAINTS_ONLY), COUNTS, st.floats(0, 1))
def test_pictures_shown_to_what_only_paints_cost_the_same(use: str, tokens_in: int, shown: float) -> None:
    image_in = int(tokens_in * shown)

    told = theirs(
        use, input_tokens=tokens_in, input_image_tokens=image_in, output_tokens=1000, output_image_tokens=1000
    )

    assert cost_micro_usd(priced(use), Usage(tokens_in, 1000, image_out=1000, image_in=image_in)) == in_micro(told)


TOO_LITTLE = {
    "gemini/gemini-3.1-flash-image": 19,
    "gemini/gemini-3.1-flash-lite-image": 19,
    "gemini/gemini-3-pro-image": 9,
    "gemini/gemini-2.5-flash-image": 11,
    "openai/gpt-image-1.5": 3,
}
"""How many times too cheap a picture is by theirs, when its tokens are not told apart from words; the others ask as much."""


@pytest.mark.parametrize("use", PAINTERS)
def test_a_picture_whose_tokens_are_not_told_apart_is_never_too_cheap_by_ours(use: str) -> None:
    tokens = TABLE[use].image_tokens[DEFAULT]
    ours = cost_micro_usd(priced(use), Usage(300, tokens), pictures=1)
    told = in_micro(theirs(use, input_tokens=300, output_tokens=tokens))

    assert ours == in_micro(theirs(use, input_tokens=300, output_tokens=tokens, output_image_tokens=tokens))
    assert ours is not None
    assert ours // told == TOO_LITTLE.get(use, 1)


@pytest.mark.parametrize("use", ["gemini/gemini-3.1-flash-image", "gemini/gemini-3-pro-image"])
def test_by_way_of_openrouter_they_take_pictures_for_words_even_when_told(use: str) -> None:
    tokens = TABLE[use].image_tokens[DEFAULT]
    model = f"google/{use.partition('/')[2]}"

    told = theirs(
        use, provider="openrouter", model=model, input_tokens=300, output_tokens=tokens, output_image_tokens=tokens
    )

    assert cost_micro_usd(priced(use), Usage(300, tokens, image_out=tokens)) > 9 * in_micro(told)


@pytest.mark.parametrize("use", ["openai/gpt-image-2", "openai/gpt-image-2.5-flare", "openai/gpt-image-1-mini"])
def test_words_of_a_model_that_writes_none_cost_nothing_by_ours_and_as_a_picture_by_theirs(use: str) -> None:
    assert priced(use).text_out == 0
    assert theirs(use, output_tokens=1000) == theirs(use, output_tokens=1000, output_image_tokens=1000)


@pytest.mark.parametrize("use", PAINTS_ONLY)
def test_what_only_paints_has_a_cached_price_by_theirs_alone_because_its_replies_do_not_tell(use: str) -> None:
    assert TABLE[use].cached_in is None
    assert 0 < theirs(use, input_tokens=1000, cache_read_tokens=1000) < theirs(use, input_tokens=1000)
