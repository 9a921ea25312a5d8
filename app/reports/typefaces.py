"""The typefaces of plots: those of our slides, as Matplotlib wants them."""

from __future__ import annotations

import tempfile
from functools import cache
from importlib.resources import files
from pathlib import Path

import matplotlib as mpl
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]  # fontTools ships no types
from fontTools.varLib import instancer  # type: ignore[import-untyped]
from matplotlib.font_manager import FontProperties, fontManager

FRAUNCES = "files/Fraunces[SOFT,WONK,opsz,wght].ttf"
INTER = "files/Inter[opsz,wght].ttf"
CJK = "NotoSansCJK-VF.otf.ttc"
FIRST_CJK = "\u2e80"
HEADLINE = {"SOFT": 0, "WONK": 0, "opsz": 72, "wght": 560}


def headline(size_pt: float) -> FontProperties:
    """Return the typeface of titles and sums."""
    return FontProperties(fname=_headline_file(), size=size_pt)


def text(size_pt: float, words: str = "") -> FontProperties:
    """Return the typeface of all else, for words where they may be of any script: what it lacks others draw."""
    behind = [_family("manimgx_fonts_cjk", CJK)] if any(character >= FIRST_CJK for character in words) else []
    return FontProperties(family=[_family("fontpkg_inter", INTER), *behind, "DejaVu Sans"], size=size_pt)


@cache
def _family(package: str, name: str) -> str:
    """Make a font known to Matplotlib; return the name of its family."""
    path = str(files(package) / name)
    fontManager.addfont(path)
    return next(font.name for font in fontManager.ttflist if font.fname == path)


@cache
def _headline_file() -> Path:
    """Return Fraunces at one weight: Matplotlib draws a variable font only as it is by itself, which here is black.

    Made once for all processes: it takes a third of a second.
    """
    path = Path(mpl.get_cachedir()) / "pressroom-fraunces-560.ttf"
    if not path.exists():
        font = instancer.instantiateVariableFont(TTFont(str(files("fontpkg_fraunces") / FRAUNCES)), HEADLINE)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as made:
            font.save(made)
        Path(made.name).replace(path)  # whole or not at all: another process may be reading it
    return path
