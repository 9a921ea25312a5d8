"""Admission beside new rounds of finished runs, which start without it: nobody's may keep the others waiting."""

from __future__ import annotations

import uuid
from collections import Counter

import pytest

from app import admission
from app.db.models import User
from app.db.session import transaction
from app.domain.plans import Plan
from app.settings import settings
from next_rounds import draw, render_again, single
from orders import a_user, order, pieces_of, run_of

pytestmark = pytest.mark.usefixtures("database")

CAP = 4


@pytest.fixture(autouse=True)
def cap(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that works on four runs at once."""
    monkeypatch.setenv("PRESSROOM_MAX_RUNS_IN_FLIGHT", str(CAP))
    settings.cache_clear()


def admit() -> list[uuid.UUID]:
    with transaction() as session:
        return admission.admit(session)


def orders(user: User, count: int) -> list[uuid.UUID]:
    return [order(user, "images", prompts=["a lighthouse in fog"]) for _ in range(count)]


def new_rounds(user: User, count: int) -> list[uuid.UUID]:
    """Return so many finished runs of the user whose one picture is being made again."""
    run_ids = [single(user) for _ in range(count)]
    for run_id in run_ids:
        render_again(pieces_of(run_id)[0], user)
    return run_ids


def test_one_users_new_rounds_keep_nobody_else_waiting() -> None:
    new_rounds(a_user(), 2 * CAP)
    newcomer = orders(a_user(), 3)

    assert admit() == newcomer[:1]


def test_the_new_rounds_of_several_users_keep_no_newcomer_waiting() -> None:
    for _ in range(2):
        new_rounds(a_user(), CAP)
    newcomer = orders(a_user(), 1)

    assert admit() == newcomer


def test_beside_new_rounds_too_newcomers_are_admitted_only_up_to_twice_the_cap() -> None:
    new_rounds(a_user(), CAP + 1)
    for _ in range(3 * CAP):
        orders(a_user(), 1)

    assert len(admit() + admit()) == 2 * CAP


def test_new_rounds_take_of_the_machine_what_the_plan_has_in_flight() -> None:
    small, other = a_user(Plan.FREE), a_user()
    new_rounds(small, CAP)
    orders(other, CAP)

    admitted = admit()

    assert Counter(run_of(run_id).user_id for run_id in admitted) == {other.id: CAP - Plan.FREE.terms.in_flight}


def test_whoever_has_new_rounds_under_way_waits_with_new_orders_until_the_machine_has_room() -> None:
    user = a_user()
    first, *_ = new_rounds(user, CAP)
    (ordered,) = orders(user, 1)
    assert admit() == []

    draw(first)

    assert admit() == [ordered]
