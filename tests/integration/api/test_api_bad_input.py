"""Every bad input gets a clear answer: status, stable code, which field; never a trace."""

from __future__ import annotations

import json
import re
import time
import uuid
from typing import Any

import pytest
from callers import Caller, key_of
from flask.testing import FlaskClient
from handwork import work
from sqlalchemy import select

from app import accounts, admission
from app.api import create_app
from app.db.models import ApiKey, User
from app.db.session import transaction
from app.domain import wrong_fields
from app.domain.plans import Plan
from harness import forget_caches
from orders import a_user, order, pieces_of, run_of

GENERATE = "/api/generate/full-post"
TOPIC = "DevOps for Junior Engineers"
MANY = {f"f{n}": n for n in range(1_000)}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"topic": "ab"}, "topic"),
        ({"topic": "   a   "}, "topic"),
        ({"topic": "x" * 201}, "topic"),
        ({"topic": 42}, "topic"),
        ({"topic": None}, "topic"),
        ({}, "topic"),
        ({"topic": TOPIC, "tone": "angry"}, "tone"),
        ({"topic": TOPIC, "format": "3:2"}, "format"),
        ({"topic": TOPIC, "slides": 4}, "slides"),
        ({"topic": TOPIC, "slides": 13}, "slides"),
        ({"topic": TOPIC, "slides": "many"}, "slides"),
        ({"topic": TOPIC, "language": "English!"}, "language"),
        ({"topic": TOPIC, "max_cost_usd": -1}, "max_cost_usd"),
        ({"topic": TOPIC, "brand": "nobody"}, "brand"),
        ({"topic": TOPIC, "colour": "red"}, "colour"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_ordered(call: Caller, body: dict[str, Any], field: str) -> None:
    answer = call("POST", GENERATE, json=body)
    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"
    assert field in answer.get_json()["fields"]
    assert call("GET", "/api/runs").get_json()["runs"] == []


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"{", "malformed_json"),
        (b'{"topic": "abc"', "malformed_json"),
        (b"\xff\xfe", "malformed_json"),
        (b'{"topic": NaN}', "malformed_json"),
        (b"[" * 60_000, "malformed_json"),
        (b"1" * 6_000, "malformed_json"),
        (b"[]", "not_an_object"),
        (b'"topic"', "not_an_object"),
        (b'{"topic": "a\\u0000bcd"}', "unusable_json"),
        (b'{"topic": "abc \\ud800"}', "unusable_json"),
        (b'{"topic": ' + b"[" * 500 + b"]" * 500 + b"}", "unusable_json"),
        (b'{"a": [0%s]}' % (b",0" * 5_000), "unusable_json"),
        (json.dumps({f"f{n}": {} for n in range(5_001)}).encode(), "unusable_json"),
    ],
)
def test_what_is_no_json_object_gets_400(call: Caller, raw: bytes, code: str) -> None:
    answer = call("POST", GENERATE, data=raw)
    assert (answer.status_code, answer.get_json()["code"]) == (400, code)


@pytest.mark.parametrize("path", [GENERATE, "/api/quote/full-post", "/api/brands", "/api/schedules"])
def test_of_many_wrong_fields_the_first_are_told_and_how_many_more_there_are(call: Caller, path: str) -> None:
    answer = call("POST", path, json={"topic": TOPIC, "name": "x", "cron": "0 9 * * *", "pipeline": "full-post"} | MANY)

    told = answer.get_json()
    unknown = [name for name in told["fields"] if name.startswith("f")]
    assert (answer.status_code, len(told["fields"])) == (422, wrong_fields.MOST_TOLD)
    assert len(unknown) >= wrong_fields.MOST_TOLD - 3
    assert re.search(r"; and 98\d more$", told["detail"])
    assert len(answer.data) < 5_000


def test_a_wrong_fields_name_is_cut(call: Caller) -> None:
    answer = call("POST", GENERATE, json={"topic": TOPIC, "x" * 50_000: 1})

    assert [*answer.get_json()["fields"]] == ["x" * wrong_fields.MAX_NAME]
    assert len(answer.data) < 2_000


def test_a_body_of_5_mb_gets_413(call: Caller) -> None:
    answer = call("POST", GENERATE, data=json.dumps({"topic": "x" * 5_000_000}))
    assert (answer.status_code, answer.get_json()["code"]) == (413, "body_too_large")


def test_an_unknown_pipeline_gets_404_with_those_there_are(call: Caller) -> None:
    answer = call("POST", "/api/generate/novel", json={"topic": TOPIC})
    assert (answer.status_code, answer.get_json()["code"]) == (404, "unknown_pipeline")
    assert "full-post" in answer.get_json()["detail"]


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic abc", "Bearer pr_wrong", "Bearer \xe4\xf6"])
def test_no_key_or_a_wrong_one_gets_401(client: FlaskClient, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = client.post(GENERATE, json={"topic": TOPIC}, headers=headers)
    assert (answer.status_code, answer.get_json()["code"]) == (401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_revoked_key_gets_401(call: Caller, user: User) -> None:
    with transaction() as session:
        key = session.scalars(select(ApiKey).where(ApiKey.user_id == user.id)).one()
        accounts.revoke_key(session, user, key.id)
    assert call("GET", "/api/runs").status_code == 401


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=101",
        "limit=x",
        "limit=99999999999",
        "limit=²",
        "status=DONE",
        "pipeline=novel",
        "before=!",
        "before=YWJj",
        "before=%00",
    ],
)
def test_a_wrong_query_gets_422(call: Caller, query: str) -> None:
    answer = call("GET", f"/api/runs?{query}")
    assert answer.status_code == 422
    assert query.partition("=")[0] in answer.get_json()["fields"]


@pytest.mark.parametrize(
    "path",
    [
        "/api/runs/17",
        "/api/runs/6f1c2b3a-4d5e-4f60-8a7b-9c0d1e2f3a4b",
        "/nothing",
        "/media/../etc/passwd",
        "/media/%00.png",
        "/media/.check",
        "/media/posts/x/.part-a.png",
    ],
)
def test_what_is_not_there_is_a_problem_with_404(call: Caller, path: str) -> None:
    answer = call("GET", path)
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    assert answer.get_json()["code"] == "not_found"


def test_a_wrong_method_is_a_problem_with_405_and_allow(call: Caller) -> None:
    answer = call("DELETE", "/api/runs")
    assert (answer.status_code, answer.get_json()["code"]) == (405, "method_not_allowed")
    assert "GET" in answer.headers["Allow"]


def test_a_used_up_month_gets_429_with_the_unit_in_its_code(client: FlaskClient) -> None:
    call = Caller(client, key_of(a_user(Plan.FREE)))
    cheap = {"topic": TOPIC, "max_cost_usd": 1}  # so that it is the posts that are used up, and not the money
    codes = [call("POST", GENERATE, json=cheap).status_code for _ in range(4)]
    assert codes == [202, 202, 202, 429]
    assert call("POST", GENERATE, json=cheap).get_json()["code"] == "quota_exceeded:posts"


def test_without_redis_an_order_is_still_taken_fast_and_runs_later(
    call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    forget_caches()
    started = time.monotonic()
    answers = [call("POST", GENERATE, json={"topic": TOPIC}) for _ in range(2)]
    assert time.monotonic() - started < 1.5
    assert [answer.status_code for answer in answers] == [202, 202]
    run_id = uuid.UUID(answers[0].get_json()["id"])
    with transaction() as session:
        assert run_id in admission.admit(session)


def test_without_postgresql_everything_gets_503_with_retry_after_and_no_trace(
    call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql+psycopg://nobody@/nothing?host=/nonexistent")
    forget_caches()
    for method, path in (("POST", GENERATE), ("GET", "/api/runs"), ("GET", f"/api/runs/{uuid.uuid4()}/events")):
        answer = call(method, path, json={"topic": TOPIC} if method == "POST" else None)
        assert (answer.status_code, answer.get_json()["code"]) == (503, "database_unavailable")
        assert int(answer.headers["Retry-After"]) > 0
        assert "Traceback" not in answer.text
        assert "psycopg" not in answer.text


@pytest.mark.usefixtures("database")
def test_a_mistake_of_ours_gets_500_without_its_text(caplog: pytest.LogCaptureFixture) -> None:
    app = create_app()
    app.config["PROPAGATE_EXCEPTIONS"] = False

    def broken() -> str:
        raise ValueError("secret detail")

    app.add_url_rule("/broken", view_func=broken)
    answer = app.test_client().get("/broken")
    assert (answer.status_code, answer.get_json()["code"]) == (500, "internal")
    assert "secret" not in answer.text
    assert "secret detail" in caplog.text


def test_keys_never_reach_the_log(call: Caller, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    call("POST", GENERATE, json={"topic": "a secret topic"})
    call("GET", "/api/runs", headers={"Authorization": "Bearer pr_wrongwrongwrong"})
    told = "".join(str(record.__dict__) for record in caplog.records if record.name.startswith("app.api"))
    assert "/api/runs" in told
    for secret in (call.key, "pr_wrongwrongwrong", "a secret topic"):
        assert secret not in told


def test_a_wrong_edit_is_refused(call: Caller, user: User) -> None:
    run_id = order(user, slides=5)
    work(run_id)
    slide = next(piece for piece in pieces_of(run_id) if piece.kind == "slide")
    wrong: list[dict[str, Any]] = [
        {},
        {"title": ""},
        {"title": "x" * 2001},
        {"title": 3},
        {"nothing": "x"},
        {"continuity": "x"},
        {f"f{n}": "x" for n in range(11)},
    ]

    for changes in wrong:
        answer = call("PATCH", f"/api/runs/{run_id}/pieces/{slide.id}", json=changes)
        assert (changes, answer.status_code) == (changes, 422)
    assert run_of(run_id).round == 1


def test_readyz_names_the_part_that_is_away(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.get("/readyz").get_json() == {
        "status": "ok",
        "parts": {"database": "ok", "schema": "ok", "redis": "ok", "storage": "ok"},
    }
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    forget_caches()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.get_json()["parts"]["redis"]) == (503, "failed")
    monkeypatch.setenv("DATABASE_URL", "postgresql+psycopg://nobody@/nothing?host=/nonexistent")
    forget_caches()
    assert client.get("/readyz").get_json()["parts"]["database"] == "failed"
    assert client.get("/healthz").status_code == 200


def test_without_an_events_process_a_watcher_is_told_so(call: Caller, user: User) -> None:
    answer = call("GET", f"/api/runs/{order(user)}/events")
    assert (answer.status_code, answer.get_json()["code"]) == (503, "events_elsewhere")
