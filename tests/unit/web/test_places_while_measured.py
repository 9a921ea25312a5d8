"""What a stranger's file costs after it came is paid in its reader's place: pictures wait for each other there."""

from __future__ import annotations

import uuid
from types import SimpleNamespace
from typing import Any

import pytest

from app.db.models import Run
from app.domain.errors import PictureRefused, SourceRefused
from workers import audio
from workers.images import given
from workers.web import browser
from workers.web.browser import Browser, Readers

URL = "https://example.com/big"


@pytest.mark.parametrize("what", ["picture", "audio"])
def test_its_user_has_a_place_until_a_file_is_measured(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    places, user, taken = Readers(4), uuid.uuid4(), []

    def measured(_: bytes) -> Any:
        taken.append(dict(places._reading))
        raise PictureRefused("no") if what == "picture" else SourceRefused("no")

    monkeypatch.setattr(browser, "READERS", places)
    monkeypatch.setattr(browser.fetch, "get", lambda *_, **__: SimpleNamespace(body=b"big"))
    monkeypatch.setattr(given, "cleaned", measured)
    monkeypatch.setattr(audio, "measure", measured)
    web = Browser(Run(id=uuid.uuid4(), user_id=user))

    with pytest.raises(SourceRefused):
        web.picture(URL) if what == "picture" else web.audio(URL, max_s=60)
    assert taken == [{str(user): 1}]
    assert places._reading.total() == 0
