"""What all tests share: a private PostgreSQL and Redis, a fresh database per test, the sandbox, real workers."""

from __future__ import annotations

import gc
import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from redis import Redis
from sqlalchemy import text
from sqlalchemy.engine import make_url
from xdist.scheduler import LoadFileScheduling

from app.cli import stack
from app.db import migrate, session
from app.embedded import cluster
from app.embedded.ports import free_port
from app.embedded.services import Services, running
from app.embedded.supervisor import Process, Supervisor
from app.settings import settings
from harness import Installation, Sandbox, forget_caches, forget_settings
from workers.providers.http import close_connections

TEMPLATE = "pressroom_template"
SHARED = "pressroom_shared"
PICTURES = 128
"""Pictures of a size that the sandbox paints when first asked, and hands out in turn: more than the posts of a test have."""
OURS = (
    *("PRESSROOM_", "DATABASE_URL", "REDIS_URL", "R2_", "IMAGE_CDN_"),
    *("AI_GATEWAY_", "GOOGLE_AI_", "GEMINI_", "ANTHROPIC_", "OPENAI_", "LEONARDO_"),
)
COMMANDS = "tests/integration/cli/"
_numbers = itertools.count(1)


class _Together(LoadFileScheduling):
    """Gives a worker whole files, and all commands to one worker: they share an `up`, whose start costs 15 s of CPU."""

    def _split_scope(self, nodeid: str) -> str:
        return COMMANDS if nodeid.startswith(COMMANDS) else super()._split_scope(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling | None:
    """Say which tests stay together when workers share them by files."""
    return _Together(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_configure() -> None:
    """Collect all tests without looking for garbage: there is none, and looking is a quarter of the time."""
    gc.disable()


def pytest_collection_finish() -> None:
    """From here garbage is looked for again, but never among what was collected."""
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session", autouse=True)
def _clean_environment() -> None:
    """Keep the developer's own settings out of the suite."""
    for name in [name for name in os.environ if name.startswith(OURS)]:
        del os.environ[name]


@pytest.fixture(scope="session", autouse=True)
def _closed_connections() -> Iterator[None]:
    yield
    close_connections()


@pytest.fixture(scope="session")
def services() -> Iterator[Services]:
    """A private PostgreSQL and Redis for the whole suite."""
    folder = Path(tempfile.mkdtemp(prefix="pressroom-tests-"))
    try:
        with running(folder) as both:
            _admin(both, "ALTER SYSTEM SET fsync = off")  # no test pulls the plug of the machine
            _admin(both, "SELECT pg_reload_conf()")
            _admin(both, f'CREATE DATABASE "{TEMPLATE}"')
            migrate.migrate(_with_database(both.database_url, TEMPLATE))
            yield both
    finally:
        cluster.discard(folder)  # as root, the database lies elsewhere


def _with_database(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def _admin(services: Services, statement: str) -> None:
    url = make_url(services.database_url)
    with psycopg.connect(
        host=str(url.query["host"]),
        port=str(url.query.get("port", "5432")),
        user=url.username,
        dbname="postgres",
        autocommit=True,
    ) as connection:
        connection.execute(statement)  # type: ignore[call-overload]


@pytest.fixture
def installation(services: Services, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Installation]:
    """A migrated, empty database, an empty Redis, and this process' settings pointed at them."""
    with _installed(services, tmp_path) as made:
        _point_at(made, monkeypatch)
        yield made
        forget_caches()


@pytest.fixture(scope="module")
def _lasting_installation(services: Services, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with _installed(services, tmp_path_factory.mktemp("lasting")) as made:
        yield made


@pytest.fixture
def lasting_installation(
    _lasting_installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Installation]:
    """As `installation`, for all tests of a module: what was made in one is there in the next."""
    _point_at(_lasting_installation, monkeypatch)
    yield _lasting_installation
    forget_settings()  # its connections stay


def _point_at(made: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in made.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(Path(__file__).parents[1])
    forget_settings()
    _leave_connections_to_another_than(made)


def _leave_connections_to_another_than(made: Installation) -> None:
    if session.engine.cache_info().currsize and session.engine().url.database != make_url(made.database_url).database:
        session.forget_engine()


@pytest.fixture(scope="session")
def _shared_database(services: Services) -> Iterator[str]:
    _admin(services, f'CREATE DATABASE "{SHARED}" TEMPLATE "{TEMPLATE}"')
    yield _with_database(services.database_url, SHARED)
    session.forget_engine()


@pytest.fixture
def database(
    services: Services, _shared_database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Installation]:
    """As `installation`, for tests that start no processes: one database, emptied for each, which takes no time."""
    made = Installation(_shared_database, services.redis_url, tmp_path)
    for name, value in made.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(Path(__file__).parents[1])
    forget_settings()
    _leave_connections_to_another_than(made)
    with session.transaction(durable=False) as emptying:
        emptying.execute(text("SET LOCAL lock_timeout = '5s'"))
        emptying.execute(text("DELETE FROM users"))  # nearly everything belongs to a user
        for table in ("budgets", "exchange_rates"):
            emptying.execute(text(f"DELETE FROM {table}"))
    with Redis.from_url(services.redis_url) as redis:
        redis.flushall()
    yield made
    forget_settings()


@pytest.fixture
def own_connections() -> Iterator[None]:
    """For tests of servers that take no writes: no other test gets a connection that was made meanwhile."""
    yield
    session.forget_engine()


@contextmanager
def _installed(services: Services, data_dir: Path) -> Iterator[Installation]:
    name = f"pressroom_test_{next(_numbers)}"
    _admin(services, f'CREATE DATABASE "{name}" TEMPLATE "{TEMPLATE}"')
    Redis.from_url(services.redis_url).flushall()
    try:
        yield Installation(_with_database(services.database_url, name), services.redis_url, data_dir)
    finally:
        session.forget_engine()
        _admin(services, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def _sandbox_server() -> Iterator[str]:
    port = free_port()
    folder = Path(tempfile.mkdtemp(prefix="pressroom-sandbox-"))
    painted = ("--pictures", "painted-once", "--picture-count", str(PICTURES))
    process = stack.sandbox(port, latency="instant")
    with Supervisor(folder, [replace(process, command=(*process.command, *painted))]) as supervisor:
        supervisor.wait_until_ready(30)
        yield f"http://127.0.0.1:{port}"
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def sandbox(_sandbox_server: str, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """A sandbox without memory of earlier tests; this process' settings point at it."""
    monkeypatch.setenv("PRESSROOM_SANDBOX_URL", _sandbox_server)
    settings.cache_clear()
    made = Sandbox(_sandbox_server)
    made.reset()
    return made


@pytest.fixture
def run_processes(installation: Installation, sandbox: Sandbox) -> Iterator[Callable[..., Supervisor]]:
    """Return a function that starts real processes for this installation; they end with the test."""
    env = {**installation.env, "PRESSROOM_SANDBOX_URL": sandbox.url}
    supervisors: list[Supervisor] = []

    def start(make: Callable[[Mapping[str, str]], Sequence[Process]], **extra: str) -> Supervisor:
        supervisor = Supervisor(installation.data_dir / f"stack{len(supervisors)}", make({**env, **extra}))
        supervisor.__enter__()
        supervisors.append(supervisor)
        supervisor.wait_until_ready(30)
        return supervisor

    yield start
    for supervisor in reversed(supervisors):
        supervisor.stop()
