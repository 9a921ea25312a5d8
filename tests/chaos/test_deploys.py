"""A deploy: the release before works on the new schema, beside the new one and alone, and a way back is open."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from app.cli import stack
from app.db.models import User
from app.domain.states import CallState, RunState
from app.embedded.ports import free_port
from app.embedded.supervisor import Process
from chaos import releases
from chaos.customers import Customer
from chaos.fleet import Fleet
from conditions import is_over
from harness import Installation, Sandbox, wait_for
from orders import a_user, calls_of, run_of
from rendering import billed
from run_books import books_of

POSTS = 5
NEEDED = 1 + 7 + 7
"""Calls of a post of five slides: its texts; a prompt and a picture for each slide, the article and the quote."""
OLD = "old"


@pytest.fixture(scope="module")
def old_code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the code of the release before lies."""
    return releases.unpack(releases.before_this_one(), tmp_path_factory.mktemp("release_before"))


@pytest.fixture
def env(installation: Installation, sandbox: Sandbox) -> dict[str, str]:
    sandbox.configure(latency="fixed:0.3")
    return {**installation.env, "PRESSROOM_SANDBOX_URL": sandbox.url}


@pytest.fixture
def old_processes(env: dict[str, str], old_code: Path, tmp_path: Path) -> list[Process]:
    """Workers and beat of the release before, with its own routes."""
    routes = old_code / "tests" / "data" / "gateway_only.toml"
    made = [*stack.workers(env), stack.beat(env, tmp_path)]
    own = [replace(one, env={**one.env, "PRESSROOM_ROUTES": str(routes)}) for one in made]
    return releases.of_release(old_code, own, prefix=OLD)


def ports() -> stack.Ports:
    return stack.Ports(free_port(), free_port(), free_port(), free_port())


@pytest.fixture
def user(installation: Installation) -> User:
    assert installation
    return a_user()


def made_by(fleet: Fleet, names: Sequence[str]) -> Counter[str]:
    """Return how many calls and ends of runs the logs of some processes tell of."""
    told = ("model_called", "run_finished")
    return Counter(line["event"] for name in names for line in fleet.lines(name) if line["event"] in told)


def complete_and_paid_once(sandbox: Sandbox, user: User, runs: Sequence[uuid.UUID]) -> None:
    """Check posts: complete, no call more than needed, and the books of this release balance."""
    assert {run_of(run_id).state for run_id in runs} == {RunState.READY}
    calls = [call for run_id in runs for call in calls_of(run_id)]
    assert {call.state for call in calls} == {CallState.SUCCEEDED}
    assert len(sandbox.log()) == len(calls) == NEEDED * len(runs)
    assert sum(call.cost_micro_usd or 0 for call in calls) == billed(sandbox)
    books_of(user.id).check()


@pytest.mark.long
def test_workers_of_both_releases_make_posts_side_by_side_on_the_new_schema(
    env: dict[str, str], old_processes: list[Process], old_code: Path, sandbox: Sandbox, user: User, tmp_path: Path
) -> None:
    new = stack.workers(env)
    assert releases.loaded_from(old_processes[0]) == {old_code}, "the old code, not what is installed"
    assert releases.loaded_from(new[0]) == {releases.ROOT}
    where = ports()
    web = stack.web(env, where)[0]
    old = [one for one in old_processes if "beat" not in one.name]

    with Fleet(tmp_path / "fleet", [*new, *old, stack.beat(env, tmp_path), web]) as fleet:
        fleet.start_all()
        customer = Customer.at(where.api_url, user)
        runs = [customer.order(slides=5) for _ in range(POSTS)]
        wait_for(lambda: all(is_over(run_id) for run_id in runs), seconds=120)

        complete_and_paid_once(sandbox, user, runs)
        by_old, by_new = made_by(fleet, [one.name for one in old]), made_by(fleet, [one.name for one in new])
    assert by_old["model_called"] > 0 < by_new["model_called"], "each did a part"
    assert by_old["model_called"] + by_new["model_called"] == NEEDED * POSTS
    assert by_old["run_finished"] + by_new["run_finished"] == POSTS


@pytest.mark.long
def test_workers_of_the_release_before_make_what_the_new_api_takes_and_its_api_takes_orders_too(
    env: dict[str, str], old_processes: list[Process], old_code: Path, sandbox: Sandbox, user: User, tmp_path: Path
) -> None:
    new_at, old_at = ports(), ports()
    new_web = stack.web(env, new_at)[0]
    (old_web,) = releases.of_release(old_code, stack.web(env, old_at)[:1], prefix=OLD)

    with Fleet(tmp_path / "fleet", [*old_processes, new_web, old_web]) as fleet:
        fleet.start_all()
        customer = Customer.at(new_at.api_url, user)
        runs = [customer.order(slides=5) for _ in range(POSTS)]
        back = replace(customer, url=old_at.api_url)
        runs.append(back.order(slides=5))
        wait_for(lambda: all(is_over(run_id) for run_id in runs), seconds=120)

        complete_and_paid_once(sandbox, user, runs)
        assert made_by(fleet, [one.name for one in old_processes])["run_finished"] == len(runs)
    assert (customer.refused, back.refused) == ([], [])
