"""What models cost: `prices.toml`, and the file that PRESSROOM_PRICES names.

Whole tables of the user's file stand in the place of those that are shipped; what it leaves out is as shipped. A model
that neither has is of unknown price, and no run may ask it: every run has a budget.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from app import toml
from app.domain.capabilities import PROVIDER_CAPABILITIES, Capability
from app.domain.errors import SetupError
from app.domain.prices import Price, micro_usd
from app.settings import settings

SHIPPED = Path(__file__).with_name("prices.toml")
DEFAULT = "default"
LEAST_PER_MILLION = Decimal("0.001")
MADE_OF_TOKENS = frozenset({Capability.TEXT, Capability.VISION, Capability.RESEARCH})
PICTURES = frozenset({Capability.IMAGE, Capability.EDIT})


def _decimal(value: object) -> object:
    """Read a whole number as dollars, too."""
    return Decimal(value) if type(value) is int else value


def _per_million(value: Decimal) -> Decimal:
    if 0 < value < LEAST_PER_MILLION:
        raise ValueError(f"{value:f} is too little for a million tokens; is it the price of one?")
    return value


PerMillion = Annotated[
    Decimal, BeforeValidator(_decimal), Field(ge=0, le=100_000), AfterValidator(_per_million)
]  # USD per million tokens
Each = Annotated[Decimal, BeforeValidator(_decimal), Field(ge=0, le=1_000)]  # USD


class Listed(toml.Table):
    """One table of a prices file; the keys are explained in `prices.toml`."""

    also: Annotated[tuple[str, ...], Field(strict=False)] = ()
    can: Annotated[frozenset[Annotated[Capability, Field(strict=False)]], Field(min_length=1, strict=False)]
    text_in: PerMillion | None = None
    text_out: PerMillion | None = None
    cached_in: PerMillion | None = None
    image_in: PerMillion | None = None
    image_out: PerMillion | None = None
    image_tokens: dict[str, Annotated[int, Field(ge=1, le=1_000_000)]] = Field(default_factory=dict)
    tokens_by: str | None = None
    per_picture: Each | None = None
    per_request: Each | None = None
    dearest_request: Each | None = None
    per_second: Each | None = None
    free: bool = False
    as_of: date
    source: str = Field(min_length=1)

    @model_validator(mode="after")
    def _is_whole(self) -> Listed:
        """Refuse a table in which something that is paid for has no price: it would be taken for 0."""
        if problems := list(self._gaps()):
            raise ValueError("; ".join(problems))
        return self

    def _gaps(self) -> Iterator[str]:
        tokens = (self.text_in, self.text_out, self.cached_in, self.image_in, self.image_out)
        each = (self.per_picture, self.per_request, self.dearest_request, self.per_second)
        costs_something = any(amount for amount in (*tokens, *each))
        if self.free == costs_something:
            yield (
                "it is free, or it has a price"
                if self.free
                else "it has no price; free = true says that it costs nothing"
            )
        is_by_token = any(amount is not None for amount in tokens) or self.can & MADE_OF_TOKENS
        if is_by_token and not self.free and (self.text_in is None or self.text_out is None):
            yield "what is paid by token needs text_in and text_out"
        yield from () if self.free else self._gaps_of_pictures()
        if (Capability.TRANSCRIPTION in self.can) != (self.per_second is not None) and not self.free:
            yield "per_second is for what can transcription, which needs it"
        if self.cached_in is not None and self.text_in is not None and self.cached_in > self.text_in:
            yield "cached_in is more than text_in"
        if self.dearest_request is not None and self.dearest_request < (self.per_request or 0):
            yield "dearest_request is less than per_request"

    def _gaps_of_pictures(self) -> Iterator[str]:
        if self.can & PICTURES and self.image_out is None and self.per_picture is None:
            yield "what makes pictures needs image_out and image_tokens, or per_picture"
        if (self.image_out is None) != (not self.image_tokens):
            yield "image_out and image_tokens need each other"
        if self.image_tokens and DEFAULT not in self.image_tokens:
            yield "image_tokens needs default"

    def price(self, options: Mapping[str, object]) -> Price | None:
        """Return the price with a route's options; None when what they ask for has none."""
        said = options.get(self.tokens_by) if self.tokens_by else None
        image_tokens = self.image_tokens.get(DEFAULT if said is None else str(said), 0)
        if self.image_tokens and not image_tokens:
            return None
        return Price(
            can=self.can,
            text_in=self.text_in or Decimal(0),
            text_out=self.text_out or Decimal(0),
            cached_in=self.cached_in,
            image_in=self.image_in,
            image_out=self.image_out,
            image_tokens=image_tokens,
            picture_micro_usd=micro_usd(self.per_picture or Decimal(0)),
            request_micro_usd=micro_usd(self.per_request or Decimal(0)),
            dearest_request_micro_usd=micro_usd(self.dearest_request or Decimal(0)),
            second_micro_usd=micro_usd(self.per_second or Decimal(0)),
        )


def price_of(provider: str, model: str, options: Mapping[str, object] | None = None) -> Price | None:
    """Return a model's price; None when it is unknown.

    model: the provider's own name. options: the route's; they decide how large or fine pictures are.
    Raises SetupError when the prices file cannot be used.
    """
    listed = prices().get(f"{provider}/{model}")
    return None if listed is None else listed.price(options or {})


def prices() -> Mapping[str, Listed]:
    """Return the prices of this installation by "provider/model". Raises SetupError that names all that is wrong."""
    return read_prices(settings().prices_file or SHIPPED)


@cache
def read_prices(path: Path) -> Mapping[str, Listed]:
    """Return the prices of a file, filled up with those that are shipped; read once. Raises as `prices` does."""
    shipped = {} if path == SHIPPED else read_prices(SHIPPED)
    tables = toml.read(path, "prices file", "PRESSROOM_PRICES", parse_float=_parsed)
    problems = [problem for name, table in tables.items() for problem in _problems(name, table)]
    found: dict[str, Listed] = {}
    if not problems:
        for name, table in tables.items():
            listed = Listed.model_validate(table)
            for use in (name, *listed.also):
                if use in found:
                    problems.append(f"{use} is there twice")
                found[use] = listed
    if problems:
        raise SetupError(f"the prices file {path} cannot be used: {'; '.join(problems)}")
    return {**shipped, **found}


def _parsed(number: str) -> Decimal:
    """Return a number exactly. Raises ValueError for one that is beyond all decimals."""
    try:
        return Decimal(number)
    except InvalidOperation:
        raise ValueError(f"{number} is no amount") from None


def _problems(name: str, table: Any) -> Iterator[str]:
    also = table.get("also") if isinstance(table, dict) else None
    for use in (name, *(one for one in (also if isinstance(also, list) else ()) if isinstance(one, str))):
        provider, _, model = use.partition("/")
        if not model:
            yield f'{use}: a table is named as a route names the model, ["provider/model"]'
        elif provider not in PROVIDER_CAPABILITIES:
            yield f"{use}: there is no provider {provider!r}; there are {', '.join(PROVIDER_CAPABILITIES)}"
    yield from toml.misread(Listed, name, table)
