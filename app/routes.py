"""Which models serve a purpose, best first, and what providers allow: `routes.toml`, or the file that PRESSROOM_ROUTES names.

Whole tables of the user's file stand in the place of those that are shipped; what it leaves out is as shipped, so that a
file with one table will do, and one from an older version goes on working.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError

from app import toml
from app.domain.capabilities import OPTIONS, PROVIDER_CAPABILITIES, Capability
from app.domain.errors import SetupError
from app.domain.prices import Price
from app.prices import price_of
from app.settings import KEY_SETTINGS, settings

SHIPPED = Path(__file__).with_name("routes.toml")
NEEDS: dict[str, Capability] = {
    "render_image": Capability.IMAGE,
    "refine_image": Capability.EDIT,
    "review_image": Capability.VISION,
    "screen_image": Capability.MODERATION,
    "research": Capability.RESEARCH,
    "transcribe": Capability.TRANSCRIPTION,
}
"""What a model must be able to do for a purpose; any other purpose needs text."""
ESSENTIAL = ("write_content", "draft_prompt", "rewrite_prompt", "render_image", "review_image")
"""Purposes that every post needs; the others are left out where nobody serves them."""
HINT = '; a route also may be "provider/model"'
Kind = Literal["text", "image"]


def _plain(value: object) -> object:
    """Refuse a value that a provider could not be sent. Raises ValueError."""
    for one in value if isinstance(value, list) else [value]:
        if not isinstance(one, str | int | float) or (isinstance(one, float) and not math.isfinite(one)):
            raise ValueError("an option is a number, a text, true or false, or a list of these")
    return value


class Route(toml.Table):
    """One model at one provider, with the parameters that it is asked with."""

    use: str
    """provider/model."""
    timeout_s: float | None = Field(None, gt=0, le=200)
    """Deadline of one request in all, in seconds; None = the purpose's."""
    options: dict[str, Annotated[Any, AfterValidator(_plain)]] = Field(default_factory=dict)
    """See capabilities.OPTIONS."""

    @property
    def provider(self) -> str:
        """Who answers."""
        return self.use.partition("/")[0]

    @property
    def model(self) -> str:
        """The provider's own id of the model."""
        return self.use.partition("/")[2]

    @property
    def price(self) -> Price | None:
        """What it costs as it is asked here; None = unknown, which no route of a file that was read is."""
        return price_of(self.provider, self.model, self.options)


def _spelled_out(value: object) -> object:
    """Read "provider/model" as a route without parameters."""
    return {"use": value} if isinstance(value, str) else value


class Purpose(toml.Table):
    """The routes of one purpose."""

    routes: Annotated[tuple[Annotated[Route, BeforeValidator(_spelled_out)], ...], Field(min_length=1, strict=False)]
    timeout_s: float = Field(60.0, gt=0, le=200)  # one execution of a step lasts 240 s at most
    min_bytes: int = Field(50_000, ge=0)  # below this it is an error placeholder (the brief's quality gates)
    """A picture of fewer bytes is refused; 0 = no check."""
    review: bool = True
    """Whether a vision model looks at each picture made."""
    enabled: bool = True
    """False: it is left out, as if nobody served it."""


class Limit(toml.Table):
    """What a provider lets us do, over all workers."""

    in_flight: int = Field(ge=1)
    """Requests under way at once."""
    per_second: float = Field(0.0, ge=0)
    """Requests that may start in a second; 0 = no limit."""
    burst: int = Field(1, ge=1)
    """Requests that may start at once although the rate is lower."""


class Limits(toml.Table):
    """A provider's limits by kind of request."""

    image: Limit = Limit(in_flight=5)  # the brief's semaphore
    text: Limit = Limit(in_flight=20)


@dataclass(frozen=True, slots=True)
class Routes:
    """All of it, by purpose and by provider."""

    purposes: Mapping[str, Purpose] = field(default_factory=dict)
    limits: Mapping[str, Limits] = field(default_factory=dict)


def routes() -> Routes:
    """Return the routes of this installation. Raises SetupError that names everything that cannot be used."""
    return read_routes(settings().routes_file or SHIPPED)


@cache
def read_routes(path: Path) -> Routes:
    """Return the routes of a file, filled up with those that are shipped; read once. Raises as `routes` does."""
    shipped = Routes() if path == SHIPPED else read_routes(SHIPPED)
    table = toml.read(path, "routes file", "PRESSROOM_ROUTES")
    limits = table.pop("limits", {})
    known = shipped.purposes or table
    problems = [f"there is no purpose {name!r}; there are {', '.join(known)}" for name in table if name not in known]
    for name in [name for name in table if name in known]:
        problems += _problems_of_purpose(name, table[name])
    problems += _problems_of_limits(limits)
    if problems:
        raise SetupError(f"the routes file {path} cannot be used: {'; '.join(problems)}")
    return Routes(
        {**shipped.purposes, **{name: Purpose.model_validate(inner) for name, inner in table.items()}},
        {**shipped.limits, **{name: Limits.model_validate(inner) for name, inner in limits.items()}},
    )


def _problems_of_purpose(name: str, table: Any) -> Iterator[str]:
    """Yield all that is wrong with a purpose; the routes are looked at also where something else cannot be read."""
    yield from toml.misread(Purpose, name, table, hint=HINT)
    if not isinstance(table, dict):
        return
    need = NEEDS.get(name, Capability.TEXT)
    if need not in (Capability.IMAGE, Capability.EDIT):
        yield from (f"{name}.{key}: it makes no pictures" for key in ("min_bytes", "review") if key in table)
    if table.get("enabled") is False and name in ESSENTIAL:
        yield f"{name}.enabled: no post can be made without it"
    listed = table.get("routes")
    for value in listed if isinstance(listed, list) else ():
        with suppress(ValidationError):
            route = Route.model_validate(_spelled_out(value))
            yield from (f"{name}: {problem}" for problem in _problems_of_route(route, need))


def _problems_of_route(route: Route, need: Capability) -> Iterator[str]:
    """Yield why a route cannot be used: provider, option, capability or price."""
    if route.provider not in PROVIDER_CAPABILITIES:
        yield _no_provider(route.provider)
        return
    if unknown := sorted(route.options.keys() - OPTIONS[route.provider]):
        yield f"{route.provider} knows no option {', '.join(unknown)}"
    price = route.price
    if need not in PROVIDER_CAPABILITIES[route.provider] or (price is not None and need not in price.can):
        yield f"{route.use} cannot be asked for {need}"
    elif price is None:
        asked = " with these options" if price_of(route.provider, route.model) else ""
        yield (
            f"the price of {route.use}{asked} is unknown, and every run has a budget; write it into a file that"
            " PRESSROOM_PRICES names"
        )


def _problems_of_limits(tables: Any) -> Iterator[str]:
    if not isinstance(tables, dict):
        yield "limits: write [limits.gemini]"
        return
    for name, table in tables.items():
        yield from toml.misread(Limits, f"limits.{name}", table, hint=HINT)
        if name not in PROVIDER_CAPABILITIES:
            yield f"limits: {_no_provider(name)}"


def _no_provider(name: str) -> str:
    return f"there is no provider {name!r}; there are {', '.join(PROVIDER_CAPABILITIES)}"


def purpose_named(name: str) -> Purpose:
    """Return a purpose as it is written. Raises SetupError when there is none."""
    try:
        return routes().purposes[name]
    except KeyError:
        raise SetupError(f"no model is routed for the purpose {name!r}; add it to app/routes.toml") from None


def able(name: str) -> tuple[Route, ...]:
    """Return the routes of a purpose whose provider can be asked, best first; () when there is none, or it is off."""
    purpose = purpose_named(name)
    return tuple(route for route in purpose.routes if settings().has_key(route.provider)) if purpose.enabled else ()


def routes_for(name: str) -> tuple[Route, ...]:
    """As `able`, for a purpose that there is no doing without. Raises SetupError when there is none."""
    found = able(name)
    if not found:
        raise SetupError(f"nobody serves {name}: {_remedy(name)}")
    return found


def timeout_of(name: str, route: Route) -> float:
    """Return the deadline of one request for a purpose, in seconds."""
    return purpose_named(name).timeout_s if route.timeout_s is None else route.timeout_s


def limit_of(provider: str, kind: Kind) -> Limit:
    """Return what a provider allows of a kind of request."""
    limits = routes().limits.get(provider, Limits())
    return limits.image if kind == "image" else limits.text


def check() -> None:
    """Do nothing if posts can be made. Raises SetupError when routes cannot be used or an essential purpose has no key."""
    if told := lacking():
        raise SetupError(told)


def lacking() -> str | None:
    """Return which essential purposes nobody serves, and which keys would help; None when there are none."""
    by_remedy: dict[str, list[str]] = {}
    for name in ESSENTIAL:
        is_needed = name != "review_image" or purpose_named("render_image").review
        if is_needed and not able(name):
            by_remedy.setdefault(_remedy(name), []).append(name)
    told = [f"nobody serves {', '.join(names)}: {remedy}" for remedy, names in by_remedy.items()]
    return "; ".join(told) or None


def _remedy(name: str) -> str:
    purpose = purpose_named(name)
    if not purpose.enabled:
        return "it is switched off in the routes file"
    keys = sorted({KEY_SETTINGS[route.provider][0] for route in purpose.routes})
    one_of = keys[0] if len(keys) == 1 else f"one of {', '.join(keys)}"
    return f"set {one_of}, or leave every key out to use the sandbox"
