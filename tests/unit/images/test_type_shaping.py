"""A machine whose Pillow cannot shape text."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PIL import features

from app.domain.errors import SetupError
from workers.images.compositor import fonts


@pytest.fixture
def _without_raqm(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(features, "check", lambda name: name != "raqm")
    fonts.require_shaping.cache_clear()
    yield
    fonts.require_shaping.cache_clear()


@pytest.mark.usefixtures("_without_raqm")
def test_where_text_cannot_be_shaped_the_systems_library_is_named() -> None:
    with pytest.raises(SetupError, match=r"libfribidi0 .* brew install fribidi"):
        fonts.require_shaping()
