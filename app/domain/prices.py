"""What a call costs by a model's price. Integers in micro-USD; unknown is None, never 0.

Which model has which price: `app/prices.py`. Every amount is rounded up to a whole micro-USD, each call by itself: their
sum is never below the bill.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from decimal import Decimal

from app.domain.capabilities import Capability

MILLION = 1_000_000
NOISE_USD = Decimal("1e-12")  # replies hold floats, whose last digits are no money


@dataclass(frozen=True, slots=True)
class Price:
    """What a model costs. Tokens in USD per million, the unit in which providers publish."""

    can: frozenset[Capability]
    """What the model is sold for."""
    text_in: Decimal = Decimal(0)
    text_out: Decimal = Decimal(0)
    """Words and thoughts."""
    cached_in: Decimal | None = None
    """Of input that came from the provider's cache, when the reply tells how much; None = as text."""
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
    second_micro_usd: int = 0
    """Per second of sound heard, each begun second in full, where sound is not counted in tokens."""

    @property
    def makes_pictures(self) -> bool:
        """Whether the model makes pictures."""
        return Capability.IMAGE in self.can


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call, and seconds of sound, as the provider counts them."""

    tokens_in: int
    tokens_out: int
    """With thoughts."""
    cached_in: int = 0
    """Read from the provider's cache; part of `tokens_in`."""
    image_out: int = 0
    """Pictures made; part of `tokens_out`."""
    image_in: int = 0
    """Pictures shown; part of `tokens_in`. 0 also where the provider does not tell them apart."""
    audio_s: int = 0
    """Seconds of sound heard, rounded up."""


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
    if bool(price.second_micro_usd) != bool(usage and usage.audio_s):
        return None  # sound that nobody measured, or that this model has no price for
    if usage is None:
        is_by_token = price.text_in or price.text_out or price.image_out
        return None if is_by_token else price.request_micro_usd + pictures * price.picture_micro_usd
    usage = told_apart(price, usage, pictures)
    if usage.image_out and price.image_out is None:
        return None
    # Which of the cached tokens were words is not told: no more than there were, at words' discount.
    cached = 0 if price.cached_in is None else min(usage.cached_in, usage.tokens_in - usage.image_in)
    tokens = (
        price.text_in * (usage.tokens_in - usage.image_in - cached)
        + (price.cached_in or 0) * cached
        + (price.text_in if price.image_in is None else price.image_in) * usage.image_in
        + price.text_out * (usage.tokens_out - usage.image_out)
        + (price.image_out or 0) * usage.image_out
    )  # USD per million tokens times tokens is micro-USD
    sound = usage.audio_s * price.second_micro_usd
    return math.ceil(tokens) + price.request_micro_usd + pictures * price.picture_micro_usd + sound


def worst_micro_usd(
    price: Price | None, *, max_tokens_in: int, max_tokens_out: int, pictures: int = 0, max_audio_s: int = 0
) -> int | None:
    """Return the most that one call can cost; None when the price is unknown, or the length of what it hears.

    Nothing counts as cached: whether it is, only the reply tells.
    max_tokens_out: of words and thoughts, which may come with a picture, too.
    """
    if price is None or (pictures and not price.makes_pictures) or bool(max_audio_s) != bool(price.second_micro_usd):
        return None
    tokens = (
        max(price.text_in, price.image_in or Decimal(0)) * max_tokens_in
        + price.text_out * max_tokens_out
        + (price.image_out or 0) * price.image_tokens * pictures
    )
    fee = max(price.request_micro_usd, price.dearest_request_micro_usd)
    return math.ceil(tokens) + fee + pictures * price.picture_micro_usd + max_audio_s * price.second_micro_usd
