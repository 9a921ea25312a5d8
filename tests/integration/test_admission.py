"""Admission: how many runs are worked on at once, and whose turn it is."""

from __future__ import annotations

import uuid
from collections import Counter

import pytest
from sqlalchemy import func, select

from app import admission
from app.db.models import Piece, Run, User
from app.db.session import transaction
from app.domain.plans import Plan
from app.domain.states import RunState
from app.runs import plan
from app.settings import settings
from making import change, complete, opened, take
from next_rounds import cancel
from orders import a_user, order, pieces_of, run_of
from races import together, winners

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def cap(monkeypatch: pytest.MonkeyPatch) -> int:
    """A machine that works on four runs at once."""
    monkeypatch.setenv("PRESSROOM_MAX_RUNS_IN_FLIGHT", "4")
    settings.cache_clear()
    return settings().max_runs_in_flight


def admit() -> list[uuid.UUID]:
    with transaction() as session:
        return admission.admit(session)


def orders(user: User, count: int) -> list[uuid.UUID]:
    return [order(user, slides=5, max_cost_usd=1) for _ in range(count)]


def in_flight_of(user: User) -> int:
    with transaction() as session:
        query = select(func.count()).select_from(Run).where(Run.user_id == user.id, Run.admitted_at.is_not(None))
        return session.scalar(query) or 0


def owners(run_ids: list[uuid.UUID]) -> Counter[uuid.UUID]:
    return Counter(run_of(run_id).user_id for run_id in run_ids)


def test_one_user_gets_no_more_than_the_cap(cap: int) -> None:
    orders(a_user(), 10)

    assert len(admit()) == cap


def test_four_passes_at_once_never_pass_the_cap(cap: int) -> None:
    orders(a_user(), 12)

    passes = winners(together([admit] * 4))

    assert sum(len(admitted) for admitted in passes) == cap


def test_four_passes_at_once_with_many_users_admit_no_run_twice_and_never_more_than_twice_the_cap(cap: int) -> None:
    for _ in range(10):
        orders(a_user(), 2)

    passes = winners(together([admit] * 4))

    admitted = [run_id for one in passes for run_id in one]
    assert len(admitted) == len(set(admitted)) == 2 * cap


def test_the_oldest_run_of_a_user_comes_first(cap: int) -> None:
    run_ids = orders(a_user(), 6)

    assert admit() == run_ids[:cap]


def test_a_user_with_nothing_in_flight_is_admitted_although_the_machine_is_full(cap: int) -> None:
    orders(a_user(), 10)
    assert len(admit()) == cap
    newcomer = orders(a_user(), 3)

    assert admit() == newcomer[:1]


def test_newcomers_are_admitted_only_up_to_twice_the_cap(cap: int) -> None:
    orders(a_user(), 10)
    for _ in range(10):
        orders(a_user(), 1)

    admit()
    admit()

    with transaction() as session:
        count = session.scalar(select(func.count()).select_from(Run).where(Run.admitted_at.is_not(None)))
    assert count == 2 * cap


def test_a_full_machine_admits_nobody_who_has_something_in_flight(cap: int) -> None:
    orders(a_user(), 10)
    assert len(admit()) == cap

    assert admit() == []


def test_two_users_of_one_plan_share_the_machine_evenly(cap: int) -> None:
    first, second = a_user(), a_user()
    orders(first, 8)
    orders(second, 8)

    assert owners(admit()) == {first.id: cap / 2, second.id: cap / 2}


def test_a_dearer_plan_gets_its_weight_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRESSROOM_MAX_RUNS_IN_FLIGHT", "10")
    settings.cache_clear()
    creator, business = a_user(Plan.CREATOR), a_user(Plan.BUSINESS)  # weights 2 and 8
    orders(creator, 8)
    orders(business, 20)

    assert owners(admit()) == {creator.id: 2, business.id: 8}


@pytest.mark.parametrize(("plan_", "most"), [(Plan.FREE, 2), (Plan.CREATOR, 5)])
def test_no_user_passes_the_in_flight_cap_of_the_plan(plan_: Plan, most: int) -> None:
    user = a_user(plan_)
    orders(user, 3 if plan_ is Plan.FREE else 8)

    admit()
    admit()

    assert in_flight_of(user) == most


@pytest.mark.parametrize("end", ["cancel", "finish"])
def test_a_run_that_ends_makes_room(cap: int, end: str) -> None:
    user = a_user()
    orders(user, cap + 1)
    first = admit()[0]

    change(Run, first, state=RunState.CANCELED if end == "cancel" else RunState.FAILED, finished_at=func.now())

    assert len(admit()) == 1


def test_a_canceled_run_is_not_admitted() -> None:
    run_id = order()
    cancel(run_id)

    assert admit() == []


def test_an_admitted_run_stays_queued_until_it_is_claimed() -> None:
    run_id = order()

    admit()

    assert run_of(run_id).state is RunState.QUEUED


def test_what_could_not_be_published_is_admitted_again() -> None:
    run_ids = orders(a_user(), 3)
    admit()
    with transaction() as session:
        plan.plan(session, run_ids[1])

    with transaction() as session:
        admission.send_back(session, run_ids[1:])

    assert admit() == run_ids[1:]


def test_what_was_sent_back_is_planned_again_at_once() -> None:
    run_id = order()
    admit()
    with transaction() as session:
        plan.plan(session, run_id)

    with transaction() as session:
        admission.send_back(session, [run_id])
    admit()

    with transaction() as session:
        assert len(plan.plan(session, run_id)) == 1


def test_a_run_that_a_worker_has_claimed_already_is_not_sent_back() -> None:
    run_id = order()
    admit()
    complete(take(pieces_of(run_id)[0]))

    with transaction() as session:
        admission.send_back(session, [run_id])

    assert run_of(run_id).admitted_at is not None


def test_a_run_that_was_sent_back_and_whose_message_came_after_all_is_seen_by_the_relay() -> None:
    run_id = order()
    admit()
    with transaction() as session:
        admission.send_back(session, [run_id])

    take(pieces_of(run_id)[0])

    assert run_of(run_id).admitted_at is not None


def test_a_users_crowd_does_not_hide_another_users_run(cap: int) -> None:
    crowd, small = a_user(), a_user(Plan.FREE)
    orders(crowd, 30)
    (small_run,) = orders(small, 1)

    assert small_run in admit()
    assert cap


def test_runs_that_are_worked_on_count_as_in_flight(cap: int) -> None:
    user = a_user()
    for _ in range(cap):
        change(Run, opened(user, slides=5), admitted_at=func.now())
    orders(user, 3)

    assert admit() == []


def test_admission_publishes_nothing_by_itself() -> None:
    run_id = order()

    admit()

    with transaction() as session:
        assert session.scalars(select(Piece.sent_at).where(Piece.run_id == run_id)).all() == [None]
