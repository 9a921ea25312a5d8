"""The description of the API is made once for each application: who asks for it again costs next to nothing."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from app.api import create_app, openapi
from harness import Installation


@pytest.fixture(autouse=True)
def installation(database: Installation) -> Installation:
    return database


def test_it_is_made_for_the_first_who_asks_and_the_same_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    client, made = create_app().test_client(), 0
    ref = openapi._problem_schema

    def counted() -> object:
        nonlocal made
        made += 1
        return ref()

    monkeypatch.setattr(openapi, "_problem_schema", counted)

    first, *others = [client.get("/openapi.json") for _ in range(4)]

    assert (first.status_code, first.mimetype) == (200, "application/json")
    assert {answer.data for answer in others} == {first.data}
    assert made == 1


def test_each_application_describes_its_own_routes(client: FlaskClient) -> None:
    usual = client.get("/openapi.json").get_json()
    app = create_app()
    app.add_url_rule("/api/more", "more.list", view_func=lambda: "")

    more = app.test_client().get("/openapi.json").get_json()

    assert {*more["paths"]} - {*usual["paths"]} == {"/api/more"}
    assert {*usual["paths"]} <= {*more["paths"]}
