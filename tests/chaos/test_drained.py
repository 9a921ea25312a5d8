"""SIGTERM, as every deploy sends it: no new work, calls under way end, what only waits is handed back, exit code 0."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from app import broker, counts
from app.cli import stack
from app.counts import Fact
from app.db.session import transaction
from app.domain.states import CallState, RunState
from app.embedded.ports import free_port
from app.embedded.supervisor import Process
from app.runs.finish import Finisher
from app.traffic import limits_now
from chaos.customers import PATIENCE_S, Customer
from chaos.fleet import Fleet, began_at
from conditions import is_over, pictures_there
from harness import Installation, Sandbox, wait_for
from orders import a_user, calls_of, events_of, order, run_of
from routing import write_routes

IO = ("worker-io-1", "worker-io-2")
AT_ONCE_S = 10.0
"""What the end of a process takes at most that has nothing left to do: half of what a thread may sleep in a limit."""
DRAWN_S = 30.0
"""What a worker takes at most to end the slide that it draws, on cores that others go first on."""
NEEDED = 1 + 7 + 7
"""Calls of a post of five slides: its texts; a prompt and a picture for each slide, the article and the quote."""

Start = Callable[..., Fleet]


@pytest.fixture
def ports() -> stack.Ports:
    return stack.Ports(free_port(), free_port(), free_port(), free_port())


@pytest.fixture
def fleet(installation: Installation, sandbox: Sandbox, tmp_path: Path, ports: stack.Ports) -> Iterator[Start]:
    """Return a function that starts the workers and beat with their usual grace, and the API if asked."""
    begun: list[Fleet] = []

    def start(*, in_flight: int, web: bool = False) -> Fleet:
        routes = write_routes(tmp_path / "routes.toml", limits={"gateway": {"image": {"in_flight": in_flight}}})
        env = {
            **installation.env,
            "PRESSROOM_SANDBOX_URL": sandbox.url,
            "PRESSROOM_ROUTES": str(routes),
            "PRESSROOM_EVENTS_URL": ports.events_url,
        }
        processes: list[Process] = [*stack.workers(env), stack.beat(env, tmp_path)]
        made = Fleet(tmp_path / "fleet", [*processes, *(stack.web(env, ports) if web else [])])
        begun.append(made.__enter__())
        made.start_all()
        return made

    yield start
    for one in begun:
        one.__exit__(None, None, None)


def parked() -> int:
    """Return how many steps wait for a picture's slot."""
    return limits_now([("gateway", "image")])[0].waiting


def nothing_was_lost_or_repeated(sandbox: Sandbox, runs: Sequence[uuid.UUID], needed: int) -> None:
    """Check runs that a stopped worker had a part in: no call more than needed, none in doubt, nobody was cut off."""
    assert {run_of(run_id).state for run_id in runs} == {RunState.READY}
    calls = [call for run_id in runs for call in calls_of(run_id)]
    assert {call.state for call in calls} == {CallState.SUCCEEDED}, "no call is in doubt"
    assert len(sandbox.log()) == len(calls) == needed * len(runs), "no call was repeated"
    told = counts.read()
    assert told[Fact.LEASES_EXPIRED] == {}, "nobody was cut off"
    finders = {labels[2] for labels in told[Fact.ROUNDS_FINISHED]}
    assert finders <= {Finisher.LAST_PIECE, Finisher.CHORD}, "no message was lost"


@pytest.mark.long
def test_a_worker_that_asks_models_ends_its_calls_hands_back_what_waits_and_takes_nothing_new(
    fleet: Start, sandbox: Sandbox
) -> None:
    sandbox.configure(latency="fixed:3")
    running = fleet(in_flight=2)
    run_id = order()
    broker.send("upkeep.admit")
    wait_for(lambda: pictures_there(run_id) >= 1 and parked() >= 6, seconds=40, what="threads sleep in the limit")

    asked_at = time.time()
    ended = running.stop(IO[0])

    assert ended.code == 0
    assert ended.seconds < 3 + AT_ONCE_S, "it waited for its calls, not for the turns of those that slept"
    assert [line for line in running.lines(IO[0], "model_called") if began_at(line) > asked_at + 0.5] == []
    wait_for(lambda: is_over(run_id), seconds=90)
    assert list(running.lines(IO[1], "model_called")), "the other one went on"
    nothing_was_lost_or_repeated(sandbox, [run_id], 1 + 13 + 13)


@pytest.mark.long
def test_both_workers_that_ask_models_may_drain_at_once_and_the_next_ones_go_on(fleet: Start, sandbox: Sandbox) -> None:
    sandbox.configure(latency="fixed:2")
    running = fleet(in_flight=3)
    run_id = order(slides=5)
    broker.send("upkeep.admit")
    wait_for(lambda: pictures_there(run_id) >= 1, seconds=40)

    with ThreadPoolExecutor(2) as both:  # each is asked once: a second SIGTERM may meet one that has all but ended
        ended = list(both.map(running.stop, IO))
    before = len(sandbox.log())
    time.sleep(2.5)  # longer than a call: whoever still asked would be seen
    assert len(sandbox.log()) == before
    for name in IO:
        running.start(name)

    assert [one.code for one in ended] == [0, 0]
    wait_for(lambda: is_over(run_id), seconds=60)
    nothing_was_lost_or_repeated(sandbox, [run_id], NEEDED)


@pytest.mark.long
def test_workers_that_draw_and_control_end_at_once_and_their_work_waits_for_the_next_ones(
    fleet: Start, sandbox: Sandbox
) -> None:
    running = fleet(in_flight=5)
    runs = [order(slides=5) for _ in range(4)]
    broker.send("upkeep.admit")
    wait_for(lambda: sum(pictures_there(run_id) for run_id in runs) >= 4, seconds=40)

    ended = {name: running.stop(name) for name in ("worker-media", "worker-control", "beat")}
    assert not all(is_over(run_id) for run_id in runs), "there was work left"
    for name in ended:
        running.start(name)

    assert {name: one.code for name, one in ended.items()} == dict.fromkeys(ended, 0)
    longest = dict.fromkeys(ended, AT_ONCE_S) | {"worker-media": DRAWN_S}
    assert [name for name, one in ended.items() if one.seconds > longest[name]] == []
    wait_for(lambda: all(is_over(run_id) for run_id in runs), seconds=60)
    nothing_was_lost_or_repeated(sandbox, runs, NEEDED)


def test_the_api_answers_what_it_has_begun_and_ends(fleet: Start, ports: stack.Ports) -> None:
    running = fleet(in_flight=5, web=True)
    customer = Customer.at(ports.api_url, a_user())
    customer.order(slides=5)

    with ThreadPoolExecutor(2) as threads, transaction() as session:
        session.execute(text("LOCK TABLE quota_months IN ACCESS EXCLUSIVE MODE"))
        begun = threads.submit(customer.order, slides=5)
        wait_for(waiting_for_a_lock, what="the order is under way")
        ending = threads.submit(running.stop, "web")
        wait_for(lambda: not is_listening(ports.api_url), what="it takes nothing new")
        assert not begun.done()
        session.execute(text("SELECT 1"))
        session.commit()
        answered, ended = begun.result(20), ending.result(20)

    assert run_of(answered).pipeline == "full-post"
    assert (ended.code, customer.refused) == (0, [])
    assert ended.seconds < 10


def waiting_for_a_lock() -> bool:
    with transaction() as session:
        return bool(session.scalar(text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")))


def is_listening(url: str) -> bool:
    try:
        httpx.get(f"{url}/healthz", timeout=1, trust_env=False)
    except httpx.TransportError:
        return False
    return True


@pytest.mark.long
def test_a_rolling_deploy_while_posts_are_made_loses_and_repeats_nothing(
    fleet: Start, sandbox: Sandbox, ports: stack.Ports
) -> None:
    sandbox.configure(latency="fixed:1")
    running = fleet(in_flight=2, web=True)
    customer = Customer.at(ports.api_url, a_user())

    with ThreadPoolExecutor(12) as threads:

        def followed() -> tuple[uuid.UUID, list[int]]:
            run_id = customer.order(slides=5)
            return run_id, customer.events_of(run_id, ports.events_url)

        posts = [threads.submit(followed) for _ in range(2)]
        wait_for(lambda: len(sandbox.log()) >= 4, seconds=40, what="posts are made")
        ended, began_with = {}, {}
        for name in (*IO, "worker-media", "worker-control", "web", "events", "beat"):
            posts.append(threads.submit(followed))  # customers do not wait for a deploy
            began_with[name] = sum(not post.done() for post in posts)
            ended[name] = running.restart(name)
        made = dict(post.result(PATIENCE_S) for post in posts)
        runs = list(made)
        wait_for(lambda: all(is_over(run_id) for run_id in runs), seconds=10)

    assert 0 not in began_with.values(), "posts were made from the first restart to the last"
    assert {name: one.code for name, one in ended.items()} == dict.fromkeys(ended, 0)
    longest = dict.fromkeys(ended, 1 + AT_ONCE_S) | {"worker-media": DRAWN_S}
    assert [name for name, one in ended.items() if one.seconds > longest[name]] == []
    nothing_was_lost_or_repeated(sandbox, runs, NEEDED)
    for run_id, numbers in made.items():
        assert numbers == [event.number for event in events_of(run_id)], "each event once and in order"
    assert customer.refused == [], "no answer was an error of the server's"
