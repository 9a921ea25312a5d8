"""Which font draws what: behind each face stands a row of fonts, script by script."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, cached_property, lru_cache
from pathlib import Path

from fontTools.unicodedata import script  # type: ignore[import-untyped]  # fontTools ships no types

from app.domain.themes import Pairing
from workers.images.compositor.fonts import Face, Typeface, at_thousand, characters, typeface, weight
from workers.images.compositor.graphemes import (
    EMOJI_STYLE,
    TEXT_STYLE,
    ZWJ,
    clusters,
    is_emoji,
    is_ignorable,
    is_pictograph,
)

_NOTO = "manimgx_fonts"
_CJK = "NotoSansCJK-VF.otf.ttc"
_CJK_SCRIPTS = frozenset({"Hani", "Hira", "Kana", "Hang", "Bopo"})
_EUROPEAN = frozenset({"Latn", "Grek", "Cyrl"})
# Script, Noto Sans' name for it, and the scale at which its letters look as large as Inter's.
_SCRIPTS: dict[str, tuple[str, float]] = {
    "Arab": ("Arabic", 1.12),
    "Armn": ("Armenian", 1.0),
    "Beng": ("Bengali", 1.08),
    "Deva": ("Devanagari", 1.08),
    "Ethi": ("Ethiopic", 1.0),
    "Geor": ("Georgian", 1.0),
    "Gujr": ("Gujarati", 1.08),
    "Guru": ("Gurmukhi", 1.06),
    "Hebr": ("Hebrew", 1.06),
    "Khmr": ("Khmer", 1.06),
    "Knda": ("Kannada", 1.06),
    "Laoo": ("Lao", 1.06),
    "Mlym": ("Malayalam", 1.04),
    "Mymr": ("Myanmar", 1.06),
    "Orya": ("Oriya", 1.06),
    "Sinh": ("Sinhala", 1.06),
    "Taml": ("Tamil", 1.04),
    "Telu": ("Telugu", 1.06),
    "Thai": ("Thai", 1.06),
}
_IDEOGRAPHIC_MARKS, _FULL_WIDTH = range(0x3000, 0x3100), range(0xFF00, 0xFFEF)
OPTICAL = 28  # px of Inter's optical size
EMOJI_SCALE = 0.9  # pictures stand a little over the capitals, not far over
SYSTEM_FONTS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path("/Library/Fonts"))
MOST_REMEMBERED = 8192  # grapheme clusters a face; a hostile text can make any number of them
_BOLD = 600


@dataclass(frozen=True)
class FontStack:
    """A face in a language: the font of the pairing, and those that draw what it lacks."""

    face: Face
    fonts: Pairing
    language: str
    first: Typeface
    """Draws Latin letters, Greek, Cyrillic and all marks that it has."""

    @property
    def weight(self) -> int:
        """Weight (100..900) of the fonts behind the first."""
        return weight(self.face, self.fonts)

    @cached_property
    def _drawn(self) -> dict[str, Typeface | None]:
        return {}

    @cached_property
    def others(self) -> tuple[Typeface, ...]:
        """Fonts behind the first, for what belongs to no script: in the order in which they are asked."""
        inter = replace(typeface(Face.STRONG, self.fonts), axes=(OPTICAL, self.weight))
        return tuple(one for one in (inter, self._noto("")) if one.name != self.first.name)

    def covers(self, text: str) -> bool:
        """Return whether the first font alone draws all of `text`."""
        return characters(self.first).issuperset(map(ord, text))

    def draws(self, cluster: str) -> Typeface | None:
        """Return the font that draws a grapheme cluster; None when no font has all of it."""
        if len(self._drawn) > MOST_REMEMBERED:
            self._drawn.clear()
        if cluster not in self._drawn:
            self._drawn[cluster] = self._find(cluster)
        return self._drawn[cluster]

    @property
    def has_nastaliq(self) -> bool:
        """Whether Arabic letters are set in Nastaliq, which needs twice the line spacing."""
        return self.language.startswith("ur") and nastaliq(self.weight) is not None

    def _find(self, cluster: str) -> Typeface | None:
        needed = {ord(c) for c in cluster if not is_ignorable(c)}
        if not needed:
            return self.first
        wanted = [self._emoji] if is_emoji(cluster) else []
        for one in (*wanted, *self._candidates(cluster)):
            if needed <= characters(one) and (not one.is_pictures or _is_one_picture(cluster, one)):
                return one
        return None

    def _candidates(self, cluster: str) -> list[Typeface]:
        kind = script(cluster[0])
        common = [self.first, *self.others]
        if kind in _CJK_SCRIPTS:
            return [self._cjk, *common]
        if kind in _SCRIPTS:
            urdu = nastaliq(self.weight) if kind == "Arab" and self.has_nastaliq else None
            return [*([urdu] if urdu else []), self._script(kind), *common]
        if kind in _EUROPEAN:
            return common
        scripts = [self._script(one) for one in _SCRIPTS]
        wide = [self._cjk] if ord(cluster[0]) in _IDEOGRAPHIC_MARKS or ord(cluster[0]) in _FULL_WIDTH else []
        signs = [self._noto_file("NotoSansSymbols[wght].ttf"), self._emoji]
        return [*wide, *common, *(signs[::-1] if EMOJI_STYLE in cluster else signs), *scripts, self._cjk]

    def _script(self, kind: str) -> Typeface:
        name, scale = _SCRIPTS[kind]
        return self._noto(name, scale)

    def _noto(self, name: str, scale: float = 1.0) -> Typeface:
        return self._noto_file(f"NotoSans{name}[wght].ttf", scale)

    def _noto_file(self, name: str, scale: float = 1.0) -> Typeface:
        return Typeface(_NOTO, name, (min(700, self.weight),), scale=scale)

    @property
    def _emoji(self) -> Typeface:
        return self._noto_file("NotoEmoji[wght].ttf", EMOJI_SCALE)

    @property
    def _cjk(self) -> Typeface:
        return Typeface("manimgx_fonts_cjk", _CJK, (self.weight,), cjk_index(self.language))


def cjk_index(language: str) -> int:
    """Return the place in NotoSansCJK of the letter shapes that a language writes; Simplified Chinese for others."""
    tag = language.lower().replace("_", "-")
    if tag.startswith(("ja", "ko")):
        return 0 if tag.startswith("ja") else 1
    if "hk" in tag or tag.startswith("yue"):
        return 4
    return 3 if any(mark in tag for mark in ("hant", "tw", "mo")) and tag.startswith("zh") else 2


def _is_one_picture(cluster: str, face: Typeface) -> bool:
    """Return whether a font draws a sequence as one picture, not as its parts in a row: all of them are equally wide."""
    font = at_thousand(face)
    return font.getlength(cluster) <= font.getlength("\N{GRINNING FACE}") * 1.2


@lru_cache(maxsize=256)
def _stack(face: Face, fonts: Pairing, language: str, first: Typeface) -> FontStack:
    return FontStack(face, fonts, language, first)  # kept, because it remembers what draws what


@lru_cache(maxsize=512)
def stack_for(text: str, face: Face, fonts: Pairing, language: str) -> FontStack:
    """Return the fonts of a face for a text.

    A display face that lacks a letter of the text gives way to Inter or Noto Sans for all of its European letters:
    no word is set in two faces.
    """
    whole = _stack(face, fonts, language, typeface(face, fonts))
    if whole.covers(text):
        return whole
    letters = {ord(c) for c in text if c.isalpha() and script(c) in _EUROPEAN}
    enough = (one for one in (whole.first, *whole.others) if letters <= characters(one))
    return _stack(face, fonts, language, next(enough, whole.first))


@cache
def nastaliq(weight: int) -> Typeface | None:
    """Return Noto Nastaliq Urdu of the system's fonts, bold from weight 600 on; None where there is none."""
    found = {path.name: path for folder in SYSTEM_FONTS for path in folder.rglob("NotoNastaliqUrdu*.ttf")}
    for name in ("Bold" if weight >= _BOLD else "Regular", "Regular"):
        if path := found.get(f"NotoNastaliqUrdu-{name}.ttf"):
            return Typeface("", str(path))
    variable = found.get("NotoNastaliqUrdu[wght].ttf")
    return Typeface("", str(variable), (min(700, weight),)) if variable else None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A text that every character of can be drawn, but for those counted."""

    text: str
    missing: tuple[str, ...]
    """Clusters that no font draws. Pictographs among them are left out of `text`, others show as a box."""


@lru_cache(maxsize=1024)
def prepare(text: str, fonts: FontStack) -> Prepared:
    """Return clean `text` without the pictographs that no font draws: better no emoji than an empty box."""
    if fonts.covers(text.replace("\n", "")):
        return Prepared(text, ())
    kept: list[str] = []
    missing: list[str] = []
    has_gap = False
    for cluster in clusters(text):
        put = cluster
        if not cluster.isspace() and fonts.draws(cluster) is None:
            put = _simpler(cluster, fonts)
            if not put:
                missing.append(cluster)
                put = "" if is_pictograph(cluster[0]) else cluster
        has_gap |= not put
        kept.append(put)
    made = "".join(kept)
    if has_gap:  # the spaces around what was left out
        made = "\n".join(" ".join(word for word in line.split(" ") if word) for line in made.split("\n"))
    return Prepared(made, tuple(missing))


def _simpler(cluster: str, fonts: FontStack) -> str:
    """Return the first part of a joined emoji that can be drawn alone, "" if there is none."""
    for part in cluster.split(ZWJ):
        bare = part.replace(EMOJI_STYLE, "").replace(TEXT_STYLE, "")
        if bare and bare != cluster and fonts.draws(bare) is not None:
            return bare
    return ""
