"""The engine, and the one place that commits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session

from app.settings import settings

POOL_SIZE = 10
MAX_OVERFLOW = 5


@cache
def engine(pool_size: int = POOL_SIZE, max_overflow: int = MAX_OVERFLOW) -> Engine:
    """Return this process' engine; a forked child must call forget_engine(after_fork=True) first."""
    return create_engine(
        settings().need_database_url(),
        pool_size=pool_size,
        max_overflow=max_overflow,
        pool_timeout=5,
        pool_pre_ping=True,
        hide_parameters=True,  # an error's message, which is logged, would hold prompts and replies
        connect_args={"connect_timeout": 3, "application_name": "pressroom"},
    )


def forget_engine(*, after_fork: bool = False) -> None:
    """Drop the engine and its connections. after_fork: leave the sockets open, for they are the parent's."""
    if engine.cache_info().currsize:
        engine().dispose(close=not after_fork)
        engine.cache_clear()


@contextmanager
def transaction(*, durable: bool = True) -> Iterator[Session]:
    """Give a session; commit at the end, roll back on an error. The only place that commits.

    durable: False lets PostgreSQL answer before the commit is on disk: for claims, leases and events,
    where a crash of the server repeats work at most; never for accept, INTENT, outcome and money.
    """
    with Session(engine(), expire_on_commit=False) as session, session.begin():
        if not durable:
            session.execute(text("SET LOCAL synchronous_commit = off"))
        yield session
