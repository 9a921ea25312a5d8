"""The invisible text of a PDF's pages, in any script and without any font: what search, copying and screen readers find.

Every character is shown with one glyph that paints nothing, and a table (ToUnicode) says which character was meant; so does Tesseract
for scanned books. A word that runs from right to left is one glyph that means the whole word: readers disagree on
whether single letters are stored as they are read or as they stand, but not on what one glyph means.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from functools import cache

from workers.images.compositor.direction import has_rtl, is_rtl
from workers.images.pdf_file import PdfFile, Ref, at

SIZE_PT = 12.0
LEADING_PT = 19.0
GLYPH_EM = 0.5  # width of a character
MARGIN_PT = 40.0
INVISIBLE = 3  # text render mode (9.3.6)
MAX_BLOCK = 100  # entries that a block of a ToUnicode table may have (Adobe Technical Note 5411)
WORD = re.compile(r"\S+\s*|\s+")
NAME = "GlyphLess"


@dataclass(slots=True)
class TextLayer:
    """The texts of all pages of one document, and the font that they share."""

    _codes: dict[str, int] = field(default_factory=dict)
    """What each glyph means; its number is its code."""

    def page(self, lines: list[str], width_pt: float, top_pt: float, language: str, tags: list[str]) -> str:
        """Return the operators that write `lines` from the top down, each as one line under its tag of the structure.

        A line that is longer than the page is squeezed, so that it is read out unbroken.
        """
        told = []
        room, y = width_pt - 2 * MARGIN_PT, top_pt - MARGIN_PT - SIZE_PT
        for number, (line, tag) in enumerate(zip(lines, tags, strict=True)):
            squeeze = min(1.0, room / (len(line) * GLYPH_EM * SIZE_PT)) if line else 1.0
            told.append(f"/{tag} << /MCID {number} >> BDC BT {INVISIBLE} Tr /F0 {SIZE_PT:g} Tf {squeeze * 100:.4f} Tz")
            told.append(self._line(line, width_pt, y, squeeze, is_right_to_left=is_rtl(line, language)))
            told.append("ET EMC")
            y -= LEADING_PT
        return "\n".join(told)

    def _line(self, line: str, width_pt: float, y: float, squeeze: float, *, is_right_to_left: bool) -> str:
        if not is_right_to_left:
            shown = "".join(self._code(glyph) for glyph in _glyphs(line))
            return f"1 0 0 1 {MARGIN_PT:g} {y:g} Tm <{shown}> Tj"
        x, told = width_pt - MARGIN_PT, []
        for word in _words(line):
            length = len(word) * GLYPH_EM * SIZE_PT * squeeze
            # A mirrored word begins at its right and runs to the left.
            start, across = (x, -1) if has_rtl(word) else (x - length, 1)
            told.append(f"{across} 0 0 1 {start:.3f} {y:g} Tm <{self._code(word)}> Tj")
            x -= length
        return "\n".join(told)

    def _code(self, glyph: str) -> str:
        return f"{self._codes.setdefault(glyph, len(self._codes) + 1):04x}"

    def fill_font(self, font: Ref, file: PdfFile) -> None:
        """Give the reserved object `font` its content, when all pages are written."""
        widths = " ".join(f"{code} [{round(len(glyph) * GLYPH_EM * 1000)}]" for glyph, code in self._codes.items())
        data = glyphless()
        outlines = file.stream(f"/Length1 {len(data)}", data)
        described = file.add(
            f"<< /Type /FontDescriptor /FontName /{NAME} /Flags 5 /FontBBox [0 0 500 800] /ItalicAngle 0 /Ascent 800"
            f" /Descent -200 /CapHeight 800 /StemV 80 /FontFile2 {at(outlines)} >>"
        )
        glyphs = file.stream("", b"\0\1" * (len(self._codes) + 1))  # all codes show the glyph 1
        descendant = file.add(
            f"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /{NAME}"
            " /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >>"
            f" /FontDescriptor {at(described)} /DW 500 /W [{widths}] /CIDToGIDMap {at(glyphs)} >>"
        )
        meanings = file.stream("", self._meanings())
        file.fill(
            font,
            f"<< /Type /Font /Subtype /Type0 /BaseFont /{NAME} /Encoding /Identity-H"
            f" /DescendantFonts [{at(descendant)}] /ToUnicode {at(meanings)} >>",
        )

    def _meanings(self) -> bytes:
        """Return the table that says which characters each code means."""
        rows = [f"<{code:04x}> <{glyph.encode('utf-16-be').hex()}>" for glyph, code in self._codes.items()]
        blocks = [rows[n : n + MAX_BLOCK] for n in range(0, len(rows), MAX_BLOCK)]
        told = "\n".join(f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar" for block in blocks)
        return (
            "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
            "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
            "/CMapName /Adobe-Identity-UCS def /CMapType 2 def\n"
            f"1 begincodespacerange <0000> <ffff> endcodespacerange\n{told}\n"
            "endcmap CMapName currentdict /CMap defineresource pop end end"
        ).encode("ascii")


def _glyphs(line: str) -> list[str]:
    """Return what the glyphs of a line from left to right mean: characters, and whole words of other direction."""
    if not has_rtl(line):
        return list(line)
    return [glyph for word in _words(line) for glyph in ([word] if has_rtl(word) else word)]


def _words(line: str) -> list[str]:
    """Return words with the space behind them; one of a single letter goes with the word before it.

    pypdf takes a glyph that means one letter for text that stands in reverse, and one that means several as it is.
    """
    found: list[str] = []
    for word in WORD.findall(line):
        if len(word) == 1 and found:
            found[-1] += word
        else:
            found.append(word)
    return found


@cache
def glyphless() -> bytes:
    """Return a TrueType font, some 400 bytes, of the glyph for what is missing and of one that paints nothing.

    That one is a line without area, so that it still has a size: MuPDF finds no text where glyphs have none.
    """
    from fontTools.fontBuilder import FontBuilder  # type: ignore[import-untyped]  # noqa: PLC0415 - ships no types
    from fontTools.pens.ttGlyphPen import TTGlyphPen  # type: ignore[import-untyped]  # noqa: PLC0415
    from fontTools.ttLib.tables._g_l_y_f import Glyph  # type: ignore[import-untyped]  # noqa: PLC0415

    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    pen.lineTo((500, 700))
    pen.closePath()
    builder = FontBuilder(1000, isTTF=True)
    builder.font.recalcTimestamp = False
    builder.setupHead(unitsPerEm=1000, created=0, modified=0)
    builder.setupGlyphOrder([".notdef", "line"])
    builder.setupCharacterMap({})
    builder.setupGlyf({".notdef": Glyph(), "line": pen.glyph()})
    builder.setupHorizontalMetrics({".notdef": (500, 0), "line": (500, 0)})
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupPost(keepGlyphNames=False)
    out = io.BytesIO()
    builder.save(out)
    return out.getvalue()
