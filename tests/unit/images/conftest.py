"""What tests of pictures share."""

from __future__ import annotations

import pytest
from PIL import Image
from provider_pictures import KINDS, picture


@pytest.fixture
def no_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make it an error to decode anything."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("it was decoded")

    for kind in KINDS:
        picture(kind=kind)  # made and remembered before
    monkeypatch.setattr(Image, "open", refuse)
