"""`pressroom users`: who may order, on which plan, and where they are told."""

from __future__ import annotations

from urllib.parse import urlsplit

import click
from rich.markup import escape
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import accounts, notifications
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
        secret = accounts.set_webhook(named(session, name), url)
    told = f"are told to {url}" if url else "are told to nobody"
    screen.say(f"[green]✓[/] finished runs of {escape(name)} {escape(told)}", indent=2)
    if secret is not None:
        _show_secret(secret)


@command.command
@click.argument("name")
def webhook_secret(name: str) -> None:
    """Make a new secret for a user's webhook; the one before signs too for a day."""
    with installation.database(), transaction() as session:
        secret = accounts.replace_webhook_secret(named(session, name))
    _show_secret(secret)


def _show_secret(secret: str) -> None:
    screen.facts([("Secret", f"{secret}  [dim]shown this once: the receiver checks with it that a message is ours[/]")])


@command.command
@click.argument("name")
@click.option("--limit", type=click.IntRange(1, 100), default=20, show_default=True, help="How many of the newest.")
def deliveries(name: str, limit: int) -> None:
    """Show what a user's webhook was told: each try with its status, and when the next one is due."""
    with installation.database(), transaction() as session:
        found, more = notifications.deliveries(session, named(session, name).id, limit)
    if not found:
        screen.say(f"Nothing was to be told to {escape(name)} yet.")
        return
    table = screen.columns("message", "of", "at", "state", "tries", right=("tries",))
    for one in found:
        table.add_row(one["id"], one["type"], _minute(one["created_at"]), one["state"], str(one["tries"]))
        for attempt in one["attempts"]:
            answer = attempt["problem"] or f"HTTP {attempt['status']}"
            table.add_row("", "", _minute(attempt["at"]), f"[dim]{escape(answer)}, {attempt['ms']} ms[/]", "")
        if one["next_try_at"] is not None:
            table.add_row("", "", _minute(one["next_try_at"]), "[dim]next try[/]", "")
    screen.out().print(table)
    if more:
        screen.say(f"[dim]There are older ones: --limit {limit} showed the newest.[/]")


def _minute(moment: str) -> str:
    """Return a moment to the second, UTC."""
    return moment[:19].replace("T", " ")


def named(session: Session, name: str) -> User:
    """Return a user. Raises NotFound."""
    user = session.scalar(select(User).where(User.name == name))
    if user is None:
        raise NotFound(f"there is no user {name!r}; `{screen.program()} users` lists them", code="no_such_user")
    return user
