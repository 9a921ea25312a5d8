"""A carousel as PowerPoint slides whose texts can be edited: the same words, colours and typefaces, laid out anew."""

from __future__ import annotations

import io
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from PIL import Image
from pptx import Presentation
from pptx.dml.color import RGBColor
from pptx.enum.dml import MSO_THEME_COLOR
from pptx.enum.shapes import MSO_SHAPE
from pptx.enum.text import MSO_ANCHOR, MSO_AUTO_SIZE, PP_ALIGN
from pptx.oxml import parse_xml
from pptx.oxml.ns import qn
from pptx.slide import Slide as PptxSlide
from pptx.util import Emu, Pt

from app.domain.colour import luminance, rgb
from app.domain.inks import Ground, tokens
from app.domain.languages import is_rtl_language
from app.domain.provenance import Provenance
from app.domain.themes import Theme
from workers.images.compositor.direction import is_rtl
from workers.images.compositor.encode import jpeg
from workers.images.compositor.photo import Photo
from workers.images.deck_frame import Box, Frame, GroundName, Plan, plan
from workers.images.deck_package import repacked
from workers.images.deck_theme import scale_masters, set_theme
from workers.images.labels import label
from workers.images.plain import plain, plain_lines

EMU_PER_PX = 9525  # at 96 px to the inch
PT_PER_PX = 0.75
TITLE_AND_CONTENT = 1  # of the layouts in python-pptx's own template
SMALL_PX = 30
LOGO_PX = 64
CUTTERS = 4  # Pillow works outside the interpreter's lock
SHADE = ((0, 0), (35_000, 62_000), (60_000, 86_000), (100_000, 94_000))
"""Where, and how much of a picture the ground's colour hides there, both of 100,000."""


@dataclass(frozen=True, slots=True)
class DeckSlide:
    """One slide."""

    title: str
    body: str
    alt_text: str
    """What the finished slide says; goes into its notes."""
    picture: bytes | None = None
    """As its provider made it, in any format that Pillow reads; None = a slide of words alone."""
    subject: str = ""
    """What the picture shows, for those who do not see it."""
    provenance: Provenance | None = None
    """Who made the picture; goes into its file."""


@dataclass(frozen=True, slots=True)
class Deck:
    """What all slides share."""

    title: str
    language: str
    """BCP 47."""
    size_px: tuple[int, int]
    look: Theme
    made_at: datetime
    """What the file says of when it was made; two files differ in nothing else that is not in the slides."""
    handle: str | None = None
    logo: bytes | None = None
    """A PNG for the first slide."""


def deck_pptx(deck: Deck, slides: Sequence[DeckSlide]) -> bytes:
    """Return the deck as a PPTX file; the same arguments give the same bytes.

    1. The file's theme has the look's colours and typefaces: whoever changes them there changes all slides.
    2. Each slide has its ground, its picture cut to its place, and title and body as placeholders of the outline.
    3. Texts run from right to left where their language does; notes hold the finished slide's alt text.
    Raises: ValueError without slides, PictureRefused when a picture cannot be decoded.
    """
    if not slides:
        raise ValueError("a deck needs at least one slide")
    presentation = Presentation()
    width, height = deck.size_px
    before = presentation.slide_width, presentation.slide_height
    presentation.slide_width, presentation.slide_height = Emu(width * EMU_PER_PX), Emu(height * EMU_PER_PX)
    assert before[0] is not None and before[1] is not None  # noqa: PT018 - the template says its size
    scale_masters(presentation, width * EMU_PER_PX / before[0], height * EMU_PER_PX / before[1])
    set_theme(presentation, deck.look, deck.language)
    frame = Frame(width, height, is_mirrored=is_rtl_language(deck.language))
    places = [_place(deck, frame, number, len(slides), slide) for number, slide in enumerate(slides)]
    with ThreadPoolExecutor(max_workers=CUTTERS) as cutters:
        pictures = list(cutters.map(_cut, slides, places))
    for number, (slide, place, picture) in enumerate(zip(slides, places, pictures, strict=True)):
        made = presentation.slides.add_slide(presentation.slide_layouts[TITLE_AND_CONTENT])
        _Drawing(deck, made, frame, number, len(slides)).draw(slide, place, picture)
    told = presentation.core_properties
    told.title, told.author, told.language = plain(deck.title), "Pressroom", deck.language
    told.last_modified_by, told.revision = "Pressroom", 1
    told.created = told.modified = deck.made_at.astimezone(UTC).replace(tzinfo=None)  # as python-pptx wants it
    out = io.BytesIO()
    presentation.save(out)
    return repacked(out.getvalue())


def _place(deck: Deck, frame: Frame, number: int, count: int, slide: DeckSlide) -> Plan:
    """Return where everything stands on a slide."""
    colours = tokens(deck.look)
    lightness = [luminance(rgb(ground.ground)) for ground in (colours.background, colours.surface)]
    dark: GroundName = "background" if lightness[0] <= lightness[1] else "surface"
    words = plain(slide.title), " ".join(plain_lines(slide.body))
    return plan(frame, number, count, words, dark, has_picture=slide.picture is not None)


def _cut(slide: DeckSlide, place: Plan) -> bytes | None:
    """Return a slide's picture as a JPEG cut to its place, with who made it; None where there is none."""
    if slide.picture is None or place.picture is None:
        return None
    size = place.picture.size
    cut = jpeg(Photo(slide.picture, size).cover(size), is_sandbox=False)
    return cut if slide.provenance is None else label(cut, "image/jpeg", slide.provenance).data


@dataclass(frozen=True, slots=True)
class _Drawing:
    """One slide being drawn."""

    deck: Deck
    made: PptxSlide
    frame: Frame
    number: int
    count: int

    def draw(self, slide: DeckSlide, place: Plan, picture: bytes | None) -> None:
        """Draw everything that stands on the slide. picture: cut to its place."""
        title, body = plain(" ".join(slide.title.split())), plain_lines(slide.body)
        ground: Ground = getattr(tokens(self.deck.look), place.ground)
        self._fill_ground(place)
        if picture is not None and place.picture is not None:
            self._picture(picture, place.picture, slide.subject)
        if place.shade is not None:
            self._shade(place.shade, "bg1" if place.ground == "background" else "bg2")
        heading, text = self.made.placeholders[0], self.made.placeholders[1]
        self._write(heading, [title], place.title, place.title_px, ground, is_title=True, anchor=place.anchor)
        if body and place.body is not None:
            self._write(text, body, place.body, place.body_px, ground)
        else:
            text._element.getparent().remove(text._element)  # noqa: SLF001 - an empty one asks for text
        self._footer(ground)
        notes = self.made.notes_slide.notes_text_frame
        assert notes is not None
        notes.text = "\n".join(plain_lines(slide.alt_text))

    def _fill_ground(self, place: Plan) -> None:
        fill = self.made.background.fill
        fill.solid()
        fill.fore_color.theme_color = {
            "background": MSO_THEME_COLOR.BACKGROUND_1,
            "surface": MSO_THEME_COLOR.BACKGROUND_2,
            "accent": MSO_THEME_COLOR.ACCENT_1,
        }[place.ground]

    def _picture(self, picture: bytes, box: Box, subject: str) -> None:
        shown = self.made.shapes.add_picture(io.BytesIO(picture), *_emu(box))
        _alt_text(shown, plain(subject))
        _to_back(self.made, shown._element)  # noqa: SLF001

    def _shade(self, box: Box, colour: str) -> None:
        """Lay the ground's colour over the lower part of a picture, from nothing to nearly all of it."""
        shape = self.made.shapes.add_shape(MSO_SHAPE.RECTANGLE, *_emu(box))
        shape.line.fill.background()
        stops = "".join(
            f'<a:gs pos="{at}"><a:schemeClr val="{colour}"><a:alpha val="{alpha}"/></a:schemeClr></a:gs>'
            for at, alpha in SHADE
        )
        space = "http://schemas.openxmlformats.org/drawingml/2006/main"
        gradient = parse_xml(
            f'<a:gradFill xmlns:a="{space}"><a:gsLst>{stops}</a:gsLst><a:lin ang="5400000"/></a:gradFill>'
        )
        properties = shape._element.spPr  # noqa: SLF001 - python-pptx sets no transparency
        properties.insert(list(properties).index(properties.find(qn("a:prstGeom"))) + 1, gradient)
        _to_back(self.made, shape._element, above=1)  # noqa: SLF001

    def _write(
        self, shape: Any, lines: list[str], box: Box, size_px: float, ground: Ground,
        *, is_title: bool = False, anchor: MSO_ANCHOR = MSO_ANCHOR.TOP,
    ) -> None:  # fmt: skip
        shape.left, shape.top, shape.width, shape.height = _emu(box)
        frame = shape.text_frame
        frame.word_wrap, frame.auto_size, frame.vertical_anchor = True, MSO_AUTO_SIZE.TEXT_TO_FIT_SHAPE, anchor
        frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = 0
        for number, line in enumerate(lines):
            paragraph = frame.paragraphs[0] if number == 0 else frame.add_paragraph()
            goes_left = is_rtl(line, self.deck.language)
            paragraph.alignment = PP_ALIGN.RIGHT if goes_left else PP_ALIGN.LEFT
            paragraph.line_spacing = 0.98 if is_title else 1.15
            if number:
                paragraph.space_before = Pt(round(size_px * PT_PER_PX / 2))
            properties = paragraph._p.get_or_add_pPr()  # noqa: SLF001 - python-pptx knows neither direction nor bullets
            properties.set("marL", "0")
            properties.set("indent", "0")
            if goes_left:
                properties.set("rtl", "1")
            properties.append(properties.makeelement(qn("a:buNone"), {}))
            run = paragraph.add_run()
            run.text = line
            run.font.size, run.font.bold = Pt(round(size_px * PT_PER_PX)), is_title
            run.font._element.set("lang", self.deck.language)  # noqa: SLF001
            run.font.color.rgb = _colour(ground.text.colour)

    def _footer(self, ground: Ground) -> None:
        """Write handle and number, and set the logo on the first slide."""
        for words, box, is_end in (
            (self.deck.handle or "", self.frame.footer(0.6), False),
            (f"{self.number + 1} / {self.count}" if self.count > 1 else "", self.frame.footer(0.3, at_end=True), True),
        ):
            if not words:
                continue
            frame = self.made.shapes.add_textbox(*_emu(box)).text_frame
            frame.word_wrap = True  # else the line stands in the middle of its box
            frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = 0
            paragraph = frame.paragraphs[0]
            paragraph.alignment = PP_ALIGN.RIGHT if is_end != self.frame.is_mirrored else PP_ALIGN.LEFT
            run = paragraph.add_run()
            run.text = plain(words)
            run.font.size = Pt(round(self.frame.px(SMALL_PX) * PT_PER_PX))
            run.font.color.rgb = _colour(ground.muted.colour)
        if self.deck.logo is not None and self.number == 0:
            with Image.open(io.BytesIO(self.deck.logo)) as logo:
                ratio = logo.width / logo.height
            high = self.frame.px(LOGO_PX)
            box = self.frame.from_start(self.frame.margin, self.frame.margin, round(high * ratio), high)
            self.made.shapes.add_picture(io.BytesIO(self.deck.logo), *_emu(box))


def _emu(box: Box) -> tuple[Emu, Emu, Emu, Emu]:
    left, top, width, height = (Emu(round(side * EMU_PER_PX)) for side in (box.left, box.top, box.width, box.height))
    return left, top, width, height


def _colour(hexadecimal: str) -> RGBColor:
    return RGBColor(*rgb(hexadecimal))  # type: ignore[no-untyped-call] # python-pptx leaves its colours untyped


def _alt_text(shape: Any, words: str) -> None:
    shape._element.nvPicPr.cNvPr.set("descr", words)  # noqa: SLF001 - python-pptx has no alt texts


def _to_back(slide: PptxSlide, element: object, above: int = 0) -> None:
    """Move a shape behind all others but the `above` lowest; the first two of a tree are no shapes."""
    slide.shapes._spTree.insert(2 + above, element)  # noqa: SLF001 - python-pptx has no order of shapes
