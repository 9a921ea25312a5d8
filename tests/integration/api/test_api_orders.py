"""Ordering: the answer, its links, idempotency, and what stays behind the tenant's wall."""

from __future__ import annotations

import threading
import uuid

import pytest
from callers import Caller, counted_queries
from flask.testing import FlaskClient
from handwork import work
from werkzeug.test import TestResponse

from app.db.models import User
from orders import order, pieces_of, run_of

GENERATE = "/api/generate/full-post"
BODY = {"topic": "DevOps for Junior Engineers"}


def test_an_order_answers_202_with_links_that_work(call: Caller) -> None:
    answer = call("POST", GENERATE, json=BODY)
    body = answer.get_json()
    assert answer.status_code == 202
    assert {"id", "pipeline", "status", "links"} == set(body)
    assert (body["pipeline"], body["status"]) == ("full-post", "QUEUED")
    assert set(body["links"]) == {"self", "post", "events", "cancel", "reformat"}
    assert call("GET", answer.headers["Location"]).get_json()["id"] == body["id"]
    assert call("GET", body["links"]["post"].removeprefix("http://127.0.0.1:8000")).status_code == 200


def test_an_order_is_five_statements_however_much_it_opens(call: Caller) -> None:
    images = {"prompts": [f"a fox number {n}" for n in range(40)]}
    for path, body in ((GENERATE, BODY), ("/api/generate/images", images)):
        with counted_queries() as seen:
            assert call("POST", path, json=body).status_code == 202
        assert len(seen) <= 5, seen  # whose key, which budgets, the run, its pieces, the month


def test_the_same_key_and_body_get_the_same_answer_and_one_run(call: Caller) -> None:
    headers = {"Idempotency-Key": "order-1"}
    first = call("POST", GENERATE, json=BODY, headers=headers)
    spaced = call("POST", GENERATE, data='{ "topic":"DevOps for Junior Engineers" }', headers=headers)
    assert (first.status_code, first.get_json()) == (spaced.status_code, spaced.get_json())
    assert len(call("GET", "/api/runs").get_json()["runs"]) == 1


def test_the_same_key_with_another_body_or_path_gets_409(call: Caller) -> None:
    headers = {"Idempotency-Key": "order-1"}
    run_id = call("POST", GENERATE, json=BODY, headers=headers).get_json()["id"]
    other = call("POST", GENERATE, json=BODY | {"tone": "punchy"}, headers=headers)
    resumed = call("POST", f"/api/runs/{run_id}/resume", headers=headers)
    for answer in (other, resumed):
        assert (answer.status_code, answer.get_json()["code"]) == (409, "idempotency_key_reused")


def test_keys_of_two_users_have_nothing_to_do_with_each_other(call: Caller, stranger: Caller) -> None:
    headers = {"Idempotency-Key": "order-1"}
    mine = call("POST", GENERATE, json=BODY, headers=headers).get_json()["id"]
    theirs = stranger("POST", GENERATE, json=BODY | {"tone": "promo"}, headers=headers)
    assert theirs.status_code == 202
    assert theirs.get_json()["id"] != mine


@pytest.mark.parametrize("key", ["", "x" * 201, "ä"])
def test_a_key_that_cannot_be_kept_gets_422(call: Caller, key: str) -> None:
    answer = call("POST", GENERATE, json=BODY, headers={"Idempotency-Key": key})
    assert (answer.status_code, list(answer.get_json()["fields"])) == (422, ["Idempotency-Key"])


def at_once(count: int, call: Caller, method: str, path: str, **options: object) -> list[TestResponse]:
    """Send the same request from several threads at once."""
    gate, found = threading.Barrier(count), list[TestResponse]()

    def send() -> None:
        caller = Caller(call.client.application.test_client(), call.key)
        gate.wait(10)
        found.append(caller(method, path, **options))

    threads = [threading.Thread(target=send) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(found) == count
    return found


def test_ten_equal_orders_at_once_are_one_run(call: Caller) -> None:
    found = at_once(10, call, "POST", GENERATE, json=BODY, headers={"Idempotency-Key": "at-once"})
    assert {answer.status_code for answer in found} == {202}
    assert len({answer.get_json()["id"] for answer in found}) == 1
    assert len(call("GET", "/api/runs").get_json()["runs"]) == 1


def test_of_ten_resumes_at_once_one_starts_a_round(call: Caller, user: User) -> None:
    run_id = order(user, slides=5)
    work(run_id, fail=[2])
    found = at_once(10, call, "POST", f"/api/runs/{run_id}/resume")
    assert sorted(answer.status_code for answer in found) == [202] + [409] * 9
    assert {answer.get_json()["code"] for answer in found if answer.status_code == 409} == {"already_running"}
    assert run_of(run_id).round == 2


def test_ten_equal_resumes_with_one_key_all_get_the_round_that_began(call: Caller, user: User) -> None:
    run_id = order(user, slides=5)
    work(run_id, fail=[2])
    found = at_once(10, call, "POST", f"/api/runs/{run_id}/resume", headers={"Idempotency-Key": "again"})
    assert {answer.status_code for answer in found} == {202}
    assert [answer.get_json() for answer in found] == [found[0].get_json()] * 10
    assert run_of(run_id).round == 2


def test_an_order_can_name_a_brand_of_ones_own_only(call: Caller, stranger: Caller) -> None:
    kit = {"accent": "#ff0000"}
    assert call("POST", "/api/brands", json={"name": "Acme", "kit": kit}).status_code == 201
    run_id = call("POST", GENERATE, json=BODY | {"brand": "Acme"}).get_json()["id"]
    assert run_of(uuid.UUID(run_id)).brand["accent"] == "#ff0000"
    assert stranger("POST", GENERATE, json=BODY | {"brand": "Acme"}).get_json()["code"] == "unknown_brand"


def test_a_quote_orders_nothing_and_is_what_a_run_reserves(call: Caller) -> None:
    quoted = call("POST", "/api/quote/full-post", json=BODY).get_json()
    assert 0 < quoted["expected_micro_usd"] < quoted["worst_micro_usd"] == quoted["reserved_micro_usd"]
    assert call("GET", "/api/runs").get_json()["runs"] == []
    run_id = call("POST", GENERATE, json=BODY).get_json()["id"]
    shown = call("GET", f"/api/runs/{run_id}").get_json()
    assert shown["cost"]["reserved_micro_usd"] == quoted["worst_micro_usd"]


def test_no_route_shows_or_changes_what_belongs_to_somebody_else(
    client: FlaskClient, call: Caller, stranger: Caller, user: User
) -> None:
    run_id = order(user, slides=5)
    work(run_id, fail=[1])
    slide = next(piece.id for piece in pieces_of(run_id) if piece.kind == "slide")
    brand = call("POST", "/api/brands", json={"name": "Acme"}).get_json()["id"]
    key = call("GET", "/api/keys").get_json()["keys"][0]["id"]
    ids = {"run_id": run_id, "piece_id": slide, "brand_id": brand, "key_id": key}
    before = run_of(run_id)
    walked = 0
    for rule in client.application.url_map.iter_rules():
        if not rule.arguments & ids.keys():
            continue
        _, path = rule.build({name: ids[name] for name in rule.arguments}, append_unknown=False) or ("", "")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            body = {"title": "mine now"} if method == "PATCH" else {"name": "mine now"}
            answer = stranger(method, path, json=body)
            assert answer.status_code == 404, f"{method} {path}"
            assert answer.get_json()["code"] == "not_found"
            assert client.open(path, method=method, json=body).status_code == 401, f"{method} {path}"
            walked += 1
    assert walked == 22
    after = run_of(run_id)
    assert (after.round, after.last_event, after.state) == (before.round, before.last_event, before.state)
    assert stranger("GET", "/api/runs").get_json()["runs"] == []
    assert stranger("GET", "/api/brands").get_json()["brands"] == []
    assert key not in stranger("GET", "/api/keys").text
    assert call("GET", "/api/brands").get_json()["brands"][0]["name"] == "Acme"
