"""Servers that are there and of no use: a Redis that is full or lost its replicas, replicas, a PostgreSQL that stands still."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from app import broker
from app.domain.errors import Unavailable
from app.domain.states import RunState
from chaos.conftest import FAST, Workers
from chaos.storm.invariants import unlisted_repeats
from conditions import is_over, pictures_there
from failover import REFUSALS, Refusal, frozen, read_only, refusing
from harness import Installation, Sandbox, wait_for
from orders import order, run_of

LONGER_THAN_BREAKERS_S = 8


@pytest.mark.parametrize(
    "refusal",
    [
        pytest.param(refusal, id=name, marks=() if name == "full" else pytest.mark.long)
        for name, refusal in REFUSALS.items()
    ],
)
def test_a_post_goes_on_when_redis_takes_messages_again_and_one_ordered_meanwhile_is_made(
    refusal: Refusal, start_workers: Callable[..., Workers], sandbox: Sandbox, installation: Installation
) -> None:
    workers, run_id = at_work(start_workers, sandbox)
    pids = workers.pids()

    with refusing(installation.redis_url, refusal):
        other = order(slides=5)
        with pytest.raises(Unavailable):
            broker.send("upkeep.admit")
        time.sleep(LONGER_THAN_BREAKERS_S)

    for one in (run_id, other):
        wait_for(lambda one=one: is_over(one), seconds=60)
        assert run_of(one).state is RunState.READY
        assert unlisted_repeats([one]) == {}
    assert workers.pids() == pids, "no worker died of it"


@pytest.mark.long
@pytest.mark.parametrize("useless", [read_only, frozen], ids=["replica", "stands still"])
def test_a_post_goes_on_when_postgresql_takes_rows_again(
    useless: Callable[[str], AbstractContextManager[None]],
    start_workers: Callable[..., Workers],
    sandbox: Sandbox,
    installation: Installation,
) -> None:
    workers, run_id = at_work(start_workers, sandbox)
    pids = workers.pids()

    with useless(installation.database_url):
        time.sleep(LONGER_THAN_BREAKERS_S)

    wait_for(lambda: is_over(run_id), seconds=60)
    assert run_of(run_id).state is RunState.READY
    assert unlisted_repeats([run_id]) == {}
    assert workers.pids() == pids, "no worker died of it"


def at_work(start_workers: Callable[..., Workers], sandbox: Sandbox) -> tuple[Workers, uuid.UUID]:
    """Return workers, and a post that they have begun to draw."""
    sandbox.configure(latency="fixed:0.6")
    workers = start_workers(**FAST)
    run_id = order(slides=8)
    broker.send("upkeep.admit")
    wait_for(lambda: pictures_there(run_id) >= 2, seconds=60)
    return workers, run_id
