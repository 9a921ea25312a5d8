"""A carousel as one PDF: the composed slides as they are, and their words as an invisible layer over them."""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import Image
from reportlab.pdfbase import pdfdoc, pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from workers.images.compositor.fonts import Face, drawable, font_bytes

POINTS_PER_PX = 0.5  # 1080x1350 px becomes 540x675 pt, so that the slides' 28 px floor is 14 pt (LinkedIn asks for 11)
MAX_BYTES = 10_000_000  # LinkedIn takes 100 MB; over 10 MB uploads get slow (output-spec, section 3)
_FONT = "PressroomText"
_FONT_PT = 12
_INVISIBLE = 3  # text render mode (ISO 32000-1, 9.3.6)


@dataclass(frozen=True, slots=True)
class Page:
    """One page."""

    jpeg: bytes
    """The slide; goes into the file byte for byte."""
    text: str
    """Its words in reading order, a line a thought; the first line names the bookmark."""


def carousel_pdf(pages: list[Page], *, title: str, language: str) -> bytes:
    """Return the PDF of `pages`; the same pages give the same bytes. language: BCP 47, as in "en".

    1. Every page has the size of the first slide: viewers show a document of mixed sizes badly, so others are refused.
    2. Each JPEG is placed as it is, never encoded again.
    3. Its text is written invisibly, one line of the text as one line of the page, so that it is read out unbroken.
    4. Each page gets a bookmark; the document its title and language.
    Raises: ValueError without pages, or when they differ in size.
    """
    if not pages:
        raise ValueError("a carousel needs at least one page")
    size = _size_px(pages[0].jpeg)
    out = io.BytesIO()
    canvas = Canvas(
        out,
        pagesize=(size[0] * POINTS_PER_PX, size[1] * POINTS_PER_PX),
        invariant=1,
        pageCompression=1,
        lang=language,
        pdfVersion=(1, 7),
    )
    _describe(canvas, title)
    for number, page in enumerate(pages, start=1):
        if _size_px(page.jpeg) != size:
            raise ValueError(f"page {number} is {_size_px(page.jpeg)} px, page 1 is {size}; all pages need one size")
        _picture(canvas, page.jpeg, number)
        _text(canvas, page.text)
        _bookmark(canvas, page.text, number)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _size_px(jpeg: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(jpeg)) as image:
        return image.size


def _describe(canvas: Canvas, title: str) -> None:
    canvas.setTitle(title)
    canvas.setCreator("Pressroom")
    canvas.setAuthor("")
    canvas.setSubject("")
    canvas.setViewerPreference("DisplayDocTitle", "true")
    font = TTFont(_FONT, io.BytesIO(font_bytes(Face.TEXT)))
    pdfmetrics.registerFont(font)


def _picture(canvas: Canvas, jpeg: bytes, number: int) -> None:
    """Fill the page with the slide's JPEG as it is.

    reportlab's own `drawImage` would decode it to give it a name, and store it as text, a quarter larger.
    """
    name = f"slide-{number}"
    stream = pdfdoc.PDFImageXObject(name)
    stream.width, stream.height = _size_px(jpeg)
    stream.bitsPerComponent, stream.colorSpace = 8, "DeviceRGB"
    stream.streamContent, stream._filters = jpeg, ("DCTDecode",)  # noqa: SLF001
    document = canvas._doc  # noqa: SLF001 - reportlab has no public way to place a ready stream
    document.Reference(stream, document.getXObjectName(name))
    document.addForm(name, stream)
    width, height = canvas._pagesize  # noqa: SLF001
    canvas.saveState()
    canvas.scale(width, height)
    canvas.doForm(name)
    canvas.restoreState()


def _text(canvas: Canvas, text: str) -> None:
    """Write each line of `text` invisibly from the top down, squeezed to the page's width if it is longer."""
    width, height = canvas._pagesize  # noqa: SLF001
    margin, leading = 40.0, _FONT_PT * 1.6
    layer = canvas.beginText(margin, height - margin - _FONT_PT)
    layer.setTextRenderMode(_INVISIBLE)
    layer.setFont(_FONT, _FONT_PT, leading)
    lines = [drawable(line, Face.TEXT) for line in text.splitlines()]
    for place, line in enumerate(lines, start=1):
        length = pdfmetrics.stringWidth(line, _FONT, _FONT_PT)
        layer.setHorizScale(min(100.0, 100.0 * (width - 2 * margin) / length) if length else 100.0)
        layer.textLine(line) if place < len(lines) else layer.textOut(line)
    canvas.drawText(layer)


def _bookmark(canvas: Canvas, text: str, number: int) -> None:
    key = f"page-{number}"
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    canvas.bookmarkPage(key)
    canvas.addOutlineEntry(f"{number}. {first}"[:120].strip(), key, level=0)
