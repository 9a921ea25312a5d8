"""Options that several commands share, and what their values may be."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

import click

PORT = click.IntRange(1, 65535)
Command = TypeVar("Command", bound=Callable[..., Any])
LATENCY = re.compile(r"instant|brief|fixed:\d+(\.\d+)?")


class Latency(click.ParamType[str]):
    """How long the sandbox takes to answer; it reads the same words."""

    name = "instant|brief|fixed:S"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the text when the sandbox will understand it."""
        if not LATENCY.fullmatch(str(value)):
            self.fail(f"{value!r} is none of instant, brief, fixed:SECONDS", param, ctx)
        return str(value)


def several(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Return a decorator that adds options, which the help shows in this order."""

    def add(function: Command) -> Command:
        for option in reversed(options):
            function = option(function)
        return function

    return add


def list_by_default(ctx: click.Context, listing: click.Command) -> None:
    """Run `listing` with nothing said, where none of its group's commands was named."""
    if ctx.invoked_subcommand is None:
        with listing.make_context("list", [], parent=ctx) as inner:
            listing.invoke(inner)


def api(function: Command) -> Command:
    """Add --url and --key."""
    key = click.option(
        "--key", envvar="PRESSROOM_API_KEY", show_envvar=True, help="Your key.  [default: the owner's, on this machine]"
    )
    url = click.option(
        "--url", envvar="PRESSROOM_PUBLIC_URL", show_envvar=True, help="Which API.  [default: the one of the data dir]"
    )
    return url(key(function))


def sandbox(function: Command) -> Command:
    """Add --sandbox."""
    return click.option("--sandbox", is_flag=True, help="Use the sandbox although a provider key is set.")(function)


def latency(usual: str) -> Callable[[Command], Command]:
    """Return a decorator that adds --latency."""
    return click.option(
        "--latency",
        type=Latency(),
        metavar="instant|brief|fixed:S",
        default=usual,
        show_default=True,
        help="How long the sandbox takes to answer: nothing, as long as real models, or S seconds.",
    )
