from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pypdf import PdfReader

from workers.images import pdf as pdf_module
from workers.images.compositor import Slide, compose
from workers.images.pdf import MAX_BYTES, MAX_PAGES, Page, carousel_pdf

TEXTS = [
    f"Slide {number}: “quoted” – Größe, Очередь\nA body that is much longer than the page is wide, because it has "
    "some thirty words in it, and it is nevertheless read out unbroken as one sentence.\n@pressroom"
    for number in range(1, 12)
]
SCRIPTS = {
    "ur": "AI سے PKR 10,000 بچائیں\nکامیابی کا راز و محنت، روزانہ! اور (AI) بھی۔",
    "ar": "الطابور يكذب عليك\nلا تدفع مرتين: 50% من المهام تفشل.",
    "he": "התור שלך משקר\nשלום world 123 עולם ו",
    "hi": "यह एक परीक्षण है\nक्षमता और श्रद्धा: ₹10,000 की बचत।",
    "zh": "你的队列在说谎\n别再相信它——用 AI 检查。",
    "ja": "キューは嘘をつく\n失敗は記録する。",
    "ko": "대기열이 거짓말을 합니다\n기록하세요.",
    "th": "คิวของคุณโกหก\nจดบันทึกทุกครั้ง",
    "en": "Ship it 🚀 today\nTwo 👩‍💻 people, and one word سلام in Urdu.",
}


@pytest.fixture(scope="module")
def pages() -> list[Page]:
    return [
        Page(compose(Slide("content", index, 11, f"Number {index}", seed=index), None).data, text)
        for index, text in enumerate(TEXTS)
    ]


def read(data: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(data), strict=True)


def picture(width: int = 200, height: int = 250, kind: str = "JPEG", **options: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "navy").save(out, kind, **options)
    return out.getvalue()


def test_each_slide_is_one_page_of_one_size(pages: list[Page]) -> None:
    reader = read(carousel_pdf(pages, title="Deck", language="en"))
    assert len(reader.pages) == 11
    assert {(float(page.mediabox.width), float(page.mediabox.height)) for page in reader.pages} == {(540.0, 675.0)}


def test_the_text_layer_reads_as_the_slides_do(pages: list[Page]) -> None:
    reader = read(carousel_pdf(pages, title="Deck", language="en"))
    assert [page.extract_text() for page in reader.pages] == TEXTS


@pytest.mark.parametrize("language", SCRIPTS)
def test_words_of_any_script_are_read_in_the_order_in_which_they_are_spoken(language: str) -> None:
    reader = read(carousel_pdf([Page(picture(), SCRIPTS[language])], title="Deck", language=language))
    assert reader.pages[0].extract_text() == SCRIPTS[language]


def test_one_page_may_hold_what_another_one_is_not_written_in() -> None:
    pages = [Page(picture(), text) for text in SCRIPTS.values()]
    reader = read(carousel_pdf(pages, title="Deck", language="en"))
    assert [page.extract_text() for page in reader.pages] == [*SCRIPTS.values()]


def structure(node: Any) -> Any:
    """Return the tags of a document's structure, with the words of those that have some."""
    kids = node["/K"]
    parts = [kid.get_object() for kid in kids] if isinstance(kids, list) else [kids.get_object()]
    if "/ActualText" in node:
        return str(node["/S"]), str(node["/ActualText"])
    return [structure(part) for part in parts if not isinstance(part, int)]


def test_the_structure_names_headings_and_paragraphs_in_reading_order() -> None:
    pages = [Page(picture(), SCRIPTS["ur"]), Page(picture(), "Second\nBody")]
    root = read(carousel_pdf(pages, title="Deck", language="ur")).root_object
    heading, body = SCRIPTS["ur"].splitlines()
    told = structure(root["/StructTreeRoot"].get_object())  # type: ignore[no-untyped-call]
    assert told == [[[("/H1", heading), ("/P", body)], [("/H2", "Second"), ("/P", "Body")]]]
    assert root["/MarkInfo"]["/Marked"].value is True  # type: ignore[index]


def test_the_slides_are_embedded_byte_for_byte(pages: list[Page]) -> None:
    data = carousel_pdf(pages, title="Deck", language="en")
    assert all(page.picture in data for page in pages)
    assert len(data) < MAX_BYTES


def test_nothing_but_the_slides_takes_room(pages: list[Page]) -> None:
    data = carousel_pdf(pages, title="Deck", language="en")
    assert len(data) - sum(len(page.picture) for page in pages) < 4_000 * len(pages)


def test_the_document_tells_its_title_its_language_and_its_pages(pages: list[Page]) -> None:
    reader = read(carousel_pdf(pages, title="Die Schlange lügt", language="de"))
    assert str(reader.root_object["/Lang"]) == "de"
    assert reader.metadata is not None
    assert reader.metadata.title == "Die Schlange lügt"
    marks = [mark for mark in reader.outline if not isinstance(mark, list)]
    assert [reader.get_destination_page_number(mark) for mark in marks] == list(range(11))
    assert marks[0].title == "1. Slide 1: “quoted” – Größe, Очередь"


def test_the_same_pages_give_the_same_bytes(pages: list[Page]) -> None:
    assert carousel_pdf(pages, title="Deck", language="en") == carousel_pdf(pages, title="Deck", language="en")


def test_a_png_slide_becomes_a_jpeg_that_still_says_where_it_comes_from() -> None:
    slide = compose(Slide("content", 0, 2, "Number", file_type="png"), None).data
    data = carousel_pdf([Page(slide, "Number")], title="Deck", language="en")
    (image,) = read(data).pages[0].images
    assert Image.open(io.BytesIO(image.data)).format == "JPEG"
    assert b"digitalsourcetype" in data


def test_slides_that_are_too_large_together_are_encoded_smaller_until_they_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (250, 200, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(noise, "RGB").save(out, "JPEG", quality=100, subsampling=0)
    pages = [Page(out.getvalue(), "Noise")] * 4
    monkeypatch.setattr(pdf_module, "MAX_BYTES", 200_000)
    data = carousel_pdf(pages, title="Deck", language="en")
    assert len(data) <= 200_000 < 4 * len(out.getvalue())
    assert [page.extract_text() for page in read(data).pages] == ["Noise"] * 4


@pytest.mark.parametrize("debris", ["\x00", "\x0b", "\ud800", "\ufffe", "\U0001ffff", "\x1b[31m"])
def test_what_no_text_may_hold_is_left_out(debris: str) -> None:
    data = carousel_pdf([Page(picture(), f"One{debris}")], title=f"Deck{debris}", language="en")
    assert read(data).pages[0].extract_text().startswith("One")


def test_a_page_without_text_is_no_fault() -> None:
    data = carousel_pdf([Page(picture(), "")], title="Deck", language="en")
    assert read(data).pages[0].extract_text() == ""


def test_pages_of_different_sizes_are_refused(pages: list[Page]) -> None:
    with pytest.raises(ValueError, match="page 2 is"):
        carousel_pdf([pages[0], Page(picture(100, 100), "")], title="Deck", language="en")


@pytest.mark.parametrize("count", [0, MAX_PAGES + 1])
def test_a_carousel_has_as_many_pages_as_linkedin_takes(count: int) -> None:
    with pytest.raises(ValueError, match="at least one page"):
        carousel_pdf([Page(picture(), "")] * count, title="Deck", language="en")
