from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness import forget_settings


@pytest.fixture(autouse=True)
def _shipped_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)  # no .env of the developer's own
    forget_settings()
    yield
    forget_settings()
