"""`pressroom usage`: what users' months hold."""

from __future__ import annotations

from datetime import UTC, datetime

import click
from rich.markup import escape
from sqlalchemy import select

from app.cli import installation, screen
from app.cli.users import named
from app.db.models import User
from app.db.session import transaction
from app.domain.plans import month_of
from app.usage import Usage, of_month

MONTH = "%Y-%m"


@click.command
@click.option("--user", "name", metavar="NAME", help="Of one user; without it, of all.")
@click.option("--month", type=click.DateTime([MONTH]), metavar="YYYY-MM", help="Of a month that is over; UTC.")
def command(name: str | None, month: datetime | None) -> None:
    """Show what each user has used of the plan's month, in pictures and in tokens."""
    first = month_of(datetime.now(UTC)) if month is None else month.date()
    with installation.database(), transaction() as session:
        users = [named(session, name)] if name else session.scalars(select(User).order_by(User.created_at)).all()
        found = [(user, of_month(session, user, first)) for user in users]
    screen.say(f"[dim]{first:%B %Y}, UTC[/]")
    if not found:
        screen.say(f"No users yet. [cyan]{screen.program()} users add NAME[/] makes one.")
    for user, used in found:
        screen.say(f"[bold]{escape(user.name)}[/] [dim]on the plan {user.plan}[/]")
        for line in _lines(used):
            screen.say(escape(line), indent=2)


def _lines(used: Usage) -> list[str]:
    pictures, tokens = used.pictures, used.tokens
    told = {name: "none told" if count is None else f"{count:,}" for name, count in tokens.items()}
    return [
        *used.sentences,
        f"pictures made: {pictures['made']:,}, of which {pictures['accepted']:,} passed their checks",
        f"tokens in: {told['in']} (cached: {told['cached']}), out: {told['out']} (of pictures: {told['image']})",
    ]
