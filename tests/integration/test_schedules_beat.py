"""Schedules on real processes: two beats and two control workers start each slot once, and its run begins."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from redis import Redis
from sqlalchemy import func, select

from app import broker
from app.cli import stack
from app.db.models import Run
from app.db.session import transaction
from app.embedded.supervisor import Process, Supervisor
from harness import Installation, wait_for
from orders import a_user, run_of
from scheduling import now_of, outcomes, scheduled, set_columns

RARELY = "0 0 29 2 *"  # no slot of its own comes while the test runs
SCHEDULES = 6


@pytest.mark.long
def test_two_beats_and_two_control_workers_start_what_is_due_once(
    installation: Installation, run_processes: Callable[..., Supervisor]
) -> None:
    user = a_user()
    ids = [scheduled(user, cron=RARELY, topics=["First", "Second", "Third"]) for _ in range(SCHEDULES)]
    make_due(ids)

    run_processes(lambda env: _processes(env, installation))

    wait_for(lambda: all(now_of(one).ordered == 1 for one in ids), seconds=60, what="beat has started each")
    first = now_of(ids[0]).last_run_id
    assert first is not None
    wait_for(lambda: run_of(first).admitted_at, what="its run is admitted")
    with Redis.from_url(installation.redis_url) as redis:
        wait_for(lambda: redis.llen("text"), what="its first step is published")

        make_due(ids)
        for _ in range(20):
            broker.send("upkeep.start_schedules")
        wait_for(lambda: all(now_of(one).ordered == 2 for one in ids), seconds=30, what="each has its second run")
        wait_for(lambda: not redis.llen("control"), what="all twenty were heard")

    assert [(now_of(one).topics_drawn, outcomes(one)) for one in ids] == [(2, ["ORDERED"] * 2)] * SCHEDULES
    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(Run)) == 2 * SCHEDULES


def make_due(ids: list[uuid.UUID]) -> None:
    for schedule_id in ids:
        set_columns(schedule_id, next_at=datetime.now(UTC))


def _processes(env: Mapping[str, str], installation: Installation) -> list[Process]:
    controls = [stack.worker(f"control-{n}", "control", "threads", 4, env, drain_s=3) for n in range(2)]
    places = [installation.data_dir / name for name in ("one", "two")]
    for place in places:
        place.mkdir()
    return [*controls, *(replace(stack.beat(env, place), name=f"beat-{place.name}") for place in places)]
