"""Brands and themes on the screen: each colour as a swatch that holds its own name."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from rich.markup import escape

from app.cli import screen
from app.domain.colour import BLACK, WHITE, contrast, hexadecimal, rgb
from app.domain.themes import Theme

COLOURS = {
    "background": "The ground of the first slides.",
    "surface": "The ground that slides alternate with.",
    "text": "Text on the background.",
    "muted": "Handle, counter and the like on the background.",
    "accent": "Rules and marks, and the ground of the last slide.",
}
MAX_NAME, MAX_HANDLE = 18, 12
ROLES = {"text": "text", "muted": "muted", "mark": "marks"}


def say_list(brands: Sequence[Mapping[str, Any]]) -> None:
    """Print brands, one row each."""
    table = screen.columns("brand", "theme", "colours", "handle", "logo", "")
    for brand in brands:
        kit, logo, count = brand["kit"], brand["logo"], len(brand["warnings"])
        is_known = kit is not None  # None = only another release can read it
        table.add_row(
            escape(screen.clipped(brand["name"], MAX_NAME)),
            escape(kit["theme"]) if is_known else "-",
            _strip(_colours(brand["tokens"])) if is_known else "-",
            escape(screen.clipped(kit["handle"] or "-", MAX_HANDLE)) if is_known else "-",
            f"{logo['width']} × {logo['height']}" if logo else "-",
            f"[yellow]{count} warning{'s' if count > 1 else ''}[/]" if count else "",
        )
    screen.out().print(table)


def say_themes(themes: Mapping[str, Theme]) -> None:
    """Print themes, one row each."""
    table = screen.columns("theme", "fonts", *COLOURS)
    for name, theme in themes.items():
        table.add_row(name, theme.fonts.value, *(swatch(getattr(theme, colour)) for colour in COLOURS))
    screen.out().print(table)


def say(brand: Mapping[str, Any]) -> None:
    """Print a brand: what it is, its colours on each ground with their contrast, and what clashes."""
    screen.say(f"[bold]{escape(brand['name'])}[/]")
    if brand["kit"] is not None:
        _say_kit(brand, brand["kit"])
    for warning in brand["warnings"]:
        screen.paragraph(f"[yellow]![/] {escape(warning)}")


def _say_kit(brand: Mapping[str, Any], kit: Mapping[str, Any]) -> None:
    own = [name for name in (*COLOURS, "fonts") if kit[name] is not None]
    theme = f"{kit['theme']}  [dim]{'with its own ' + ', '.join(own) if own else 'as it is'}[/]"
    screen.facts(
        [
            ("Theme", theme),
            ("Handle", escape(kit["handle"] or "-")),
            ("Voice", escape(kit["voice"])),
            ("Pictures", escape(kit["visual_style"])),
            ("Logo", _logo(brand["logo"])),
        ]
    )
    screen.say()
    table = screen.columns("ground", "", *ROLES.values())
    for name, ground in brand["tokens"].items():
        inks = (_ink(ground[role], ground["ground"]) for role in ROLES)
        table.add_row(name, swatch(ground["ground"]), *inks)
    screen.out().print(table)


def say_logo(name: str, logo: Mapping[str, Any] | None) -> None:
    """Say which logo a brand has now."""
    told = f"has a logo of {_logo(logo)}" if logo else "has no logo"
    screen.say(f"[green]✓[/] brand {escape(name)} {told}", indent=2)


def swatch(colour: str, ink: str | None = None) -> str:
    """Return markup: a colour's name on the colour itself, written in `ink`, or else in what can be read there."""
    ground = rgb(colour)
    pole = hexadecimal(max(WHITE, BLACK, key=lambda end: contrast(end, ground)))
    return f"[{ink or pole} on {colour}] {colour} [/]"


def _ink(ink: Mapping[str, Any], ground: str) -> str:
    return f"[{ink['colour']} on {ground}] {ink['colour']} [/] [dim]{math.floor(ink['contrast'] * 10) / 10}:1[/]"


def _colours(tokens: Mapping[str, Any]) -> list[str]:
    """Return a brand's five colours as slides use them."""
    first = tokens["background"]
    inks = (first["text"]["colour"], first["muted"]["colour"])
    return [first["ground"], tokens["surface"]["ground"], *inks, tokens["accent"]["ground"]]


def _strip(colours: Sequence[str]) -> str:
    """Return colours side by side; by their names where no terminal shows colours."""
    if not screen.out().is_terminal:
        return " ".join(colours)
    return "".join(f"[on {colour}]  [/]" for colour in colours)


def _logo(logo: Mapping[str, Any] | None) -> str:
    if logo is None:
        return "-"
    return f"{logo['width']} × {logo['height']} px  [dim]{logo['bytes'] / 1024:.1f} KB, {escape(logo['url'])}[/]"
