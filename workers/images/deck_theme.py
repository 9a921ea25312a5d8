"""The theme of a PowerPoint file: a look's colours and typefaces where PowerPoint keeps them."""

from __future__ import annotations

from typing import Any

from pptx.opc.constants import RELATIONSHIP_TYPE
from pptx.opc.oxml import serialize_part_xml
from pptx.oxml import parse_xml
from pptx.oxml.ns import qn
from pptx.presentation import Presentation

from app.domain.inks import tokens
from app.domain.themes import Pairing, Theme

TYPEFACES = {
    Pairing.EDITORIAL: ("Fraunces", "Inter"),
    Pairing.MODERN: ("Space Grotesk", "Inter"),
    Pairing.BOLD: ("Archivo", "Inter"),
}
"""Of titles and of text, as the fonts call themselves; who has them not installed sees another one."""
COMPLEX = {
    "ur": "Noto Nastaliq Urdu", "ks": "Noto Nastaliq Urdu", "ar": "Noto Naskh Arabic", "fa": "Noto Naskh Arabic",
    "ps": "Noto Naskh Arabic", "sd": "Noto Naskh Arabic", "ug": "Noto Naskh Arabic", "he": "Noto Sans Hebrew",
    "yi": "Noto Sans Hebrew", "hi": "Noto Sans Devanagari", "mr": "Noto Sans Devanagari", "ne": "Noto Sans Devanagari",
    "bn": "Noto Sans Bengali", "gu": "Noto Sans Gujarati", "ta": "Noto Sans Tamil", "te": "Noto Sans Telugu",
    "kn": "Noto Sans Kannada", "ml": "Noto Sans Malayalam", "si": "Noto Sans Sinhala", "th": "Noto Sans Thai",
    "lo": "Noto Sans Lao", "km": "Noto Sans Khmer", "my": "Noto Sans Myanmar",
}  # fmt: skip
EAST_ASIAN = {"ja": "Noto Sans CJK JP", "ko": "Noto Sans CJK KR", "zh": "Noto Sans CJK SC", "yue": "Noto Sans CJK HK"}


def set_theme(presentation: Presentation, look: Theme, language: str) -> None:
    """Give the file's theme the colours and typefaces of `look`, and the typeface of the language's script."""
    part = presentation.slide_master.part.part_related_by(RELATIONSHIP_TYPE.THEME)
    root: Any = parse_xml(part.blob)
    colours = tokens(look)
    told = {
        "dk1": colours.background.text.colour,  # what PowerPoint calls dark is its text, whatever its lightness
        "lt1": colours.background.ground,
        "dk2": colours.surface.text.colour,
        "lt2": colours.surface.ground,
        "accent1": colours.accent.ground,
        "accent2": colours.background.mark.colour,
        "accent3": colours.surface.mark.colour,
        "accent4": colours.background.muted.colour,
        "accent5": colours.surface.muted.colour,
        "accent6": colours.accent.text.colour,
        "hlink": colours.background.mark.colour,
        "folHlink": colours.background.muted.colour,
    }
    for name, colour in told.items():
        place = _one(root, name)
        place.clear()
        place.append(place.makeelement(qn("a:srgbClr"), {"val": colour[1:].upper()}))
    tag = language.partition("-")[0]
    for kind, typeface in zip(("majorFont", "minorFont"), TYPEFACES[look.fonts], strict=True):
        fonts = _one(root, kind)
        for script, name in (("latin", typeface), ("ea", EAST_ASIAN.get(tag, "")), ("cs", COMPLEX.get(tag, ""))):
            one = _one(fonts, script)
            one.attrib.clear()
            one.set("typeface", name)
    part._blob = serialize_part_xml(root)  # noqa: SLF001 - python-pptx reads no themes


def scale_masters(presentation: Presentation, across: float, down: float) -> None:
    """Bring the places in master and layouts, which are of a 4:3 page, to the size of the slides."""
    for holder in (presentation.slide_master, *presentation.slide_layouts):
        for shape in holder.shapes:
            if shape._element.spPr.xfrm is not None:  # noqa: SLF001 - what it inherits is scaled where it is said
                shape.left, shape.width = round(shape.left * across), round(shape.width * across)
                shape.top, shape.height = round(shape.top * down), round(shape.height * down)


def _one(root: Any, name: str) -> Any:
    found = next(root.iter(qn(f"a:{name}")), None)
    assert found is not None, f"python-pptx's template has a theme with {name}"
    return found
