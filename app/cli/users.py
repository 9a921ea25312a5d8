"""`pressroom users`: who may order, on which plan, and where they are told."""

from __future__ import annotations

from urllib.parse import urlsplit

import click
from rich.markup import escape
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import accounts
from app.cli import installation, screen
from app.db.models import ApiKey, Run, User
from app.db.session import transaction
from app.domain.errors import NotFound
from app.domain.plans import Plan

PLAN = click.Choice([plan.value for plan in Plan])


@click.group(invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context) -> None:
    """List users; see the commands below to change them."""
    if ctx.invoked_subcommand is None:
        _list()


def _list() -> None:
    with installation.database(), transaction() as session:
        users = session.scalars(select(User).order_by(User.created_at)).all()
        runs = dict(session.execute(select(Run.user_id, func.count()).group_by(Run.user_id)).all())
        good = select(ApiKey.user_id, func.count()).where(ApiKey.revoked_at.is_(None)).group_by(ApiKey.user_id)
        keys = dict(session.execute(good).all())
    if not users:
        screen.say(f"No users yet. [cyan]{screen.program()} users add NAME[/] makes one.")
        return
    table = screen.columns("user", "plan", "keys", "runs", "webhook", right=("keys", "runs"))
    for user in users:
        table.add_row(
            escape(user.name),
            user.plan,
            str(keys.get(user.id, 0)),
            str(runs.get(user.id, 0)),
            escape(user.webhook_url or "-"),
        )
    screen.out().print(table)


@command.command
@click.argument("name")
@click.option("--plan", type=PLAN, default=Plan.FREE.value, show_default=True)
def add(name: str, plan: str) -> None:
    """Make a user and a key, which is shown this once."""
    with installation.database(), transaction() as session:
        user = accounts.create_user(session, name, Plan(plan))
        _, text = accounts.create_key(session, user, "first key")
    screen.say(f"[green]✓[/] user {escape(user.name)} on the plan {user.plan}", indent=2)
    screen.facts([("Key", f"{text}  [dim]shown this once[/]")])


@command.command
@click.argument("name")
@click.argument("plan", type=PLAN)
def set_plan(name: str, plan: str) -> None:
    """Put a user on another plan, from now on."""
    with installation.database(), transaction() as session:
        named(session, name).plan = Plan(plan)
    screen.say(f"[green]✓[/] user {escape(name)} is on the plan {plan}", indent=2)


@command.command
@click.argument("name")
@click.argument("url", required=False)
def webhook(name: str, url: str | None) -> None:
    """Tell a user's finished runs to URL by POST; without URL, to nobody."""
    if url is not None and (urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname):
        raise click.BadParameter("an address starts with http:// or https://", param_hint="URL")
    with installation.database(), transaction() as session:
        named(session, name).webhook_url = url
    told = f"are told to {url}" if url else "are told to nobody"
    screen.say(f"[green]✓[/] finished runs of {escape(name)} {escape(told)}", indent=2)


def named(session: Session, name: str) -> User:
    """Return a user. Raises NotFound."""
    user = session.scalar(select(User).where(User.name == name))
    if user is None:
        raise NotFound(f"there is no user {name!r}; `{screen.program()} users` lists them", code="no_such_user")
    return user
