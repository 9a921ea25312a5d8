"""A quote: what a run would cost, who would be asked, what it takes of the month, and who would refuse it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from callers import Caller

from app.db.models import User
from app.domain.budgets import BudgetScope
from budgeting import no_budgets_left, set_budget
from orders import used

QUOTE = "/api/quote/full-post"
BODY = {"topic": "DevOps for Junior Engineers"}


@pytest.fixture(autouse=True)
def _no_budgets(call: Caller) -> Iterator[None]:
    assert call
    with no_budgets_left():
        yield


def test_a_quote_has_a_line_for_each_stage_with_calls_models_and_money(call: Caller) -> None:
    quoted = call("POST", QUOTE, json=BODY).get_json()

    assert [(stage["step"], stage["calls"]) for stage in quoted["stages"]] == [
        ("write_content", 1), ("draft_prompt", 13), ("render_image", 13), ("render_image", 0),
    ], "the last line: prompts that a safety filter refused are rewritten"  # fmt: skip
    for stage in quoted["stages"]:
        assert stage["models"]
        assert 0 <= stage["expected_micro_usd"] <= stage["worst_micro_usd"] <= quoted["worst_micro_usd"]
        assert stage["expected_usd"].startswith(("0.", "1."))


def test_a_quote_says_what_the_run_takes_and_takes_nothing(call: Caller, user: User) -> None:
    quoted = call("POST", QUOTE, json=BODY).get_json()

    assert quoted["charges"] == {"posts": 1}
    assert quoted["refused_by"] is None
    assert used(user) == 0
    assert call("GET", "/api/runs").get_json()["runs"] == []


def test_a_cap_of_ones_own_lowers_what_is_reserved(call: Caller) -> None:
    quoted = call("POST", QUOTE, json=BODY | {"max_cost_usd": 0.25}).get_json()

    assert (quoted["reserved_micro_usd"], quoted["reserved_usd"]) == (250_000, "0.25")
    assert quoted["worst_micro_usd"] > 250_000


def test_a_budget_that_would_refuse_it_is_named_and_a_smaller_order_is_not_refused(call: Caller, user: User) -> None:
    set_budget(BudgetScope.USER, 1.0, user.name)

    refused = call("POST", QUOTE, json=BODY).get_json()["refused_by"]

    assert refused["code"] == "budget_exceeded"
    assert "budget of your account is $1.00" in refused["message"]
    assert call("POST", "/api/generate/full-post", json=BODY).status_code == 429
    small = BODY | {"max_cost_usd": 0.5}
    assert call("POST", QUOTE, json=small).get_json()["refused_by"] is None
    assert call("POST", "/api/generate/full-post", json=small).status_code == 202


def test_a_request_that_is_not_valid_is_refused_as_an_order_is(call: Caller) -> None:
    assert call("POST", QUOTE, json={"topic": "x"}).status_code == 422
    assert call("POST", "/api/quote/nothing", json=BODY).status_code == 404


def test_a_quote_takes_a_body_as_long_as_an_order(call: Caller) -> None:
    body = {"prompts": ["a fox in the snow, " * 60 + str(n) for n in range(100)]}

    assert call("POST", "/api/quote/images", json=body).status_code == 200
