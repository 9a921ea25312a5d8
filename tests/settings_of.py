"""Settings of one test's own."""

from __future__ import annotations

import pytest

from harness import forget_settings


def own_settings(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    forget_settings()
