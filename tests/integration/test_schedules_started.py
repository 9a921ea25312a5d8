"""A schedule's slot has one run, whoever looks and however often; what cannot be ordered is noted, and life goes on."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import func, select, text

from app.db.models import Run, Schedule
from app.db.session import transaction
from app.domain.plans import Plan, month_of
from app.domain.schedules import MissedPolicy, PauseReason, SlotOutcome
from app.domain.states import QuotaUnit, RunState
from app.schedules import starts
from harness import wait_for
from orders import a_user, accepted, events_of, run_of, used
from races import losers, together, winners
from scheduling import (
    LATER,
    MISSED_FOR,
    MONDAY,
    history,
    nine,
    now_of,
    outcomes,
    scheduled,
    set_columns,
    start,
)

pytestmark = pytest.mark.usefixtures("database")


def count_of_runs() -> int:
    with transaction() as session:
        return session.scalar(select(func.count()).select_from(Run)) or 0


# ---- once


def test_nothing_is_ordered_before_its_slot() -> None:
    schedule_id = scheduled()

    assert start(nine(), -LATER) == []
    assert (now_of(schedule_id).next_at, outcomes(schedule_id)) == (nine(), [])


def test_a_due_slot_has_a_queued_run_of_the_request_and_the_next_slot_is_set() -> None:
    schedule_id = scheduled()

    (run_id,) = start(nine())

    run, schedule = run_of(run_id), now_of(schedule_id)
    assert (run.state, run.request["topic"]) == (RunState.QUEUED, "DevOps for Junior Engineers")
    assert events_of(run_id)[0].type == "run.queued"
    assert (schedule.next_at, schedule.last_run_id, schedule.ordered) == (nine(1), run_id, 1)
    (row,) = history(schedule_id)
    assert (row.slot, row.outcome, row.run_id, row.missed) == (nine(), SlotOutcome.ORDERED, run_id, 0)


def test_a_slot_is_started_once_however_often_beat_comes() -> None:
    schedule_id = scheduled()

    assert [len(start(nine(), n * LATER)) for n in range(1, 6)] == [1, 0, 0, 0, 0]
    assert count_of_runs() == now_of(schedule_id).ordered == 1


@pytest.mark.parametrize("again", range(5))
def test_four_starters_at_once_order_each_slot_of_twelve_schedules_once(again: int) -> None:
    ids = [scheduled() for _ in range(12)]

    results = together([partial(starts.start_due, nine() + LATER)] * 4)

    assert losers(results) == []
    assert sum(len(ordered) for ordered in winners(results)) == count_of_runs() == 12
    assert {(now_of(one).ordered, now_of(one).next_at) for one in ids} == {(1, nine(1))}


def test_four_starters_at_once_never_pass_the_quota_and_note_each_slot_once() -> None:
    user = a_user(Plan.FREE)
    ids = [scheduled(user) for _ in range(8)]

    assert losers(together([partial(starts.start_due, nine() + LATER)] * 4)) == []
    start(nine(), 2 * LATER)  # what was locked by somebody who then noted a refusal

    assert count_of_runs() == used(user, month=month_of(nine())) == 3
    assert sorted(outcome for one in ids for outcome in outcomes(one)) == ["ORDERED"] * 3 + ["REFUSED"] * 5


def test_a_clock_that_is_set_back_starts_no_slot_twice() -> None:
    schedule_id = scheduled()
    start(nine())
    set_columns(schedule_id, next_at=nine())

    assert start(nine(), 2 * LATER) == []
    assert (outcomes(schedule_id), now_of(schedule_id).next_at, now_of(schedule_id).ordered) == (
        ["ORDERED"],
        nine(1),
        1,
    )


def test_a_schedule_that_somebody_holds_is_left_to_them() -> None:
    schedule_id = scheduled()
    with transaction() as session:
        session.get_one(Schedule, schedule_id, with_for_update=True)
        assert start(nine()) == []

    assert len(start(nine(), 2 * LATER)) == 1


KILLED = """
import os, signal, sys
from datetime import datetime
from sqlalchemy import event
from sqlalchemy.orm import Session
from app.schedules import starts

commits = []

@event.listens_for(Session, "before_commit")
def die(session):
    commits.append(1)
    if len(commits) == 2:  # the first one lists what is due
        os.kill(os.getpid(), signal.SIGKILL)

starts.start_due(datetime.fromisoformat(sys.argv[1]))
"""


def test_a_starter_that_is_killed_before_its_commit_leaves_the_slot_to_the_next_one() -> None:
    schedule_id = scheduled(topics=["First", "Second"])

    told = subprocess.run([sys.executable, "-c", KILLED, str(nine() + LATER)], check=False)

    assert (told.returncode, count_of_runs(), outcomes(schedule_id)) == (-signal.SIGKILL, 0, [])
    wait_for(lambda: len(start(nine(), 2 * LATER)) == 1, what="its lock is gone")
    assert (count_of_runs(), now_of(schedule_id).topics_drawn) == (1, 1)


# ---- downtime


@pytest.mark.parametrize("policy", MissedPolicy)
def test_a_slot_that_is_some_minutes_late_is_not_missed(policy: MissedPolicy) -> None:
    schedule_id = scheduled(missed=policy)

    assert len(start(nine(), timedelta(minutes=4))) == 1
    assert now_of(schedule_id).missed_slots == 0


def test_missed_slots_are_skipped_and_counted() -> None:
    schedule_id = scheduled(missed="skip")

    assert start(nine(3), MISSED_FOR) == []

    (row,) = history(schedule_id)
    assert (row.outcome, row.slot, row.missed, row.run_id) == (SlotOutcome.MISSED, nine(3), 4, None)
    assert (now_of(schedule_id).next_at, now_of(schedule_id).missed_slots) == (nine(4), 4)
    assert len(start(nine(4))) == 1


def test_one_run_makes_up_for_all_missed_slots() -> None:
    schedule_id = scheduled(missed="catch_up_once")

    assert len(start(nine(3), MISSED_FOR)) == 1
    assert start(nine(3), 2 * MISSED_FOR) == []

    (row,) = history(schedule_id)
    assert (row.outcome, row.slot, row.missed) == (SlotOutcome.ORDERED, nine(3), 3)
    assert (now_of(schedule_id).next_at, now_of(schedule_id).ordered) == (nine(4), 1)


@pytest.mark.parametrize("policy", MissedPolicy)
def test_after_downtime_a_slot_that_is_due_just_now_has_its_one_run(policy: MissedPolicy) -> None:
    schedule_id = scheduled(missed=policy)

    assert len(start(nine(3))) == 1

    (row,) = history(schedule_id)
    assert (row.outcome, row.slot, row.missed) == (SlotOutcome.ORDERED, nine(3), 3)


@pytest.mark.parametrize(("policy", "runs"), [("skip", 0), ("catch_up_once", 1)])
def test_a_year_without_power_is_over_in_one_pass(policy: str, runs: int) -> None:
    schedule_id = scheduled(cron="0 9-17 * * *", missed=policy)

    # At 3:00 in the night, 365 days later.
    assert len(start(nine(365), -timedelta(hours=6))) == runs

    assert (len(history(schedule_id)), now_of(schedule_id).next_at) == (1, nine(365))
    assert now_of(schedule_id).missed_slots >= starts.MOST_COUNTED


def test_slots_of_a_pause_were_not_missed() -> None:
    schedule_id = scheduled(missed="catch_up_once")
    set_columns(schedule_id, paused_at=MONDAY, paused_because=PauseReason.ASKED, next_at=None)

    assert start(nine(3)) == []
    assert outcomes(schedule_id) == []


def test_in_the_autumn_overlap_a_slot_is_started_once() -> None:
    # Europe/Berlin, 2026-10-25: 2:30 comes at 0:30 UTC, and again at 1:30 UTC.
    first = nine(20).replace(hour=0, minute=30)
    schedule_id = scheduled(cron="30 2 * * *", time_zone="Europe/Berlin", now=first - timedelta(hours=3))

    passes = [len(start(first, n * timedelta(minutes=5))) for n in range(-6, 36)]

    assert sum(passes) == 1
    assert [row.slot for row in history(schedule_id)] == [first]
    assert now_of(schedule_id).next_at == first + timedelta(hours=25)  # a day of 25 hours


# ---- what cannot be ordered


def test_a_used_up_quota_is_noted_and_the_next_month_goes_on() -> None:
    user = a_user(Plan.FREE)
    schedule_id = scheduled(user)
    for day in range(3):
        assert len(start(nine(day))) == 1

    assert start(nine(3)) == []

    schedule = now_of(schedule_id)
    assert schedule.last_problem is not None
    assert schedule.last_problem["code"] == "quota_exceeded:posts"
    assert "used up" in schedule.last_problem["message"]
    assert (schedule.next_at, schedule.paused_at, schedule.refused) == (nine(4), None, 1)
    assert outcomes(schedule_id) == ["ORDERED"] * 3 + ["REFUSED"]
    november = nine(27)
    assert len(start(november)) == 1
    assert (now_of(schedule_id).last_problem, now_of(schedule_id).ordered) == (None, 4)


def test_a_used_up_budget_is_noted() -> None:
    user = a_user(Plan.CREATOR)
    schedule_id = scheduled(user, request={"topic": "Costly"})
    with transaction() as session:
        accepted(user, now=nine())
        session.execute(text("UPDATE quota_months SET used = 150000000 WHERE unit = 'micro_usd'"))

    assert start(nine()) == []

    (row,) = history(schedule_id)
    assert row.problem is not None
    assert row.problem["code"] == "budget_exceeded"


def test_a_refused_slot_has_reserved_and_left_nothing() -> None:
    user = a_user(Plan.FREE)
    scheduled(user)
    for day in range(5):
        start(nine(day))

    assert count_of_runs() == used(user, month=month_of(nine())) == 3
    assert used(user, QuotaUnit.MONEY, month_of(nine())) == 3 * 10_000


def test_a_request_that_is_not_valid_any_more_is_noted_at_each_slot() -> None:
    schedule_id = scheduled()
    set_columns(schedule_id, request={"topic": "x" * 999})

    assert [start(nine(day)) for day in range(2)] == [[], []]

    assert [row.problem and row.problem["code"] for row in history(schedule_id)] == ["invalid_request"] * 2
    assert now_of(schedule_id).next_at == nine(2)


def test_a_pipeline_or_brand_that_is_gone_is_noted() -> None:
    gone, bare = scheduled(), scheduled()
    set_columns(gone, pipeline="horoscope")
    set_columns(bare, request={"topic": "Brands", "brand": "acme"})

    start(nine())

    assert [(now_of(one).last_problem or {})["code"] for one in (gone, bare)] == ["unknown_pipeline", "unknown_brand"]


def test_an_error_that_nobody_foresaw_stops_neither_the_others_nor_the_next_slot() -> None:
    broken, good = scheduled(), scheduled()
    set_columns(broken, request=["no object"])

    assert len(start(nine())) == 1

    assert (now_of(good).ordered, now_of(broken).ordered) == (1, 0)
    assert (now_of(broken).last_problem or {})["code"] == "internal_error"
    assert now_of(broken).next_at == nine(1)


def test_a_zone_that_is_gone_pauses_its_schedule_and_no_other() -> None:
    broken, good = scheduled(), scheduled()
    set_columns(broken, time_zone="Mars/Base")

    assert len(start(nine())) == 1

    assert now_of(good).ordered == 1
    assert (now_of(broken).paused_because, now_of(broken).next_at) == (PauseReason.UNUSABLE, None)
    assert outcomes(broken) == ["REFUSED"]


def test_runs_are_of_their_schedules_owners_and_so_is_their_quota() -> None:
    rich, poor = a_user(Plan.BUSINESS), a_user(Plan.FREE)
    for owner in (rich, poor):
        for _ in range(5):
            scheduled(owner)

    start(nine())

    assert [used(owner, month=month_of(nine())) for owner in (rich, poor)] == [5, 3]
