"""Each request has an id: a proxy's or our own, in the answer and on every line of the log that it causes."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Iterator

import pytest
from callers import Caller
from flask.testing import FlaskClient

from app import logs
from app.logs import WithIds


@pytest.fixture
def kept(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    filtered = WithIds()
    caplog.handler.addFilter(filtered)
    caplog.set_level(logging.INFO, logger="app")
    yield caplog
    caplog.handler.removeFilter(filtered)


def test_a_request_without_an_id_gets_one(client: FlaskClient) -> None:
    first, second = (client.get("/healthz").headers["X-Request-Id"] for _ in range(2))

    assert re.fullmatch(r"[0-9a-f]{32}", first)
    assert first != second


def test_a_proxys_id_is_kept(client: FlaskClient) -> None:
    answer = client.get("/healthz", headers={"X-Request-Id": "Root=1-67891233_abc.def".replace("=", "-")})

    assert answer.headers["X-Request-Id"] == "Root-1-67891233_abc.def"


@pytest.mark.parametrize("told", ["", "a b", "x" * 65, '{"event":"forged"}', "\u00fc"])
def test_what_does_not_look_like_an_id_is_replaced(client: FlaskClient, told: str) -> None:
    answer = client.get("/healthz", headers={"X-Request-Id": told})

    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["X-Request-Id"])


def test_a_refused_request_has_its_id_too(client: FlaskClient) -> None:
    for answer in (
        client.get("/nothing"),
        client.get("/api/runs"),
        client.post("/api/generate/ad", data=b"x" * 3_000_000),
    ):
        assert answer.status_code >= 400
        assert answer.headers["X-Request-Id"]


def test_every_line_of_a_request_bears_its_id_and_the_run_that_it_names(
    call: Caller, kept: pytest.LogCaptureFixture
) -> None:
    run_id = uuid.uuid4()

    call("GET", f"/api/runs/{run_id}", headers={"X-Request-Id": "mine"})

    lines = [vars(record) for record in kept.records if record.getMessage() == "request"]
    assert [(line["request_id"], line["run_id"]) for line in lines] == [("mine", str(run_id))]
    assert logs.ids() == {}, "what the thread does next is not this request"
