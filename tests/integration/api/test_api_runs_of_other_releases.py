"""Runs that only another release knows: after a release was gone back from, lists and views show what can be shown."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from callers import Caller
from handwork import work
from sqlalchemy import update

from app.db.models import Piece, Run, User
from app.db.session import transaction
from orders import order


def set_run(run_id: uuid.UUID, **values: Any) -> None:
    with transaction() as session:
        session.execute(update(Run).where(Run.id == run_id).values(**values))


def unreadable(run_id: uuid.UUID) -> None:
    set_run(run_id, request={"topic": "Later", "slides": 99})


def of_a_pipeline_that_is_gone(run_id: uuid.UUID) -> None:
    set_run(run_id, pipeline="gone")


def with_a_kind_that_is_gone(run_id: uuid.UUID) -> None:
    with transaction() as session:
        session.execute(update(Piece).where(Piece.run_id == run_id, Piece.kind == "quote").values(kind="gone"))


BECOMES = pytest.mark.parametrize(
    ("becomes", "title"),
    [
        (unreadable, "full-post"),
        (of_a_pipeline_that_is_gone, "gone"),
        (with_a_kind_that_is_gone, "Known"),
    ],
)


@BECOMES
def test_such_a_run_is_listed_among_the_others(
    call: Caller, user: User, becomes: Callable[[uuid.UUID], None], title: str
) -> None:
    other, run_id = order(user, topic="Another"), order(user, topic="Known", slides=5)
    becomes(run_id)

    first, second = call("GET", "/api/runs").get_json()["runs"]

    assert (second["id"], second["title"]) == (str(other), "Another")
    assert (first["id"], first["title"], first["status"]) == (str(run_id), title, "QUEUED")
    assert first["links"]["self"].endswith(f"/api/runs/{run_id}")


@BECOMES
def test_it_is_shown_with_all_its_pieces(
    call: Caller, user: User, becomes: Callable[[uuid.UUID], None], title: str
) -> None:
    run_id = order(user, topic="Known", slides=5)
    work(run_id)
    becomes(run_id)

    shown = call("GET", f"/api/runs/{run_id}").get_json()

    assert (shown["title"], shown["status"], len(shown["pieces"])) == (title, "READY", 8)
    assert (shown["progress"]["done"], shown["progress"]["total"], shown["progress"]["percent"]) == (8, 8, 100)
