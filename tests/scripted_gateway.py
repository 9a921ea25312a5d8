"""A gateway that says what a test tells it to, and calls of its adapter."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from app.settings import settings
from loopback import Loopback, loopback
from workers.providers.gateway import gateway
from workers.providers.provider import Answer, Call, Message

MODEL = "google/gemini-2.5-flash"


@contextmanager
def scripted_gateway() -> Iterator[Loopback]:
    """Serve at the address that this process' settings have for the gateway."""
    with loopback() as made, pytest.MonkeyPatch.context() as patched:
        patched.setenv("AI_GATEWAY_API_KEY", "vck_test")
        patched.setenv("AI_GATEWAY_BASE_URL", f"{made.url}/v1")
        settings.cache_clear()
        yield made
    settings.cache_clear()


def chat(timeout_s: float = 5) -> Answer:
    """Ask for a text."""
    return gateway().chat(Call(MODEL, timeout_s), [Message("user", "hi")], schema=None, max_tokens=100)
