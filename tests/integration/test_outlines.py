"""What lists tell of a request: read once, however often a run is listed."""

from __future__ import annotations

import pytest

from app.db.models import Run
from app.db.session import transaction
from app.runs import outlines
from app.runs.outlines import Outline, outline_of, outlines_of
from orders import order, run_of

pytestmark = pytest.mark.usefixtures("database")
BY_NAME = Outline("full-post", {})


def unread(run: Run) -> Run:
    """Return the run with a request that only another release can read."""
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


def test_of_many_runs_the_requests_of_those_not_known_are_read() -> None:
    runs = [order(slides=count) for count in (5, 6, 7)]
    first = outline_of(run_of(runs[0]))

    with transaction() as session:
        found = outlines_of(session, runs)

    assert found[runs[0]] is first
    assert [found[run_id].counts["slide"] for run_id in runs] == [5, 6, 7]
    assert all(outline_of(unread(run_of(run_id))) is found[run_id] for run_id in runs)


def test_the_one_that_was_not_asked_for_the_longest_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlines, "REMEMBERED", 2)
    monkeypatch.setattr(outlines, "_outlines", type(outlines._outlines)())
    first, second, third = (order(slides=5) for _ in range(3))
    for run_id in (first, second, first, third):
        outline_of(run_of(run_id))

    assert outline_of(unread(run_of(first)))
    assert outline_of(unread(run_of(second))) == BY_NAME


def test_a_request_that_only_another_release_can_read_has_the_name_of_its_pipeline_until_it_can_be_read() -> None:
    run_id = order(slides=5, topic="Why backups fail")

    assert outline_of(unread(run_of(run_id))) == BY_NAME
    assert outline_of(run_of(run_id)).title == "Why backups fail"


def test_so_has_a_run_of_a_pipeline_that_is_gone() -> None:
    run = run_of(order(slides=5))
    run.pipeline = "gone"

    assert outline_of(run) == Outline("gone", {})
