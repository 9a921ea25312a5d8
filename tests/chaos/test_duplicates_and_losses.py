"""Messages are hints: delivered twice, lost, or never published, the post is the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from redis import Redis

from app import broker
from app.domain.states import CallState, PieceState, RunState
from conditions import is_over, pictures_there
from harness import Installation, Sandbox, wait_for
from orders import calls_of, events_of, order, pieces_of, run_of
from routing import write_routes


@pytest.mark.long
def test_every_message_delivered_twice_makes_one_post_and_pays_once(
    start_workers: Callable[..., Any], sandbox: Sandbox
) -> None:
    start_workers(include="every_message_twice")

    run_id = order()
    broker.send("upkeep.admit")
    wait_for(lambda: is_over(run_id), seconds=60)

    assert run_of(run_id).state is RunState.READY
    paid = Counter((call.piece_id, call.purpose) for call in calls_of(run_id) if call.state is CallState.SUCCEEDED)
    assert set(paid.values()) == {1}
    assert len(sandbox.log()) == 1 + 13 + 13
    assert [event.type for event in events_of(run_id)].count("run.ready") == 1


@pytest.mark.long
def test_a_run_whose_first_message_was_never_published_is_admitted_by_beat(start_workers: Callable[..., Any]) -> None:
    start_workers()

    run_id = order(slides=5)

    wait_for(lambda: is_over(run_id), seconds=60)
    assert run_of(run_id).state is RunState.READY


@pytest.mark.long
def test_an_emptied_redis_in_the_middle_of_a_run_loses_nothing_and_repeats_no_stored_picture(
    start_workers: Callable[..., Any], sandbox: Sandbox, installation: Installation
) -> None:
    sandbox.configure(latency="fixed:0.3")
    routes = write_routes(installation.data_dir / "routes.toml", limits={"gateway": {"image": {"in_flight": 2}}})
    start_workers(PRESSROOM_RESEND_AFTER="3", PRESSROOM_ROUTES=str(routes))
    run_id = order()
    broker.send("upkeep.admit")

    wait_for(lambda: pictures_there(run_id) >= 3, seconds=40)
    before = {piece.id: piece.picture for piece in pieces_of(run_id) if piece.picture}
    Redis.from_url(installation.redis_url).flushall()

    wait_for(lambda: is_over(run_id), seconds=60)
    assert run_of(run_id).state is RunState.READY
    after = {piece.id: piece.picture for piece in pieces_of(run_id)}
    assert all(after[piece_id] == picture for piece_id, picture in before.items())
    assert all(piece.state is PieceState.READY for piece in pieces_of(run_id))
