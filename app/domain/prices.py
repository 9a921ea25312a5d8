"""The dated price table, and what a call costs by it. Integers in micro-USD; unknown is None, never 0.

Source of the figures: the gateway's list prices (zero markup over the provider's), read 2026-11-21:
vercel.com/ai-gateway/models pages, checked against genai-prices 0.2.3 and litellm 1.106.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

AS_OF = date(2026, 11, 21)
MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Price:
    """What a model costs, in USD per million tokens (the unit in which providers publish)."""

    text_in: Decimal
    text_out: Decimal
    image_out: Decimal | None = None
    """Per million image tokens; None = the model makes no pictures."""
    image_tokens: int = 0
    """Image tokens of one picture at the size we ask for (1K)."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call, as the provider counts them. `image_out` is part of `tokens_out`."""

    tokens_in: int
    tokens_out: int
    cached_in: int = 0
    image_out: int = 0


def _price(text_in: str, text_out: str, image_out: str | None = None, image_tokens: int = 0) -> Price:
    return Price(Decimal(text_in), Decimal(text_out), Decimal(image_out) if image_out else None, image_tokens)


PRICES: dict[str, Price] = {
    "google/gemini-3.1-flash-image": _price("0.50", "3", "60", 1120),
    "google/gemini-3.1-flash-lite-image": _price("0.25", "1.50", "30", 1120),
    "google/gemini-3-pro-image": _price("2", "12", "120", 1120),
    "google/gemini-2.5-flash-image": _price("0.30", "2.50", "30", 1290),
    "google/gemini-2.5-flash": _price("0.30", "2.50"),
    "anthropic/claude-sonnet-4.6": _price("3", "15"),
    "anthropic/claude-haiku-4.5": _price("1", "5"),
    "openai/gpt-5.4-nano": _price("0.20", "1.25"),
    "openai/gpt-4o": _price("2.50", "10"),
}


def micro_usd(amount_usd: Decimal) -> int:
    """Return whole micro-USD, halves away from zero."""
    return int((amount_usd * MILLION).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def cost_micro_usd(model: str, usage: Usage) -> int | None:
    """Return what `usage` costs at `model` by the table, in micro-USD; None when the table cannot say.

    Image tokens have a price of their own: as text tokens a picture would be under-priced about 19-fold.
    """
    price = PRICES.get(model)
    if price is None or (usage.image_out and price.image_out is None):
        return None
    text = price.text_in * usage.tokens_in + price.text_out * (usage.tokens_out - usage.image_out)
    image = (price.image_out or Decimal(0)) * usage.image_out
    return micro_usd((text + image) / MILLION)


def worst_micro_usd(model: str, *, max_tokens_in: int, max_tokens_out: int, pictures: int = 0) -> int | None:
    """Return the most that one call can cost, in micro-USD; None when the model has no price.

    A picture model may add text and thinking to the picture: `max_tokens_out` bounds those.
    """
    price = PRICES.get(model)
    if price is None or (pictures and price.image_out is None):
        return None
    images = price.image_tokens * pictures
    usage = Usage(tokens_in=max_tokens_in, tokens_out=max_tokens_out + images, image_out=images)
    return cost_micro_usd(model, usage)
