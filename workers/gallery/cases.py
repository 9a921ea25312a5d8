"""What the gallery draws: designs, themes, formats and languages, and how many of their combinations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import product

from app.domain.themes import THEMES
from app.pipelines.full_post import ARTICLE_COVER_PX, SIZES_PX
from workers.gallery.logo import logo
from workers.gallery.texts import DECKS
from workers.images.compositor import Role, Slide
from workers.images.compositor.layouts import NAMES

HANDLE = "@pressroom"
TOTAL = 11
FORMATS: dict[str, tuple[int, int]] = {str(name): size for name, size in SIZES_PX.items()}
LANGUAGES = tuple(DECKS)
ARTICLE_FORMAT = "cover"
SIZES = {**FORMATS, ARTICLE_FORMAT: ARTICLE_COVER_PX}
SINGLE = (Role.QUOTE, Role.ARTICLE)
PREVIEWED = ("split", "number", "list", "statement")
PREVIEWED_WITH = (0, 2, 1, 4, 5, 3)  # which picture each of the six has


@dataclass(frozen=True, slots=True)
class Design:
    """One layout, and where in a deck it is shown."""

    name: str
    """Of the layout."""
    role: Role
    index: int


@dataclass(frozen=True, slots=True)
class Case:
    """One slide to be drawn."""

    design: Design
    theme: str
    format: str
    language: str
    number: int
    """Decides its picture."""
    has_picture: bool = True

    @property
    def name(self) -> str:
        """A file name without its ending."""
        plain = "" if self.has_picture else "-plain"
        return f"{self.design.name}-{self.theme}-{self.format.replace(':', 'x')}-{self.language}{plain}"

    def slide(self) -> Slide:
        """Return what the compositor is given."""
        deck = DECKS[self.language]
        title, body = deck.text(self.design.name)
        return Slide(
            role=self.design.role,
            index=self.design.index,
            total=1 if self.design.role in SINGLE else TOTAL,
            title=title,
            body=body,
            handle=HANDLE,
            theme=THEMES[self.theme],
            size=SIZES[self.format],
            seed=self.number,
            language=deck.language,
            logo=logo() if self.number // 6 % 3 == 1 else None,
            layout=self.design.name,
            sandbox=True,
        )

    @property
    def picture_ratio(self) -> str:
        """The ratio its picture was made in: every second one was made for the default format and is cut to this."""
        return self.format if self.number // 6 % 2 == 0 else "4:5"


@cache
def designs() -> tuple[Design, ...]:
    """Return every layout that the compositor knows; those of content follow each other as in a deck."""
    roles = {role.value: role for role in Role}
    places = {Role.CTA: TOTAL - 1}
    content = [name for name in NAMES if name not in roles]
    return tuple(
        Design(name, roles[name], places.get(roles[name], 0))
        if name in roles
        else Design(name, Role.CONTENT, 1 + content.index(name))
        for name in NAMES
    )


def formats_of(design: Design) -> tuple[str, ...]:
    """Return the formats that a design is made for."""
    return (ARTICLE_FORMAT,) if design.role == Role.ARTICLE else tuple(FORMATS)


def usual() -> list[Case]:
    """Return every design in every format and language, the themes in turn; and in every theme without a picture.

    Each pair of design, theme and format, and each of theme and language, is there at least once.
    """
    themes = list(THEMES)
    cases = [
        Case(design, themes[(place + row + column) % len(themes)], shape, language, 2 * place + 3 * row + 5 * column)
        for place, design in enumerate(designs())
        for row, shape in enumerate(formats_of(design))
        for column, language in enumerate(LANGUAGES)
    ]
    return cases + list(_plain(LANGUAGES))


def every() -> list[Case]:
    """Return all combinations."""
    return [
        Case(design, theme, shape, language, 2 * place + 3 * row + 5 * column)
        for place, design in enumerate(designs())
        for row, shape in enumerate(formats_of(design))
        for column, language in enumerate(LANGUAGES)
        for theme in THEMES
    ] + list(_plain(LANGUAGES))


def few() -> list[Case]:
    """Return every design in every format once; languages and themes in turn."""
    themes = list(THEMES)
    return [
        Case(
            design,
            themes[(place + row) % len(themes)],
            shape,
            LANGUAGES[(place + 2 * row) % len(LANGUAGES)],
            place + row,
        )
        for place, design in enumerate(designs())
        for row, shape in enumerate(formats_of(design))
    ]


def deck(theme: str) -> list[Case]:
    """Return six slides that show a theme."""
    by_name = {design.name: design for design in designs()}
    shown = [
        by_name["cover"],
        *(replace(by_name[name], index=place) for place, name in enumerate(PREVIEWED, 1)),
        by_name["cta"],
    ]
    return [Case(design, theme, "4:5", "en", number) for design, number in zip(shown, PREVIEWED_WITH, strict=True)]


def _plain(languages: tuple[str, ...]) -> Iterator[Case]:
    """Yield every design without a picture in every theme, the languages and formats in turn."""
    for number, (design, theme) in enumerate(product(designs(), THEMES)):
        shapes = formats_of(design)
        yield Case(
            design, theme, shapes[number % len(shapes)], languages[number % len(languages)], number, has_picture=False
        )
