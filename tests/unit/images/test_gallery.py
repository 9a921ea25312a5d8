"""The gallery shows every design in every theme, format and language, and what is wrong with them."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.domain.themes import THEMES
from workers.gallery import cases, making, page, previews, scenes, sheets
from workers.gallery.cases import Case
from workers.gallery.texts import DECKS
from workers.images.compositor import Role
from workers.images.compositor.layouts import NAMES

AXES: dict[str, Callable[[Case], str]] = {
    "design": lambda case: case.design.name,
    "theme": lambda case: case.theme,
    "format": lambda case: case.format,
    "language": lambda case: case.language,
}


def test_every_layout_of_the_compositor_is_shown() -> None:
    assert {design.name for design in cases.designs()} == set(NAMES)
    assert {design.role for design in cases.designs()} == set(Role)


@pytest.mark.parametrize("pair", list(combinations(AXES, 2)), ids="-".join)
def test_each_two_of_design_theme_format_and_language_meet(pair: tuple[str, str]) -> None:
    one, other = (AXES[name] for name in pair)
    usual = [case for case in cases.usual() if case.format != cases.ARTICLE_FORMAT and case.has_picture]
    met = {(one(case), other(case)) for case in usual}
    assert met == {(a, b) for a in map(one, usual) for b in map(other, usual)}


def test_every_design_is_there_in_every_format_and_language() -> None:
    met = {(case.design.name, case.format, case.language) for case in cases.usual() if case.has_picture}
    assert met == {
        (design.name, shape, language)
        for design in cases.designs()
        for shape in cases.formats_of(design)
        for language in DECKS
    }


def test_every_design_is_there_without_a_picture_in_every_theme() -> None:
    met = {(case.design.name, case.theme) for case in cases.usual() if not case.has_picture}
    assert met == {(design.name, theme) for design in cases.designs() for theme in THEMES}


@pytest.mark.parametrize("made", [cases.usual, cases.every, cases.few])
def test_no_two_slides_have_one_file(made: Callable[[], list[Case]]) -> None:
    names = [case.name for case in made()]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[\w-]+", name) for name in names)


def test_all_combinations_are_all_there_are() -> None:
    wanted = sum(len(cases.formats_of(design)) for design in cases.designs()) * len(DECKS) * len(THEMES)
    assert len([case for case in cases.every() if case.has_picture]) == wanted


@pytest.mark.parametrize("language", DECKS)
def test_a_deck_says_something_on_each_layout(language: str) -> None:
    deck = DECKS[language]
    for design in cases.designs():
        title, body = deck.text(design.name)
        assert title.strip() == title != ""
        assert body or design.name in ("article", "statement")
    assert len(deck.list[1].splitlines()) == 3


def test_scenes_are_painted_the_same_each_time_and_no_two_alike() -> None:
    pictures = [scenes.picture(number, "16:9") for number in range(len(scenes.SCENES))]
    scenes.picture.cache_clear()
    assert scenes.picture(0, "16:9") == pictures[0]
    assert len(set(pictures)) == len(pictures)
    pixels_of = [np.asarray(Image.open(io.BytesIO(data))).astype(float) for data in pictures]
    assert {pixels.shape for pixels in pixels_of} == {(768, 1376, 3)}
    assert min(pixels.std() for pixels in pixels_of) > 8


# ---- drawn


def opened(file: Path) -> Image.Image:
    return Image.open(io.BytesIO(file.read_bytes())).convert("RGB")


@pytest.fixture(scope="module")
def few() -> list[Case]:
    cover, quote = cases.designs()[0], next(design for design in cases.designs() if design.role == "quote")
    return [
        Case(cover, "midnight", "4:5", "en", 0),
        Case(cover, "paper", "16:9", "ar", 7),
        Case(quote, "paper", "4:5", "hi", 2, has_picture=False),
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("gallery")


@pytest.fixture(scope="module")
def shown(few: list[Case], folder: Path) -> list[making.Shown]:
    return list(making.make(few, folder))


def test_slides_come_in_order_with_their_proof(shown: list[making.Shown], few: list[Case], folder: Path) -> None:
    assert [one.case for one in shown] == few
    for one in shown:
        assert one.composed is not None
        assert one.composed.data == b""
        assert one.problem == ""
        assert one.cpu_ms > 0
        assert opened(folder / one.file).width == making.SHOWN_PX


def test_a_second_gallery_leaves_nothing_of_the_first(few: list[Case], tmp_path: Path) -> None:
    (first,) = making.make(few[:1], tmp_path)
    sheets.write([first], tmp_path)
    (second,) = making.make(few[2:], tmp_path)
    assert [str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*.jpg")] == [second.file]
    assert sheets.write([second], tmp_path) == [file.name for file in tmp_path.glob("*.png")]


def test_pictures_of_ones_own_are_used(few: list[Case], tmp_path: Path) -> None:
    Image.new("RGB", (800, 1000), (200, 30, 40)).save(tmp_path / "red.png")
    (one,) = making.make(few[:1], tmp_path / "out", [tmp_path / "red.png"])
    red, green, _ = opened(tmp_path / "out" / one.file).getpixel((270, 20))  # type: ignore[misc]  # RGB
    assert red > green + 60


def test_a_text_that_does_not_fit_is_shown_as_a_problem(
    few: list[Case], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(DECKS, "en", replace(DECKS["en"], cover=("Donaudampfschifffahrtsgesellschaft" * 9, "")))
    one = making._draw(few[0], tmp_path, (), is_full=False)
    assert "ask for a shorter text" in one.problem
    assert one.composed is None
    written = page.write([one], sheets.write([one], tmp_path), tmp_path).read_text()
    assert "ask for a shorter text" in written


def test_the_page_lists_every_slide_with_its_figures(shown: list[making.Shown], folder: Path) -> None:
    written = sheets.write(shown, folder)
    text = page.write(shown, written, folder).read_text(encoding="utf-8")
    found = re.search(r"const slides = (\[.*?\]), axes", text)
    assert found is not None
    slides = json.loads(found[1])
    assert [slide["file"] for slide in slides] == [one.file for one in shown]
    assert all((folder / slide["file"]).is_file() for slide in slides)
    assert all(slide["contrast"] >= 4.5 and slide["least"] >= 28 and slide["missing"] == 0 for slide in slides)
    assert "3 slides, 0 with problems" in text
    assert all(f'href="{name}"' in text and (folder / name).is_file() for name in written)


def test_the_page_needs_nothing_from_elsewhere(shown: list[making.Shown], folder: Path) -> None:
    assert "://" not in page.write(shown, [], folder).read_text(encoding="utf-8")


def test_there_is_a_contact_sheet_for_each_format_and_theme_that_was_drawn(
    shown: list[making.Shown], folder: Path
) -> None:
    assert sheets.write(shown, folder) == [
        "sheet-4x5.png", "sheet-16x9.png", "sheet-midnight.png", "sheet-paper.png", "sheet-plain.png"
    ]  # fmt: skip


def test_a_theme_is_previewed_by_six_slides_on_a_small_picture() -> None:
    assert all(len(cases.deck(theme)) == 6 for theme in THEMES)
    sheet = sheets.strip([making.drawn(case).data for case in cases.deck("paper")], 300, columns=3)
    assert sheet.width == 3 * 318 + 18
    out = io.BytesIO()
    sheet.save(out, "JPEG", quality=previews.QUALITIES[-1], optimize=True)
    assert out.tell() <= previews.MOST_BYTES


@pytest.mark.parametrize("theme", THEMES)
def test_the_documentation_shows_every_theme(theme: str) -> None:
    docs = Path(__file__).parents[3] / "docs"
    text = (docs / "themes.md").read_text(encoding="utf-8")
    assert f"## {theme}\n" in text
    assert f"(themes/{theme}.jpg)" in text
    assert (docs / "themes" / f"{theme}.jpg").stat().st_size <= previews.MOST_BYTES
