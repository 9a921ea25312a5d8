"""Providers by name. A class is imported when it is first asked for."""

from __future__ import annotations

import importlib
from functools import cache

from app.domain.capabilities import Capability
from app.domain.errors import SetupError
from workers.providers import http
from workers.providers.provider import Moderator, Provider, Transcriber

PROVIDERS: dict[str, str] = {
    "gateway": "workers.providers.gateway.Gateway",
    "gemini": "workers.providers.gemini.Gemini",
    "anthropic": "workers.providers.anthropic.Anthropic",
    "openai": "workers.providers.openai.OpenAI",
    "leonardo": "workers.providers.leonardo.Leonardo",
}


@cache
def provider_named(name: str) -> Provider:
    """Return this process' provider of that name. Raises SetupError when there is none.

    Its connections' pool is made here, before anybody holds a slot for a request: that takes a tenth of a second.
    """
    try:
        module, _, kind = PROVIDERS[name].rpartition(".")
    except KeyError:
        raise SetupError(f"no provider is called {name!r}; there are {', '.join(PROVIDERS)}") from None
    made: Provider = getattr(importlib.import_module(module), kind)()
    http.client(name)
    return made


def moderator_named(name: str) -> Moderator:
    """Return the provider as one that judges. Raises SetupError when it cannot."""
    found = provider_named(name)
    if Capability.MODERATION not in found.can or not isinstance(found, Moderator):
        raise SetupError(f"{name} does not judge pictures or texts; route moderation to openai")
    return found


def transcriber_named(name: str) -> Transcriber:
    """Return the provider as one that writes down what is said. Raises SetupError when it cannot."""
    found = provider_named(name)
    if Capability.TRANSCRIPTION not in found.can or not isinstance(found, Transcriber):
        raise SetupError(f"{name} transcribes nothing; route it to openai")
    return found
