"""Far more orders than the machine can work on: the API stays quick, memory small, and nobody waits behind a crowd."""

from __future__ import annotations

import re
import shutil
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import select, text

from app.cli import stack
from app.db.models import Run
from app.db.session import transaction
from app.domain.plans import Plan
from app.domain.states import LIVE_RUNS, RunState
from app.embedded.ports import free_port
from app.embedded.supervisor import Process, Supervisor
from app.reports.sums import merge
from app.settings import settings
from chaos.conftest import WORKERS
from chaos.customers import Customer
from chaos.load.crowds import Answers, Memory, Prober, cpu_seconds, order_all
from harness import Installation, Sandbox, wait_for
from orders import a_user
from routing import write_routes

SMALLEST = {"slides": 5, "format": "1:1"}
"""The smallest post that can be ordered: seven pictures."""
SMALL_PICTURES = {"use": "openai/gpt-image-2", "options": {"quality": "low", "output_format": "jpeg"}}
"""The fewest bytes that a route can ask for; none of its options makes a picture smaller than 1024 px."""
AT_ONCE = 8
LOOK_S = 0.5
ORDERS = 1_000
MOST_MS = 250
MOST_KB = 20
LONGEST_S = 20 * 60
AHEAD = 25
"""Posts of the big user that may end while the small user's one is made: as many as are in flight, and a few."""
LASTING = ("_kombu.binding", "pressroom:counts", "pressroom:breakers")
"""Keys of Redis that never end, and whose size does not depend on how much was made."""
NO_END = -1
LONGEST_KEPT_S = 6 * 3600
BOUNDED = {"unstored": 0, "webhook_attempts": 0, "call_sums": 20}
"""Tables that hold no history: how many rows may be left."""


@pytest.mark.long  # minutes of both cores
@pytest.mark.timeout(1_700)
def test_a_thousand_orders_at_once(
    run_processes: Callable[..., Supervisor],
    installation: Installation,
    sandbox: Sandbox,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert sandbox
    ports = stack.Ports(free_port(), free_port(), free_port(), free_port())
    routes = small_and_wide(tmp_path)

    def processes(env: dict[str, str]) -> list[Process]:
        return [*stack.web(env, ports), *stack.workers(env), stack.beat(env, installation.data_dir)]

    supervisor = run_processes(processes, PRESSROOM_ROUTES=str(routes), PRESSROOM_EVENTS_URL=ports.events_url)
    for name in WORKERS:
        wait_for(lambda name=name: b" ready." in supervisor.log_path(name).read_bytes(), what=f"{name} takes messages")
    redis = Redis.from_url(installation.redis_url)
    big, small, prober = (Customer.at(ports.api_url, a_user(plan)) for plan in (Plan.BUSINESS, Plan.FREE, Plan.PRO))
    first = prober.order(**SMALLEST)
    wait_until_over([first], 60)

    takers = ("web", "worker-control")
    before, cpu = Memory.now(redis, supervisor, takers), cpu_seconds(supervisor, ("web", *WORKERS))
    answers = Answers()
    with Prober(prober, first) as probing:
        began = time.monotonic()
        crowd = [{"topic": f"Lesson {n} of operations", **SMALLEST} for n in range(ORDERS - 1)]
        runs = order_all(big, crowd, at_once=AT_ONCE, answers=answers)
        ordered_s = time.monotonic() - began
        late = small.order(**SMALLEST)
        waiting = len(unfinished(runs))
        held = Memory.now(redis, supervisor, takers)
        with disk_kept_free(runs):
            wait_until_over([late], LONGEST_S)
            late_s = time.monotonic() - began - ordered_s
            wait_until_over(runs, LONGEST_S - (time.monotonic() - began))
        took_s = time.monotonic() - began
    used = cpu_seconds(supervisor, ("web", *WORKERS))
    wait_until_over(probing.ordered, 60)

    ahead = ended_before(late, runs)
    kb = held.kb_more_than(before, waiting)
    with capsys.disabled():
        print(
            f"\n{ORDERS} posts ordered in {ordered_s:.1f} s, all over in {took_s:.0f} s;"
            f" p99 while ordering {answers.p(99):.0f} ms, of the prober {probing.answers.p(99):.0f} ms"
            f" (p50 {probing.answers.p(50):.0f}, most {probing.answers.p(100):.0f}, {len(probing.answers.seconds)} requests);"
            f" {kb:.1f} KB for each of {waiting} waiting runs (Redis {(held.redis - before.redis) / 1024 / waiting:.1f});"
            f" the small user's post took {late_s:.1f} s, {ahead} others ended meanwhile"
        )
        print("CPU ms a post:", {name: round(1000 * (used[name] - cpu.get(name, 0)) / ORDERS) for name in used})
    assert Counter(run.state for run in rows([*runs, late])) == {RunState.READY: ORDERS}
    assert answers.errors == probing.answers.errors == []
    assert ahead <= AHEAD, "the small user does not wait behind the big one"
    nothing_grows(redis)
    assert max(answers.p(99), probing.answers.p(99)) <= MOST_MS
    assert kb <= MOST_KB
    assert took_s <= LONGEST_S


def small_and_wide(folder: Path) -> Path:
    """Write routes with the smallest pictures and wide limits: with instant models, what binds is the machine."""
    wide = {"in_flight": 64}
    return write_routes(
        folder / "routes.toml",
        min_bytes=20_000,
        limits={"openai": {"image": wide}, "gateway": {"text": wide}},
        render_image={"routes": [SMALL_PICTURES]},
    )


def nothing_grows(redis: Redis) -> None:
    """Check what is left when all is over: queues are empty, and all keys but the lasting ones end by themselves."""
    wait_for(lambda: not any(redis.llen(queue) for queue in ("text", "images", "media", "control")))
    wait_for(lambda: not redis.hlen("unacked"), what="nothing is held by a worker")
    ends = {key.decode(): redis.ttl(key) for key in redis.scan_iter()}
    families = Counter(family_of(key) for key in ends)
    print("left in Redis (keys, s to live):", {family_of(key): (families[family_of(key)], ends[key]) for key in ends})
    assert [key for key, end in ends.items() if end == NO_END and not key.startswith(LASTING)] == []
    assert max(ends.values()) <= LONGEST_KEPT_S
    with transaction() as session:
        merge(session)
        tables = {name: session.scalar(text(f"SELECT count(*) FROM {name}")) or 0 for name in BOUNDED}
    print("left in PostgreSQL:", tables)
    assert [name for name, most in BOUNDED.items() if tables[name] > most] == []


def family_of(key: str) -> str:
    """Return a key without ids."""
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32}", "*", key)


def rows(runs: Sequence[uuid.UUID]) -> Sequence[Run]:
    with transaction() as session:
        return session.scalars(select(Run).where(Run.id.in_(runs))).all()


def unfinished(runs: Sequence[uuid.UUID]) -> Sequence[uuid.UUID]:
    with transaction() as session:
        return session.scalars(select(Run.id).where(Run.id.in_(runs), Run.state.in_(LIVE_RUNS))).all()


def wait_until_over(runs: Sequence[uuid.UUID], seconds: float) -> None:
    """Return when all runs are terminal, looking once in a while: whoever looks all the time is a load itself."""

    def all_over() -> bool:
        time.sleep(LOOK_S)
        return not unfinished(runs)

    wait_for(all_over, seconds=seconds, what="all runs are terminal")


@contextmanager
def disk_kept_free(runs: Sequence[uuid.UUID]) -> Iterator[None]:
    """Delete the files of posts that are over, once they are seen to be there: a thousand posts are 7 GB."""
    done = threading.Event()
    live = set(runs)
    without: list[uuid.UUID] = []

    def look() -> None:
        over = live.difference(unfinished(list(live)))
        live.difference_update(over)
        for run_id in over:
            folder = settings().data_dir / "files" / "posts" / str(run_id)
            if not list(folder.glob("carousel-*.pdf")):
                without.append(run_id)
            shutil.rmtree(folder, ignore_errors=True)

    def watch() -> None:
        while not done.wait(LOOK_S):
            look()

    watching = threading.Thread(target=watch, name="files")
    watching.start()
    try:
        yield
    finally:
        done.set()
        watching.join()
    look()
    assert not without, "a post that is over has its files"


def ended_before(late: uuid.UUID, runs: Sequence[uuid.UUID]) -> int:
    """Return how many runs ended between the order of `late` and its end."""
    (mine,) = rows([late])
    assert mine.finished_at is not None
    return sum(mine.created_at < run.finished_at < mine.finished_at for run in rows(runs) if run.finished_at)
