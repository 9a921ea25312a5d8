"""Previews of the themes for the documentation: six slides of each on one small JPEG."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from app.domain.themes import THEMES
from workers.gallery import sheets
from workers.gallery.cases import deck
from workers.gallery.making import drawn

SLIDE_PX, COLUMNS = 300, 3
MOST_BYTES = 250_000
QUALITIES = (86, 80, 72, 62)


def write(folder: Path) -> Iterator[Path]:
    """Write `<theme>.jpg` for each theme into `folder`; yield each path once it is there."""
    folder.mkdir(parents=True, exist_ok=True)
    for theme in THEMES:
        slides = [drawn(case).data for case in deck(theme)]
        sheet = sheets.strip(slides, SLIDE_PX, columns=COLUMNS)
        path = folder / f"{theme}.jpg"
        for quality in QUALITIES:
            sheet.save(path, "JPEG", quality=quality, optimize=True)
            if path.stat().st_size <= MOST_BYTES:
                break
        yield path
