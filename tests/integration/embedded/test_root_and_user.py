"""The same commands work for root, who may not run PostgreSQL, and for a user without any rights."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.embedded import cluster
from app.embedded.accounts import Account
from app.embedded.errors import ClusterMismatch
from app.embedded.installations import Installation, find
from app.embedded.services import running
from tests.integration.embedded.owners import Spawn, WaitFor

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@pytest.fixture
def nobody() -> Account:
    found = pwd.getpwnam("nobody")
    return Account(found.pw_uid, found.pw_gid)


@contextmanager
def _closed() -> Iterator[Path]:
    home = Path(tempfile.mkdtemp(prefix="pressroom-test-"))
    yield home
    for data_dir in home.iterdir():
        if data_dir.is_dir():
            cluster.discard(data_dir)
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def closed() -> Iterator[Path]:
    """A folder that only root can enter, like root's home."""
    with _closed() as home:
        yield home


@pytest.fixture(scope="module")
def closed_data() -> Iterator[Path]:
    """A data dir that was used once, in a folder that only root can enter."""
    with _closed() as home:
        with running(home / "data") as services:
            assert services.owned
        yield home / "data"


def python_for(account: Account) -> str:
    """Return this interpreter, or a like one that the account may execute."""
    if account.can_reach(Path(sys.executable).parent) and account.can_reach(Path(sys.executable).resolve()):
        return sys.executable
    other = Path(f"/usr/bin/python3.{sys.version_info.minor}")
    if not other.exists():
        pytest.skip(f"user {account.uid} can reach neither {sys.executable} nor {other}")
    return str(other)


def test_a_user_without_rights_starts_everything_and_a_kill_ends_it(
    data_dir: Path, nobody: Account, spawn_owner: Spawn, wait_for: WaitFor
) -> None:
    data_dir.mkdir()
    os.chown(data_dir, nobody.uid, nobody.gid)
    owner = spawn_owner(
        data_dir, python=python_for(nobody), user=nobody.uid, group=nobody.gid, extra_groups=[], cwd="/"
    )
    assert owner.told["owned"]
    assert (data_dir / "postgres").stat().st_uid == nobody.uid
    owner.popen.kill()
    wait_for(lambda: not owner.living, 10.0)


def test_root_runs_a_users_cluster_as_that_user(data_dir: Path, nobody: Account) -> None:
    with running(data_dir):
        pass
    for path in [data_dir / "postgres", *(data_dir / "postgres").rglob("*")]:
        os.chown(path, nobody.uid, nobody.gid)
    with running(data_dir) as services:
        assert f"/tmp/pressroom-{nobody.uid}-" in services.database_url


def test_a_data_dir_in_a_folder_that_only_root_can_enter_works_and_keeps_its_data(closed_data: Path) -> None:
    with running(closed_data) as services:
        assert services.owned
    assert (closed_data / "postgres").is_symlink()
    assert (closed_data / "postgres" / "PG_VERSION").exists()
    assert closed_data.parent.stat().st_mode & 0o777 == 0o700


def test_a_copied_data_dir_does_not_share_the_database_of_its_original(closed_data: Path) -> None:
    copy = closed_data.with_name("copy")
    shutil.copytree(closed_data, copy, symlinks=True)
    with pytest.raises(ClusterMismatch, match="is a copy of"), running(copy):
        pass
    (copy / "postgres").unlink()


def test_a_moved_data_dir_keeps_its_database(closed_data: Path) -> None:
    moved = closed_data.rename(closed_data.with_name("moved"))
    with running(moved) as services:
        assert services.owned
    moved.rename(closed_data)
    with running(closed_data) as services:
        assert services.owned


def test_programs_of_the_wheel_that_the_server_user_cannot_reach_are_copied(closed: Path, nobody: Account) -> None:
    wheel = next(installed for installed in find() if installed.is_wheel)
    site = closed / "site"
    part = wheel.bin_dir.parent
    shutil.copytree(part, site / part.parent.name / part.name)
    shutil.copytree(part.parent.with_name(f"{part.parent.name}.libs"), site / f"{part.parent.name}.libs")
    hidden = Installation(site / part.parent.name / part.name / "bin", wheel.major, is_wheel=True)
    with tempfile.TemporaryDirectory() as spare:
        Path(spare).chmod(0o711)
        usable = hidden.usable_by(nobody, Path(spare))
        assert usable is not None
        for program in ("postgres", "initdb"):
            done = subprocess.run(
                [usable.bin_dir / program, "--version"], user=nobody.uid, group=nobody.gid, extra_groups=[], check=False
            )
            assert done.returncode == 0
