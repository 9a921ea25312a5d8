"""Budgets over HTTP: what binds the key is shown, what passes it is refused, however many ask at once."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest
from callers import Caller, key_of
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app import alerts, budget_limits
from app.cli import stack
from app.cli.stack import PLAIN, Ports
from app.db.models import Run, User
from app.db.session import transaction
from app.domain.budgets import BudgetScope
from app.embedded.ports import free_port
from app.embedded.supervisor import Supervisor
from budgeting import CENT, ledger_of, month_row, set_budget
from harness import Installation, Sandbox
from orders import TOPIC, a_user

GENERATE = "/api/generate/full-post"
CHEAP = {"topic": TOPIC, "max_cost_usd": 0.01}


@pytest.fixture
def served(installation: Installation, sandbox: Sandbox) -> Iterator[str]:
    """The address of a real web process."""
    ports = Ports(free_port(), free_port(), free_port(), free_port())
    env = {**installation.env, "PRESSROOM_SANDBOX_URL": sandbox.url}
    web = [process for process in stack.web(env, ports) if process.name == "web"]
    with Supervisor(installation.data_dir / "stack", web) as supervisor:
        supervisor.wait_until_ready(30)
        yield f"http://127.0.0.1:{ports.web}"


def test_200_orders_at_once_over_http_at_a_budget_that_fits_37_are_37_runs_and_163_refusals(served: str) -> None:
    keys = [key_of(a_user()) for _ in range(4)]
    budget = set_budget(BudgetScope.INSTALLATION, 0.379)
    found: list[tuple[int, str]] = []
    gate = threading.Barrier(200)

    def send(key: str) -> None:
        headers = {"Authorization": f"Bearer {key}"}
        with httpx.Client(base_url=served, headers=headers, timeout=60, verify=PLAIN) as http:
            gate.wait(30)
            answer = http.post(GENERATE, json=CHEAP)
            found.append((answer.status_code, answer.json().get("code", "")))

    threads = [threading.Thread(target=send, args=(key,)) for key in keys * 50]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)

    assert Counter(found) == {(202, ""): 37, (429, "budget_exceeded"): 163}
    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(Run)) == 37
    assert month_row(budget) == ledger_of(budget) == (37 * CENT, 0)


def test_a_keys_budgets_are_its_own_and_its_users_and_no_others(client: FlaskClient, user: User, call: Caller) -> None:
    prefix, other = call.key[:11], key_of(user)
    set_budget(BudgetScope.INSTALLATION, 100)
    set_budget(BudgetScope.PROVIDER, 100, "gateway")
    set_budget(BudgetScope.USER, 5, user.name)
    set_budget(BudgetScope.USER, 7, a_user().name)
    set_budget(BudgetScope.KEY, 2, prefix)
    set_budget(BudgetScope.KEY, 3, other[:11])
    call("POST", GENERATE, json=CHEAP)

    body = call("GET", "/api/budgets").get_json()

    assert body["month"] == f"{datetime.now(UTC):%Y-%m}"
    shown = [(one["scope"], one["subject"], one["used_micro_usd"], one["left_usd"]) for one in body["budgets"]]
    assert shown == [("user", user.name, CENT, "4.99"), ("key", prefix, CENT, "1.99")]
    theirs = Caller(client, other)("GET", "/api/budgets").get_json()["budgets"]
    assert [(one["subject"], one["used_micro_usd"]) for one in theirs] == [(user.name, CENT), (other[:11], 0)]


def test_a_refused_order_is_a_problem_and_its_alert_is_shown(user: User, call: Caller) -> None:
    set_budget(BudgetScope.USER, 0.005, user.name)

    answer = call("POST", GENERATE, json=CHEAP)
    alerts.watch()

    assert (answer.status_code, answer.mimetype) == (429, "application/problem+json")
    assert answer.get_json()["code"] == "budget_exceeded"
    assert "your account is $0.005 a month" in answer.get_json()["detail"]
    [budget] = call("GET", "/api/budgets").get_json()["budgets"]
    assert [alert["threshold"] for alert in budget["alerts"]] == ["100"]
    assert "an order was refused" in budget["alerts"][0]["text"]
    assert call("GET", "/api/runs").get_json()["runs"] == []


def test_a_refused_post_of_the_plan_is_no_budgets_matter(client: FlaskClient) -> None:
    with transaction() as session:
        owner = User(name="free")
        session.add(owner)
    call = Caller(client, key_of(owner))
    set_budget(BudgetScope.USER, 100, owner.name)

    answers = [call("POST", GENERATE, json=CHEAP) for _ in range(4)]
    alerts.watch()

    assert answers[-1].get_json()["code"] == "quota_exceeded:posts"
    assert call("GET", "/api/budgets").get_json()["budgets"][0]["alerts"] == []


def test_a_new_round_with_a_poor_key_is_refused(client: FlaskClient, user: User, call: Caller) -> None:
    run_id = call("POST", GENERATE, json=CHEAP).get_json()["id"]
    call("POST", f"/api/runs/{run_id}/cancel")
    poor = key_of(user)
    set_budget(BudgetScope.KEY, 0.001, poor[:11])

    refused = Caller(client, poor)("POST", GENERATE, json=CHEAP)

    assert refused.get_json()["code"] == "budget_exceeded"
    assert call("POST", GENERATE, json=CHEAP).status_code == 202


def test_a_quote_names_the_budget_that_would_refuse(user: User, call: Caller) -> None:
    set_budget(BudgetScope.USER, 0.005, user.name)

    quoted = call("POST", "/api/quote/full-post", json=CHEAP).get_json()

    assert quoted["refused_by"]["code"] == "budget_exceeded"


def test_usage_tells_the_month_in_sentences_pictures_and_tokens(call: Caller) -> None:
    call("POST", GENERATE, json=CHEAP)

    usage = call("GET", "/api/usage").get_json()

    assert "you've used 1 posts this month" in usage["sentences"]
    assert "you've used $0.01 of $10000.00 this month" in usage["sentences"]
    assert usage["pictures"] == {"made": 0, "accepted": 0}
    assert usage["tokens"] == {"in": None, "out": None, "cached": None, "image": None}


def test_budgets_want_a_key(client: FlaskClient) -> None:
    assert client.get("/api/budgets").status_code == 401
    assert budget_limits.MOST_MICRO_USD > 0
