"""Everything goes wrong at once: whatever is killed, cut off, repeated or emptied, nothing is lost or paid twice unlisted.

The table is printed at the end; see chaos.storm.claims for what a recovery is.
"""

from __future__ import annotations

import random
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app.db import migrate
from chaos.storm import invariants, table
from chaos.storm.bucket import Bucket
from chaos.storm.claims import Claims, Recovered
from chaos.storm.clients import Clients
from chaos.storm.faults import ALL_TRIPLED, PROVIDER, Injected, Storm
from chaos.storm.machine import Machine
from harness import Sandbox, forget_caches
from routing import write_routes
from run_books import books_of

SEED = 20261121
CALM_S = 240.0  # after the last fault: a lease, the relay, and a minute or two of work
LONGEST_RECOVERY_S = 60.0
IMPATIENT = {"PRESSROOM_LEASE": "6", "PRESSROOM_RESEND_AFTER": "5"}
FOREVER = 40
"""Keys of Redis that never expire: queues' bindings, counters; the same few after ten runs and after a hundred."""


@dataclass
class Weather:
    """A machine, its users, and what blows at it."""

    machine: Machine
    clients: Clients
    claims: Claims
    sandbox: Sandbox


@pytest.fixture
def weather(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Weather]:
    """A private stack of its own servers and processes, with default settings but for `param`."""
    painters = ["gateway/google/gemini-3.1-flash-image", "gemini/gemini-3.1-flash-image"]
    routes = write_routes(
        tmp_path / "routes.toml",
        timeout_s=10,
        limits={"gemini": {"image": {"in_flight": 5}}},
        render_image={"routes": painters},
        refine_image={"routes": painters},
    )
    bucket = Bucket(tmp_path / "bucket")
    data_dir = Path(tempfile.mkdtemp(prefix="pressroom-storm-"))
    machine = Machine(data_dir, tmp_path / "logs", bucket, routes, getattr(request, "param", {}))
    with bucket.serving(), machine.running():
        for name, value in machine.env.items():
            monkeypatch.setenv(name, value)
        forget_caches()
        migrate.migrate(machine.database_url)
        machine.start_processes()
        clients, claims = Clients(machine.ports.api_url), Claims()
        try:
            yield Weather(machine, clients, claims, Sandbox(machine.ports.sandbox_url))
        finally:
            claims.stop()
            clients.stop(0)
            forget_caches()


@pytest.mark.timeout(420)
@pytest.mark.parametrize("weather", [IMPATIENT], indirect=True, ids=["impatient"])
def test_a_minute_of_everything_at_once_loses_nothing(weather: Weather, capsys: pytest.CaptureFixture[str]) -> None:
    lines = survived(weather, capsys, seconds=30, every_s=0.7, order_every_s=3)

    assert lines[-1].times >= 40


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_500_faults_lose_nothing(weather: Weather, capsys: pytest.CaptureFixture[str]) -> None:
    lines = survived(weather, capsys, seconds=540, every_s=1.25, order_every_s=6)

    assert lines[-1].times >= 500


def survived(
    weather: Weather,
    capsys: pytest.CaptureFixture[str],
    *,
    seconds: float,
    every_s: float,
    order_every_s: float,
) -> list[table.Row]:
    """Let a storm blow, wait until it is calm, check all that must hold; print the table and return its lines."""
    machine, clients, claims, sandbox = weather.machine, weather.clients, weather.claims, weather.sandbox
    storm = Storm(machine, clients, claims, sandbox, random.Random(SEED))
    storm.warm_up(8)
    storm.blow(seconds, every_s=every_s, order_every_s=order_every_s)
    clients.stop_ordering()
    began = time.monotonic()
    with suppress(AssertionError):  # told with the table
        invariants.wait_until_over(CALM_S)
    calm_s = time.monotonic() - began
    clients.stop()
    claims.stop()

    ordered = list(clients.ordered)
    charged = [call for call in sandbox.log() if call["billed_micro_usd"]]
    lost, twice = invariants.lost(ordered), invariants.unlisted_repeats(ordered)
    storm.injected += [Injected(ALL_TRIPLED, frozenset({run_id})) for run_id in ordered]
    recovered = claims.recovered()
    lines = table.rows(counted(storm, sandbox), invariants.runs_of(ordered), lost, twice, recovered)
    slowest = sorted(recovered, key=lambda one: one.seconds)[-3:]
    with capsys.disabled():
        print(f"\n{table.drawn(lines)}\n")
        print(f"calm after {calm_s:.0f} s; paid in vain, and listed: {invariants.listed(ordered)}")
        print(f"{len(clients.watched)} streams that broke {sum(one.reconnects - 1 for one in clients.watched)} times")
        print(*(f"{one.seconds:.1f} s, {one.fault}: {one.story}{meanwhile(storm, one)}" for one in slowest), sep="\n")
        print(f"answers: {dict(sorted(clients.statuses.items()))}; struck nothing: {dict(Counter(storm.missed))}")

    assert not lost
    assert not twice
    assert clients.broken == []
    invariants.nothing_was_ordered_twice(ordered)
    assert invariants.unbooked(charged, ordered) == []
    for user in clients.users:
        books_of(user.id).check()
    assert invariants.broken_files(ordered, machine.bucket) == []
    assert invariants.broken_streams(clients.watched) == []
    assert invariants.left_in_postgres() == {}
    assert len(invariants.redis_is_empty_of_work(machine.redis_url)) <= FOREVER
    assert unforeseen(machine) == []
    assert machine.outlived == []
    assert [one for one in recovered if one.seconds > LONGEST_RECOVERY_S] == []
    return lines


def meanwhile(storm: Storm, recovered: Recovered) -> str:
    """Return what else befell the machine until somebody had recovered, in seconds before that."""
    others = [
        f"{one.fault} {recovered.at - one.at:.1f}"
        for one in storm.injected
        if 0 < recovered.at - one.at < recovered.seconds
        and one.fault not in PROVIDER
        and not one.fault.endswith(("twice at once", ALL_TRIPLED))
    ]
    return f"; meanwhile {', '.join(others)}" if others else ""


def counted(storm: Storm, sandbox: Sandbox) -> list[Injected]:
    """Return the faults that struck; those of providers by the calls that they did strike."""
    names = {name: fault for fault, (name, _) in PROVIDER.items()}
    runs: dict[str, frozenset[uuid.UUID]] = {
        fault: frozenset().union(*(one.runs for one in storm.injected if one.fault == fault)) for fault in PROVIDER
    }
    struck = [names[str(call["fault"])] for call in sandbox.log() if call["fault"]]
    return [*(one for one in storm.injected if one.fault not in PROVIDER), *(Injected(f, runs[f]) for f in struck)]


def unforeseen(machine: Machine) -> list[str]:
    """Return the lines of logs that tell of an error which nobody foresaw."""
    words: tuple[Any, ...] = ('"step_failed"', '"not_bound", "exc', '"no_background", "exc')
    logs = (machine.data_dir / "logs").glob("*.log")
    return [
        f"{log.name}: {line[:600]}"
        for log in logs
        for line in log.read_text(errors="replace").splitlines()
        if any(word in line for word in words)
    ]
