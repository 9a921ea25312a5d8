"""The editable deck: what somebody who opens it in PowerPoint finds and can change."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

import pytest
from PIL import Image
from pptx import Presentation
from pptx.presentation import Presentation as Opened
from provider_pictures import drawing, encoded

from app.domain.provenance import Provenance, Source
from app.domain.themes import THEMES, Pairing
from workers.images.deck import Deck, DeckSlide, deck_pptx
from workers.images.deck_frame import Box, Frame, plan
from workers.images.deck_theme import TYPEFACES

SIZES = {"4:5": (1080, 1350), "1:1": (1080, 1080), "16:9": (1920, 1080), "9:16": (1080, 1920)}
DECK = Deck("Queues", "en", SIZES["4:5"], THEMES["midnight"], datetime(2026, 11, 21, tzinfo=UTC), handle="@pressroom")
MAKER = Provenance(Source.TRAINED, "a/model", "gateway")
PICTURE = encoded(drawing())
SLIDES = [
    DeckSlide("Your queue lies", "Nine habits.", "Slide 1 of 3. Your queue lies.", PICTURE, "a lighthouse", MAKER),
    DeckSlide("Retry", "Write it down.\nThen call.", "Slide 2 of 3.", PICTURE, "a diary", MAKER),
    DeckSlide("Save this", "", "Slide 3 of 3."),
]


@cache
def usual() -> bytes:
    return deck_pptx(DECK, SLIDES)


def opened(deck: Deck = DECK, slides: list[DeckSlide] = SLIDES) -> Opened:
    is_usual = deck is DECK and slides is SLIDES
    return Presentation(io.BytesIO(usual() if is_usual else deck_pptx(deck, slides)))


def part(data: bytes, name: str) -> str:
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        return parts.read(name).decode()


@pytest.mark.parametrize("ratio", SIZES)
def test_slides_have_the_size_of_the_pictures(ratio: str) -> None:
    made = opened(replace(DECK, size_px=SIZES[ratio]))
    assert (made.slide_width, made.slide_height) == tuple(side * 9525 for side in SIZES[ratio])


def test_titles_and_bodies_are_text_of_the_outline() -> None:
    found = [[shape.text_frame.text for shape in slide.placeholders] for slide in opened().slides]
    assert found == [["Your queue lies", "Nine habits."], ["Retry", "Write it down.\nThen call."], ["Save this"]]


def test_notes_hold_the_alt_text_of_the_finished_slide() -> None:
    notes = [slide.notes_slide.notes_text_frame for slide in opened().slides]
    assert [frame.text for frame in notes if frame] == [slide.alt_text for slide in SLIDES]


def test_a_picture_says_what_it_shows_and_who_made_it() -> None:
    slide = opened().slides[0]
    (picture,) = [
        shape for shape in slide.shapes if shape.shape_type is not None and "PICTURE" in str(shape.shape_type)
    ]
    assert picture._element.nvPicPr.cNvPr.get("descr") == "a lighthouse"
    image = Image.open(io.BytesIO(picture.image.blob))
    assert (image.format, image.size) == ("JPEG", SIZES["4:5"])
    assert b"a/model" in image.info["xmp"]


def test_a_picture_lies_behind_the_words() -> None:
    for slide in list(opened().slides)[:2]:
        kinds = [shape.is_placeholder for shape in slide.shapes]
        assert kinds.index(True) > 0
        assert "PICTURE" in str(slide.shapes[0].shape_type)


def test_colours_and_typefaces_are_those_of_the_files_theme() -> None:
    theme = part(usual(), "ppt/theme/theme1.xml")
    for told in ('<a:lt1><a:srgbClr val="0B1220"/>', '<a:accent1><a:srgbClr val="4F9DFF"/>'):
        assert told in theme
    assert '<a:majorFont><a:latin typeface="Fraunces"/>' in "".join(line.strip() for line in theme.splitlines())
    bold = part(deck_pptx(replace(DECK, look=THEMES["poster"]), SLIDES), "ppt/theme/theme1.xml")
    assert 'typeface="Archivo"' in bold


def test_text_runs_as_its_language_does() -> None:
    slides = [DeckSlide("ہر کوشش کو یاد رکھیں", "AI سے PKR 10,000 بچائیں", "x"), DeckSlide("Only English", "", "y")]
    made = opened(replace(DECK, language="ur"), slides)
    told = [
        [
            (p._p.pPr.get("rtl"), p._p.pPr.get("algn"), p.runs[0].font._element.get("lang"))
            for p in shape.text_frame.paragraphs
        ]
        for slide in made.slides
        for shape in slide.placeholders
    ]
    assert told == [[("1", "r", "ur")], [("1", "r", "ur")], [(None, "l", "ur")]]
    theme = part(deck_pptx(replace(DECK, language="ur"), slides), "ppt/theme/theme1.xml")
    assert '<a:cs typeface="Noto Nastaliq Urdu"/>' in theme


def test_the_same_deck_gives_the_same_bytes() -> None:
    assert deck_pptx(DECK, SLIDES) == usual()


def test_the_file_tells_no_moment_but_the_runs() -> None:
    with zipfile.ZipFile(io.BytesIO(usual())) as parts:
        assert {info.date_time for info in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    told = opened().core_properties
    at = DECK.made_at.replace(tzinfo=None)
    assert (told.created, told.modified, told.title, told.author) == (at, at, "Queues", "Pressroom")


@pytest.mark.parametrize("debris", ["\x00", "\x0b", "\ud800", "\ufffe", "\x1b[31m", "<b>&amp;"])
def test_no_words_break_the_file(debris: str) -> None:
    slides = [DeckSlide(f"a{debris}b", f"c{debris}", f"d{debris}", PICTURE, f"e{debris}", MAKER)]
    made = opened(replace(DECK, title=f"f{debris}", handle=f"g{debris}"), slides)
    title = made.slides[0].placeholders[0].text_frame.text
    assert title[0] == "a"
    assert title[-1] == "b"


def test_a_logo_stands_on_the_first_slide_only() -> None:
    logo = encoded(drawing(400, 100))
    counts = [
        sum("PICTURE" in str(shape.shape_type) for shape in slide.shapes)
        for slide in opened(replace(DECK, logo=logo)).slides
    ]
    assert counts == [2, 1, 0]


def test_a_deck_without_slides_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        deck_pptx(DECK, [])


def overlap(one: Box, other: Box) -> bool:
    beside = one.left + one.width <= other.left or other.left + other.width <= one.left
    return not (beside or one.top + one.height <= other.top or other.top + other.height <= one.top)


@pytest.mark.parametrize("is_mirrored", [False, True])
@pytest.mark.parametrize("has_picture", [False, True])
@pytest.mark.parametrize("ratio", SIZES)
def test_words_stay_inside_and_never_on_each_other(ratio: str, *, has_picture: bool, is_mirrored: bool) -> None:
    frame = Frame(*SIZES[ratio], is_mirrored=is_mirrored)
    for number in range(4):
        for words in (
            ("Short", "Body."),
            ("A title that is rather long for a slide, honestly", "Body. " * 40),
            ("Alone", ""),
        ):
            place = plan(frame, number, 4, words, "background", has_picture=has_picture)
            boxes = [
                place.title,
                *([place.body] if place.body else []),
                frame.footer(0.6),
                frame.footer(0.3, at_end=True),
            ]
            for box in boxes:
                assert box.left >= frame.margin
                assert box.left + box.width <= frame.width - frame.margin
                assert box.top > 0
                assert box.top + box.height <= frame.height - frame.margin // 2
            assert not any(overlap(one, other) for n, one in enumerate(boxes) for other in boxes[n + 1 :])
            if place.picture and not place.shade:
                assert not any(overlap(place.picture, box) for box in boxes)


def test_every_pair_of_typefaces_has_names_that_other_programs_know() -> None:
    assert set(TYPEFACES) == set(Pairing)
