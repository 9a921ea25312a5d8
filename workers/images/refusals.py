"""The names of the gates, and how one refuses."""

from __future__ import annotations

from enum import StrEnum

from app.domain.errors import PictureRefused

MESSAGE_CHARACTERS = 300


class Gate(StrEnum):
    """What a picture must pass. The name stands in the code `picture_refused:<gate>`."""

    JSON = "json"
    """JSON in place of a picture, with status 200."""
    HTML = "html"
    SVG = "svg"
    FORMAT = "format"
    """Anything else that is not one still PNG, JPEG or WebP picture."""
    MISLABELLED = "mislabelled"
    """It is not the type that its provider said."""
    BYTES = "bytes"
    """Too few bytes for its purpose: a placeholder or an error picture."""
    BOMB = "bomb"
    """Small to send, huge to unpack."""
    TRUNCATED = "truncated"
    """It ends too early, or cannot be decoded to its end."""
    PIXELS = "pixels"
    """Too small to be shown."""
    RATIO = "ratio"
    """Not the shape that was asked for."""
    POLYGLOT = "polyglot"
    """Another file is hidden behind it or in it."""
    BLANK = "blank"
    """A plain colour, a plain ramp, or nothing but noise."""


def refusal(gate: Gate, message: str) -> PictureRefused:
    """Return the error of a gate; `message` says what is wrong, and may quote bytes: only what prints is kept."""
    told = "".join(char if char.isprintable() else " " for char in message)[:MESSAGE_CHARACTERS]
    return PictureRefused(f"the picture was refused: {told}", code=f"picture_refused:{gate}")
