"""`pressroom sandbox`: the stand-in for every provider, in the foreground."""

from __future__ import annotations

import os
import sys

import click


@click.command(
    context_settings={"ignore_unknown_options": True, "help_option_names": []},
    add_help_option=False,
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(arguments: tuple[str, ...]) -> None:
    """Run the sandbox by itself; its own --help lists its options."""
    # A process of its own: this code never imports the sandbox, as production never does.
    os.execv(sys.executable, [sys.executable, "-m", "sandbox", *arguments])  # noqa: S606 - our own interpreter
