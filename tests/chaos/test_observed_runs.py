"""What operators see of real runs: metrics that equal the rows, and lines of the log that bear their ids."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import func, select

from app import broker
from app.db.models import Call
from app.db.session import transaction
from app.domain.states import RunState
from app.metrics import collector
from chaos.conftest import FAST, WORKERS, Workers
from conditions import is_over, pictures_there
from harness import Sandbox, wait_for
from orders import calls_of, events_of, order, run_of

OURS = ("app.", "workers.")


@pytest.fixture(autouse=True)
def _fresh_metrics() -> Iterator[None]:
    collector.forget()
    yield
    collector.forget()


def metric(name: str, **labels: str) -> float:
    """Return the sum of a metric's series that have these labels."""
    collector.forget()
    return sum(
        sample.value
        for family in text_string_to_metric_families(collector.exposition().decode())
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


def lines_of(workers: Workers, run_id: uuid.UUID) -> list[dict[str, Any]]:
    """Return what the workers' logs say of a run."""
    lines = [line for name in WORKERS for line in workers.supervisor.log_path(name).read_text().splitlines()]
    found = [json.loads(line) for line in lines if line.startswith("{")]
    return [line for line in found if line.get("run_id") == str(run_id)]


def test_the_metrics_of_a_real_run_equal_its_rows(start_workers: Callable[..., Any], sandbox: Sandbox) -> None:
    start_workers()
    run_id = order(slides=5)
    broker.send("upkeep.admit")
    wait_for(lambda: is_over(run_id), seconds=60)
    assert run_of(run_id).state is RunState.READY

    ended = [told.data for told in events_of(run_id) if told.type == "run.ready"]
    (by,) = [data.get("finished_by") for data in ended]
    assert by in {"last_piece", "chord"}, "both are sent at that moment; the worker has two children"
    finished = {"pipeline": "full-post", "state": "READY", "by": by}
    wait_for(lambda: metric("pressroom_rounds_finished_total", **finished) == 1, what="counted after its commit")
    assert metric("pressroom_rounds_finished_total") == 1
    journal = Counter((call.provider, call.model, call.purpose) for call in calls_of(run_id))
    for (provider, model, purpose), count in journal.items():
        kind = {"provider": provider, "model": model, "purpose": purpose, "outcome": "succeeded", "sandbox": "yes"}
        assert metric("pressroom_calls_total", **kind) == count
    assert metric("pressroom_calls_total") == journal.total() == len(sandbox.log())
    with transaction() as session:
        assert metric("pressroom_cost_today_micro_usd") == session.scalar(select(func.sum(Call.cost_micro_usd)))
    assert metric("pressroom_pictures_today") == metric("pressroom_pictures_accepted_today") == 7
    grants = metric("pressroom_limit_wait_seconds_count", provider="gateway")
    assert grants == journal.total()
    assert (metric("pressroom_runs"), metric("pressroom_steps"), metric("pressroom_open_calls")) == (0, 0, 0)
    wait_for(lambda: metric("pressroom_upkeep_runs_total", task="relay") > 0, what="beat ticks")
    assert metric("pressroom_leases_expired_total") == metric("pressroom_retries_total") == 0


@pytest.mark.long
def test_every_line_of_a_step_bears_its_run_piece_and_step_and_within_a_call_the_calls_id(
    start_workers: Callable[..., Any], sandbox: Sandbox
) -> None:
    sandbox.fail({"match": {"kind": "image", "times": 1}, "fault": "internal_error", "params": {}})
    workers = start_workers()
    run_id = order(slides=5)
    broker.send("upkeep.admit")
    wait_for(lambda: is_over(run_id), seconds=60)
    wait_for(lambda: any(line["event"] == "run_finished" for line in lines_of(workers, run_id)))

    lines = [line for line in lines_of(workers, run_id) if line["logger"].startswith(OURS)]
    called = [line for line in lines if line["event"] == "model_called"]
    assert {line["call_id"] for line in called} == {str(call.id) for call in calls_of(run_id)}
    of_pieces = [line for line in lines if line["event"] != "run_finished"]
    assert [line for line in of_pieces if not {"piece_id", "step"} <= line.keys()] == []
    (retry,) = [line for line in lines if line["event"] == "fell_through"]
    assert retry["step"] == "render_image"


@pytest.mark.long
def test_steps_of_a_killed_worker_are_counted_as_taken_over(
    start_workers: Callable[..., Any], sandbox: Sandbox
) -> None:
    sandbox.configure(latency="fixed:2")
    workers = start_workers(**FAST)
    run_id = order(slides=5)
    broker.send("upkeep.admit")
    wait_for(lambda: pictures_there(run_id) >= 1, seconds=40)

    for name in ("worker-io-1", "worker-io-2"):
        workers.kill(name)
    held = wait_for(lambda: metric("pressroom_steps", state="abandoned"), what="leases run out")

    wait_for(lambda: is_over(run_id), seconds=60)
    assert metric("pressroom_leases_expired_total", queue="images") >= 1
    assert metric("pressroom_leases_expired_total") >= held
    assert metric("pressroom_steps") == 0
