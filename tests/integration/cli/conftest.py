"""What the tests of the command line share: a data dir, the command as people run it, an `up` in the background."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from commands import Up
from fetch_servers import Site, serving

from app.embedded import cluster, paths


@contextmanager
def _place() -> Iterator[Path]:
    """A folder to stand in, which PostgreSQL's user can reach when we are root; its data dir is cleaned up."""
    home = Path(tempfile.mkdtemp(prefix="pressroom-cli-"))
    home.chmod(0o755)
    yield home
    data_dir = home / ".pressroom"
    paths.remove_socket_dirs(data_dir)
    if data_dir.is_dir() and os.access(data_dir, os.W_OK):
        cluster.discard(data_dir)
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder of one test's own."""
    with _place() as home:
        yield home


@pytest.fixture(scope="module")
def shared_place() -> Iterator[Path]:
    """A folder that the tests of a module share, because what they look at takes seconds to make."""
    with _place() as home:
        yield home


@pytest.fixture
def start_up(place: Path) -> Iterator[Callable[..., Up]]:
    """Return a function that starts `pressroom up` and waits until it is up; what is left of it is killed."""
    started: list[Up] = []

    def start(*options: str) -> Up:
        up = Up(place, *options)
        started.append(up)
        up.wait_until_up()
        return up

    yield start
    for up in started:
        up.kill()


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    """A site on loopback that `up` may fetch from; tests add their pages."""
    with serving({}) as made:
        yield made


@pytest.fixture(scope="session")
def up(site: Site) -> Iterator[Up]:
    """An `up` that all tests look at, and which they leave as they found it."""
    with _place() as home:
        (home / ".env").write_text(f"PRESSROOM_FETCH_ALLOW=127.0.0.0/8\nPRESSROOM_FETCH_PORTS={site.port}\n")
        yield from _running(home)


@pytest.fixture(scope="module")
def own_up(shared_place: Path) -> Iterator[Up]:
    """An `up` of a module's own, to which it may do anything."""
    yield from _running(shared_place)


def _running(home: Path) -> Iterator[Up]:
    running = Up(home, "--latency", "instant")
    try:
        running.wait_until_up()
        yield running
    finally:
        running.kill()
