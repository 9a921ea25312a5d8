"""A carousel as one PDF: the composed slides as they are, and over each its words as invisible text, tagged for readers."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from workers.images.pdf_file import PdfFile, Ref, array, at, text
from workers.images.pdf_text import TextLayer
from workers.images.plain import plain, plain_lines

POINTS_PER_PX = 0.5  # 1080x1350 px becomes 540x675 pt, so that the slides' 28 px floor is 14 pt (LinkedIn asks for 11)
MAX_BYTES = 10_000_000  # LinkedIn takes 100 MB; over 10 MB uploads get slow (output-spec, section 3)
MAX_PAGES = 300  # LinkedIn's (output-spec, section 3)
QUALITY = 90  # of slides that are no JPEG
SMALLER = (82, 72, 60, 45)  # JPEG qualities that are tried in turn while the file is too large
TEXT_BYTES = 4_000  # more than a page takes beside its picture
FULL_COLOUR = 80  # from this quality on every pixel keeps its own colour
MAX_MARK = 120  # characters of a bookmark


@dataclass(frozen=True, slots=True)
class Page:
    """One page."""

    picture: bytes
    """The slide, in any format that Pillow reads. A JPEG goes into the file byte for byte."""
    text: str
    """Its words in reading order, a line a thought; the first line is its heading and names the bookmark."""


def carousel_pdf(pages: Sequence[Page], *, title: str, language: str) -> bytes:
    """Return the PDF of `pages`; the same pages give the same bytes. language: BCP 47, as in "en".

    1. Every page has the size of the first slide: viewers show a document of mixed sizes badly, so others are refused.
    2. Each JPEG is placed as it is, never encoded again, unless the file would pass MAX_BYTES.
    3. Its text is written invisibly, one line of the text as one line of the page, so that it is read out unbroken.
    4. The structure names each page's heading and paragraphs in order, and the picture as decoration.
    5. Each page gets a bookmark; the document its title and language.
    Raises: ValueError without pages, with more than LinkedIn takes, or when they differ in size.
    """
    if not 0 < len(pages) <= MAX_PAGES:
        raise ValueError(f"a carousel needs at least one page and at most {MAX_PAGES}, not {len(pages)}")
    width, height = size = _size_px(pages[0].picture)
    for number, page in enumerate(pages, start=1):
        if _size_px(page.picture) != size:
            raise ValueError(f"page {number} is {_size_px(page.picture)} px, page 1 is {size}; all pages need one size")
    document = _Document(PdfFile(), width * POINTS_PER_PX, height * POINTS_PER_PX, language)
    for jpeg, page in zip(_small_enough([page.picture for page in pages]), pages, strict=True):
        document.page(jpeg, size, plain_lines(page.text))
    return document.finished(title)


def _size_px(picture: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(picture)) as image:
        return image.size


def _small_enough(pictures: list[bytes]) -> list[bytes]:
    """Return the pictures as JPEGs that fit into the file together, as they are if they do; else as small as tried."""
    jpegs = [picture if _is_plain_jpeg(picture) else _encoded(picture, QUALITY) for picture in pictures]
    for quality in SMALLER:
        if sum(map(len, jpegs)) + TEXT_BYTES * len(jpegs) < MAX_BYTES:
            break
        jpegs = [_encoded(picture, quality) for picture in pictures]
    return jpegs


def _is_plain_jpeg(picture: bytes) -> bool:
    with Image.open(io.BytesIO(picture)) as image:
        return image.format == "JPEG" and image.mode == "RGB"


def _encoded(picture: bytes, quality: int) -> bytes:
    out = io.BytesIO()
    with Image.open(io.BytesIO(picture)) as image:
        kept = {"xmp": image.info["xmp"]} if "xmp" in image.info else {}  # where it comes from
        subsampling = 0 if quality >= FULL_COLOUR else 2
        image.convert("RGB").save(out, "JPEG", quality=quality, subsampling=subsampling, **kept)
    return out.getvalue()


class _Document:
    """The parts of a tagged PDF that name each other."""

    def __init__(self, file: PdfFile, width_pt: float, height_pt: float, language: str) -> None:
        self._file, self._width, self._height, self._language = file, width_pt, height_pt, language
        self._layer = TextLayer()
        self._pages: list[Ref] = []
        self._marks: list[str] = []
        self._sections: list[Ref] = []
        self._parents: list[list[Ref]] = []
        self._tree, self._font, self._whole = file.reserve(), file.reserve(), file.reserve()

    def page(self, jpeg: bytes, size_px: tuple[int, int], lines: list[str]) -> None:
        """Add a page; the first of `lines` is its heading."""
        file, number = self._file, len(self._pages)
        picture = file.stream(
            f"/Type /XObject /Subtype /Image /Width {size_px[0]} /Height {size_px[1]} /ColorSpace /DeviceRGB"
            " /BitsPerComponent 8 /Filter /DCTDecode",
            jpeg,
        )
        tags = ["H1" if number == 0 else "H2", *["P"] * (len(lines) - 1)][: len(lines)]
        shown = f"/Artifact BMC q {self._width:g} 0 0 {self._height:g} 0 0 cm /I0 Do Q EMC\n"
        shown += self._layer.page(lines, self._width, self._height, self._language, tags)
        content, page = file.stream("", shown.encode("ascii")), file.reserve()
        file.fill(
            page,
            f"<< /Type /Page /Parent {at(self._tree)} /MediaBox [0 0 {self._width:g} {self._height:g}]"
            f" /Contents {at(content)} /StructParents {number} /Tabs /S"
            f" /Resources << /Font << /F0 {at(self._font)} >> /XObject << /I0 {at(picture)} >> >> >>",
        )
        self._tag(page, lines, tags)
        self._pages.append(page)
        self._marks.append(f"{number + 1}. {lines[0] if lines else ''}"[:MAX_MARK].strip())

    def _tag(self, page: Ref, lines: list[str], tags: list[str]) -> None:
        """Add what the structure says of a page: a section with its heading and paragraphs."""
        section = self._file.reserve()
        parts = [
            self._file.add(
                f"<< /Type /StructElem /S /{tag} /P {at(section)} /Pg {at(page)} /K {number} /ActualText {text(line)} >>"
            )
            for number, (tag, line) in enumerate(zip(tags, lines, strict=True))
        ]
        self._file.fill(section, f"<< /Type /StructElem /S /Sect /P {at(self._whole)} /K {array(parts)} >>")
        self._sections.append(section)
        self._parents.append(parts)

    def finished(self, title: str) -> bytes:
        """Return the file."""
        file = self._file
        file.fill(self._tree, f"<< /Type /Pages /Kids {array(self._pages)} /Count {len(self._pages)} >>")
        self._layer.fill_font(self._font, file)
        root = file.add(
            f"<< /Type /Catalog /Pages {at(self._tree)} /Lang {text(self._language)} /Outlines {at(self._outline())}"
            f" /MarkInfo << /Marked true >> /StructTreeRoot {at(self._structure())}"
            " /ViewerPreferences << /DisplayDocTitle true >> >>"
        )
        info = file.add(f"<< /Title {text(plain(title))} /Creator (Pressroom) /Producer (Pressroom) >>")
        return file.finished(root=root, info=info)

    def _structure(self) -> Ref:
        file, tree = self._file, self._file.reserve()
        numbered = " ".join(f"{number} {array(parts)}" for number, parts in enumerate(self._parents))
        parents = file.add(f"<< /Nums [{numbered}] >>")
        file.fill(self._whole, f"<< /Type /StructElem /S /Document /P {at(tree)} /K {array(self._sections)} >>")
        return file.fill(
            tree,
            f"<< /Type /StructTreeRoot /K {at(self._whole)} /ParentTree {at(parents)}"
            f" /ParentTreeNextKey {len(self._parents)} >>",
        )

    def _outline(self) -> Ref:
        """Add a bookmark for each page."""
        file, outline = self._file, self._file.reserve()
        marks = [file.reserve() for _ in self._marks]
        for number, (mark, told) in enumerate(zip(marks, self._marks, strict=True)):
            before = f" /Prev {at(marks[number - 1])}" if number else ""
            after = f" /Next {at(marks[number + 1])}" if number + 1 < len(marks) else ""
            place = f" /Dest [{at(self._pages[number])} /Fit]"
            file.fill(mark, f"<< /Title {text(told)} /Parent {at(outline)}{before}{after}{place} >>")
        return file.fill(
            outline, f"<< /Type /Outlines /First {at(marks[0])} /Last {at(marks[-1])} /Count {len(marks)} >>"
        )
