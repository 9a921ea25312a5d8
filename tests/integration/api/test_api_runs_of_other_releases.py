"""Runs that only another release knows: after a release was gone back from, lists and views show what can be shown."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from callers import Caller
from handwork import work
from sqlalchemy import update

from app.db.models import Brand, Piece, Run, User
from app.db.session import transaction
from orders import order, pieces_of


def set_run(run_id: uuid.UUID, **values: Any) -> None:
    with transaction() as session:
        session.execute(update(Run).where(Run.id == run_id).values(**values))


def unreadable(run_id: uuid.UUID) -> None:
    set_run(run_id, request={"topic": "Later", "slides": 99})


def of_a_pipeline_that_is_gone(run_id: uuid.UUID) -> None:
    set_run(run_id, pipeline="gone")


def with_an_unreadable_brand(run_id: uuid.UUID) -> None:
    set_run(run_id, brand={"theme": "midnight", "holograms": True})


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


DEEDS = {
    "resume": ("POST", "resume", None),
    "edit": ("PATCH", "pieces/{piece}", {"title": "Other words"}),
    "render": ("POST", "pieces/{piece}/render", None),
    "reformat": ("POST", "reformat", {"format": "1:1"}),
    "zip": ("GET", "export.zip", None),
}


def ask(call: Caller, run_id: uuid.UUID, deed: str, kind: str = "slide") -> Any:
    """Do a deed to a run, or to its first piece of a kind."""
    method, path, body = DEEDS[deed]
    piece = next(piece for piece in pieces_of(run_id) if piece.kind == kind)
    return call(method, f"/api/runs/{run_id}/{path.format(piece=piece.id)}", json=body)


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("becomes", [unreadable, of_a_pipeline_that_is_gone, with_an_unreadable_brand])
def test_what_would_have_to_read_it_is_refused_and_nothing_changes(
    call: Caller, user: User, becomes: Callable[[uuid.UUID], None], deed: str
) -> None:
    run_id = order(user, topic="Known", slides=5)
    work(run_id, fail=[2])
    becomes(run_id)
    before = call("GET", f"/api/runs/{run_id}").get_json()

    refused = ask(call, run_id, deed)

    problem = refused.get_json()
    assert (refused.status_code, problem["code"]) == (409, "another_release")
    assert "what another one has written" in problem["detail"]
    assert "Later" not in problem["detail"]
    assert call("GET", f"/api/runs/{run_id}").get_json() == before


@pytest.mark.parametrize("deed", ["edit", "render", "reformat"])
def test_a_piece_of_a_kind_that_is_gone_is_not_worked_on(call: Caller, user: User, deed: str) -> None:
    run_id = order(user, topic="Known", slides=5)
    work(run_id)
    with_a_kind_that_is_gone(run_id)

    assert ask(call, run_id, deed, kind="gone").get_json()["code"] == "another_release"


@pytest.mark.parametrize("deed", ["edit", "render", "zip"])
def test_what_is_known_of_such_a_run_can_still_be_changed_and_taken(call: Caller, user: User, deed: str) -> None:
    run_id = order(user, topic="Known", slides=5)
    work(run_id)
    with_a_kind_that_is_gone(run_id)

    assert ask(call, run_id, deed).status_code in (200, 202)


@BECOMES
def test_it_can_be_canceled_and_is_refunded(
    call: Caller, user: User, becomes: Callable[[uuid.UUID], None], title: str
) -> None:
    run_id = order(user, topic="Known", slides=5)
    becomes(run_id)
    assert call("GET", "/api/usage").get_json()["posts"]["used"] == 1

    assert call("POST", f"/api/runs/{run_id}/cancel").status_code in (200, 202)

    shown = call("GET", f"/api/runs/{run_id}").get_json()
    assert (shown["title"], shown["status"]) == (title, "CANCELED")
    assert call("GET", "/api/usage").get_json()["posts"]["used"] == 0


def test_a_brand_that_cannot_be_read_is_listed_without_its_kit_and_nothing_is_ordered_with_it(call: Caller) -> None:
    for name in ("Known", "Later"):
        made = call("POST", "/api/brands", json={"name": name, "kit": {}}).get_json()
    with transaction() as session:
        later = session.get_one(Brand, uuid.UUID(made["id"]))
        later.kit = {**later.kit, "holograms": True}

    known, unknown = call("GET", "/api/brands").get_json()["brands"]

    assert known["kit"]["theme"]
    assert (unknown["name"], unknown["kit"], unknown["tokens"]) == ("Later", None, None)
    assert "cannot read what another one has written" in unknown["warnings"][0]
    ordered = call("POST", "/api/generate/full-post", json={"topic": "Tea", "brand": "Later"})
    assert (ordered.status_code, ordered.get_json()["code"]) == (409, "another_release")
    kept = call("PUT", f"/api/brands/{made['id']}", json={"name": "Later", "kit": {}})
    assert kept.get_json()["code"] == "another_release", "its logo would be lost"
