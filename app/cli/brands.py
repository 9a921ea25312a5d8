"""`pressroom brands`: how slides look and texts sound, by name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from rich.markup import escape

from app.cli import client, kits, options, screen
from app.domain import png
from app.domain.brand import VISUAL_STYLES
from app.domain.errors import PressroomError, SetupError
from app.domain.themes import THEMES, Pairing

FILE = click.Path(path_type=Path, dir_okay=False)


_kit_options = options.several(
    click.option("--theme", metavar="NAME", help="What all that follows is changed from; see `brands themes`."),
    *(
        click.option(f"--{name}", metavar="#RRGGBB", help=f"{told} Empty = the theme's.")
        for name, told in kits.COLOURS.items()
    ),
    click.option("--fonts", metavar="|".join(Pairing), help="The pair of typefaces. Empty = the theme's."),
    click.option("--handle", metavar="TEXT", help="Shown once on a slide, for example @acme."),
    click.option("--voice", metavar="TEXT", help="How the texts sound."),
    click.option("--visual-style", metavar="TEXT", help="Goes into every image prompt. Empty = the theme's."),
)
"""An option for each field of a kit; its value is None where it was not given."""


@click.group(invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context) -> None:
    """List brands; see the commands below to make and change them.

    \b
    pressroom brands create acme --theme signal --accent '#ff5500' --handle @acme --logo logo.png
    pressroom generate full-post --topic "Rust" --brand acme
    """  # noqa: D301 - \b is how click is told to keep the lines
    options.list_by_default(ctx, list_)


@command.command("list")
@options.api
def list_(url: str | None, key: str | None) -> None:
    """List your brands."""
    with client.readable(url, key) as api:
        brands = api.brands()
    if not brands:
        screen.say(f"No brands yet. [cyan]{screen.program()} brands create NAME --theme THEME[/] makes one.")
        return
    kits.say_list(brands)


@command.command
def themes() -> None:
    """List the themes that a brand can start from."""
    kits.say_themes(THEMES)


@command.command
@click.argument("name")
@options.api
def show(name: str, url: str | None, key: str | None) -> None:
    """Show a brand: its colours as slides use them, with their contrast, and what clashes."""
    with client.readable(url, key) as api:
        kits.say(_named(api, name))


@command.command
@click.argument("name")
@_kit_options
@click.option("--logo", type=FILE, metavar="FILE", help="A PNG of at most 1 MB, best with a transparent ground.")
@options.api
def create(name: str, logo: Path | None, url: str | None, key: str | None, **said: str | None) -> None:
    """Make a brand called NAME; what you leave out is the theme's."""
    picture = None if logo is None else _picture(logo)  # first: a wrong file leaves no half of a brand behind
    with client.readable(url, key) as api:  # rows and a file: an API inside this process does as well
        brand = api.create_brand(name, _kit(said))
        if picture is not None:
            brand = _with_logo(api, brand, picture, logo)
    kits.say(brand)


@command.command
@click.argument("name")
@click.option("--name", "new_name", metavar="NAME", help="What it is called from now on.")
@_kit_options
@options.api
def edit(name: str, new_name: str | None, url: str | None, key: str | None, **said: str | None) -> None:
    """Change what you name of the brand NAME. Runs that were ordered before stay as they are."""
    with client.readable(url, key) as api:
        brand = _named(api, name)
        kits.say(api.replace_brand(brand["id"], new_name or name, _kit(said, brand["kit"])))


@command.command
@click.argument("name")
@options.api
def delete(name: str, url: str | None, key: str | None) -> None:
    """Delete the brand NAME; runs that were ordered with it stay as they are."""
    with client.readable(url, key) as api:
        api.delete_brand(_named(api, name)["id"])
    screen.say(f"[green]✓[/] brand {escape(name)} is deleted", indent=2)


@command.command
@click.argument("name")
@click.argument("file", type=FILE, required=False)
@click.option("--remove", is_flag=True, help="Take the logo away.")
@options.api
def logo(name: str, file: Path | None, url: str | None, key: str | None, *, remove: bool) -> None:
    """Give the brand NAME the logo FILE: a PNG of at most 1 MB, each side 64 to 4000 px."""
    if (file is None) is not remove:
        raise click.UsageError("name a FILE, or take the logo away with --remove")
    picture = None if file is None else _picture(file)
    with client.readable(url, key) as api:
        brand = _named(api, name)
        if picture is None:
            api.delete_logo(brand["id"])
        else:
            brand = api.put_logo(brand["id"], picture)
    kits.say_logo(name, brand["logo"] if picture else None)


def _named(api: client.Api, name: str) -> dict[str, Any]:
    """Return the brand of that name. Raises NotFound."""
    return client.named(api.brands(), name, "brand")


def _kit(said: Mapping[str, str | None], before: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return a kit with what was said; an empty text goes back to the default."""
    kit = dict(before or {})
    if said["theme"] is not None and kit.get("visual_style") == VISUAL_STYLES.get(kit.get("theme", "")):
        kit.pop("visual_style", None)  # the theme's own, which goes with it
    given = {name: value for name, value in said.items() if value is not None}
    kit |= given
    return {name: value for name, value in kit.items() if given.get(name) != ""}


def _picture(file: Path) -> bytes:
    """Return the bytes of a PNG that the API will take. Raises SetupError, InvalidRequest."""
    try:
        data = file.read_bytes()
    except OSError as exc:
        raise SetupError(f"cannot read {file}: {exc.strerror}", code="unreadable_file") from exc
    png.check(data)
    return data


def _with_logo(api: client.Api, brand: Mapping[str, Any], picture: bytes, file: Path | None) -> dict[str, Any]:
    """Return the brand, now with its logo. Raises PressroomError that says what is there already."""
    try:
        return api.put_logo(brand["id"], picture)
    except PressroomError as exc:
        again = f"{screen.program()} brands logo {brand['name']} {file}"
        raise PressroomError(
            f"the brand is made, but its logo is not stored: {exc}; try `{again}`", code=exc.code
        ) from exc
