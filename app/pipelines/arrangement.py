"""A designed picture before it is drawn: pictures, shapes and texts, each with its place on the canvas. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

Style: TypeAlias = Literal["headline", "body", "label", "box", "round", "ellipse"]
"""How a text is set, or which outline a picture or a shape has."""
Align: TypeAlias = Literal["start", "center"]


@dataclass(frozen=True, slots=True)
class Part:
    """One picture, shape or text."""

    id: str
    kind: Literal["image", "text", "shape"]
    box: tuple[int, int, int, int]
    """Left, top, right, bottom in px of the canvas."""
    style: Style
    align: Align = "start"
    """Of a text: where lines begin, or in the middle of the box."""
    text: str = ""
    colour: str = ""
    """As #rrggbb, of a text or shape. A text that cannot be read in it gets the nearest colour that can."""
    picture: Mapping[str, Any] | None = None
    """Of an image, as Piece.picture has it; None = it could not be made, and a typographic background stands there."""


@dataclass(frozen=True, slots=True)
class Arrangement:
    """All parts of a picture."""

    size_px: tuple[int, int]
    ground: str
    """Colour of the canvas, as #rrggbb."""
    parts: tuple[Part, ...]
    """In the order in which they are drawn: what comes later covers what came before."""
    file_type: Literal["jpeg", "png"] = "png"

    @property
    def texts(self) -> list[str]:
        """Its words, as they are read: from top to bottom."""
        return [part.text for part in sorted(self.parts, key=lambda one: (one.box[1], one.box[0])) if part.text]


class Arrange(Protocol):
    """Draws a designed picture and stores it."""

    def __call__(self, design: Arrangement) -> dict[str, Any]:
        """Return the picture, stored, as Piece.composed has it; the same arrangement gives the same bytes.

        Raises TextDoesNotFit, SlideRefused, StorageError, and NotFound when a picture is gone.
        """

    def problems(self, design: Arrangement) -> list[str]:
        """Return which texts cannot be set in their boxes, in words for whoever laid them out. Nothing is drawn."""


class NothingToArrange:
    """For steps that design nothing."""

    def __call__(self, design: Arrangement) -> dict[str, Any]:
        """Raise."""
        raise AssertionError(f"nothing is arranged here: {len(design.parts)} parts")

    def problems(self, _: Arrangement) -> list[str]:
        """Find nothing too long."""
        return []
