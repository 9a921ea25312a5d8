"""`pressroom migrate`: the newest schema, in the database that is set or in the private one."""

from __future__ import annotations

import click

from app.cli import installation, screen
from app.db import migrate
from app.settings import settings


@click.command
def command() -> None:
    """Bring the database to the newest schema; nothing happens when it is there, or at one of a newer release."""
    with installation.database():
        revision = bring_up(settings().need_database_url())
        screen.say(f"at revision {revision}", indent=4)


def bring_up(database_url: str) -> str | None:
    """Bring a database to the newest schema, show it, and return its revision. Raises SetupError."""
    with screen.step("database schema"):
        revision = migrate.migrate(database_url)
    if migrate.is_newer(revision):
        screen.say(
            f"[yellow]![/] the schema is of a newer release (revision {revision}; this one knows {migrate.head()}):"
            " left as it is",
            indent=2,
        )
    return revision
