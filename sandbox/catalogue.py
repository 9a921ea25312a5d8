"""The models that the stand-in vendors know, and what their calls cost.

Prices: the vendors' list prices, which the AI Gateway passes on without markup, read 2026-11. Slugs:
`@ai-sdk/gateway` 4.0.146. One US dollar per million tokens is one micro-USD per token, so prices are kept as
whole nano-USD per token. Retired models are absent, so that calls for them get a 404.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from sandbox.calls import Vendor

NANO_PER_MICRO = 1000
MICRO_USD = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Price:
    """What one model's tokens cost, in whole nano-USD each."""

    input_nano_usd: int
    output_nano_usd: int
    image_nano_usd: int = 0
    """Per token of a picture made."""
    request_micro_usd: int = 0
    """Per request, on top of the tokens."""
    input_image_nano_usd: int | None = None
    """Per token of a picture shown; None: as text."""
    picture_micro_usd: int = 0
    """Per picture made, where pictures are not counted in tokens."""
    second_micro_usd: int = 0
    """Per begun second of sound heard."""


@dataclass(frozen=True, slots=True)
class Model:
    """One model of a vendor's list."""

    slug: str
    price: Price | None = None
    """None: in the list, but no price is known to us; its replies carry no cost."""
    paints: bool = False
    """Answers chat calls with pictures."""
    image_only: bool = False
    """Not for chat at all; needs the images endpoints."""
    image_tokens: int = 1120
    """Output tokens of one 1K picture."""
    thinks: bool = False
    """Bills thoughts on top of its reply."""
    hears: bool = False
    """Not for chat at all; writes down what is said in a recording."""

    @property
    def creator(self) -> str:
        """Return the part before the slash."""
        return self.slug.partition("/")[0]

    @property
    def name(self) -> str:
        """Return the name as a person writes it."""
        return self.slug.rpartition("/")[2].replace("-", " ").title()


def _price(
    input_usd: str, output_usd: str, image_usd: str = "0", request_usd: str = "0", input_image_usd: str | None = None
) -> Price:
    """Return a price from US dollars per million tokens, and US dollars per request."""
    return Price(
        input_nano_usd=int(Decimal(input_usd) * NANO_PER_MICRO),
        output_nano_usd=int(Decimal(output_usd) * NANO_PER_MICRO),
        image_nano_usd=int(Decimal(image_usd) * NANO_PER_MICRO),
        request_micro_usd=int(Decimal(request_usd) * MICRO_USD),
        input_image_nano_usd=None if input_image_usd is None else int(Decimal(input_image_usd) * NANO_PER_MICRO),
    )


_PAINTERS = (
    Model("google/gemini-3.1-flash-image", _price("0.50", "3", "60"), paints=True),
    Model("google/gemini-2.5-flash-image", _price("0.30", "2.50", "30"), paints=True, image_tokens=1290),
    Model("google/gemini-3-pro-image", _price("2", "12", "120"), paints=True),
    Model("google/gemini-3.1-flash-lite-image", _price("0.25", "1.50", "30"), paints=True),
    Model("google/gemini-nano-banana-2.1", paints=True),
)
_PRICED_TEXT = (
    Model("google/gemini-2.5-flash", _price("0.30", "2.50")),
    Model("google/gemini-2.5-flash-lite", _price("0.10", "0.40")),
    Model("anthropic/claude-sonnet-4.6", _price("3", "15")),
    Model("anthropic/claude-haiku-4.5", _price("1", "5")),
    Model("openai/gpt-5.4-nano", _price("0.20", "1.25")),
    Model("openai/gpt-4o", _price("2.50", "10")),
    Model("perplexity/sonar", _price("1", "1", request_usd="0.005")),
)
_UNPRICED_TEXT = (
    "anthropic/claude-haiku-5.5 anthropic/claude-sonnet-4.5 anthropic/claude-sonnet-5 anthropic/claude-sonnet-5.5 "
    "google/gemini-3-flash google/gemini-3.1-flash-lite google/gemini-3.5-flash "
    "google/gemini-3.6-flash google/gemini-3.7-flash google/gemini-3.8-flash openai/gpt-4o-mini openai/gpt-5.4 "
    "openai/gpt-5.4-mini openai/gpt-5.4-pro openai/gpt-5.5"
)
_GPT_IMAGE = _price("5", "0", "30", input_image_usd="8")
_IMAGE_ONLY = (
    Model("openai/gpt-image-2", _GPT_IMAGE, image_only=True),
    Model("openai/gpt-image-2.5-flare", _GPT_IMAGE, image_only=True),
    Model("openai/gpt-image-2.6-flare", image_only=True),
    Model("openai/gpt-image-1.5", _price("5", "10", "32", input_image_usd="8"), image_only=True),
    Model("openai/gpt-image-1-mini", _price("2", "0", "8", input_image_usd="2.50"), image_only=True),
    Model("bfl/flux-2-pro", image_only=True),
    Model("bfl/flux-kontext-pro", image_only=True),
    Model("recraft/recraft-v3", image_only=True),
)
_THINKERS = frozenset({"gemini-3.1-flash-image", "gemini-3-pro-image", "gemini-2.5-flash", "gemini-3-flash"})
PHOENIX = "de7d3faf-762f-48e0-b3b7-9d0ac3a3fcf3"

MODELS: dict[str, Model] = {
    model.slug: model
    for model in (*_PAINTERS, *_PRICED_TEXT, *(Model(slug) for slug in _UNPRICED_TEXT.split()), *_IMAGE_ONLY)
}
"""The gateway's models by slug. Retired ones (gemini-3-flash-image-preview, gemini-2.0-flash-exp) are absent."""


def _direct(creator: str, *, dashed: bool = False) -> dict[str, Model]:
    """Return a creator's models under the names that its own API knows: without the creator, or with no dots."""
    models = {}
    for model in MODELS.values():
        if model.creator == creator:
            name = model.slug.partition("/")[2]
            name = name.replace(".", "-") if dashed else name
            models[name] = replace(model, slug=name, thinks=name in _THINKERS)
    return models


BY_VENDOR: dict[Vendor, dict[str, Model]] = {
    Vendor.GATEWAY: MODELS,
    Vendor.GEMINI: _direct("google"),
    Vendor.ANTHROPIC: _direct("anthropic", dashed=True),
    # $0.006 and $0.0045 a minute of sound.
    Vendor.OPENAI: _direct("openai")
    | {
        "omni-moderation-latest": Model("omni-moderation-latest", Price(0, 0)),
        "whisper-1": Model("whisper-1", Price(0, 0, second_micro_usd=100), hears=True),
        "gpt-transcribe": Model("gpt-transcribe", Price(0, 0, second_micro_usd=75), hears=True),
    },
    # No list price is published; $0.018 a picture is what its own reply tells.
    Vendor.LEONARDO: {PHOENIX: Model(PHOENIX, Price(0, 0, picture_micro_usd=18_000), image_only=True)},
}
"""Every vendor's models by the name it has there."""


def find(vendor: Vendor, name: str) -> Model | None:
    """Return a vendor's model, or None when it has none of that name."""
    return BY_VENDOR[vendor].get(name)


def cost_micro_usd(
    model: Model,
    prompt_tokens: int,
    text_tokens: int,
    image_tokens: int,
    *,
    input_image_tokens: int = 0,
    pictures: int = 0,
    audio_s: int = 0,
) -> int | None:
    """Return what a call costs in micro-USD, rounded up to a whole one; None when the price is unknown.

    `prompt_tokens` include `input_image_tokens`; `text_tokens` include thoughts.
    """
    price = model.price
    if price is None:
        return None
    shown_nano_usd = price.input_nano_usd if price.input_image_nano_usd is None else price.input_image_nano_usd
    nano = (
        (prompt_tokens - input_image_tokens) * price.input_nano_usd
        + input_image_tokens * shown_nano_usd
        + text_tokens * price.output_nano_usd
        + image_tokens * price.image_nano_usd
    )
    extra = pictures * price.picture_micro_usd + audio_s * price.second_micro_usd
    return -(-nano // NANO_PER_MICRO) + price.request_micro_usd + extra


def usd(micro_usd: int) -> str:
    """Return micro-USD as a decimal string of US dollars without trailing zeros: 67350 is `0.06735`."""
    text = f"{Decimal(micro_usd) / MICRO_USD:.6f}".rstrip("0").rstrip(".")
    return text or "0"
