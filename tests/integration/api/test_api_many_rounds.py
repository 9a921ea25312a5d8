"""How many finished runs a user may have worked on again at once: resumed, rendered again, edited, refined."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from callers import Caller

from app.db.models import User
from app.domain.errors import TooManyRequests
from app.domain.plans import Plan
from app.domain.states import QuotaUnit, RunState
from app.settings import settings
from harness import Installation
from next_rounds import draw, lose, render_again, single
from orders import a_user, order, pieces_of, run_of, used
from races import losers, together, winners

MOST = Plan.FREE.terms.in_flight


@pytest.fixture
def user(home: Installation, monkeypatch: pytest.MonkeyPatch) -> User:
    """A user of a machine that works on one run at once: the plan has more."""
    assert home
    monkeypatch.setenv("PRESSROOM_MAX_RUNS_IN_FLIGHT", "1")
    settings.cache_clear()
    return a_user(Plan.FREE)


@pytest.fixture
def working(user: User) -> list[uuid.UUID]:
    """As many finished runs being worked on again as may be."""
    run_ids = [single(user) for _ in range(MOST)]
    for run_id in run_ids:
        render_again(pieces_of(run_id)[0], user)
    return run_ids


def render(call: Caller, run_id: uuid.UUID, **headers: str) -> Any:
    return call("POST", f"/api/runs/{run_id}/pieces/{pieces_of(run_id)[0].id}/render", headers=headers)


def edit(call: Caller, run_id: uuid.UUID) -> Any:
    return call("PATCH", f"/api/runs/{run_id}/pieces/{pieces_of(run_id)[0].id}", json={"prompt": "a red fox"})


def resume(call: Caller, run_id: uuid.UUID, **headers: str) -> Any:
    return call("POST", f"/api/runs/{run_id}/resume", headers=headers)


def lost(user: User) -> uuid.UUID:
    """Return a FAILED run of one picture."""
    run_id = order(user, "images", prompts=["a lighthouse in fog"])
    lose(run_id)
    return run_id


def left(run_id: uuid.UUID) -> tuple[object, ...]:
    """Return what a refusal has to leave as it is."""
    run, piece = run_of(run_id), pieces_of(run_id)[0]
    return run.state, run.round, run.reserved_micro_usd, run.last_event, piece.state, piece.version, piece.prompt


@pytest.mark.parametrize(("made", "again"), [(single, render), (single, edit), (lost, resume)])
def test_one_more_than_may_be_is_told_to_wait_and_nothing_is_changed(
    call: Caller,
    user: User,
    working: list[uuid.UUID],
    made: Callable[[User], uuid.UUID],
    again: Callable[[Caller, uuid.UUID], Any],
) -> None:
    run_id = made(user)
    before = left(run_id), used(user, QuotaUnit.MONEY), used(user, QuotaUnit.IMAGES)

    answer = again(call, run_id)

    assert (answer.status_code, answer.get_json()["code"]) == (429, "too_many_rounds")
    assert "wait until some of them end" in answer.get_json()["detail"]
    assert int(answer.headers["Retry-After"]) > 0
    assert (left(run_id), used(user, QuotaUnit.MONEY), used(user, QuotaUnit.IMAGES)) == before
    assert working


def test_it_goes_on_when_one_of_them_has_ended_also_with_the_key_that_was_refused(
    call: Caller, user: User, working: list[uuid.UUID]
) -> None:
    run_id = lost(user)
    assert resume(call, run_id, **{"Idempotency-Key": "k"}).status_code == 429

    draw(working[0])

    assert resume(call, run_id, **{"Idempotency-Key": "k"}).status_code == 202
    assert run_of(run_id).round == 2


def test_a_run_that_is_being_worked_on_again_can_be_edited_all_the_same(
    call: Caller, user: User, working: list[uuid.UUID]
) -> None:
    piece = pieces_of(working[0])[0]

    answer = edit(call, working[0])

    assert (answer.status_code, answer.get_json()["round"]) == (202, 2)
    assert pieces_of(working[0])[0].version == piece.version + 1


def test_orders_that_are_being_made_take_nobodys_place(call: Caller, user: User) -> None:
    finished = single(user)
    orders = [order(user, "images", prompts=["a lighthouse in fog"]) for _ in range(MOST + 1)]

    assert render(call, finished).status_code == 202
    assert {run_of(run_id).state for run_id in orders} == {RunState.QUEUED}


def test_another_user_is_not_told_to_wait(user: User, working: list[uuid.UUID]) -> None:
    other = a_user(Plan.FREE)
    run_id = single(other)

    assert render_again(pieces_of(run_id)[0], other).round == 2
    assert working


def test_of_many_at_once_as_many_start_as_may_be(user: User) -> None:
    pieces = [pieces_of(single(user))[0] for _ in range(3 * MOST)]

    answers = together([partial(render_again, piece, user) for piece in pieces])

    assert len(winners(answers)) == MOST
    assert {type(error) for error in losers(answers)} == {TooManyRequests}


def test_a_larger_machine_lets_each_user_have_more(
    call: Caller, user: User, working: list[uuid.UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = single(user)
    monkeypatch.setenv("PRESSROOM_MAX_RUNS_IN_FLIGHT", str(MOST + 1))
    settings.cache_clear()

    assert render(call, run_id).status_code == 202
    assert working
