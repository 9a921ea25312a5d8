"""PostgreSQL crashes: what anybody has seen of a run is still there afterwards."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import events
from app.db import migrate
from app.db.models import Run
from app.db.session import transaction
from app.embedded import cluster, paths, postgres
from app.embedded.children import Children
from app.runs.claims import lock_run
from harness import forget_caches
from orders import events_of, order


class Server:
    """A PostgreSQL that can crash."""

    def __init__(self, children: Children, data_dir: Path) -> None:
        self._children, self._data_dir = children, data_dir
        self._running = postgres.start(children, data_dir)
        self.url = self._running.url

    def crash(self) -> None:
        """Cut it off, and start it on its files."""
        self._running.child.signal(signal.SIGQUIT)
        self._running.child.wait(20)
        self._running = postgres.start(self._children, self._data_dir)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A migrated database of one test's own, which writes what need not be durable as late as it can."""
    data_dir = paths.prepare(tmp_path / "data")
    monkeypatch.setitem(postgres.SETTINGS, "wal_writer_delay", "10s")
    monkeypatch.setitem(postgres.SETTINGS, "wal_writer_flush_after", "1GB")
    with Children(data_dir) as children:
        made = Server(children, data_dir)
        monkeypatch.setenv("DATABASE_URL", made.url)
        forget_caches()
        migrate.migrate(made.url)
        yield made
        forget_caches()
    cluster.discard(data_dir)


def test_an_event_that_a_watcher_has_seen_is_never_taken_back(server: Server) -> None:
    run_id = order()
    with transaction(durable=False) as session:
        events.record(session, lock_run(session, run_id), ("piece.waiting", {"code": "provider_busy"}))
    seen = [(event.number, event.type) for event in events_of(run_id)]

    server.crash()

    assert [(event.number, event.type) for event in events_of(run_id)] == seen


def test_what_need_not_be_durable_may_be_lost_in_a_crash(server: Server) -> None:
    run_id = order()
    with transaction(durable=False) as session:
        session.get_one(Run, run_id).failure = {"code": "none"}

    server.crash()

    with transaction() as session:
        assert session.get_one(Run, run_id).failure is None, (
            "this server does write late: the test above means something"
        )
