"""A key with a budget of its own cannot step over it: it makes no other key, and nothing that orders without a key."""

from __future__ import annotations

from typing import Any

import pytest
import schedule_calls
from callers import Caller, key_of
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db.models import ApiKey, User
from app.db.session import transaction
from app.domain.budgets import BudgetScope
from budgeting import remove_budget, set_budget
from orders import run_of

GENERATE = "/api/generate/full-post"
CHEAP = {"topic": "DevOps for Junior Engineers", "max_cost_usd": 0.01}
BODIES: dict[str, Any] = {
    "account.create_key": {"name": "way out"},
    "schedules.create_schedule": schedule_calls.POST | {"name": "way out"},
    "schedules.replace_schedule": schedule_calls.POST | {"name": "way out", "cron": "* * * * *"},
}
ALLOWED = {"schedules.run_schedule"}


@pytest.fixture
def script(client: FlaskClient, user: User) -> Caller:
    """Send a request with a key of the user that may spend a dollar a month."""
    key = key_of(user)
    set_budget(BudgetScope.KEY, 1, key[:11])
    return Caller(client, key)


def id_of(call: Caller) -> str:
    with transaction() as session:
        return str(session.scalars(select(ApiKey.id).where(ApiKey.prefix == call.key[:11])).one())


def changes(client: FlaskClient) -> list[tuple[str, str, str, bool]]:
    """Return (method, path, operation, whether 403 is described) of all that changes keys and schedules."""
    paths: dict[str, Any] = client.get("/openapi.json").get_json()["paths"]
    return [
        (method.upper(), path, one["operationId"], "403" in one["responses"])
        for path, methods in paths.items()
        for method, one in methods.items()
        if method != "get" and one["tags"][0] in ("account", "schedules")
    ]


def test_it_changes_no_key_and_no_schedule_and_the_description_says_so(
    client: FlaskClient, call: Caller, script: Caller
) -> None:
    schedule = schedule_calls.made(call)
    ids = {"key_id": id_of(call), "schedule_id": schedule["id"]}
    before = [call("GET", path).get_json() for path in ("/api/keys", "/api/schedules")]
    answers = {
        operation: script(method, path.format(**ids), json=BODIES.get(operation, {}))
        for method, path, operation, _ in changes(client)
        if operation not in ALLOWED
    }

    assert len(answers) == 7
    for operation, answer in answers.items():
        assert (operation, answer.status_code, answer.get_json()["code"]) == (operation, 403, "key_has_budget")
        assert "use a key of yours without a budget" in answer.get_json()["detail"]
    assert [call("GET", path).get_json() for path in ("/api/keys", "/api/schedules")] == before
    assert {operation for _, _, operation, is_told in changes(client) if is_told} == set(answers)


def test_it_does_not_even_revoke_itself(script: Caller) -> None:
    assert script("DELETE", f"/api/keys/{id_of(script)}").status_code == 403
    assert script("GET", "/api/usage").status_code == 200


def test_it_does_not_learn_what_others_have(stranger: Caller, script: Caller) -> None:
    theirs, nothing = id_of(stranger), "00000000-0000-0000-0000-000000000000"

    answers = [script("DELETE", f"/api/keys/{one}") for one in (theirs, nothing)]

    assert answers[0].get_json() == answers[1].get_json()


def test_it_orders_and_looks_as_before(call: Caller, script: Caller) -> None:
    schedule_calls.made(call)

    assert script("POST", GENERATE, json=CHEAP).status_code == 202
    for path in ("/api/keys", "/api/schedules", "/api/budgets", "/api/runs"):
        assert script("GET", path).status_code == 200


def test_it_pays_for_the_extra_run_of_a_schedule_that_it_orders(call: Caller, script: Caller) -> None:
    schedule = schedule_calls.made(call)
    path = f"/api/schedules/{schedule['id']}/run"

    ordered = script("POST", path, json={})
    set_budget(BudgetScope.KEY, 0.001, script.key[:11])
    refused = script("POST", path, json={})

    assert ordered.status_code == 202
    assert str(run_of(ordered.get_json()["id"]).api_key_id) == id_of(script)
    assert (refused.status_code, refused.get_json()["code"]) == (429, "budget_exceeded")


def test_other_keys_and_budgets_of_the_same_user_change_nothing_for_a_key(
    user: User, call: Caller, script: Caller
) -> None:
    set_budget(BudgetScope.USER, 5, user.name)
    set_budget(BudgetScope.INSTALLATION, 5)

    made = call("POST", "/api/keys", json={"name": "laptop"})

    assert made.status_code == 201
    assert call("DELETE", f"/api/keys/{id_of(script)}").status_code == 200
    schedule_calls.made(call)


def test_without_its_budget_it_is_a_key_like_others(script: Caller) -> None:
    assert script("POST", "/api/keys", json={"name": "laptop"}).status_code == 403

    remove_budget(BudgetScope.KEY, script.key[:11])

    assert script("POST", "/api/keys", json={"name": "laptop"}).status_code == 201
