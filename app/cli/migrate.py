"""`pressroom migrate`: the newest schema, in the database that is set or in the private one."""

from __future__ import annotations

import click

from app.cli import installation, screen
from app.db import migrate
from app.settings import settings


@click.command
def command() -> None:
    """Bring the database to the newest schema; nothing happens when it is there."""
    with installation.database():
        with screen.step("database schema"):
            migrate.migrate(settings().need_database_url())
        screen.say(f"at revision {migrate.head()}", indent=4)
