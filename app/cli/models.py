"""What `doctor` says of models: the keys, whether prices and routes can be used, and who is asked for what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from app import prices, routes
from app.cli.checks import Row, Verdict
from app.domain.errors import SetupError
from app.settings import KEY_SETTINGS, settings


def keys() -> Iterator[Row]:
    """The providers' keys, masked, or the sandbox."""
    if settings().is_sandboxed:
        todo = "set AI_GATEWAY_API_KEY for real texts and pictures; they cost money"
        yield Row("models", Verdict.OK, "sandbox: no provider key is set", todo)
        return
    for provider, (key, *_) in KEY_SETTINGS.items():
        if (access := settings().access(provider)) is not None:
            yield Row("models", Verdict.OK, f"{key} {masked(access.key)} at {access.base_url}")


def price_list() -> Iterator[Row]:
    """The prices: can they be used, and as of when they are."""
    own = settings().prices_file
    try:
        listed = prices.prices()
    except SetupError as exc:
        yield Row("prices", Verdict.PROBLEM, str(exc), "mend the file, or leave PRESSROOM_PRICES out")
        return
    oldest = min(one.as_of for one in listed.values())
    whose = "as shipped" if own is None else f"{own}; what it leaves out is as shipped"
    yield Row("prices", Verdict.OK, f"{whose}; the oldest of {oldest}")


def routing() -> Iterator[Row]:
    """The routes: can they be used, and has every purpose that posts need somebody who serves it."""
    if any(row.verdict is Verdict.PROBLEM for row in price_list()):
        return  # no route can be priced, and why is told there
    own = settings().routes_file
    try:
        lacking = routes.lacking()
    except SetupError as exc:
        yield Row("routes", Verdict.PROBLEM, str(exc), "mend the file, or leave PRESSROOM_ROUTES out")
        return
    if lacking is not None:
        todo = "or route them to a provider that has a key: PRESSROOM_ROUTES"
        yield Row("routes", Verdict.PROBLEM, lacking, todo)
    else:
        yield Row("routes", Verdict.OK, "as shipped" if own is None else f"{own}; what it leaves out is as shipped")


@dataclass(frozen=True, slots=True)
class Serving:
    """Who serves a purpose."""

    purpose: str
    passed_over: str
    """Providers that are routed and have no key."""
    asked: str
    """provider/model, in the order in which they are asked."""


def serving() -> list[Serving]:
    """Return who serves each purpose; nothing while the routes cannot be used."""
    try:
        purposes = routes.routes().purposes
    except SetupError:
        return []
    found = []
    for name, purpose in purposes.items():
        asked = ", ".join(route.use for route in routes.able(name))
        keyless = dict.fromkeys(r.provider for r in purpose.routes if not settings().has_key(r.provider))
        nobody = "nobody" if purpose.enabled else "switched off"
        found.append(Serving(name, ", ".join(keyless), asked or nobody))
    return found


def masked(secret: str) -> str:
    """Return a secret so that its owner knows it again and nobody else learns it."""
    return f"{secret[:4]}...{secret[-2:]}" if len(secret) >= 16 else "***"  # noqa: PLR2004 - of a short one that were half
