"""Nothing outlives its owner, and the next start finds a clean data dir."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from app.embedded import guardian, paths
from app.embedded.children import end_orphans
from app.embedded.lock import read_owner
from app.embedded.services import running
from tests.integration.embedded.owners import Spawn, WaitFor


def test_all_children_and_theirs_end_within_ten_seconds_of_a_kill_of_the_owner(
    used_data_dir: Path, spawn_owner: Spawn, wait_for: WaitFor
) -> None:
    owner = spawn_owner(used_data_dir, "stubborn")
    names = {name for _, name in owner.living}
    assert {"postgres", "redis-server", "sh", "sleep"} <= names
    os.kill(owner.popen.pid, signal.SIGKILL)
    wait_for(lambda: not owner.living, 10.0)


def test_children_end_also_when_the_guardians_are_killed_and_theirs_at_the_next_start(
    used_data_dir: Path, spawn_owner: Spawn, wait_for: WaitFor
) -> None:
    owner = spawn_owner(used_data_dir)
    for pid, name in owner.living:
        if name.startswith("python"):
            os.kill(pid, signal.SIGKILL)
    os.kill(owner.popen.pid, signal.SIGKILL)
    servers = ("postgres", "redis-server", "sh")
    wait_for(lambda: not any(name.startswith(servers) for _, name in owner.living), 10.0)
    assert {name for _, name in owner.living} == {"sleep"}  # grandchildren: nobody could tell them
    owner.popen.wait()
    with running(used_data_dir):
        assert owner.living == []


def test_the_next_start_works_at_once_after_a_kill_and_finds_the_data(used_data_dir: Path, spawn_owner: Spawn) -> None:
    owner = spawn_owner(used_data_dir)
    owner.popen.kill()
    owner.popen.wait()
    with running(used_data_dir) as services:
        assert services.owned
        assert services.database_url == owner.told["database_url"]


def test_a_killed_postgres_and_its_killed_owner_do_not_stop_the_next_start(
    used_data_dir: Path, spawn_owner: Spawn
) -> None:
    owner = spawn_owner(used_data_dir)
    os.kill(owner.pid_of("postgres"), signal.SIGKILL)
    owner.popen.kill()
    owner.popen.wait()
    with running(used_data_dir) as services:
        assert services.owned


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_asked_end_stops_everything_in_order(
    used_data_dir: Path, spawn_owner: Spawn, wait_for: WaitFor, number: signal.Signals
) -> None:
    log = used_data_dir / "logs" / "postgres.log"
    earlier = log.stat().st_size
    owner = spawn_owner(used_data_dir, "stubborn")
    owner.popen.send_signal(number)
    wait_for(lambda: owner.popen.poll() is not None, 15.0)
    assert owner.living == []
    assert read_owner(used_data_dir) is None
    assert b"database system is shut down" in log.read_bytes()[earlier:]


def test_orphans_of_a_dead_owner_are_ended_at_the_next_start(data_dir: Path, sleeper: subprocess.Popen[bytes]) -> None:
    paths.prepare(data_dir)
    mark = guardian.mark_of(sleeper.pid)
    record(data_dir, pid=mark.pid, create_time=mark.create_time)
    assert end_orphans(data_dir) == [sleeper.pid]
    assert sleeper.wait(5) == -signal.SIGTERM
    assert list((data_dir / "children").iterdir()) == []


def test_a_recorded_pid_that_is_another_process_by_now_is_never_signalled(
    data_dir: Path, sleeper: subprocess.Popen[bytes]
) -> None:
    paths.prepare(data_dir)
    record(data_dir, pid=sleeper.pid, create_time=guardian.mark_of(sleeper.pid).create_time - 60)
    assert end_orphans(data_dir) == []
    assert sleeper.poll() is None


def test_the_children_of_a_living_process_are_no_orphans(data_dir: Path, sleeper: subprocess.Popen[bytes]) -> None:
    paths.prepare(data_dir)
    mark = guardian.mark_of(sleeper.pid)
    record(data_dir, pid=mark.pid, create_time=mark.create_time, owner=guardian.mark_of(os.getpid()))
    assert end_orphans(data_dir) == []
    assert sleeper.poll() is None


def record(data_dir: Path, *, pid: int, create_time: float, owner: guardian.Mark | None = None) -> None:
    """Write what an owner, by default one that is dead, would have recorded of one child."""
    dead = {"pid": 1 << 22, "create_time": 1.0}  # above every pid that Linux gives
    child = {"name": "sleeper", "pid": pid, "create_time": create_time, "stop_signals": [int(signal.SIGTERM)]}
    who = {"pid": owner.pid, "create_time": owner.create_time} if owner else dead
    (data_dir / "children" / "x.json").write_text(json.dumps({"owner": who, "token": "t", "children": [child]}))
