"""Edits of a run that is worked on: what they add to it is paid by its key, so no other key's budget is passed by."""

from __future__ import annotations

import uuid

import pytest
from callers import Caller, key_of
from flask.testing import FlaskClient
from handwork import all_step, step, work
from werkzeug.test import TestResponse

from app.db.models import Budget, Piece, User
from app.domain.budgets import BudgetScope
from budgeting import month_row, set_budget
from orders import order, pieces_of, run_of

GENERATE = "/api/generate/full-post"
POST = {"topic": "DevOps for Junior Engineers", "slides": 5}
PROMPT, TITLE = {"prompt": "a harbour at dawn"}, {"title": "Ship smaller"}


@pytest.fixture
def script(client: FlaskClient, user: User) -> Caller:
    """Send a request with another key of the user."""
    return Caller(client, key_of(user))


def limited(caller: Caller) -> Budget:
    """Give the caller's key a budget."""
    return set_budget(BudgetScope.KEY, 20, caller.key[:11])


def live(caller: Caller) -> uuid.UUID:
    """Order a post; return it when its pictures are about to be made."""
    run_id = uuid.UUID(caller("POST", GENERATE, json=POST).get_json()["id"])
    drawing(run_id)
    return run_id


def drawing(run_id: uuid.UUID) -> None:
    while any(piece.is_picture and piece.prompt is None for piece in pieces_of(run_id)) or not slides(run_id):
        all_step(run_id, (), ())


def slides(run_id: uuid.UUID) -> list[Piece]:
    return [piece for piece in pieces_of(run_id) if piece.kind == "slide"]


def edit(caller: Caller, run_id: uuid.UUID, changes: dict[str, str]) -> TestResponse:
    return caller("PATCH", f"/api/runs/{run_id}/pieces/{slides(run_id)[0].id}", json=changes)


def assert_refused(answer: TestResponse) -> None:
    told = answer.get_json()
    assert (answer.status_code, told["code"]) == (409, "already_running")
    assert "wait until the run ends" in told["detail"]


def test_a_key_with_a_budget_has_no_picture_made_on_another_keys_money(call: Caller, script: Caller) -> None:
    budget, run_id = limited(script), live(call)

    assert_refused(edit(script, run_id, PROMPT))

    assert (slides(run_id)[0].version, month_row(budget)) == (1, (0, 0))


def test_a_key_has_no_picture_made_on_the_budget_of_another(call: Caller, script: Caller) -> None:
    limited(script)
    run_id = live(script)

    assert_refused(edit(call, run_id, PROMPT))

    assert edit(script, run_id, PROMPT).status_code == 202


def test_a_key_with_a_budget_has_no_picture_made_in_a_run_that_was_ordered_without_a_key(
    user: User, script: Caller
) -> None:
    limited(script)
    drawing(run_id := order(user, slides=5))

    assert_refused(edit(script, run_id, PROMPT))


@pytest.mark.parametrize("changes", [PROMPT, TITLE], ids=["prompt", "title"])
def test_a_failed_slide_is_not_made_again_on_another_keys_money(
    call: Caller, script: Caller, changes: dict[str, str]
) -> None:
    limited(script)
    step(slides(run_id := live(call))[0], fails=True)

    assert_refused(edit(script, run_id, changes))


def test_texts_are_changed_with_any_key_for_that_costs_nothing(call: Caller, script: Caller) -> None:
    limited(script)

    assert edit(script, live(call), TITLE).status_code == 202


def test_keys_without_budgets_work_on_each_others_runs(call: Caller, script: Caller, stranger: Caller) -> None:
    limited(stranger)

    assert edit(script, live(call), PROMPT).status_code == 202


def test_once_the_run_is_over_the_key_that_edits_pays(call: Caller, script: Caller) -> None:
    budget, run_id = limited(script), live(call)
    work(run_id)

    answer = edit(script, run_id, PROMPT)

    assert (answer.status_code, run_of(run_id).round) == (202, 2)
    assert month_row(budget) == (answer.get_json()["pays_at_most_micro_usd"], 0)
