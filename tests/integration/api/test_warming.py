"""The web process before its first request: everything is loaded and connected, and nothing was ordered."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
from sqlalchemy import text

from app import broker
from app.api import create_app, create_events_app, serving
from app.api.warming import warm_up
from app.db import session
from harness import Installation, forget_caches

NOWHERE = "postgresql+psycopg://nobody@127.0.0.1:1/none"


class Worker:
    """As gunicorn hands one over."""

    def __init__(self, make: Callable[[], object]) -> None:
        self.wsgi = make()
        self.cfg = SimpleNamespace(threads=600)


@pytest.fixture
def fresh(installation: Installation) -> Iterator[Installation]:
    """A process that has connected to nothing."""
    broker.forget()
    yield installation
    broker.forget()


def rows(table: str) -> int:
    with session.transaction() as asked:
        return int(asked.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


@pytest.mark.usefixtures("fresh")
def test_a_warm_process_holds_its_connections_and_has_celery_loaded() -> None:
    assert "celeryconfig" not in sys.modules
    serving.post_worker_init(Worker(create_app))
    assert session.engine().pool.checkedin() == session.POOL_SIZE  # type: ignore[attr-defined]
    assert "celeryconfig" in sys.modules


@pytest.mark.usefixtures("fresh")
def test_warming_up_leaves_no_row_behind() -> None:
    warm_up()
    left = {name: rows(name) for name in ("users", "api_keys", "runs", "pieces", "quota_entries", "events")}
    assert set(left.values()) == {0}, left


@pytest.mark.usefixtures("fresh")
def test_the_process_of_the_streams_has_nothing_to_warm_up() -> None:
    serving.post_worker_init(Worker(create_events_app))
    assert session.engine.cache_info().currsize == 0


@pytest.mark.usefixtures("installation")
@pytest.mark.parametrize(("name", "url"), [("DATABASE_URL", NOWHERE), ("REDIS_URL", "redis://127.0.0.1:1/0")])
def test_a_process_starts_although_the_database_or_redis_is_away(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, name: str, url: str
) -> None:
    monkeypatch.setenv(name, url)
    forget_caches()
    broker.forget()
    warm_up()
    assert "not_warmed" in caplog.text
