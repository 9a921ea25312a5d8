"""`pressroom keys`: what opens the API."""

from __future__ import annotations

import click
from rich.markup import escape
from sqlalchemy import select

from app import accounts
from app.cli import installation, screen
from app.cli.users import named
from app.db.models import ApiKey, User
from app.db.session import transaction
from app.domain.errors import Conflict, NotFound


@click.group(invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context) -> None:
    """List API keys; see the commands below to change them."""
    if ctx.invoked_subcommand is None:
        _list()


def _list() -> None:
    with installation.database(), transaction() as session:
        rows = session.execute(
            select(ApiKey, User.name).join(User, User.id == ApiKey.user_id).order_by(User.name, ApiKey.created_at)
        ).all()
    if not rows:
        screen.say(f"No keys yet. [cyan]{screen.program()} keys add USER[/] makes one.")
        return
    table = screen.columns("key", "user", "name", "made", "state")
    for key, user in rows:
        state = "[green]good[/]" if key.revoked_at is None else f"[dim]revoked {key.revoked_at:%Y-%m-%d}[/]"
        table.add_row(f"{key.prefix}...", escape(user), escape(key.name), f"{key.created_at:%Y-%m-%d}", state)
    screen.out().print(table)


@command.command
@click.argument("user")
@click.option("--name", default="cli", show_default=True, help="What the key is for.")
def add(user: str, name: str) -> None:
    """Make a key for USER; it is shown this once."""
    with installation.database(), transaction() as session:
        _, text = accounts.create_key(session, named(session, user), name)
    screen.facts([("Key", f"{text}  [dim]of {escape(user)}; shown this once[/]")])


@command.command
@click.argument("key")
def revoke(key: str) -> None:
    """Revoke the key that starts with KEY, as the list shows it."""
    start = key.rstrip(".")
    with installation.database(), transaction() as session:
        found = session.execute(
            select(ApiKey, User).join(User, User.id == ApiKey.user_id).where(ApiKey.revoked_at.is_(None))
        ).all()
        fitting = [
            (row, user)
            for row, user in found
            if start and (row.prefix.startswith(start) or start.startswith(row.prefix))
        ]
        if not fitting:
            raise NotFound(
                f"no good key starts with {start!r}; `{screen.program()} keys` lists them", code="no_such_key"
            )
        if len(fitting) > 1:
            raise Conflict(f"{len(fitting)} keys start with {start!r}; give more of it", code="ambiguous_key")
        row, user = fitting[0]
        accounts.revoke_key(session, user, row.id)
    screen.say(f"[green]✓[/] {row.prefix}... of {escape(user.name)} is revoked", indent=2)
