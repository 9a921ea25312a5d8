"""A worker killed with SIGKILL: nothing stored is made again, and every repeat was in flight and is listed."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from app import broker
from app.db.models import Call
from app.domain.states import CallState, CostBasis, RunState
from conditions import is_over, pictures_there
from harness import Sandbox, wait_for
from orders import calls_of, order, pieces_of, run_of


def hit_by_the_kill(calls: Sequence[Call]) -> list[Call]:
    """Return the calls that were under way: without an answer, or answered and killed before the bytes were stored."""
    return [call for call in calls if call.state is CallState.UNKNOWN or call.error_code == "bytes_lost"]


def requested(run_id: uuid.UUID) -> list[Call]:
    """Return the run's calls but for those that were not made: a picture that was found where the killed one left it."""
    return [call for call in calls_of(run_id) if call.cost_basis is not CostBasis.CACHE]


@pytest.mark.long
def test_a_post_is_ready_within_a_minute_of_a_killed_worker_and_only_calls_in_flight_are_repeated(
    start_workers: Callable[..., Any], sandbox: Sandbox
) -> None:
    sandbox.configure(latency="fixed:1.5")
    workers = start_workers()  # default settings: the promise is about them
    run_id = order()
    broker.send("upkeep.admit")
    wait_for(lambda: pictures_there(run_id) >= 3, seconds=60)

    workers.kill("worker-io-1")
    killed_at = time.monotonic()
    stored = {piece.id: piece.picture for piece in pieces_of(run_id) if piece.picture}

    wait_for(lambda: is_over(run_id), seconds=60)
    assert time.monotonic() - killed_at < 60
    assert run_of(run_id).state is RunState.READY
    now = {piece.id: piece.picture for piece in pieces_of(run_id)}
    assert all(now[piece_id] == picture for piece_id, picture in stored.items())
    calls = requested(run_id)
    hit = hit_by_the_kill(calls)
    assert hit, "the kill hit calls in flight"
    assert {call.error_code for call in hit} <= {"owner_lost", "bytes_lost"}
    # Every request that reached the provider has its row, and more than 27 were only made for those in flight.
    assert len(sandbox.log()) <= len(calls) == 27 + len(hit)


@pytest.mark.long
def test_a_killed_media_worker_is_replaced_and_the_post_becomes_ready(
    start_workers: Callable[..., Any], sandbox: Sandbox
) -> None:
    workers = start_workers(PRESSROOM_LEASE="3", PRESSROOM_RESEND_AFTER="2")
    run_id = order()
    broker.send("upkeep.admit")
    wait_for(lambda: pictures_there(run_id) >= 3, seconds=60)

    workers.kill("worker-media")

    wait_for(lambda: is_over(run_id), seconds=60)
    assert run_of(run_id).state is RunState.READY
    assert len(sandbox.log()) == 27


@pytest.mark.long
def test_all_workers_and_beat_killed_at_once_lose_nothing(start_workers: Callable[..., Any], sandbox: Sandbox) -> None:
    sandbox.configure(latency="fixed:0.5")
    workers = start_workers(PRESSROOM_LEASE="3", PRESSROOM_RESEND_AFTER="2")
    run_id = order()
    broker.send("upkeep.admit")
    wait_for(lambda: pictures_there(run_id) >= 2, seconds=60)

    for name in ("worker-io-1", "worker-io-2", "worker-media", "worker-control", "beat"):
        workers.kill(name)

    wait_for(lambda: is_over(run_id), seconds=60)
    assert run_of(run_id).state is RunState.READY
    calls = requested(run_id)
    assert len(calls) == 27 + len(hit_by_the_kill(calls))
