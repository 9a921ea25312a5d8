"""`pressroom reformat`: a finished post in another format, as a folder of files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import Up, pressroom
from PIL import Image
from pypdf import PdfReader


def at(up: Up) -> dict[str, str]:
    """Return the setting that leads a command to the running installation."""
    return {"PRESSROOM_DATA_DIR": str(up.place / ".pressroom")}


@pytest.fixture(scope="module")
def post(up: Up) -> str:
    """The id of a READY post."""
    done = pressroom(
        up.place, "generate", "full-post", "--topic", "Why backups fail", "--field", "slides=5", "--wait", **at(up)
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return str(json.loads(pressroom(up.place, "show", "--json", **at(up)).stdout)[0]["id"])


def test_the_post_is_written_into_a_folder_named_for_topic_and_format(up: Up, post: str, place: Path) -> None:
    done = pressroom(place, "reformat", post[:8], "--format", "1:1", "--wait", **at(up))

    assert done.returncode == 0, done.stdout + done.stderr
    folder = Path(done.stdout.splitlines()[-1].split()[-1])
    assert folder == (place / "pressroom-out/why-backups-fail-1x1").resolve()
    with Image.open(folder / "00.jpg") as slide:
        assert slide.size == (1080, 1080)
    assert len(PdfReader(folder / "carousel.pdf").pages) == 5
    run = json.loads((folder / "post.json").read_text())
    assert (run["made_from"], run["cost"]["micro_usd"], run["cost"]["calls"]) == (post, 0, 0)


def test_without_wait_it_says_where_the_new_run_is(up: Up, post: str, place: Path) -> None:
    done = pressroom(place, "reformat", post, "--format", "16:9", **at(up))

    assert done.returncode == 0, done.stderr
    assert "ordered" in done.stdout
    assert f"/api/runs/{post}" in done.stdout


def test_a_folder_of_ones_own_can_be_named(up: Up, post: str, place: Path) -> None:
    done = pressroom(place, "reformat", post, "--format", "1:1", "--wait", "--out", "square", **at(up))

    assert (done.returncode, (place / "square" / "00.jpg").is_file()) == (0, True), done.stderr


def test_what_the_api_refuses_is_told_with_its_code(up: Up, post: str, place: Path) -> None:
    done = pressroom(place, "reformat", post, "--format", "4:5", **at(up))

    assert (done.returncode, done.stderr.endswith("[same_format]\n")) == (1, True), done.stderr


def test_an_unknown_format_is_a_wrong_usage(place: Path) -> None:
    done = pressroom(place, "reformat", "3f2a", "--format", "3:2")

    assert (done.returncode, "'3:2' is not one of" in done.stderr) == (2, True), done.stderr


def test_an_unknown_run_is_told(up: Up, place: Path) -> None:
    done = pressroom(place, "reformat", "ffff", "--format", "1:1", **at(up))

    assert (done.returncode, "no such run" in done.stderr) == (1, True), done.stderr
