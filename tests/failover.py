"""Servers that are there and of no use: a Redis that is full or has lost its replicas, replicas, a PostgreSQL that stands still."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import psutil
import pytest
from redis import Redis
from redis.exceptions import ResponseError
from sqlalchemy import create_engine, make_url, text

from harness import wait_for

NOBODY = ("127.0.0.1", "1")
OTHERS = text("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
CUT = text("SELECT pg_terminate_backend(pid) FROM unnest(CAST(:pids AS int[])) AS pid")
LEFT = text("SELECT count(*) FROM pg_stat_activity WHERE pid = ANY(:pids)")


@dataclass(frozen=True, slots=True)
class Refusal:
    """How Redis comes to refuse, and how it is mended."""

    told: str
    begins: Callable[[Redis], Any]
    ends: Callable[[Redis], Any]


REFUSALS = {
    "full": Refusal(
        "command not allowed when used memory",
        lambda redis: redis.config_set("maxmemory", 1),
        lambda redis: redis.config_set("maxmemory", 0),
    ),
    "replica": Refusal(
        "read only replica",
        lambda redis: redis.execute_command("REPLICAOF", *NOBODY),
        lambda redis: redis.execute_command("REPLICAOF", "NO", "ONE"),
    ),
    "alone": Refusal(
        "NOREPLICAS",
        lambda redis: redis.config_set("min-replicas-to-write", 1),
        lambda redis: redis.config_set("min-replicas-to-write", 0),
    ),
}


@contextmanager
def refusing(redis_url: str, refusal: Refusal) -> Iterator[None]:
    """Have Redis refuse every write, and show that it does."""
    with Redis.from_url(redis_url) as redis:
        refusal.begins(redis)
        try:
            with pytest.raises(ResponseError, match=refusal.told):
                redis.set("x", "y" * 100)
            yield
        finally:
            refusal.ends(redis)


@contextmanager
def read_only(database_url: str) -> Iterator[None]:
    """Cut all connections to a database, as a failover does, and have those that are made meanwhile read only."""
    admin = create_engine(database_url, isolation_level="AUTOCOMMIT")
    name = make_url(database_url).database
    with admin.connect() as connection:
        connection.execute(text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'))
        others = {"pids": list(connection.scalars(OTHERS))}
        connection.execute(CUT, others)
        wait_for(lambda: connection.scalar(LEFT, others) == 0, seconds=10, what="all connections are cut")
        try:
            yield
        finally:
            connection.execute(text(f'ALTER DATABASE "{name}" RESET default_transaction_read_only'))
    admin.dispose()


@contextmanager
def frozen(database_url: str) -> Iterator[None]:
    """Have the server of a database stand still, as on a disk that hangs: it takes connections and says nothing."""
    admin = create_engine(database_url)
    with admin.connect() as connection:
        server = psutil.Process(connection.execute(text("SELECT pg_backend_pid()")).scalar_one()).parent()
    admin.dispose()
    assert server is not None
    family = [server, *server.children(recursive=True)]
    for process in family:
        with suppress(psutil.NoSuchProcess):  # the backend that was asked ends
            process.suspend()
    try:
        yield
    finally:
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.resume()
