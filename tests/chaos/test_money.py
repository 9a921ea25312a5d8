"""What is booked is what was billed, to the micro-dollar, whatever fails: with real workers, and one of them killed."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app import broker
from app.db.models import Call
from app.domain.states import CallState, CostBasis, QuotaUnit
from chaos.conftest import FAST
from conditions import is_over, pictures_there
from harness import Sandbox, wait_for
from orders import a_user, calls_of, order, run_of, used
from routing import SHIPPED, write_routes

FAULTS: list[dict[str, object]] = [
    {"match": {"kind": "json", "times": 1}, "fault": "not_json"},
    {"match": {"kind": "text", "rate": 0.1}, "fault": "internal_error"},
    {"match": {"kind": "image", "rate": 0.08}, "fault": "overloaded", "params": {"retry_after": 0.2}},
    {"match": {"kind": "image", "rate": 0.08}, "fault": "html_502"},
    {"match": {"kind": "image", "rate": 0.08}, "fault": "blank"},
    {"match": {"kind": "image", "rate": 0.08}, "fault": "disconnect_after_charge"},
    {"match": {"kind": "image", "rate": 0.05}, "fault": "blocked"},
]


@pytest.fixture
def quick_routes(tmp_path: Path) -> str:
    return str(write_routes(tmp_path / "routes.toml", base=SHIPPED, timeout_s=10))


def settled(calls: list[Call]) -> Counter[tuple[str, str, int]]:
    return Counter(
        (call.provider, call.model, call.cost_micro_usd or 0)
        for call in calls
        if call.cost_micro_usd and call.cost_basis is not CostBasis.CACHE
    )


def assert_booked(sandbox: Sandbox, runs: list[uuid.UUID]) -> None:
    """Check call for call: each charge is booked at its price, or is a call in doubt that is held at its worst case."""
    calls = [call for run_id in runs for call in calls_of(run_id)]
    charged = [call for call in sandbox.log() if call["billed_micro_usd"]]
    billed = Counter((call["vendor"], call["model"], call["billed_micro_usd"]) for call in charged)
    assert not settled(calls) - billed, "the journal has a cost that nobody billed"
    doubtful = [call for call in calls if call.state is CallState.UNKNOWN]
    for vendor, model, cost in (billed - settled(calls)).elements():
        match = next(one for one in doubtful if (one.provider, one.model) == (vendor, model))
        assert match.worst_micro_usd >= int(str(cost)), "a call in doubt is listed with its worst case"
        doubtful.remove(match)
    for run_id in runs:
        run, mine = run_of(run_id), calls_of(run_id)
        assert run.spent_micro_usd == sum(call.cost_micro_usd or 0 for call in mine)
        assert run.held_micro_usd == sum(call.worst_micro_usd for call in mine if call.state is CallState.UNKNOWN)
        assert run.overrun_micro_usd == 0


@pytest.mark.long
def test_the_bill_is_the_journal_under_faults_retries_fallbacks_cache_hits_and_a_killed_worker(
    start_workers: Callable[..., Any], sandbox: Sandbox, quick_routes: str
) -> None:
    sandbox.fail(*FAULTS)
    sandbox.configure(latency="fixed:0.3")
    workers = start_workers(PRESSROOM_ROUTES=quick_routes, **FAST)
    user = a_user()
    prompts = [f"a lighthouse seen from {n} metres" for n in range(10, 16)]
    runs = [order(user, slides=5), order(user, "images", prompts=prompts)]
    worst = {run_id: run_of(run_id).reserved_micro_usd for run_id in runs}
    broker.send("upkeep.admit")
    wait_for(lambda: pictures_there(runs[0]) >= 2, seconds=90)
    workers.kill("worker-io-1")
    wait_for(lambda: all(is_over(run_id) for run_id in runs), seconds=150)
    runs.append(order(user, "images", prompts=prompts))  # what was accepted is in the cache
    worst[runs[-1]] = run_of(runs[-1]).reserved_micro_usd
    broker.send("upkeep.admit")
    wait_for(lambda: is_over(runs[-1]), seconds=90)

    assert_booked(sandbox, runs)
    bases = Counter(call.cost_basis for call in calls_of(runs[-1]))
    assert bases[CostBasis.CACHE] >= 1
    for run_id in runs:
        run = run_of(run_id)
        assert run.spent_micro_usd + run.held_micro_usd <= worst[run_id]
    assert used(user, QuotaUnit.MONEY) == sum(run.spent_micro_usd + run.held_micro_usd for run in map(run_of, runs))


@pytest.mark.long
def test_many_pieces_at_once_stay_within_a_small_cap(
    start_workers: Callable[..., Any], sandbox: Sandbox, quick_routes: str
) -> None:
    sandbox.configure(latency="fixed:0.3")
    start_workers(PRESSROOM_ROUTES=quick_routes, **FAST)
    caps = (0.2, 0.5, 0.8)
    runs = [order(a_user(), max_cost_usd=cap) for cap in caps]
    broker.send("upkeep.admit")

    wait_for(lambda: all(is_over(run_id) for run_id in runs), seconds=150)

    assert_booked(sandbox, runs)
    for run_id, cap in zip(runs, caps, strict=True):
        run = run_of(run_id)
        assert run.spent_micro_usd <= cap * 1_000_000
        assert run.state == "PARTIAL", "some slides have a typographic design instead"
        assert run.failure is not None
        assert run.failure["budget_reached"] >= 1
        assert pictures_there(run_id) >= int(cap / 0.09)
