"""The typefaces: found in the installed font packages, opened when first needed, kept.

A face is what layouts ask for (display, text, ...); a pairing says which font draws it; what that font lacks is drawn
by the fonts behind it, see `fontstack`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path

from fontTools.ttLib import TTFont  # type: ignore[import-untyped]  # fontTools ships no types
from PIL import ImageFont, features

from app.domain.errors import SetupError
from app.domain.themes import Pairing
from workers.images.compositor.graphemes import REPLACEMENT, clean, is_ignorable


class Face(StrEnum):
    """A typeface as the layouts know it."""

    DISPLAY = "display"  # headlines
    QUOTE = "quote"  # quotations
    TEXT = "text"  # body
    STRONG = "strong"  # small labels


@dataclass(frozen=True, slots=True)
class Typeface:
    """One font of one file, at one weight."""

    package: str
    """Python package that holds the file; "" when `name` is the path of a file of the system."""
    name: str
    """Path inside the package."""
    axes: tuple[int, ...] = ()
    """Value of each axis, in the order of the file; empty for a font that does not vary."""
    index: int = 0
    """Place in a collection (.ttc)."""
    scale: float = 1.0
    """Size relative to the text's, so that scripts look equally large side by side."""

    @property
    def least_leading(self) -> float:
        """Least distance of baselines, as a share of the size, that its script is read well with; 0 for European ones."""
        if self.package == "manimgx_fonts_cjk":
            return 1.16
        is_european = self.package != "manimgx_fonts" or self.name == "NotoSans[wght].ttf" or self.is_pictures
        return 0.0 if is_european else 1.24

    @property
    def is_pictures(self) -> bool:
        """Whether it draws emoji, in the text's colour."""
        return self.name.startswith("NotoEmoji")

    @property
    def path(self) -> Path:
        """Where the file is. Raises SetupError when its package is not installed."""
        return _path(self.package, self.name)


# Fraunces has optical size, weight, softness, wonkiness; Inter optical size and weight; Archivo weight and width;
# Space Grotesk weight. Fraunces at its full optical size has hairlines that vanish in a thumbnail, so headlines
# stay below it.
_FRAUNCES = "files/Fraunces[SOFT,WONK,opsz,wght].ttf"
_INTER = "files/Inter[opsz,wght].ttf"
_ARCHIVO = "files/Archivo[wdth,wght].ttf"
_GROTESK = "files/SpaceGrotesk[wght].ttf"
_TEXT = {
    Face.TEXT: Typeface("fontpkg_inter", _INTER, (24, 430)),
    Face.STRONG: Typeface("fontpkg_inter", _INTER, (28, 640)),
}
_PAIRINGS: dict[Pairing, dict[Face, Typeface]] = {
    Pairing.EDITORIAL: {
        Face.DISPLAY: Typeface("fontpkg_fraunces", _FRAUNCES, (72, 620, 0, 0)),
        Face.QUOTE: Typeface("fontpkg_fraunces", _FRAUNCES.replace("Fraunces[", "Fraunces-Italic["), (72, 480, 0, 0)),
        **_TEXT,
    },
    Pairing.MODERN: {
        Face.DISPLAY: Typeface("fontpkg_space_grotesk", _GROTESK, (660,)),
        Face.QUOTE: Typeface("fontpkg_space_grotesk", _GROTESK, (500,)),
        **_TEXT,
    },
    Pairing.BOLD: {
        Face.DISPLAY: Typeface("fontpkg_archivo", _ARCHIVO, (800, 92)),
        Face.QUOTE: Typeface("fontpkg_archivo", _ARCHIVO, (600, 96)),
        **_TEXT,
    },
}
_THOUSAND = 1000  # px; widths and ink are measured at this size and scaled, which is exact: nothing is hinted


def weight(face: Face, fonts: Pairing = Pairing.EDITORIAL) -> int:
    """Return the weight (100..900) of the fonts that stand in for a face in other scripts."""
    if face is Face.DISPLAY:
        return 780 if fonts is Pairing.BOLD else 660
    return {Face.QUOTE: 500, Face.TEXT: 430, Face.STRONG: 640}[face]


def typeface(face: Face, fonts: Pairing = Pairing.EDITORIAL) -> Typeface:
    """Return the font that draws a face of a pairing, in the scripts that it has."""
    return _PAIRINGS[fonts][face]


def font(face: Face, size_px: int, fonts: Pairing = Pairing.EDITORIAL) -> ImageFont.FreeTypeFont:
    """Return a face at a size, with its axes set."""
    return opened(typeface(face, fonts), size_px)


@lru_cache(maxsize=96)  # half a MB to two each
def opened(face: Typeface, size_px: float) -> ImageFont.FreeTypeFont:
    """Return a typeface at a size; its own scale is not applied. Raises SetupError when it is missing or not a font."""
    require_shaping()
    try:
        made = ImageFont.truetype(face.path, size_px, face.index, layout_engine=ImageFont.Layout.RAQM)
    except OSError as exc:
        raise SetupError(f"the font {face.name} cannot be read: {exc}; {_remedy(face.package)}") from exc
    if face.axes:
        made.set_variation_by_axes(list(face.axes))
    return made


def at_thousand(face: Typeface) -> ImageFont.FreeTypeFont:
    """Return a typeface at 1000 px, the size to measure at."""
    return opened(face, _THOUSAND)


@cache
def require_shaping() -> None:
    """Raise SetupError unless Pillow can shape text: without raqm, Arabic comes out unjoined and reversed."""
    if not features.check("raqm"):
        raise SetupError(
            "Pillow has no raqm layout engine, so text cannot be shaped; install FriBiDi, which its wheel leaves to the "
            "system: apt-get install libfribidi0 (Debian, Ubuntu), brew install fribidi (macOS)"
        )


def characters(face: Face | Typeface, fonts: Pairing = Pairing.EDITORIAL) -> frozenset[int]:
    """Return the code points that a font has glyphs for; of a face, those of its own font without any behind it.

    U+FFFD is never among them: it stands where a letter was lost, however well it is drawn.
    """
    one = typeface(face, fonts) if isinstance(face, Face) else face
    return _characters(one.package, one.name, one.index)


@cache
def _characters(package: str, name: str, index: int) -> frozenset[int]:
    with TTFont(_path(package, name), fontNumber=index, lazy=True) as table:
        return frozenset(table.getBestCmap() or ()) - {ord(REPLACEMENT)}


@cache
def _path(package: str, name: str) -> Path:
    if not package:
        return Path(name)
    try:
        path = Path(str(files(package))) / name
    except ModuleNotFoundError as exc:
        raise SetupError(f"the font {name} is missing; {_remedy(package)}") from exc
    if not path.is_file():
        raise SetupError(f"the font {name} is missing; {_remedy(package)}")
    return path


def _remedy(package: str) -> str:
    project = package.replace("_", "-")
    return f"install {project} (pip install {project})" if project else "install it anew, or remove it"


def missing(text: str, face: Face, fonts: Pairing = Pairing.EDITORIAL) -> list[str]:
    """Return the characters of `text`, each time it occurs, that the face's own font has no glyph for."""
    known = characters(face, fonts)
    return [c for c in clean(text) if ord(c) not in known and not c.isspace() and not is_ignorable(c)]
