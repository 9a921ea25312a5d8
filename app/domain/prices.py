"""The dated price table, and what a call costs by it. Integers in micro-USD; unknown is None, never 0.

Source of the figures: the gateway's list prices (zero markup over the provider's), read 2026-11-21:
vercel.com/ai-gateway/models pages, checked against genai-prices 0.2.3 and litellm 1.106.2.
Every amount is rounded up to a whole micro-USD, each call by itself: their sum is never below the bill.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from app.domain.capabilities import Capability

AS_OF = date(2026, 11, 21)
MILLION = 1_000_000
NOISE_USD = Decimal("1e-12")  # replies hold floats, whose last digits are no money


@dataclass(frozen=True, slots=True)
class Price:
    """What a model costs. Tokens in USD per million, the unit in which providers publish."""

    can: frozenset[Capability]
    """What the model is sold for."""
    text_in: Decimal = Decimal(0)
    """Also of cached input: the table never says less than the bill, which may hold a discount."""
    text_out: Decimal = Decimal(0)
    """Words and thoughts."""
    image_in: Decimal | None = None
    """Of pictures shown; None = as text."""
    image_out: Decimal | None = None
    """Of pictures made; None = it makes none, or they are not counted in tokens."""
    image_tokens: int = 0
    """Image tokens of one picture, at most."""
    picture_micro_usd: int = 0
    """Per picture, where pictures are not counted in tokens."""
    request_micro_usd: int = 0
    """Per request, on top of the tokens."""
    dearest_request_micro_usd: int = 0
    """As `request_micro_usd`, when the model has searched as much as it can."""

    @property
    def makes_pictures(self) -> bool:
        """Whether the model makes pictures."""
        return Capability.IMAGE in self.can


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call, as the provider counts them."""

    tokens_in: int
    tokens_out: int
    """With thoughts."""
    cached_in: int = 0
    """Part of `tokens_in`."""
    image_out: int = 0
    """Pictures made; part of `tokens_out`."""
    image_in: int = 0
    """Pictures shown; part of `tokens_in`. 0 also where the provider does not tell them apart."""


WRITES = frozenset({Capability.TEXT, Capability.VISION})
RESEARCHES = frozenset({Capability.TEXT, Capability.RESEARCH})
PAINTS = frozenset({Capability.IMAGE, Capability.EDIT})


def _text(text_in: str, text_out: str) -> Price:
    return Price(WRITES, Decimal(text_in), Decimal(text_out))


def _chat_with_pictures(text_in: str, text_out: str, image_out: str) -> Price:
    return Price(WRITES | PAINTS, Decimal(text_in), Decimal(text_out), image_out=Decimal(image_out))


def _pictures_only(text_in: str, text_out: str, image_out: str, image_in: str) -> Price:
    return Price(PAINTS, Decimal(text_in), Decimal(text_out), Decimal(image_in), Decimal(image_out))


PRICES: dict[str, Price] = {
    "google/gemini-3.1-flash-image": _chat_with_pictures("0.50", "3", "60"),
    "google/gemini-3.1-flash-lite-image": _chat_with_pictures("0.25", "1.50", "30"),
    "google/gemini-3-pro-image": _chat_with_pictures("2", "12", "120"),
    "google/gemini-2.5-flash-image": _chat_with_pictures("0.30", "2.50", "30"),
    "google/gemini-2.5-flash": _text("0.30", "2.50"),
    "google/gemini-2.5-flash-lite": _text("0.10", "0.40"),
    "anthropic/claude-sonnet-4.6": _text("3", "15"),
    "anthropic/claude-haiku-4.5": _text("1", "5"),
    "openai/gpt-5.4-nano": _text("0.20", "1.25"),
    "openai/gpt-4o": _text("2.50", "10"),
    "openai/gpt-image-2": _pictures_only("5", "0", "30", "8"),
    "openai/gpt-image-2.5-flare": _pictures_only("5", "0", "30", "8"),
    "openai/gpt-image-1.5": _pictures_only("5", "10", "32", "8"),
    "openai/gpt-image-1-mini": _pictures_only("2", "0", "8", "2.50"),
    # $5, $8 or $12 per 1000 requests, by how much it searches; little is the default (docs.perplexity.ai).
    "perplexity/sonar": Price(
        RESEARCHES, Decimal(1), Decimal(1), request_micro_usd=5_000, dearest_request_micro_usd=12_000
    ),
}
"""By the gateway's names, creator/model."""

DIRECT_ONLY: dict[tuple[str, str], Price] = {
    ("openai", "omni-moderation-latest"): Price(frozenset({Capability.MODERATION})),  # free: known to be 0
    # Phoenix. Leonardo publishes no price of a picture, and its reply tells what it took. This figure is a setting
    # of ours: it bounds a call before it leaves, and stands in where a reply does not tell.
    ("leonardo", "de7d3faf-762f-48e0-b3b7-9d0ac3a3fcf3"): Price(
        frozenset({Capability.IMAGE, Capability.JOBS}), picture_micro_usd=18_000
    ),
}
"""By (provider, its own name of the model): what the gateway does not have."""

_GPT_IMAGE_1 = {"low": 408, "medium": 1584, "high": 6240, "auto": 6240, "": 6240}
_GPT_IMAGE_2 = {"low": 300, "medium": 1800, "high": 7100, "auto": 7100, "": 7100}
IMAGE_TOKENS: dict[str, Mapping[str, int]] = {
    "google/gemini-3.1-flash-image": {"512": 747, "1K": 1120, "2K": 1680, "4K": 2520, "": 1120},
    "google/gemini-3.1-flash-lite-image": {"1K": 1120, "": 1120},
    "google/gemini-3-pro-image": {"1K": 1120, "2K": 1120, "4K": 2000, "": 1120},
    "google/gemini-2.5-flash-image": {"": 1290},
    "openai/gpt-image-2": _GPT_IMAGE_2,
    "openai/gpt-image-2.5-flare": _GPT_IMAGE_2,
    "openai/gpt-image-1.5": _GPT_IMAGE_1,
    "openai/gpt-image-1-mini": _GPT_IMAGE_1,
}
"""Image tokens of one picture, by what the route's option says; "" = it says nothing.

Google: the model pages, exact. OpenAI: the dearest size that its pages show at a quality ($0.006, $0.053 and $0.211 with
gpt-image-2), rounded up; "auto" may turn out high. A quality that is not here has no known price.
"""
DECIDING_OPTION = {"google": "imageSize", "openai": "quality"}


def price_of(provider: str, model: str, options: Mapping[str, object] | None = None) -> Price | None:
    """Return a model's price; None when it is unknown.

    model: the provider's own name. options: the route's; they decide how large or fine pictures are.
    """
    if (provider, model) in DIRECT_ONLY:
        return DIRECT_ONLY[provider, model]
    slug = _slug(provider, model)
    price = PRICES.get(slug)
    if price is None or slug not in IMAGE_TOKENS:
        return price
    said = (options or {}).get(DECIDING_OPTION[slug.partition("/")[0]], "")
    tokens = IMAGE_TOKENS[slug].get(str(said))
    return None if tokens is None else replace(price, image_tokens=tokens)


_SLUG_OF_CLAUDE = {slug.replace(".", "-"): slug for slug in PRICES if slug.startswith("anthropic/")}


def _slug(provider: str, model: str) -> str:
    """Return the gateway's name of a provider's model; "" when it has none."""
    match provider:
        case "gateway":
            return model
        case "gemini":
            return f"google/{model}"
        case "openai":
            return f"openai/{model}"
        case "anthropic":
            return _SLUG_OF_CLAUDE.get(f"anthropic/{model}", "")
        case _:
            return ""


def micro_usd(amount_usd: Decimal) -> int:
    """Return whole micro-USD, rounded up."""
    return math.ceil(amount_usd.quantize(NOISE_USD) * MILLION)


def usd(micro_usd: int) -> str:
    """Return an amount in US dollars, to the last micro-dollar that is not zero but at least cents: "0.0413"."""
    whole, rest = divmod(micro_usd, MILLION)
    return f"{whole}.{f'{rest:06d}'.rstrip('0').ljust(2, '0')}"


def told_apart(price: Price, usage: Usage, pictures: int) -> Usage:
    """Return the usage with the tokens of the pictures made told apart, also where the reply does not: in the gateway's chat.

    As text a picture would be under-priced about 19-fold.
    """
    if usage.image_out or price.image_out is None:
        return usage
    return replace(usage, image_out=min(price.image_tokens * pictures, usage.tokens_out))


def cost_micro_usd(price: Price | None, usage: Usage | None, *, pictures: int = 0) -> int | None:
    """Return what a call costs by the table; None when the table cannot say.

    usage: None = the reply does not tell. pictures: that the reply holds.
    """
    if price is None or (price.picture_micro_usd and not pictures):
        return None
    if usage is None:
        is_by_token = price.text_in or price.text_out or price.image_out
        return None if is_by_token else price.request_micro_usd + pictures * price.picture_micro_usd
    usage = told_apart(price, usage, pictures)
    if usage.image_out and price.image_out is None:
        return None
    tokens = (
        price.text_in * (usage.tokens_in - usage.image_in)
        + (price.text_in if price.image_in is None else price.image_in) * usage.image_in
        + price.text_out * (usage.tokens_out - usage.image_out)
        + (price.image_out or 0) * usage.image_out
    )  # USD per million tokens times tokens is micro-USD
    return math.ceil(tokens) + price.request_micro_usd + pictures * price.picture_micro_usd


def worst_micro_usd(price: Price | None, *, max_tokens_in: int, max_tokens_out: int, pictures: int = 0) -> int | None:
    """Return the most that one call can cost; None when the price is unknown.

    max_tokens_out: of words and thoughts, which may come with a picture, too.
    """
    if price is None or (pictures and not price.makes_pictures):
        return None
    tokens = (
        max(price.text_in, price.image_in or Decimal(0)) * max_tokens_in
        + price.text_out * max_tokens_out
        + (price.image_out or 0) * price.image_tokens * pictures
    )
    fee = max(price.request_micro_usd, price.dearest_request_micro_usd)
    return math.ceil(tokens) + fee + pictures * price.picture_micro_usd
