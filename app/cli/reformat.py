"""`pressroom reformat`: make a finished post once more, in another format."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import click

from app.cli import client, folder, options, ordering
from app.pipelines.pipeline import AspectRatio


@click.command
@click.argument("run_id", metavar="ID")
@click.option(
    "--format", "wanted", type=click.Choice(get_args(AspectRatio)), required=True, help="Aspect ratio of the slides."
)
@click.option("--wait", is_flag=True, help="Watch it being made, then write its files into a folder.")
@click.option("--out", type=click.Path(path_type=Path), help="That folder.  [default: ./pressroom-out/TITLE-FORMAT]")
@options.api
def command(run_id: str, wanted: str, out: Path | None, url: str | None, key: str | None, *, wait: bool) -> None:
    """Make the finished post with this ID in another format; its first characters are enough.

    The texts and pictures stay what they are: no model is asked, and nothing is paid.

    \b
    pressroom reformat 3f2a --format 1:1 --wait
    """  # noqa: D301 - \b is how click is told to keep the lines
    with client.running(url, key) as api:
        ordered = api.reformat(api.full_id(run_id), wanted)
        if not wait:
            ordering.say_ordered(ordered)
            return
        title = str(api.run(ordered["id"])["title"])
        named = f"{title} {wanted.replace(':', 'x')}"
        ordering.see_through(api, ordered, title, out or folder.place(ordering.OUT, named, ordered["id"]))
