"""The shipped price table: which model has a price under which name, and which has none."""

from __future__ import annotations

import tomllib
from datetime import date

import pytest

from app.domain.capabilities import PROVIDER_CAPABILITIES, Capability
from app.domain.prices import Price
from app.prices import SHIPPED, price_of, read_prices
from app.routes import SHIPPED as SHIPPED_ROUTES
from app.routes import read_routes

PAINTER = "google/gemini-3.1-flash-image"
PHOENIX = "de7d3faf-762f-48e0-b3b7-9d0ac3a3fcf3"
TABLE = read_prices(SHIPPED)


def priced(provider: str, model: str, **options: object) -> Price:
    price = price_of(provider, model, options)
    assert price is not None
    return price


def test_every_model_of_the_shipped_routes_has_a_price() -> None:
    routes = [route for purpose in read_routes(SHIPPED_ROUTES).purposes.values() for route in purpose.routes]

    assert len(routes) > 40
    assert [route.use for route in routes if route.price is None or route.use not in TABLE] == []


def test_every_price_says_when_and_where_it_was_read() -> None:
    tables = tomllib.loads(SHIPPED.read_text(encoding="utf-8"))

    assert all(isinstance(table["as_of"], date) and table["source"] for table in tables.values())


def test_only_moderation_is_free() -> None:
    assert [use for use, listed in TABLE.items() if listed.free] == ["openai/omni-moderation-latest"]


@pytest.mark.parametrize("use", TABLE)
def test_what_is_paid_for_has_a_price(use: str) -> None:
    price = priced(*use.split("/", 1))

    if TABLE[use].free:
        return
    amounts = (price.text_in, price.text_out, price.picture_micro_usd, price.request_micro_usd, price.second_micro_usd)
    assert any(amounts)
    assert (price.text_in > 0 and price.text_out > 0) or Capability.TEXT not in price.can
    assert price.makes_pictures == bool(price.picture_micro_usd or (price.image_out and price.image_tokens))
    assert (Capability.TRANSCRIPTION in price.can) == bool(price.second_micro_usd)


@pytest.mark.parametrize("use", TABLE)
def test_what_is_read_from_a_cache_never_costs_more_than_the_worst_case_counts(use: str) -> None:
    price = priced(*use.split("/", 1))

    assert price.cached_in is None or 0 < price.cached_in < price.text_in


@pytest.mark.parametrize("use", TABLE)
def test_a_price_is_for_something_that_its_provider_can_do(use: str) -> None:
    assert TABLE[use].can & PROVIDER_CAPABILITIES[use.partition("/")[0]]


# ---- whose model it is


@pytest.mark.parametrize(
    ("provider", "model", "slug"),
    [
        ("gemini", "gemini-2.5-flash", "google/gemini-2.5-flash"),
        ("gemini", "gemini-3.1-flash-image", PAINTER),
        ("anthropic", "claude-sonnet-4-6", "anthropic/claude-sonnet-4.6"),
        ("anthropic", "claude-haiku-4-5", "anthropic/claude-haiku-4.5"),
        ("openai", "gpt-4o", "openai/gpt-4o"),
        ("openai", "gpt-image-2", "openai/gpt-image-2"),
    ],
)
def test_a_model_costs_the_same_at_its_maker_as_at_the_gateway(provider: str, model: str, slug: str) -> None:
    assert price_of(provider, model) == price_of("gateway", slug) is not None


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("gateway", "acme/new-model"),
        ("gateway", "gemini-2.5-flash"),
        ("gateway", "omni-moderation-latest"),
        ("gateway", f"leonardo/{PHOENIX}"),
        ("gemini", "google/gemini-2.5-flash"),
        ("gemini", "gpt-4o"),
        ("anthropic", "claude-haiku-4.5"),
        ("openai", "claude-haiku-4-5"),
        ("leonardo", "another-model"),
        ("nobody", "gpt-4o"),
        ("", ""),
    ],
)
def test_a_name_that_the_provider_does_not_have_has_no_price(provider: str, model: str) -> None:
    assert price_of(provider, model) is None


# ---- how large and how fine


@pytest.mark.parametrize(
    ("provider", "model", "options", "tokens"),
    [
        ("gemini", "gemini-3.1-flash-image", {}, 1120),
        ("gemini", "gemini-3.1-flash-image", {"imageSize": "512"}, 747),
        ("gateway", PAINTER, {"imageSize": "4K"}, 2520),
        ("gateway", "google/gemini-3-pro-image", {"imageSize": "4K"}, 2000),
        ("openai", "gpt-image-2", {"quality": "medium"}, 1800),
        ("gateway", "openai/gpt-image-2", {"quality": "low"}, 300),
    ],
)
def test_the_option_of_a_route_decides_how_many_tokens_a_picture_has(
    provider: str, model: str, options: dict[str, object], tokens: int
) -> None:
    assert priced(provider, model, **options).image_tokens == tokens


def test_a_quality_that_is_left_to_the_model_may_be_the_dearest_with_a_price() -> None:
    tokens = [priced("openai", "gpt-image-2", **said).image_tokens for said in ({}, {"quality": "auto"})]

    assert tokens == [priced("openai", "gpt-image-2", quality="high").image_tokens] * 2


@pytest.mark.parametrize(
    ("provider", "model", "options"),
    [
        ("openai", "gpt-image-2", {"quality": "max"}),
        ("gemini", "gemini-3.1-flash-image", {"imageSize": "8K"}),
        ("gemini", "gemini-2.5-flash-image", {"imageSize": "2K"}),
    ],
)
def test_a_size_or_quality_that_nobody_priced_has_no_price(
    provider: str, model: str, options: dict[str, object]
) -> None:
    assert price_of(provider, model, options) is None


def test_an_option_that_decides_nothing_changes_no_price() -> None:
    assert price_of("gateway", PAINTER, {"quality": "max", "sort": "cost"}) == price_of("gateway", PAINTER)
    assert price_of("leonardo", PHOENIX, {"contrast": 3.5}) == price_of("leonardo", PHOENIX)


# ---- how it is read


def test_amounts_are_read_as_they_are_written_and_not_as_floats() -> None:
    assert str(TABLE["gemini/gemini-2.5-flash-lite"].text_in) == "0.10"


def test_the_table_is_read_once() -> None:
    assert read_prices(SHIPPED) is read_prices(SHIPPED)
