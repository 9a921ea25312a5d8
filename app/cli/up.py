"""`pressroom up`: everything on one machine, until Ctrl-C."""

from __future__ import annotations

import os
import sys
import time
from contextlib import ExitStack, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click
from rich.markup import escape

from app.cli import installation, launch, options, screen
from app.cli.launch import Machine
from app.cli.wishes import Wish
from app.embedded.lock import read_owner
from app.embedded.ports import LOOPBACK
from app.embedded.supervisor import Supervisor, Terminated
from app.settings import settings

WATCH_S = 0.2
EXAMPLE = "DevOps for Junior Engineers"


@click.command
@click.option("--host", default=LOOPBACK, show_default=True, help="Address of the API and the events; 0.0.0.0 = all.")
@click.option(
    "--port", type=options.PORT, metavar="PORT", help="Port of the API.  [default: 8000, or the next that is free]"
)
@click.option(
    "--events-port", type=options.PORT, metavar="PORT", help="Port of the event streams.  [default: 8001, or the next]"
)
@click.option("--flower-port", type=options.PORT, metavar="PORT", help="Port of Flower.  [default: 5555, or the next]")
@click.option(
    "--sandbox-port", type=options.PORT, metavar="PORT", help="Port of the sandbox.  [default: 9000, or the next]"
)
@options.latency("brief")
@click.option("--flower/--no-flower", default=True, help="Start Flower, too.  [default: yes]")
@options.sandbox
def command(**wishes: Any) -> None:
    """Start everything on this machine and keep it running until Ctrl-C.

    PostgreSQL and Redis are private ones in the data dir, unless DATABASE_URL and REDIS_URL name yours.
    """
    launch.end_in_order()
    folder = installation.data_dir()
    screen.say(f"[bold]Pressroom {version('pressroom')}[/]  [dim]data in {escape(screen.short(folder))}[/]")
    with ExitStack() as opened, suppress(KeyboardInterrupt):
        with screen.step("PostgreSQL and Redis"):
            services = opened.enter_context(installation.claimed(folder))
        if not services.owned:
            _show_running(opened.enter_context(launch.attached(services)))
            return
        with launch.started(services, Wish(**wishes)) as machine:
            _show(machine, "Pressroom is up.")
            screen.say(f"[dim]Logs in {escape(screen.short(folder / 'logs'))}. Ctrl-C stops.[/]", indent=2)
            assert machine.supervisor is not None
            _keep(machine.supervisor, machine.processes)
            screen.say()
            screen.say("Stopping; calls under way are finished first. [dim]Ctrl-C again stops at once.[/]")
    screen.say(f"[green]✓[/] stopped; `{screen.program()} up` goes on with what was under way", indent=2)


def _show_running(machine: Machine) -> None:
    owner = read_owner(machine.data_dir)
    by = f" (process {owner.pid})" if owner else ""
    _show(machine, f"Pressroom is up already{by}; nothing was started.")


def _show(machine: Machine, heading: str) -> None:
    key_file = escape(screen.short(machine.key.path))
    lines = [("API", machine.api_url), ("Events", machine.events_url)]
    if machine.flower_url is not None:
        password = escape(installation.flower_password(machine.data_dir))
        user = escape(settings().flower_user)
        lines.append(("Flower", f"{machine.flower_url}  [dim]user[/] {user}  [dim]password[/] {password}"))
    if machine.key.is_new:
        lines.append(("Key", f"{machine.key.text}  [dim]shown this once; kept in {key_file}[/]"))
    else:
        lines.append(("Key", f"in {key_file}  [dim]of the user `{installation.OWNER}`[/]"))
    lines.append(("Models", screen.SANDBOX_NOTE if machine.is_sandboxed else "real ones: calls are paid with your key"))
    screen.say()
    screen.say(f"[bold]{heading}[/]")
    screen.say()
    screen.facts(lines)
    screen.say()
    screen.say("Order a post, in another terminal:", indent=2)
    screen.say(f'[cyan]{screen.program()} generate full-post --topic "{EXAMPLE}" --wait[/]', indent=4)
    screen.say("or with any HTTP client:", indent=2)
    screen.say(f"[cyan]{escape(_curl(machine))}[/]", indent=4)
    screen.say()


def _curl(machine: Machine) -> str:
    return (
        f"curl {machine.api_url}/api/generate/full-post"
        f' -H "Authorization: Bearer $(cat {screen.short(machine.key.path)})"'
        f""" -d '{{"topic": "{EXAMPLE}"}}'"""
    )


def _keep(supervisor: Supervisor, names: tuple[str, ...]) -> None:
    """Return at Ctrl-C or SIGTERM; until then, say what was started again. Raises ProcessKeepsDying, ServerFailed."""
    seen = dict.fromkeys(names, 1)
    with suppress(KeyboardInterrupt, Terminated):
        while True:
            supervisor.check()
            for name in names:
                if supervisor.starts(name) > seen[name]:
                    seen[name] = supervisor.starts(name)
                    log = escape(screen.short(supervisor.log_path(name)))
                    _say_if_heard(f"[yellow]![/] {name} ended and was started again [dim]see {log}[/]")
            time.sleep(WATCH_S)


def _say_if_heard(markup: str) -> None:
    """Print a line; where the terminal is gone, nothing from now on: that is no reason to end what runs."""
    try:
        screen.say(markup, indent=2)
    except Terminated:
        raise
    except (OSError, SystemExit):  # SystemExit: what rich makes of a broken pipe
        screen.out().quiet = True
        with Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())  # or what is left unwritten fails once more at the end
