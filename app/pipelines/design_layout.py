"""The layout of a design as the planning model returns it, and what must hold of it before a picture is paid for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from app.pipelines.arrangement import Align, Style
from app.pipelines.languages import in_words, is_in_its_script, words

MOST_ELEMENTS = 20
TEXT_CHARACTERS = 200
IDEA_WORDS = (2, 30)
LEAST_IMAGE_PX = 64
MARGIN = 0.02  # of the shorter side: no text stands nearer to the canvas' edge
TEXT_STYLES = ("headline", "body", "label")
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


class Element(BaseModel):
    """One picture, shape or text with its place, in px from the left top corner of the canvas."""

    model_config = ConfigDict(extra="forbid")
    id: str = Field(min_length=1, description="Short and of its own: hero, title, button.")
    type: Literal["image", "text", "shape"]
    x: int
    y: int
    width: int
    height: int
    z: int = Field(description="What has more lies over what has less.")
    on: str = Field(description="Id of the image or shape that it is meant to lie on; empty = the ground.")
    style: Style = Field(description="headline, body, label of a text; box, round, ellipse of the others.")
    align: Align = Field(description="Of a text.")
    text: str = Field(description=f"Of a text, at most {TEXT_CHARACTERS} characters; else empty.")
    colour: str = Field(description="As #rrggbb of a text or shape; else empty.")
    idea: str = Field(description="What an image shows, in English; else empty.")

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, right, bottom in px."""
        return self.x, self.y, self.x + self.width, self.y + self.height

    def overlaps(self, other: Element) -> bool:
        """Whether the two have a pixel in common."""
        one, two = self.box, other.box
        return one[0] < two[2] and two[0] < one[2] and one[1] < two[3] and two[1] < one[3]

    def holds(self, other: Element) -> bool:
        """Whether `other` lies wholly inside."""
        one, two = self.box, other.box
        return one[0] <= two[0] and one[1] <= two[1] and two[2] <= one[2] and two[3] <= one[3]


class PageLayout(BaseModel):
    """All elements on their ground, as the model returns them."""

    model_config = ConfigDict(extra="forbid")
    ground: str = Field(description="Colour of the canvas, as #rrggbb.")
    elements: list[Element] = Field(description=f"At most {MOST_ELEMENTS}.")

    @property
    def in_order(self) -> list[Element]:
        """The elements in the order in which they are drawn; of equal ones, as they were given."""
        return sorted(self.elements, key=lambda element: element.z)


def problems_of(page: PageLayout, size_px: tuple[int, int], images: int, language: str) -> list[str]:
    """Return what in a layout breaks a rule, in words that the model can act on."""
    found = [] if COLOUR.fullmatch(page.ground) else [f"ground: {page.ground!r} is no colour; write it as #rrggbb"]
    if len(page.elements) > MOST_ELEMENTS:
        found.append(f"elements: {len(page.elements)} instead of at most {MOST_ELEMENTS}")
    known = {element.id: element for element in page.elements}
    if len(known) < len(page.elements):
        found.append("elements: two have the same id")
    for kind, least, most in (("image", images, images), ("text", 1, MOST_ELEMENTS)):
        count = sum(element.type == kind for element in page.elements)
        if not least <= count <= most:
            found.append(
                f"elements: {count} of type {kind} instead of {least if least == most else f'{least} or more'}"
            )
    for element in page.elements:
        found += [f"{element.id}: {problem}" for problem in _own_problems(element, size_px)]
        found += [f"{element.id}: {problem}" for problem in _problems_of_ground(element, known)]
    if found:
        return found  # places are compared once each is one
    found += _overlaps(page.elements, known)
    if not is_in_its_script(" ".join(element.text for element in page.elements), language):
        found.append(f"texts: not written in {in_words(language)}; write every text in that language and its letters")
    return found


def _own_problems(element: Element, size_px: tuple[int, int]) -> Iterator[str]:
    """Yield what is wrong with an element, whatever the others are."""
    width, height = size_px
    left, top, right, bottom = element.box
    if element.width < 1 or element.height < 1:
        yield f"{element.width}x{element.height} px is no size"
    elif left < 0 or top < 0 or right > width or bottom > height:
        yield f"it reaches from {left},{top} to {right},{bottom}, outside the canvas of {width}x{height} px"
    allowed = TEXT_STYLES if element.type == "text" else tuple(set(get_args(Style)) - set(TEXT_STYLES))
    if element.style not in allowed:
        yield f"style {element.style} is none of {element.type}; take one of {', '.join(sorted(allowed))}"
    if element.type == "image":
        if not IDEA_WORDS[0] <= words(element.idea) <= IDEA_WORDS[1]:
            yield f"idea: {words(element.idea)} words instead of {IDEA_WORDS[0]} to {IDEA_WORDS[1]}"
        if min(element.width, element.height) < LEAST_IMAGE_PX:
            yield f"an image of {element.width}x{element.height} px is too small; give it {LEAST_IMAGE_PX} px a side"
        return
    if not COLOUR.fullmatch(element.colour):
        yield f"colour {element.colour!r} is none; write it as #rrggbb"
    if element.type == "text":
        yield from _problems_of_text(element, size_px)


def _problems_of_text(element: Element, size_px: tuple[int, int]) -> Iterator[str]:
    count, margin = len(element.text.strip()), round(min(size_px) * MARGIN)
    if not 1 <= count <= TEXT_CHARACTERS:
        yield f"text: {count} characters instead of 1 to {TEXT_CHARACTERS}"
    left, top, right, bottom = element.box
    if left < margin or top < margin or right > size_px[0] - margin or bottom > size_px[1] - margin:
        yield f"a text keeps {margin} px from the edges of the canvas"


def _problems_of_ground(element: Element, known: Mapping[str, Element]) -> Iterator[str]:
    """Yield what is wrong with what an element says it lies on."""
    if not element.on:
        return
    under = known.get(element.on)
    if under is None or under is element or under.type == "text":
        yield f"on: {element.on!r} is the id of no other image or shape"
    elif under.z >= element.z:
        yield f"it is on {under.id}, so its z must be more than {under.z}"
    elif element.type == "text" and not under.holds(element):
        yield f"it reaches out of {under.id}, which it is on"
    elif element.type != "text" and element.holds(under):
        yield f"it hides {under.id}, which it is on"


def _overlaps(elements: Sequence[Element], known: Mapping[str, Element]) -> Iterator[str]:
    """Yield which elements overlap though neither is on the other."""
    for one, other in combinations(elements, 2):
        if not one.overlaps(other) or one.id in _grounds(other, known) or other.id in _grounds(one, known):
            continue
        if one.type == other.type == "text":
            yield f"{one.id} and {other.id}: two texts overlap; move them apart"
        else:
            yield f"{one.id} and {other.id} overlap, and neither is on the other; move one, or say what it is on"


def _grounds(element: Element, known: Mapping[str, Element]) -> Iterator[str]:
    """Yield what an element lies on, and what that lies on; z falls with each, so that it ends."""
    while element.on:
        yield element.on
        element = known[element.on]
