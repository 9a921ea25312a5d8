"""PostgreSQL and Redis for one data dir: the given ones, another process's, or private ones of our own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from app.embedded import paths, postgres, redis
from app.embedded.children import Children, end_orphans
from app.embedded.errors import DataDirBusy
from app.embedded.lock import DataDirLock, Owner
from app.embedded.supervisor import Server

START_TIMEOUT_S = 90.0  # of another process that is just starting its services
STOP_GRACE_S = 20.0  # the shutdown checkpoint of a busy PostgreSQL on a slow disk


@dataclass(frozen=True, slots=True)
class Services:
    """Where PostgreSQL and Redis answer."""

    data_dir: Path
    database_url: str
    """For SQLAlchemy."""
    redis_url: str
    """For redis-py."""
    owned: bool
    """Whether this process runs them and holds the data dir; they stop when it leaves `running`."""
    ports: Mapping[str, int] = field(default_factory=dict)
    """Of an owner that we attached to: what it announced."""
    servers: tuple[Server, ...] = field(default=(), repr=False)
    """What was started here: whoever stays gives them to a Supervisor, which starts them again when they end."""
    lock: DataDirLock | None = field(default=None, repr=False)
    own_urls: tuple[str | None, str | None] = field(default=(None, None), repr=False)

    @property
    def broker_url(self) -> str:
        """Redis for Celery."""
        return redis.broker_url(self.redis_url)

    def announce(self, ports: Mapping[str, int]) -> None:
        """Tell those who attach where our processes listen; nothing happens if the data dir is not ours."""
        if self.lock is not None:
            self.lock.publish(database_url=self.own_urls[0], redis_url=self.own_urls[1], ports=ports)


@contextmanager
def running(data_dir: Path, *, database_url: str | None = None, redis_url: str | None = None) -> Iterator[Services]:
    """Yield services that answer; start only those that have no url, and stop only what was started here.

    If another process owns the data dir, its services are used and never stopped. With both urls given,
    neither the lock nor a server is needed. Raises EmbeddedError.
    """
    if database_url is not None and redis_url is not None:
        yield Services(data_dir, database_url, redis_url, owned=False)
        return
    data_dir = paths.prepare(data_dir)
    lock = DataDirLock(data_dir)
    owner = lock.acquire_or_attach(timeout_s=START_TIMEOUT_S)
    if owner is not None:
        yield _attach(data_dir, owner, database_url, redis_url)
        return
    try:
        end_orphans(data_dir)
        is_new = database_url is None and not (data_dir / "postgres").exists()
        paths.check_room(data_dir, paths.LEAST_NEW_BYTES if is_new else paths.LEAST_FREE_BYTES)
        with _owned(data_dir, lock, database_url, redis_url) as services:
            yield services
    finally:
        lock.release()


@contextmanager
def _owned(data_dir: Path, lock: DataDirLock, database_url: str | None, redis_url: str | None) -> Iterator[Services]:
    children = Children(data_dir)
    try:
        servers = []
        own_redis = own_database = None
        if redis_url is None:
            started = redis.start(children, data_dir)
            own_redis = started.url
            servers.append(Server("redis", "Redis", started.child, partial(redis.start_again, children, data_dir)))
        if database_url is None:
            begun = postgres.start(children, data_dir)
            own_database = begun.url
            again = partial(postgres.start_again, children, data_dir)
            servers.append(Server("postgres", "PostgreSQL", begun.child, again))
        lock.publish(database_url=own_database, redis_url=own_redis, ports={})
        yield Services(
            data_dir,
            database_url or own_database or "",
            redis_url or own_redis or "",
            owned=True,
            servers=tuple(servers),
            lock=lock,
            own_urls=(own_database, own_redis),
        )
    finally:
        lock.retract()
        children.close(STOP_GRACE_S)
        paths.remove_socket_dirs(data_dir)


def _attach(data_dir: Path, owner: Owner, database_url: str | None, redis_url: str | None) -> Services:
    database = database_url or owner.database_url
    redis_at = redis_url or owner.redis_url
    if database is None or redis_at is None:
        missing = "DATABASE_URL" if database is None else "REDIS_URL"
        raise DataDirBusy(
            f"process {owner.pid} holds {data_dir} and does not run the server that {missing} would name; "
            f"set {missing} as that process has it, or set PRESSROOM_DATA_DIR to another folder"
        )
    return Services(data_dir, database, redis_at, owned=False, ports=owner.ports)
