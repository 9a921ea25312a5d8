"""Connections to PostgreSQL: whoever vanishes, server or client, is noticed within a minute."""

from __future__ import annotations

import time

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError, OperationalError

from app.db import session as session_of
from app.db.session import FRESH_S, GONE, engine, transaction
from failover import read_only
from harness import Installation, wait_for

pytestmark = pytest.mark.usefixtures("database", "own_connections")
LOCK = text("SELECT pg_advisory_xact_lock(4711)")


def test_every_connection_says_how_long_its_locks_may_be_kept_and_a_rollback_does_not_take_that_back() -> None:
    with transaction() as session:
        session.execute(text("SELECT 1"))
        session.rollback()

    with transaction() as session:
        assert session.execute(text("SHOW idle_in_transaction_session_timeout")).scalar_one() == "1min"


def test_a_client_that_holds_a_lock_and_does_nothing_loses_it(database: Installation) -> None:
    held = create_engine(database.database_url)
    with held.connect() as client:
        client.execute(text("SET idle_in_transaction_session_timeout = '200ms'"))
        client.commit()
        client.execute(LOCK)
        with transaction() as session:
            session.execute(text("SET LOCAL lock_timeout = '5s'"))
            session.execute(LOCK)
        with pytest.raises(DBAPIError, match="idle-in-transaction timeout"):
            client.execute(text("SELECT 1"))
    held.dispose()


def test_the_socket_is_asked_to_notice_a_server_that_is_gone() -> None:
    with engine().connect() as connection:
        told = connection.connection.dbapi_connection.info.get_parameters()  # type: ignore[union-attr]

    assert {name: told[name] for name in GONE} == {name: str(value) for name, value in GONE.items()}


def write() -> None:
    with transaction() as session:
        session.execute(text("DELETE FROM exchange_rates"))


def test_a_server_that_has_become_a_replica_counts_as_away_and_its_connections_are_not_kept(
    database: Installation,
) -> None:
    with read_only(database.database_url):
        with transaction() as session:
            assert session.execute(text("SELECT 1")).scalar_one() == 1, "what is there can be read"
        for _ in range(2):
            with pytest.raises(OperationalError, match="read-only transaction") as told:
                write()
            assert told.value.connection_invalidated

    write()  # on a new connection, at once


def read() -> str:
    """Return whether the server that is read from takes writes."""
    with transaction() as session:
        return str(session.execute(text("SHOW transaction_read_only")).scalar_one())


def test_who_only_reads_leaves_a_replica_after_a_moment(database: Installation) -> None:
    with read_only(database.database_url):
        assert [read(), read()] == ["on", "on"]

    wait_for(lambda: read() == "off" or time.sleep(FRESH_S), seconds=5)


def test_who_reads_all_the_time_does_too(database: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_of, "FRESH_S", 3600.0)
    monkeypatch.setattr(session_of, "ASKED_S", 0.5)
    with read_only(database.database_url):
        assert read() == "on"

    wait_for(lambda: read() == "off", seconds=5)


def test_what_another_statement_got_wrong_costs_no_connection() -> None:
    with pytest.raises(DBAPIError) as told, transaction() as session:
        session.execute(text("SELECT 1 / 0"))

    assert not told.value.connection_invalidated
