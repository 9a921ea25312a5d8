"""Golden pictures: small copies of slides as they should look, and how near another drawing comes to them."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from app.domain.themes import THEMES
from workers.gallery.cases import ARTICLE_FORMAT, Case, designs
from workers.gallery.making import drawn
from workers.images.compositor import Composed

WIDTH_PX = 216
COLOURS, ROUNDS = 224, 3  # of the stored palette, and of k-means over it: under 30 KB, at most 0.6 and 8 away
TILE_PX = 12  # 60 px of the slide: a word, a mark
MOST_MEAN = 2.5  # steps of 255, over the whole picture: palettes and other versions of libraries stay below
MOST_IN_TILE = 16.0  # a line that breaks elsewhere, a mark that is gone: 40 and more
# Layout, format, language, with a picture. No Urdu: where the system has Nastaliq it is set in that, elsewhere not.
WANTED = (
    ("cover", "4:5", "en", True),
    ("cover", "16:9", "ar", True),
    ("split", "4:5", "de", True),
    ("number", "1:1", "en", True),
    ("bleed", "9:16", "ar", True),
    ("card_below", "4:5", "ja", True),
    ("list", "4:5", "hi", False),
    ("statement", "4:5", "en", False),
    ("cta", "4:5", "emoji", True),
    ("quote", "4:5", "zh", True),
    ("article", ARTICLE_FORMAT, "en", True),
)


@dataclass(frozen=True, slots=True)
class Difference:
    """How far two pictures are apart, in steps of 255."""

    mean: float
    worst_tile: float
    """Mean of the tile of 12 x 12 px that differs most."""

    @property
    def is_small(self) -> bool:
        """Whether people would call them the same."""
        return self.mean <= MOST_MEAN and self.worst_tile <= MOST_IN_TILE


def cases() -> dict[str, Case]:
    """Return eleven slides that show most of what the compositor does, by the name of their golden picture."""
    by_name = {design.name: design for design in designs()}
    themes = list(THEMES)
    return {
        f"{place:02}-{name}-{language}": Case(
            by_name[name], themes[place % len(themes)], shape, language, place, has_picture
        )
        for place, (name, shape, language, has_picture) in enumerate(WANTED)
    }


def small(case: Case) -> Image.Image:
    """Return a case composed, 216 px wide."""
    return reduced(drawn(case))


def reduced(composed: Composed) -> Image.Image:
    """Return a slide as its golden picture would show it, 216 px wide."""
    image = Image.open(io.BytesIO(composed.data)).convert("RGB")
    return image.resize((WIDTH_PX, round(image.height * WIDTH_PX / image.width)), Image.Resampling.BOX)


def write(folder: Path) -> list[Path]:
    """Write all golden pictures into `folder`, and remove those that have no case any more."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.png"):
        old.unlink()
    return [_save(small(case), folder / f"{name}.png") for name, case in cases().items()]


def difference(one: Image.Image, other: Image.Image) -> Difference:
    """Return how far two pictures of one size are apart. Raises ValueError for two sizes."""
    if one.size != other.size:
        raise ValueError(f"one picture has {one.size} px, the other {other.size}")
    a, b = (np.asarray(image.convert("RGB")).astype(np.float32) for image in (one, other))
    off = np.abs(a - b).mean(-1)
    rows, columns = off.shape[0] // TILE_PX, off.shape[1] // TILE_PX
    tiles = off[: rows * TILE_PX, : columns * TILE_PX].reshape(rows, TILE_PX, columns, TILE_PX).mean((1, 3))
    return Difference(round(float(off.mean()), 2), round(float(tiles.max()), 2))


def _save(image: Image.Image, path: Path) -> Path:
    few = image.quantize(COLOURS, Image.Quantize.MEDIANCUT, kmeans=ROUNDS, dither=Image.Dither.NONE)
    few.save(path, optimize=True)
    return path
