"""The typefaces: found in the installed font packages, opened when first needed, kept."""

from __future__ import annotations

import unicodedata
from enum import StrEnum
from functools import cache, lru_cache
from importlib.resources import files

from PIL import ImageFont, features

from app.domain.errors import SetupError
from workers.images.compositor.cmap import covered


class Face(StrEnum):
    """A typeface as the layouts know it."""

    DISPLAY = "display"  # headlines
    QUOTE = "quote"  # quotations
    TEXT = "text"  # body
    STRONG = "strong"  # small labels, and headlines in scripts that the display face lacks


# Package, file, and the value of each axis in the order of the file: Fraunces has optical size, weight, softness,
# wonkiness; Inter has optical size, weight. Fraunces at its full optical size has hairlines that vanish in a
# thumbnail, so headlines stay below it.
_FILES: dict[Face, tuple[str, str, tuple[int, ...]]] = {
    Face.DISPLAY: ("fontpkg_fraunces", "Fraunces[SOFT,WONK,opsz,wght].ttf", (72, 620, 0, 0)),
    Face.QUOTE: ("fontpkg_fraunces", "Fraunces-Italic[SOFT,WONK,opsz,wght].ttf", (72, 480, 0, 0)),
    Face.TEXT: ("fontpkg_inter", "Inter[opsz,wght].ttf", (24, 430)),
    Face.STRONG: ("fontpkg_inter", "Inter[opsz,wght].ttf", (28, 640)),
}
_INVISIBLE = frozenset({0x200B, 0x200C, 0x200D, 0x2060, 0xFE0E, 0xFE0F, 0xFEFF, 0x2028, 0x2029})
_SKIN_TONES = range(0x1F3FB, 0x1F400)


def font_bytes(face: Face) -> bytes:
    """Return the font file of a face. Raises SetupError when its package is not installed."""
    package, name, _axes = _FILES[face]
    try:
        return (files(package) / "files" / name).read_bytes()
    except (ModuleNotFoundError, FileNotFoundError) as exc:
        project = package.replace("_", "-")
        raise SetupError(f"the font {name} is missing; install {project} (pip install {project})") from exc


@lru_cache(maxsize=64)
def font(face: Face, size_px: int) -> ImageFont.FreeTypeFont:
    """Return a face at a size, with its axes set."""
    require_shaping()
    package, name, axes = _FILES[face]
    try:
        opened = ImageFont.truetype(str(files(package) / "files" / name), size_px, layout_engine=ImageFont.Layout.RAQM)
    except (ModuleNotFoundError, OSError) as exc:
        project = package.replace("_", "-")
        raise SetupError(f"the font {name} cannot be read; install {project} (pip install {project})") from exc
    opened.set_variation_by_axes(list(axes))
    return opened


@cache
def require_shaping() -> None:
    """Raise SetupError unless Pillow can shape text: without raqm, Arabic comes out unjoined and reversed."""
    if not features.check("raqm"):
        raise SetupError(
            "Pillow has no raqm layout engine, so text cannot be shaped; install Pillow's official wheel "
            "(pip install --force-reinstall pillow), which brings it"
        )


@cache
def characters(face: Face) -> frozenset[int]:
    """Return the code points that a face can draw."""
    same_file = Face.TEXT if face is Face.STRONG else face
    return covered(font_bytes(face)) if same_file is face else characters(same_file)


def missing(text: str, face: Face) -> list[str]:
    """Return the characters of `text`, each time it occurs, that `face` has no glyph for."""
    known = characters(face)
    return [
        character
        for character in text
        if ord(character) not in known and not character.isspace() and ord(character) not in _INVISIBLE
    ]


def face_for(text: str, wanted: Face) -> Face:
    """Return `wanted`, or the Inter face that stands in where Inter can draw more of the text (Greek, Cyrillic)."""
    if wanted in (Face.TEXT, Face.STRONG):
        return wanted
    lacking = missing(text, wanted)
    return Face.STRONG if lacking and len(missing(text, Face.STRONG)) < len(lacking) else wanted


def drawable(text: str, face: Face) -> str:
    """Return `text` without the pictographs that `face` lacks: better no emoji than an empty box."""
    lacking = {character for character in missing(text, face) if _is_pictograph(character)}
    if not lacking:
        return text
    kept = "".join(c for c in text if c not in lacking and ord(c) not in _INVISIBLE)
    return "\n".join(" ".join(line.split()) for line in kept.split("\n"))


def _is_pictograph(character: str) -> bool:
    return unicodedata.category(character) in ("So", "Cn") or ord(character) in _SKIN_TONES
