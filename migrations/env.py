"""Alembic's entry: run the migrations on the database of the settings, in one transaction that waits for no lock for long."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine, pool, text

from app.db import migrate
from app.db.models import Base


def run() -> None:
    """Migrate online; the url comes from app.db.migrate."""
    url = context.config.get_main_option("sqlalchemy.url")
    assert url is not None, "app.db.migrate sets the url"
    engine = create_engine(url.replace("%%", "%"), poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=Base.metadata, compare_type=True)
        with context.begin_transaction():
            # Behind an ALTER TABLE that waits for a dump, everybody else would wait too.
            limit = {"limit": f"{migrate.LOCK_TIMEOUT_S * 1000:.0f}ms"}
            connection.execute(text("SELECT set_config('lock_timeout', :limit, true)"), limit)
            context.run_migrations()


run()
