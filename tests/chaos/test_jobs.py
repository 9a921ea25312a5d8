"""A worker killed while a provider's job is under way: the same job is polled on, and nothing is submitted twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app import broker
from app.db.models import Call
from app.db.session import transaction
from app.domain.states import CallState, RunState
from chaos.conftest import FAST
from conditions import is_over
from harness import Sandbox, wait_for
from orders import a_user, calls_of, order, run_of
from rendering import billed
from routing import write_routes

PHOENIX = {"use": "leonardo/de7d3faf-762f-48e0-b3b7-9d0ac3a3fcf3", "options": {"contrast": 3.5, "poll_s": 0.5}}


def noted_jobs() -> list[str]:
    with transaction() as session:
        return [ref for ref in session.scalars(select(Call.provider_ref)) if ref]


@pytest.mark.long
def test_after_a_kill_the_same_generation_is_polled_and_no_second_one_is_submitted(
    start_workers: Callable[..., Any], sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.configure(latency="fixed:5")
    routes = write_routes(tmp_path / "routes.toml", render_image={"routes": [PHOENIX]})
    workers = start_workers(**FAST, PRESSROOM_ROUTES=str(routes))
    run_id = order(a_user(), "images", prompts=["a lighthouse at dusk", "a windmill in fog"])
    broker.send("upkeep.admit")
    wait_for(lambda: len(noted_jobs()) == 2, seconds=30, what="both jobs are submitted and noted")
    before = set(noted_jobs())

    for name in ("worker-io-1", "worker-io-2"):
        workers.kill(name)

    wait_for(lambda: is_over(run_id), seconds=60)
    assert run_of(run_id).state is RunState.READY
    assert len([call for call in sandbox.log() if call["kind"] == "image"]) == 2, "no second submit"
    calls = calls_of(run_id)
    assert {call.provider_ref for call in calls} == before
    assert [call.state for call in calls] == [CallState.SUCCEEDED] * 2
    assert sum(call.cost_micro_usd or 0 for call in calls) == billed(sandbox) == run_of(run_id).spent_micro_usd
