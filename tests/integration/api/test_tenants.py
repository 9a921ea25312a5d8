"""Nothing of one user is shown to another: every route that openapi.json has, with every id that somebody else has.

What belongs to somebody else is answered as what does not exist: to the letter, and nothing is changed by it.
"""

from __future__ import annotations

import itertools
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import ad_calls
import pytest
import schedule_calls
from callers import Caller, key_of, ordered_images
from flask import Flask
from flask.testing import FlaskClient
from handwork import work
from sqlalchemy import select, text
from werkzeug.test import TestResponse

from app import accounts
from app.api import create_events_app
from app.api.openapi import OPEN
from app.db.models import ApiKey, Base, Notification, User
from app.db.session import transaction
from harness import Installation, forget_settings
from orders import a_user, order, pieces_of
from pngs import logo

SECRET_TOPIC = "Zanzibar marmalade heist"
LOGO = logo()
OWN_KEYS = ("/metrics",)  # asks for the operator's token
BODIES: dict[str, Any] = {
    "pieces.edit": {"title": "Mine now"},
    "runs.reformat": {"format": "1:1"},
    "ads.refine": {"instruction": "make the sky darker"},
    "ads.make_current": {"revision": 0},
    "brands.replace_brand": {"name": "Mine now", "kit": {}},
    "schedules.replace_schedule": schedule_calls.POST | {"name": "mine now"},
}


@dataclass
class Belongings:
    """What a user has, by the name that a route's path has for it."""

    ids: dict[str, list[str]] = field(default_factory=dict)
    """run_id, brand_id, ...: every one of the user's."""
    pieces: dict[str, list[str]] = field(default_factory=dict)
    """Run -> its pieces."""

    def paths(self, path: str) -> Iterator[str]:
        """Yield the path with each of these ids; those of pieces with the run that they belong to."""
        names = re.findall(r"{(\w+)}", path)
        if "piece_id" in names:
            for run_id, pieces in self.pieces.items():
                yield from (path.format(run_id=run_id, piece_id=piece) for piece in (pieces[0], pieces[-1]))
            return
        for values in itertools.product(*(self.ids[name] for name in names)):
            yield path.format(**dict(zip(names, values, strict=True)))


@pytest.fixture
def owners(client: FlaskClient, database: Installation) -> Caller:
    """The user whose things somebody else is after."""
    assert database
    return Caller(client, key_of(a_user()))


def user_of(call: Caller) -> User:
    with transaction() as session:
        return accounts.user_for_key(session, call.key).user


def belongings(call: Caller) -> Belongings:
    """Have a user own something of everything."""
    owner = user_of(call)
    brand = call("POST", "/api/brands", json={"name": "Owned brand", "kit": {}}).get_json()["id"]
    assert call("PUT", f"/api/brands/{brand}/logo", data=LOGO, content_type="image/png").status_code == 200
    post = order(owner, slides=5, topic=SECRET_TOPIC, brand="Owned brand")
    work(post)
    copy = call("POST", f"/api/runs/{post}/reformat", json={"format": "1:1"}).get_json()["id"]
    runs = [str(post), copy, str(ad_calls.ordered(call)), str(ordered_images(call)), str(order(owner))]
    schedule = schedule_calls.made(call, name="owned schedule")["id"]
    call("POST", "/api/keys", json={"name": "owned key"})
    with transaction() as session:
        keys = [str(key) for key in session.scalars(select(ApiKey.id).where(ApiKey.user_id == owner.id))]
    return Belongings(
        {"run_id": runs, "brand_id": [brand], "schedule_id": [schedule], "key_id": keys[1:] + keys[:1]},
        {run: [str(piece.id) for piece in pieces_of(uuid.UUID(run))] for run in runs},
    )


def operations(client: FlaskClient) -> list[tuple[str, str, str]]:
    """Return (method, path, operation) of every route, what deletes last, the inner before the outer, and keys at the end."""
    return operations_of(client.application)


@cache
def operations_of(web: Flask) -> list[tuple[str, str, str]]:
    paths: Mapping[str, Any] = web.test_client().get("/openapi.json").get_json()["paths"]
    found = [
        (method.upper(), path, one["operationId"]) for path, methods in paths.items() for method, one in methods.items()
    ]
    return sorted(found, key=lambda one: (one[0] == "DELETE", "key_id" in one[1], -one[1].count("/"), one))


def with_ids(client: FlaskClient) -> list[tuple[str, str, str]]:
    return [one for one in operations(client) if "{" in one[1] and one[1] != "/media/{key}"]


def ask(call: Caller, method: str, path: str, operation: str) -> TestResponse:
    """Send what the route takes."""
    if operation == "brands.put_logo":
        return call(method, path, data=LOGO, content_type="image/png")
    return call(method, path, json=BODIES.get(operation) if method != "GET" else None)


def everything() -> dict[str, list[str]]:
    """Return every row of every table."""
    with transaction() as session:
        return {
            table.name: sorted(session.scalars(text(f'SELECT t::text FROM "{table.name}" t')))
            for table in Base.metadata.sorted_tables
        }


def test_the_walk_misses_no_route(client: FlaskClient) -> None:
    described = {re.sub(r"{\w+}", "{}", path) for _, path, _ in operations(client)}
    rules = [*client.application.url_map.iter_rules(), *create_events_app().url_map.iter_rules()]
    served = {re.sub(r"<[^>]+>", "{}", rule.rule) for rule in rules}

    whole = {path for path in served if not path.endswith(("/generate/{}", "/quote/{}"))}
    assert whole - described == set()
    assert {name for _, path, _ in with_ids(client) for name in re.findall(r"{(\w+)}", path)} <= {
        *("run_id", "piece_id", "brand_id", "schedule_id", "key_id")
    }, "give the owner one of these in `belongings`"


def test_what_is_somebody_elses_is_answered_as_what_does_not_exist_and_stays_as_it_is(
    client: FlaskClient, owners: Caller, stranger: Caller
) -> None:
    theirs = belongings(owners)
    before = everything()
    told: list[str] = []

    for method, path, operation in with_ids(client):
        nothing = ask(stranger, method, re.sub(r"{\w+}", str(uuid.uuid4()), path), operation)
        assert nothing.status_code == 404, (method, path, nothing.text)
        for asked in theirs.paths(path):
            answer = ask(stranger, method, asked, operation)
            if (answer.status_code, answer.get_json()) != (404, nothing.get_json()):
                told.append(f"{method} {asked}: {answer.status} {answer.text[:200]}")

    assert told == []
    assert everything() == before


def test_the_same_requests_are_answered_to_their_owner(client: FlaskClient, owners: Caller) -> None:
    theirs = belongings(owners)
    unseen = []

    for method, path, operation in with_ids(client):
        statuses = {ask(owners, method, asked, operation).status_code for asked in theirs.paths(path)}
        if not statuses - {404, 405, 401}:
            unseen.append((method, path, statuses))

    assert unseen == [], "the walk proves nothing for these"


def test_a_piece_is_not_reached_through_a_run_of_ones_own(
    client: FlaskClient, owners: Caller, stranger: Caller
) -> None:
    theirs, own = belongings(owners), order(user_of(stranger), slides=5)
    work(own)
    before = everything()

    answers = [
        ask(stranger, method, path.format(run_id=own, piece_id=piece), operation).status_code
        for method, path, operation in with_ids(client)
        if "{piece_id}" in path
        for pieces in theirs.pieces.values()
        for piece in pieces
    ]

    assert set(answers) == {404}
    assert everything() == before


def test_no_list_or_report_shows_a_stranger_anything(client: FlaskClient, owners: Caller, stranger: Caller) -> None:
    theirs = belongings(owners)
    owner = user_of(owners)
    with transaction() as session:
        theirs.ids["notification"] = [str(one) for one in session.scalars(select(Notification.id))]
    marks = [
        *itertools.chain.from_iterable(theirs.ids.values()),
        *itertools.chain.from_iterable(theirs.pieces.values()),
        *(SECRET_TOPIC, owner.name, str(owner.id), owners.key[:11], "owned key", "Owned brand", "owned schedule"),
    ]
    seen_by_owner, seen_by_stranger = set(), []

    for method, path, _ in operations(client):
        if method != "GET" or "{" in path:
            continue
        mine, others = owners("GET", path).text, stranger("GET", path).text
        seen_by_owner |= {mark for mark in marks if mark in mine}
        seen_by_stranger += [(path, mark) for mark in marks if mark in others]

    assert seen_by_stranger == []
    assert {SECRET_TOPIC, "Owned brand", "owned schedule", "owned key"} <= seen_by_owner
    assert set(theirs.ids["notification"]) <= seen_by_owner


def test_names_and_marks_of_others_open_nothing(owners: Caller, stranger: Caller) -> None:
    theirs = belongings(owners)
    with transaction() as session:
        notification = session.scalars(select(Notification.id)).first()

    ordered = stranger("POST", "/api/generate/full-post", json={"topic": "Mine", "brand": "Owned brand"})
    body = schedule_calls.POST | {"request": {"topic": "Mine", "brand": "Owned brand"}}
    scheduled = stranger("POST", "/api/schedules", json=body)
    quoted = stranger("POST", "/api/quote/full-post", json={"topic": "Mine", "brand": "Owned brand"})
    pages = stranger("GET", f"/api/webhooks/deliveries?before={notification}")
    nowhere = stranger("GET", f"/api/webhooks/deliveries?before={uuid.uuid4()}")

    assert (ordered.status_code, ordered.get_json()["code"]) == (422, "unknown_brand")
    assert scheduled.status_code == 422
    assert quoted.status_code in (200, 422)
    assert (pages.status_code, pages.get_json()) == (404, nowhere.get_json())
    assert theirs.ids["run_id"]


def test_an_idempotency_key_of_somebody_else_does_not_bring_their_answer(owners: Caller, stranger: Caller) -> None:
    order_ = {"json": {"topic": SECRET_TOPIC, "slides": 5}, "headers": {"Idempotency-Key": "monday"}}

    first, second = (one("POST", "/api/generate/full-post", **order_) for one in (owners, stranger))

    assert (first.status_code, second.status_code) == (202, 202)
    assert first.get_json()["id"] != second.get_json()["id"]


def test_the_events_process_shows_a_stranger_nothing(
    owners: Caller, stranger: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRESSROOM_EVENTS_URL", "http://127.0.0.1:9")
    forget_settings()
    theirs = belongings(owners)
    events = create_events_app().test_client()

    for run_id in theirs.ids["run_id"]:
        path = f"/api/runs/{run_id}/events"
        assert Caller(events, stranger.key)("GET", path).status_code == 404
        address = owners("GET", path).headers["Location"]
        other = next(one for one in theirs.ids["run_id"] if one != run_id)
        moved = address.replace(run_id, other)
        assert events.get(moved[moved.index("/api") :]).status_code == 401


@pytest.mark.parametrize("is_broken", [False, True], ids=["good bodies", "broken bodies"])
def test_without_a_good_key_nothing_is_answered_and_no_body_is_parsed(
    client: FlaskClient, owners: Caller, *, is_broken: bool
) -> None:
    theirs = belongings(owners)
    revoked = key_of(user_of(owners))
    with transaction() as session:
        identity = accounts.user_for_key(session, revoked)
        accounts.revoke_key(session, identity.user, identity.key.id)
    is_open = {re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", path) for path in OPEN} | set(OWN_KEYS)
    asked = [
        (method, path, operation)
        for method, template, operation in operations(client)
        if template not in is_open
        for path in (theirs.paths(template) if "{" in template else [template])
    ]
    before, answered = everything(), []

    for told in (None, "Bearer pr_unknown", "Bearer ", "Basic cHI6cHI=", f"Bearer {revoked}"):
        headers = {} if told is None else {"Authorization": told}
        for method, path, operation in asked:
            body = BODIES.get(operation, {"topic": "x"})
            data = {"data": LOGO, "content_type": "image/png"} if operation == "brands.put_logo" else {"json": body}
            sent = {"data": "{", "content_type": "application/json"} if is_broken else data
            status = client.open(path, method=method, headers=headers, **sent).status_code
            if status != 401:
                answered.append((told, method, path, status))

    assert asked
    assert answered == []
    assert everything() == before
