"""Every provider's address leads to a server in this process; nothing leaves the machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from provider_loopback import Loopback, listening

from app.settings import settings

PREFIXES = {
    "AI_GATEWAY": ("AI_GATEWAY_API_KEY", "AI_GATEWAY_BASE_URL", "/v1"),
    "GEMINI": ("GOOGLE_AI_KEY", "GOOGLE_AI_BASE_URL", "/v1beta"),
    "ANTHROPIC": ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "/anthropic/v1"),
    "OPENAI": ("OPENAI_API_KEY", "OPENAI_BASE_URL", "/openai/v1"),
    "LEONARDO": ("LEONARDO_API_KEY", "LEONARDO_BASE_URL", "/api/rest/v1"),
}


@pytest.fixture(scope="session")
def _server() -> Iterator[Loopback]:
    with listening() as loopback:
        yield loopback


@pytest.fixture
def vendor_server(_server: Loopback, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Loopback]:
    """The server behind all providers, with a key for each."""
    _server.forget()
    monkeypatch.chdir(tmp_path)  # no .env of the developer's own
    for key, base_url, path in PREFIXES.values():
        monkeypatch.setenv(key, "k-123")
        monkeypatch.setenv(base_url, _server.url + path)
    settings.cache_clear()
    yield _server
    settings.cache_clear()
