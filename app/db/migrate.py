"""Bring the database to the newest schema."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, pool, text

FOLDER = Path(__file__).parents[2] / "migrations"
LOCK = 0x6D696772  # any constant: one migration at a time, however many processes start at once


def _config(database_url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("sqlalchemy.url", database_url.replace("%", "%%"))
    return config


def migrate(database_url: str) -> None:
    """Apply every migration that is missing."""
    engine = create_engine(database_url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": LOCK})
        command.upgrade(_config(database_url), "head")


def head() -> str | None:
    """Return the newest revision that this code knows."""
    return ScriptDirectory(str(FOLDER)).get_current_head()


def is_behind(revision: str | None) -> bool:
    """Return whether a database at `revision` lacks migrations; one that this code does not know is of a newer release."""
    known = {script.revision for script in ScriptDirectory(str(FOLDER)).walk_revisions()}
    return revision is None or (revision in known and revision != head())
