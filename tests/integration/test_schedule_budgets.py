"""What schedules order is bound by every budget but those of keys: no key ordered it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from app import alerts
from app.domain.budgets import BudgetScope
from app.domain.schedules import SlotOutcome
from budgeting import CENT, a_key, no_budgets_left, prefix_of, set_budget, standing_of
from harness import Installation
from orders import a_user, run_of
from scheduling import history, nine, now_of, scheduled, start

KEY, USER, PROVIDER, INSTALLATION = BudgetScope


@pytest.fixture(autouse=True)
def _alone(database: Installation) -> Iterator[None]:
    assert database
    with no_budgets_left():
        yield


def test_a_schedule_takes_of_its_users_budget_and_of_no_keys() -> None:
    user = a_user()
    key = set_budget(KEY, 0, prefix_of(a_key(user)))
    budget = set_budget(USER, 1, user.name)
    scheduled(user)

    [run_id] = start(nine())

    assert run_of(run_id).api_key_id is None
    assert (standing_of(key, nine()).used, standing_of(budget, nine()).used) == (0, CENT)


def test_a_refused_slot_says_so_goes_on_and_its_alert_is_written() -> None:
    user = a_user()
    budget = set_budget(USER, 0.005, user.name)
    schedule_id = scheduled(user)

    assert start(nine()) == []
    alerts.watch(nine())

    assert [(slot.outcome, (slot.problem or {})["code"]) for slot in history(schedule_id)] == [
        (SlotOutcome.REFUSED, "budget_exceeded")
    ]
    assert now_of(schedule_id).next_at == nine(1)
    assert [alert.threshold for alert in standing_of(budget, nine()).alerts] == ["100"]


def test_beat_looks_for_alerts_every_minute() -> None:
    code = (
        "import json; from workers.celery_app import app; entry = app.conf.beat_schedule['alert'];"
        "print(json.dumps([entry['task'] in app.tasks, entry['schedule']]))"
    )

    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert json.loads(told.stdout) == [True, 60.0]
