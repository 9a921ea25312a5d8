from __future__ import annotations

import io

import pytest
from PIL import Image
from pypdf import PdfReader

from workers.images.compositor import Slide, compose
from workers.images.pdf import MAX_BYTES, Page, carousel_pdf

TEXTS = [
    f"Slide {number}: “quoted” – Größe, Очередь\nA body that is much longer than the page is wide, because it has "
    "some thirty words in it, and it is nevertheless read out unbroken as one sentence.\n@pressroom"
    for number in range(1, 12)
]


@pytest.fixture(scope="module")
def pages() -> list[Page]:
    return [
        Page(compose(Slide("content", index, 11, f"Number {index}", seed=index), None).jpeg, text)
        for index, text in enumerate(TEXTS)
    ]


def test_each_slide_is_one_page_of_one_size(pages: list[Page]) -> None:
    reader = PdfReader(io.BytesIO(carousel_pdf(pages, title="Deck", language="en")))
    assert len(reader.pages) == 11
    assert {(float(page.mediabox.width), float(page.mediabox.height)) for page in reader.pages} == {(540.0, 675.0)}


def test_the_text_layer_reads_as_the_slides_do(pages: list[Page]) -> None:
    reader = PdfReader(io.BytesIO(carousel_pdf(pages, title="Deck", language="en")))
    assert [page.extract_text() for page in reader.pages] == TEXTS


def test_the_slides_are_embedded_byte_for_byte(pages: list[Page]) -> None:
    pdf = carousel_pdf(pages, title="Deck", language="en")
    assert all(page.jpeg in pdf for page in pages)
    assert len(pdf) < MAX_BYTES


def test_the_document_tells_its_title_its_language_and_its_pages(pages: list[Page]) -> None:
    reader = PdfReader(io.BytesIO(carousel_pdf(pages, title="Die Schlange lügt", language="de")))
    root = reader.root_object
    assert str(root["/Lang"]) == "de"
    assert reader.metadata is not None
    assert reader.metadata.title == "Die Schlange lügt"
    marks = [mark for mark in reader.outline if not isinstance(mark, list)]
    assert [reader.get_destination_page_number(mark) for mark in marks] == list(range(11))


def test_the_same_pages_give_the_same_bytes(pages: list[Page]) -> None:
    assert carousel_pdf(pages, title="Deck", language="en") == carousel_pdf(pages, title="Deck", language="en")


def test_emoji_leave_no_debris_in_the_text_layer(pages: list[Page]) -> None:
    pdf = carousel_pdf([Page(pages[0].jpeg, "Ship it 🚀 today")], title="Deck", language="en")
    assert PdfReader(io.BytesIO(pdf)).pages[0].extract_text() == "Ship it today"


def test_a_page_without_text_is_no_fault(pages: list[Page]) -> None:
    pdf = carousel_pdf([Page(pages[0].jpeg, "")], title="Deck", language="en")
    assert PdfReader(io.BytesIO(pdf)).pages[0].extract_text() == ""


def test_pages_of_different_sizes_are_refused(pages: list[Page]) -> None:
    out = io.BytesIO()
    Image.new("RGB", (100, 100)).save(out, "JPEG")
    with pytest.raises(ValueError, match="page 2 is"):
        carousel_pdf([pages[0], Page(out.getvalue(), "")], title="Deck", language="en")


def test_a_carousel_without_pages_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one page"):
        carousel_pdf([], title="Deck", language="en")
