"""A look's colours as slides use them: on each ground the text that can be read there, with its contrast."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from app.domain.colour import READABLE, Rgb, contrast, hexadecimal, luminance, mix, readable, rgb
from app.domain.themes import Theme

TEXT = 5.0  # a little above READABLE, so that scaling and JPEG leave it there
MARK = 2.2  # rules and large shapes, which nobody reads
SAME, ALIKE = 1.2, 1.5  # contrast below which two colours are one to the eye, or too near to alternate
SOFTENED = 0.34  # share of the ground in what is muted, where the look says nothing


@dataclass(frozen=True, slots=True)
class Inks:
    """The colours on one ground; `text` and `muted` hold at least 5:1 on it."""

    ground: Rgb
    text: Rgb
    muted: Rgb
    mark: Rgb
    """For rules and large shapes, not for text."""


def inks(look: Theme, ground: Rgb) -> Inks:
    """Return what is drawn with on `ground`: the look's own colours, moved towards black or white where they must be."""
    choices = (rgb(look.text), rgb(look.background), rgb(look.surface))
    text = readable(max(choices, key=lambda ink: contrast(ink, ground)), ground, TEXT)
    # A look's muted is chosen for its background; elsewhere the text's own colour, softened, keeps the hue right.
    soft = rgb(look.muted) if ground == rgb(look.background) else mix(text, ground, SOFTENED)
    accent = rgb(look.accent)
    mark = text if contrast(accent, ground) < SAME else readable(accent, ground, MARK)
    return Inks(ground, text, readable(soft, ground, TEXT), mark)


@dataclass(frozen=True, slots=True)
class Ink:
    """A colour as #rrggbb, and its contrast on the ground, 1 to 21, rounded down to two places."""

    colour: str
    contrast: float


@dataclass(frozen=True, slots=True)
class Ground:
    """One ground of a deck as #rrggbb, and what is drawn on it."""

    ground: str
    text: Ink
    muted: Ink
    mark: Ink


@dataclass(frozen=True, slots=True)
class Tokens:
    """The grounds that slides stand on."""

    background: Ground
    surface: Ground
    accent: Ground


def tokens(look: Theme) -> Tokens:
    """Return the colours of `look` as slides use them."""
    return Tokens(_on(look, look.background), _on(look, look.surface), _on(look, look.accent))


def clashes(look: Theme) -> list[str]:
    """Return where the look's own colours cannot be used as they are, a sentence each: what it is, and what is done."""
    return [*_unreadable(look), *_alike(look)]


def _on(look: Theme, ground: str) -> Ground:
    used = inks(look, rgb(ground))
    text, muted, mark = (
        Ink(hexadecimal(ink), _measured(ink, used.ground)) for ink in (used.text, used.muted, used.mark)
    )
    return Ground(hexadecimal(used.ground), text, muted, mark)


def _measured(ink: Rgb, ground: Rgb) -> float:
    """Return the contrast, rounded down: 4.499 must not be shown as the 4.5 that it is not."""
    return math.floor(contrast(ink, ground) * 100) / 100


def _unreadable(look: Theme) -> Iterator[str]:
    """Yield what is too weak on the background, which is the ground that these three are chosen for."""
    ground = rgb(look.background)
    used = inks(look, ground)
    for name, said, drawn, least in (
        ("text", rgb(look.text), used.text, READABLE),
        ("muted", rgb(look.muted), used.muted, READABLE),
        ("accent", rgb(look.accent), used.mark, MARK),
    ):
        found = contrast(said, ground)
        if found < least:
            change = "lightened" if luminance(drawn) > luminance(said) else "darkened"
            told = f"{math.floor(found * 10) / 10:.1f}:1"
            yield f"{name} on background is {told}, and {least}:1 is needed; it will be {change} to {hexadecimal(drawn)}"


def _alike(look: Theme) -> Iterator[str]:
    found = contrast(rgb(look.background), rgb(look.surface))
    if found < ALIKE:
        told = f"{math.floor(found * 10) / 10:.1f}:1"
        yield f"background and surface are nearly the same ({told}); slides will hardly alternate: make one light, one dark"
