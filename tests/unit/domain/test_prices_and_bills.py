"""Our price table and the sandbox's, which were written apart: for the same usage both say the same micro-dollars."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.prices import Price, Usage, cost_micro_usd
from app.prices import SHIPPED, price_of, read_prices
from sandbox import catalogue
from sandbox.calls import Vendor
from sandbox.catalogue import BY_VENDOR, Model
from sandbox.images_body import TOKENS
from workers.providers.pictures import SIZES_PX

KNOWN_TO_BOTH = [
    (vendor, name, model, price)
    for vendor, models in BY_VENDOR.items()
    for name, model in models.items()
    if model.price is not None and (price := price_of(vendor.value, name)) is not None
]
TABLE = read_prices(SHIPPED)
TOKEN_COUNTS = st.integers(0, 200_000)


def billed(model: Model, usage: Usage, pictures: int) -> int | None:
    text_out = usage.tokens_out - usage.image_out
    return catalogue.cost_micro_usd(
        model,
        usage.tokens_in,
        text_out,
        usage.image_out,
        input_image_tokens=usage.image_in,
        pictures=pictures,
        audio_s=usage.audio_s,
    )


@given(
    st.sampled_from(KNOWN_TO_BOTH),
    TOKEN_COUNTS,
    TOKEN_COUNTS,
    TOKEN_COUNTS,
    st.floats(0, 1),
    st.integers(1, 3),
    st.integers(1, 7200),
)
def test_what_we_book_is_what_is_billed_to_the_micro_dollar(
    known: tuple[Vendor, str, Model, Price],
    tokens_in: int,
    text_out: int,
    image_out: int,
    shown: float,
    pictures: int,
    audio_s: int,
) -> None:
    _, _, model, price = known
    image_out = image_out if price.image_out is not None else 0
    usage = Usage(tokens_in, text_out + image_out, image_out=image_out, image_in=int(tokens_in * shown))
    usage = replace(usage, audio_s=audio_s if price.second_micro_usd else 0)
    made = pictures if price.picture_micro_usd else 0

    assert cost_micro_usd(price, usage, pictures=made) == billed(model, usage, made)


def test_every_model_of_ours_is_known_to_the_sandbox_under_each_of_its_names() -> None:
    assert TABLE.keys() == {f"{vendor.value}/{name}" for vendor, name, _, _ in KNOWN_TO_BOTH}


def test_whatever_the_sandbox_has_a_price_for_we_have_one_for() -> None:
    priced = {(vendor, name) for vendor, models in BY_VENDOR.items() for name, model in models.items() if model.price}

    assert priced == {(vendor, name) for vendor, name, _, _ in KNOWN_TO_BOTH}


@pytest.mark.parametrize(
    "model", [use.partition("/")[2] for use, one in TABLE.items() if use.startswith("gemini/") and one.image_out]
)
def test_a_chat_model_paints_with_as_many_tokens_as_we_count(model: str) -> None:
    price = price_of("gemini", model)

    assert price is not None
    assert price.image_tokens == catalogue.MODELS[f"google/{model}"].image_tokens


@pytest.mark.parametrize("quality", ["low", "medium", "high", "auto"])
@pytest.mark.parametrize("ratio", SIZES_PX)
def test_no_picture_that_we_ask_openai_for_has_more_tokens_than_we_count(ratio: str, quality: str) -> None:
    price = price_of("openai", "gpt-image-2", {"quality": quality})
    width, height = SIZES_PX[ratio]

    assert price is not None
    assert TOKENS[quality] * width * height / (1024 * 1024) <= price.image_tokens
