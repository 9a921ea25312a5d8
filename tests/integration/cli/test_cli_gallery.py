"""`pressroom gallery`, as people run it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from commands import pressroom
from PIL import Image


@pytest.mark.long
def test_a_quick_gallery_is_a_page_with_pictures_and_contact_sheets(tmp_path: Path) -> None:
    told = pressroom(tmp_path, "gallery", "--quick", "--out", "shown")
    assert told.returncode == 0, told.stderr
    page = tmp_path / "shown" / "index.html"
    assert str(page.resolve()) in told.stdout
    assert "lowest contrast" in told.stdout
    assert len(list((page.parent / "slides").glob("*.jpg"))) > 20
    assert Image.open(io.BytesIO((page.parent / "sheet-4x5.png").read_bytes())).width > 400


def test_a_folder_without_pictures_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    told = pressroom(tmp_path, "gallery", "--pictures", "empty")
    assert told.returncode == 1
    assert "there is no picture in" in told.stderr
    assert "Traceback" not in told.stderr


def test_two_amounts_are_a_wrong_usage(tmp_path: Path) -> None:
    told = pressroom(tmp_path, "gallery", "--quick", "--all")
    assert told.returncode == 2
    assert "choose --quick or --all" in told.stderr
