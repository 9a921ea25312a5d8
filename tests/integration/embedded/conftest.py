"""What the tests of the embedded services share: a data dir, waiting for a condition, an owner to kill."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from app.embedded import cluster, paths
from app.embedded.services import running
from tests.integration.embedded.owners import OWNER, ROOT, OwnerProcess, Spawn, WaitFor, wait_until


@pytest.fixture
def wait_for() -> WaitFor:
    """Poll a condition; fail the test if it does not hold before the deadline."""
    return wait_until


@contextmanager
def _data_dir() -> Iterator[Path]:
    home = Path(tempfile.mkdtemp(prefix="pressroom-test-"))
    home.chmod(0o755)
    yield home / "data"
    for lock in home.rglob("lock"):
        paths.remove_socket_dirs(lock.parent)
    if (home / "data").exists():
        cluster.discard(home / "data")
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A data dir that PostgreSQL's user can reach: pytest's own tmp_path is closed to it when we are root."""
    with _data_dir() as made:
        yield made


@pytest.fixture(scope="session")
def used_data_dir() -> Iterator[Path]:
    """A data dir that tests use one after the other, and leave as a kill or an end in order leaves one."""
    with _data_dir() as made:
        with running(made):
            pass
        yield made


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """A process that nobody supervises."""
    with subprocess.Popen(["sleep", "1000"], start_new_session=True) as process:
        yield process
        process.kill()


@pytest.fixture
def spawn_owner() -> Iterator[Spawn]:
    """Start owner.py; what is left of it after the test is killed."""
    spawned: list[OwnerProcess] = []

    def spawn(data_dir: Path, *words: str, python: str = sys.executable, **options: Any) -> OwnerProcess:
        popen = subprocess.Popen(
            [python, str(OWNER), str(data_dir), *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
            **options,
        )
        assert popen.stdout is not None
        owner = OwnerProcess(popen, json.loads(popen.stdout.readline() or '{"marks": []}'))
        spawned.append(owner)
        return owner

    yield spawn
    for owner in spawned:
        owner.popen.kill()
        owner.popen.communicate()
        wait_until(lambda owner=owner: not owner.living, 15.0)  # type: ignore[misc]
