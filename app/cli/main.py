"""`pressroom`: the commands, and the edge at which errors become one line and an exit code.

Commands are imported when they are asked for: `pressroom --help` loads none of them.
"""

from __future__ import annotations

import importlib
import logging
import os
import sys

import click
from dotenv import load_dotenv

from app.domain.errors import PressroomError

COMMANDS = {
    "up": "Start everything on this machine and keep it running.",
    "demo": "Make one post from a topic, watch it being made, and get its files.",
    "generate": "Order a run of a pipeline from a running Pressroom.",
    "quote": "Show what a run would cost, as expected and at most; nothing is ordered.",
    "show": "Show the latest runs, or one of them.",
    "reformat": "Make a finished post in another format; no model is asked.",
    "brands": "List, make and change brands: how slides look, and how texts sound.",
    "schedules": "List, make and change schedules: what is ordered by the clock.",
    "providers": "Show how each model does: success, seconds, refusals, cost, limits.",
    "reconcile": "Compare the journal of calls with what a provider reports; settle calls in doubt.",
    "prices": "Show what models cost by the price table, as of when, and what they are used for.",
    "report": "Show what a month cost and saved, as a table, a file or a plot; what each call did.",
    "rates": "List and note rates of exchange, for reports in other currencies.",
    "gallery": "Draw every slide design on one page, for people who change how slides look.",
    "budgets": "Show, set and remove budgets: what a month may cost, in all and of whom.",
    "usage": "Show what users have used of the month: posts, ads, pictures, tokens, money.",
    "users": "List and change users.",
    "keys": "List, add and revoke API keys.",
    "sandbox": "Run the stand-in for the model providers by itself.",
    "migrate": "Bring the database to the newest schema.",
    "doctor": "Check what this machine has and lacks, and how to get it.",
}


class Commands(click.Group):
    """The commands by name; the module of the same name is imported for the one that runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which a newcomer needs them."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, imported now."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"app.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list without importing anything."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Start with `pressroom demo`. No key is needed: a sandbox stands in for the model providers.",
)
@click.version_option(package_name="pressroom", message="pressroom %(version)s")
@click.option(
    "--data-dir",
    metavar="DIR",
    help="Where private servers, logs and files live; PRESSROOM_DATA_DIR, or else ./.pressroom.",
)
def cli(data_dir: str | None) -> None:
    """One topic becomes a finished carousel, article, quote and every image."""
    # Handed on to the processes that we start, which do not run in this folder and would not find its .env.
    load_dotenv(".env")
    if data_dir is not None:
        os.environ["PRESSROOM_DATA_DIR"] = data_dir
    logging.getLogger().addHandler(logging.NullHandler())  # what the libraries log must not fall into a display


def main() -> None:
    """Run the command line; exit code 1 for what went wrong, 2 for a wrong usage."""
    try:
        cli(prog_name="pressroom")
    except PressroomError as exc:
        _fail(str(exc), exc.code)
    except Exception as exc:
        problem = _of_database(exc)
        if problem is None:
            raise
        _fail(problem, "database")


def _fail(message: str, code: str) -> None:
    click.secho("Error: ", fg="red", bold=True, nl=False, err=True)
    click.echo(f"{message} [{code}]", err=True)
    sys.exit(1)


def _of_database(exc: Exception) -> str | None:
    """Return what to say when the database does not answer; None when that is not it."""
    from sqlalchemy.exc import ArgumentError, OperationalError, ProgrammingError  # noqa: PLC0415 - only a failure pays

    if isinstance(exc, ArgumentError):
        return "DATABASE_URL is no address of a database; write it as postgresql+psycopg://USER:PASSWORD@HOST/NAME"
    if isinstance(exc, OperationalError):
        reason = str(exc.orig).strip().splitlines()[0] if exc.orig else "no reason given"
        return f"the database does not answer ({reason}); check DATABASE_URL, or run `pressroom doctor`"
    if isinstance(exc, ProgrammingError) and "does not exist" in str(exc.orig):
        return "the database lacks tables or columns; run `pressroom migrate`"
    return None
