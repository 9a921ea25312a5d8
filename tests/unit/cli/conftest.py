"""What the tests of screens share."""

from __future__ import annotations

import pytest
from terminals import Terminal


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    return Terminal(monkeypatch)
