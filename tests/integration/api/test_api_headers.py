"""Headers that keep a browser from doing harm: on every answer, whatever it is."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
from callers import Caller
from flask import Flask
from flask.testing import FlaskClient
from handwork import work
from werkzeug.test import TestResponse

from app.api import create_app, create_events_app
from app.db.models import User
from orders import order

ALWAYS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY"}


def missing(answer: TestResponse, *, is_stream: bool = False) -> list[str]:
    """Return what is wrong with an answer's headers. is_stream: other sites may read it, for it needs a key or a ticket."""
    headers = answer.headers
    found = [f"{name}: {headers.get(name)}" for name, value in ALWAYS.items() if headers.get_all(name) != [value]]
    policy = headers.get("Content-Security-Policy", "")
    if not policy.startswith("default-src 'none'") or "unsafe-eval" in policy or "script-src" in policy:
        found.append(f"Content-Security-Policy: {policy}")
    if "Cache-Control" not in headers:
        found.append("Cache-Control")
    if "Access-Control-Allow-Credentials" in headers or ("Access-Control-Allow-Origin" in headers and not is_stream):
        found.append("other sites may read it")
    return found


def url_of_a_slide(call: Caller, run_id: uuid.UUID) -> str:
    """Return the path of a run's first slide."""
    pieces = call("GET", f"/api/runs/{run_id}").get_json()["pieces"]
    url = next(str(piece["composed"]["url"]) for piece in pieces if piece["composed"])
    return url[url.index("/media") :]


def test_every_get_has_them(client: FlaskClient, call: Caller) -> None:
    paths = [path for path, methods in client.get("/openapi.json").get_json()["paths"].items() if "get" in methods]

    assert {
        path: told for path in paths if (told := missing(call("GET", path.replace("{", "").replace("}", ""))))
    } == {}


@pytest.mark.parametrize(
    ("status", "ask"),
    [
        (401, lambda call: call.client.get("/api/runs")),
        (404, lambda call: call("GET", "/nowhere")),
        (404, lambda call: call("GET", f"/api/runs/{uuid.uuid4()}")),
        (404, lambda call: call("GET", "/media/posts/x/none.png")),
        (405, lambda call: call("DELETE", "/api/runs")),
        (400, lambda call: call("POST", "/api/generate/full-post", data=b"{")),
        (422, lambda call: call("POST", "/api/generate/full-post", json={"topic": ""})),
        (413, lambda call: call("POST", "/api/brands", data=b"x" * 100_000)),
        (200, lambda call: call("OPTIONS", "/api/runs")),
        (200, lambda call: call("HEAD", "/healthz")),
        (202, lambda call: call("POST", "/api/generate/full-post", json={"topic": "Rust and Go"})),
    ],
)
def test_errors_and_answers_to_every_method_have_them(
    call: Caller, status: int, ask: Callable[[Caller], TestResponse]
) -> None:
    answer = ask(call)

    assert (answer.status_code, missing(answer)) == (status, [])


def test_a_file_has_them_and_nothing_in_it_is_run(call: Caller, user: User) -> None:
    run_id = order(user, slides=5)
    work(run_id)
    files = [
        url_of_a_slide(call, run_id),
        *(f"/api/runs/{run_id}/{name}" for name in ("carousel.pdf", "deck.pptx", "export.zip")),
    ]

    for path in files:
        for headers in ({}, {"Range": "bytes=0-1"}, {"If-None-Match": "*"}):
            with call("GET", path, headers=headers) as answer:
                assert answer.status_code in (200, 206, 304)
                assert missing(answer) == [], (path, answer.status)
    with call("GET", files[0]) as picture, call("GET", files[1]) as download:
        assert "sandbox" in picture.headers["Content-Security-Policy"]
        assert download.headers["Content-Disposition"].startswith("attachment")


def test_a_file_of_which_nothing_is_left_to_send_has_them(call: Caller, user: User) -> None:
    run_id = order(user, slides=5)
    work(run_id)
    picture = url_of_a_slide(call, run_id)

    answer = call("GET", picture, headers={"Range": "bytes=999999999-"})

    assert (answer.status_code, missing(answer)) == (416, [])


@pytest.mark.parametrize("make", [create_app, create_events_app])
def test_a_mistake_of_ours_has_them_and_shows_no_trace(
    make: Callable[[], Flask], user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert user
    app = make()
    app.add_url_rule("/broken", view_func=lambda: 1 / 0)

    answer = app.test_client().get("/broken")

    assert (answer.status_code, missing(answer)) == (500, [])
    assert "ZeroDivisionError" not in answer.text


def test_the_events_process_has_them(user: User) -> None:
    assert user
    client = create_events_app().test_client()

    for path in ("/healthz", "/readyz", f"/api/runs/{uuid.uuid4()}/events", "/nowhere"):
        assert missing(client.get(path), is_stream=path.endswith("/events")) == [], path
