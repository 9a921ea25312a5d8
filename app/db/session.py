"""The engine, and the one place that commits."""

from __future__ import annotations

import select
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import psycopg
from psycopg.errors import ReadOnlySqlTransaction
from sqlalchemy import Engine, ExceptionContext, create_engine, event, text
from sqlalchemy.exc import InvalidatePoolError, OperationalError
from sqlalchemy.orm import Session

from app.domain.errors import Unavailable
from app.settings import settings

POOL_SIZE = 10
MAX_OVERFLOW = 5
FRESH_S = 0.5
"""A connection that was used so lately is not asked whether it lives: one round trip less in a busy process."""
ASKED_S = 2.0
"""A busy one is asked as often, for it may lead to a server that a failover has made a replica."""
READ_ONLY = "SHOW transaction_read_only"
WRITES = ("off",)
NOT_DURABLE = "not_durable"
GONE = {"keepalives_idle": 15, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 20_000}
"""A server that vanished without a word (a failover, a dropped route) is an error within 30 s, not after 15 min or 2 h."""
LEFT = """
    SET idle_in_transaction_session_timeout = '60s';
    SET tcp_keepalives_idle = 30;
    SET tcp_keepalives_interval = 10;
    SET tcp_keepalives_count = 3
"""
"""A client that vanished likewise gives its locks back: the server would keep them for two hours."""


@cache
def engine(pool_size: int = POOL_SIZE, max_overflow: int = MAX_OVERFLOW) -> Engine:
    """Return this process' engine; a forked child must call forget_engine(after_fork=True) first."""
    made = create_engine(
        settings().need_database_url(),
        pool_size=pool_size,
        max_overflow=max_overflow,
        pool_timeout=5,
        hide_parameters=True,  # an error's message, which is logged, would hold prompts and replies
        connect_args={"connect_timeout": 3, "application_name": "pressroom", **GONE},
    )
    event.listen(made, "connect", _bound)
    event.listen(made, "handle_error", _leave_replica, retval=True)
    event.listen(made, "checkin", _note_use)
    event.listen(made, "checkout", lambda connection, record, _: _ping(connection, record))
    return made


def _bound(connection: Any, record: Any) -> None:
    """Bound what the server keeps for this connection; as a statement, for a pooler may refuse startup options."""
    record.info["used"] = record.info["asked"] = time.monotonic()
    connection.autocommit = True
    connection.execute(LEFT)
    connection.autocommit = False


def _leave_replica(context: ExceptionContext) -> OperationalError | None:
    """Take a server that answers and takes no write to be away: a failover made it a replica, and another one is it now."""
    refused = context.original_exception
    if not isinstance(refused, ReadOnlySqlTransaction):
        return None
    context.is_disconnect = True  # all connections are dropped: new ones find the server that the name stands for now
    return OperationalError(None, None, refused, hide_parameters=True, connection_invalidated=True)


def _note_use(_: Any, record: Any) -> None:
    record.info["used"] = time.monotonic()


def _is_readable(socket: int) -> bool:
    """Return whether something came that nobody asked for: the server says good-bye, or is gone."""
    poll = select.poll()
    poll.register(socket, select.POLLIN)
    return bool(poll.poll(0))


def _ping(connection: Any, record: Any) -> None:
    """Ask a connection that was idle whether it lives and can write. Raises InvalidatePoolError: the pool makes a new one.

    A new one is taken as it is: where a replica is all that there is, what is there can be read.
    """
    now = time.monotonic()
    is_fresh = now - record.info["used"] < FRESH_S and now - record.info["asked"] < ASKED_S
    if is_fresh and not connection.closed and not _is_readable(connection.fileno()):
        return
    record.info["asked"] = now
    try:
        connection.autocommit = True
        found = connection.execute(READ_ONLY).fetchone()
        connection.autocommit = False
    except psycopg.Error as exc:
        raise InvalidatePoolError from exc
    if found != WRITES:
        raise InvalidatePoolError


def forget_engine(*, after_fork: bool = False) -> None:
    """Drop the engine and its connections. after_fork: leave the sockets open, for they are the parent's."""
    if engine.cache_info().currsize:
        engine().dispose(close=not after_fork)
        engine.cache_clear()


@contextmanager
def transaction(*, durable: bool = True) -> Iterator[Session]:
    """Give a session; commit at the end, roll back on an error. The only place that commits.

    durable: False lets PostgreSQL answer before the commit is on disk: for claims and leases,
    where a crash of the server repeats work at most; never for accept, INTENT, outcome and money.
    """
    with Session(engine(), expire_on_commit=False) as session, session.begin():
        if not durable:
            session.execute(text("SET LOCAL synchronous_commit = off"))
            session.info[NOT_DURABLE] = True
        yield session


def check_writable(session: Session) -> None:
    """Do nothing when the server takes writes. Raises Unavailable for one that a failover has made a replica."""
    if session.execute(text(READ_ONLY)).one() != WRITES:
        raise Unavailable("the database takes no writes: DATABASE_URL leads to a replica", code="database_unavailable")


def make_durable(session: Session) -> None:
    """Have this transaction wait for the disk after all: for what others are told."""
    if session.info.pop(NOT_DURABLE, False):
        session.execute(text("SET LOCAL synchronous_commit = on"))
