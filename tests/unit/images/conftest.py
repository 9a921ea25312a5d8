"""What tests of pictures share."""

from __future__ import annotations

import io
from functools import lru_cache

import pytest
from PIL import Image
from provider_pictures import KINDS, picture

from workers.images import compositor
from workers.images.compositor.photo import Photo

PHOTOS = lru_cache(32)(Photo)


@pytest.fixture
def no_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make it an error to decode anything."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("it was decoded")

    for kind in KINDS:
        picture(kind=kind)  # made and remembered before
    monkeypatch.setattr(Image, "open", refuse)


@pytest.fixture
def quickly_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the compositor read a picture once for many slides, and hand slides out as bitmaps, without loss."""

    def bitmap(image: Image.Image, *, is_sandbox: bool) -> bytes:
        out = io.BytesIO()
        image.save(out, "BMP")
        return out.getvalue()

    monkeypatch.setattr(compositor, "Photo", PHOTOS)
    monkeypatch.setitem(compositor._ENCODERS, "jpeg", bitmap)
