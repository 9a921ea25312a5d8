"""Bring the database to the newest schema."""

from __future__ import annotations

import logging
import time
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg.errors import DeadlockDetected, LockNotAvailable
from sqlalchemy import Connection, create_engine, pool, text
from sqlalchemy.exc import OperationalError

from app.domain.errors import SetupError

log = logging.getLogger(__name__)

FOLDER = Path(__file__).parents[2] / "migrations"
LOCK = 0x6D696772  # any constant: one migration at a time, however many processes start at once
LOCK_TIMEOUT_S = 3.0  # for so long others wait behind an upgrade that waits for a table
PAUSE_S = 5.0  # in which they catch up
PATIENCE_S = 300.0
"""For how long an upgrade is tried while others hold tables: a dump or a report may take minutes."""
# Of the sessions that have locks on our tables, those whose transaction is oldest. Who may not see when it began, of
# another role, sees NULL.
HOLDERS = """
    SELECT pid, concat_ws(' of ', coalesce(nullif(application_name, ''), backend_type, 'a session'), usename) AS name,
        extract(epoch FROM clock_timestamp() - xact_start)::int AS age_s
    FROM pg_stat_activity
    WHERE pid <> pg_backend_pid() AND pid IN (
        SELECT pid FROM pg_locks JOIN pg_database d ON d.oid = database
        WHERE d.datname = current_database() AND locktype = 'relation' AND granted
            AND relation IN (
                SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = current_schema()
            )
    )
    ORDER BY xact_start NULLS FIRST LIMIT 3
"""


def _config(database_url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("sqlalchemy.url", database_url.replace("%", "%%"))
    return config


def migrate(database_url: str) -> str | None:
    """Apply every migration that is missing, all or none; return the revision that the database is then at.

    A database of a newer release is left as it is, so that the one before can be gone back to. A table that somebody
    holds is asked for again and again for PATIENCE_S; in between others go on. Raises SetupError when it is held for
    longer.
    """
    # Without a transaction of its own: the lock is the session's, and each look at the others is a new one.
    engine = create_engine(database_url, poolclass=pool.NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": LOCK})
        found = revision_of(connection)
        if is_newer(found):
            log.warning("schema_is_newer", extra={"revision": found, "newest_known": head()})
            return found
        ends = time.monotonic() + PATIENCE_S
        while not _is_upgraded(database_url, connection, is_last=time.monotonic() >= ends):
            time.sleep(PAUSE_S)
        return head()


def _is_upgraded(database_url: str, connection: Connection, *, is_last: bool) -> bool:
    """Try the whole upgrade, which is one transaction; return whether it is done. Raises SetupError at the last try."""
    try:
        command.upgrade(_config(database_url), "head")
    except OperationalError as exc:
        if not isinstance(exc.orig, LockNotAvailable | DeadlockDetected):
            raise
        if is_last:
            raise SetupError(_held(connection)) from exc
        return False
    return True


def _held(connection: Connection) -> str:
    """Return what to tell whoever upgrades while a table is held."""
    rows = connection.execute(text(HOLDERS)).all()
    ages = [f" for {row.age_s} s" if row.age_s is not None else "" for row in rows]
    holders = [f"{row.name} (pid {row.pid}){age}" for row, age in zip(rows, ages, strict=True)]
    held_by = f" by {', '.join(holders)}" if holders else ""
    return (
        f"tables are held{held_by}: nothing was changed. Run `pressroom migrate` again when that is over,"
        " or end a session with SELECT pg_terminate_backend(<pid>)"
    )


def revision_of(connection: Connection) -> str | None:
    """Return the revision that a database is at; None when it has no schema yet."""
    return MigrationContext.configure(connection).get_current_revision()


def head() -> str | None:
    """Return the newest revision that this code knows."""
    return ScriptDirectory(str(FOLDER)).get_current_head()


def is_behind(revision: str | None) -> bool:
    """Return whether a database at `revision` lacks migrations; one of a newer release does not."""
    return revision != head() and not is_newer(revision)


def is_newer(revision: str | None) -> bool:
    """Return whether a database at `revision` is of a newer release: this code does not know it."""
    known = {script.revision for script in ScriptDirectory(str(FOLDER)).walk_revisions()}
    return revision is not None and revision not in known
