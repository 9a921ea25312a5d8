"""What schedules draw, what they remember of their slots, and what the database refuses to hold of them."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.db.models import ScheduleSlot
from app.db.session import transaction
from app.domain.plans import Plan
from app.domain.schedules import PauseReason, SlotOutcome
from app.schedules import starts
from orders import a_user, run_of
from races import together
from scheduling import (
    CHEAP,
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
    topics_of,
)

pytestmark = pytest.mark.usefixtures("database")


# ---- topics


def test_topics_are_drawn_in_order_each_once_and_then_it_pauses() -> None:
    user = a_user()
    schedule_id = scheduled(user, topics=["First", "Second", "Third"])

    ordered = [len(start(nine(day))) for day in range(5)]

    assert ordered == [1, 1, 1, 0, 0]
    assert topics_of(user) == [row.topic for row in history(schedule_id)] == ["First", "Second", "Third"]
    schedule = now_of(schedule_id)
    assert (schedule.paused_because, schedule.paused_at, schedule.next_at) == (
        PauseReason.TOPICS_USED_UP,
        nine(2) + LATER,
        None,
    )


def test_repeated_topics_begin_again() -> None:
    user = a_user()
    scheduled(user, topics=["First", "Second"], repeat_topics=True)

    for day in range(5):
        start(nine(day))

    assert topics_of(user) == ["First", "Second", "First", "Second", "First"]


def test_a_topic_whose_run_was_refused_is_drawn_again() -> None:
    user = a_user(Plan.FREE)
    schedule_id = scheduled(user, topics=["First", "Second", "Third", "Fourth"])

    for day in range(5):
        start(nine(day))
    start(nine(27))  # November

    assert topics_of(user) == ["First", "Second", "Third", "Fourth"]
    assert outcomes(schedule_id) == ["ORDERED"] * 3 + ["REFUSED"] * 2 + ["ORDERED"]


def test_four_starters_at_once_draw_one_topic() -> None:
    user = a_user()
    schedule_id = scheduled(user, topics=["First", "Second"])

    together([partial(starts.start_due, nine() + LATER)] * 4)

    assert (topics_of(user), now_of(schedule_id).topics_drawn) == (["First"], 1)


def test_missed_slots_draw_nothing_and_a_catch_up_draws_once() -> None:
    user = a_user()
    skipping = scheduled(user, topics=["First", "Second"])
    catching = scheduled(user, topics=["First", "Second"], missed="catch_up_once")

    start(nine(3), MISSED_FOR)

    assert (now_of(skipping).topics_drawn, now_of(catching).topics_drawn) == (0, 1)


def test_a_topic_goes_into_the_field_that_was_named_as_a_list_where_it_is_one() -> None:
    scheduled(pipeline="images", topics=["a red fox"], topics_into="prompts", request={"aspect_ratio": "16:9", **CHEAP})

    (run_id,) = start(nine())

    assert run_of(run_id).request["prompts"] == ["a red fox"]
    assert run_of(run_id).request["aspect_ratio"] == "16:9"


# ---- history, and what the database refuses


def test_the_latest_hundred_slots_are_kept() -> None:
    schedule_id = scheduled(cron="* * * * *", missed="skip")
    for minute in range(110):
        starts.start_due(nine() + timedelta(minutes=minute))

    kept = history(schedule_id)
    assert len(kept) == starts.KEPT_SLOTS
    assert kept[-1].slot == nine() + timedelta(minutes=109)
    assert now_of(schedule_id).ordered == 110


def test_a_slot_cannot_be_stored_twice() -> None:
    schedule_id = scheduled()
    start(nine())

    with pytest.raises(IntegrityError, match="uq_schedule_slots"), transaction() as session:
        session.add(ScheduleSlot(schedule_id=schedule_id, slot=nine(), at=MONDAY, outcome=SlotOutcome.MISSED))


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"next_at": None}, "due_unless_paused"),
        ({"paused_at": MONDAY, "paused_because": "asked"}, "due_unless_paused"),
        ({"paused_at": MONDAY, "next_at": None}, "pause_says_why"),
        ({"topics": ["a"]}, "topics_have_a_field"),
        ({"topics": ["a"], "topics_into": "topic", "topics_drawn": 2}, "draws_what_is_there"),
        (
            {"topics": ["a"], "topics_into": "topic", "feed_url": "https://example.com/rss", "feed_items": "all"},
            "one_source",
        ),
        ({"topics_drawn": -1}, "draws_what_is_there"),
        ({"refused": -1}, "counts_not_negative"),
        ({"idempotency_key": "k"}, "key_with_hash"),
    ],
)
def test_the_database_refuses_a_schedule_that_cannot_be(values: dict[str, object], told: str) -> None:
    schedule_id = scheduled()

    with pytest.raises(IntegrityError, match=told):
        set_columns(schedule_id, **values)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"outcome": SlotOutcome.REFUSED}, "refused_says_why"),
        ({"outcome": SlotOutcome.ORDERED, "problem": {"code": "x"}}, "refused_says_why"),
        ({"outcome": SlotOutcome.MISSED, "slot": None}, "by_hand_is_ordered"),
        ({"outcome": SlotOutcome.ORDERED, "missed": -1}, "missed_not_negative"),
    ],
)
def test_the_database_refuses_a_slot_that_cannot_be(values: dict[str, object], told: str) -> None:
    schedule_id = scheduled()

    with pytest.raises(IntegrityError, match=told), transaction() as session:
        session.add(ScheduleSlot(**{"schedule_id": schedule_id, "slot": nine(), "at": MONDAY, **values}))


def test_a_deleted_run_leaves_its_slot_in_the_history() -> None:
    schedule_id = scheduled()
    (run_id,) = start(nine())

    with transaction() as session:
        session.execute(text("DELETE FROM runs WHERE id = :id"), {"id": run_id})

    assert (outcomes(schedule_id), now_of(schedule_id).last_run_id) == (["ORDERED"], None)
