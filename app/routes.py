"""Which models serve a purpose, in order of preference.

Live ids of the gateway (2026-11-21); why not the brief's: docs/decisions/0003-live-model-ids.md.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.errors import SetupError
from app.settings import settings


@dataclass(frozen=True, slots=True)
class Route:
    """One model at one provider."""

    provider: str
    model: str


_GATEWAY = "gateway"
ROUTES: dict[str, tuple[Route, ...]] = {
    "write_content": (Route(_GATEWAY, "google/gemini-2.5-flash"),),
    "draft_prompt": (Route(_GATEWAY, "anthropic/claude-sonnet-4.6"),),
    "render_image": (Route(_GATEWAY, "google/gemini-3.1-flash-image"),),
}


def routes_for(purpose: str) -> tuple[Route, ...]:
    """Return the routes of a purpose whose provider has a key, best first. Raises SetupError when there is none."""
    try:
        routes = ROUTES[purpose]
    except KeyError:
        raise SetupError(f"no model is routed for the purpose {purpose!r}; add it to the routes") from None
    able = tuple(route for route in routes if settings().has_key(route.provider))
    if not able:
        raise SetupError(
            f"no provider that is routed for {purpose!r} has a key; set AI_GATEWAY_API_KEY, or leave all keys out to use"
            " the sandbox"
        )
    return able
