"""What lists tell of a request: read once, however often a run is listed."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from app.db.models import Run
from app.runs import outlines
from app.runs.outlines import outline_of
from orders import order, run_of

pytestmark = pytest.mark.usefixtures("database")


def unread(run: Run) -> Run:
    """Return the run with a request that cannot be read any more."""
    run.request = {}
    return run


def test_it_has_the_title_and_how_many_pieces_there_will_be() -> None:
    outline = outline_of(run_of(order(slides=5, topic="Why backups fail")))

    assert outline.title == "Why backups fail"
    assert outline.counts == {"content": 1, "slide": 5, "article": 1, "quote": 1}


def test_a_request_is_read_once() -> None:
    run_id = order(slides=5)
    first = outline_of(run_of(run_id))

    assert outline_of(unread(run_of(run_id))) is first


def test_the_one_that_was_not_asked_for_the_longest_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlines, "REMEMBERED", 2)
    monkeypatch.setattr(outlines, "_outlines", type(outlines._outlines)())
    first, second, third = (order(slides=5) for _ in range(3))
    for run_id in (first, second, first, third):
        outline_of(run_of(run_id))

    assert outline_of(unread(run_of(first)))
    with pytest.raises(ValidationError):
        outline_of(unread(run_of(second)))
