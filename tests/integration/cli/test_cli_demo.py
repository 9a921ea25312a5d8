"""`pressroom demo`: from a topic to a folder, with nothing running beforehand."""

from __future__ import annotations

import csv
import json
import stat
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from commands import installed, pressroom
from pptx import Presentation
from pypdf import PdfReader

from app.embedded.lock import read_owner

TOPIC = "Why Backups Fail: a Test?"


@pytest.fixture(scope="module")
def made(shared_place: Path) -> SimpleNamespace:
    """One demo: what it printed, the folder that its last line names, and how nice its workers were."""
    niceness: set[int] = set()
    done = installed(
        shared_place, "demo", "--topic", TOPIC, watch=lambda demo: niceness.update(niceness_of_workers(demo))
    )
    assert done.returncode == 0, done.stdout + done.stderr
    last = done.stdout.splitlines()[-1]
    return SimpleNamespace(
        place=shared_place, said=done.stdout, erred=done.stderr, folder=Path(last.split()[-1]), niceness=niceness
    )


def niceness_of_workers(demo: psutil.Process) -> Iterator[int]:
    for process in demo.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if "workers.celery_app" in process.cmdline():
                yield process.nice()


def test_the_last_line_names_a_folder_with_every_file(made: SimpleNamespace) -> None:
    assert made.folder == (made.place / "pressroom-demo/why-backups-fail-a-test").resolve()
    assert sorted(path.name for path in made.folder.iterdir()) == sorted(
        [
            *(f"{n:02d}.jpg" for n in range(11)),
            *("article-cover.jpg", "quote.jpg", "carousel.pdf", "deck.pptx", "article.md", "article.html"),
            *("caption.txt", "post.json", "costs.csv", "manifest.json"),
        ]
    )
    assert all(path.stat().st_size > 0 for path in made.folder.iterdir())


def test_the_files_hold_what_their_names_say(made: SimpleNamespace) -> None:
    assert len(PdfReader(made.folder / "carousel.pdf").pages) == 11
    assert (made.folder / "article.md").read_text().startswith("# ")
    post = json.loads((made.folder / "post.json").read_text())
    assert (post["status"], post["title"], len(post["pieces"])) == ("READY", TOPIC, 14)
    with (made.folder / "costs.csv").open() as file:
        calls = list(csv.DictReader(file))
    assert len(calls) == 1 + 13 * 4  # of each picture: draft, render, screen, review
    assert sum(int(call["cost_micro_usd"]) for call in calls) == post["cost"]["micro_usd"]


def test_every_picture_says_where_it_comes_from(made: SimpleNamespace) -> None:
    for path in made.folder.glob("*.jpg"):
        packet = path.read_bytes()[:4000].decode("latin-1")
        assert "digitalsourcetype/compositeWithTrainedAlgorithmicMedia" in packet
        assert "Pressroom sandbox in place of" in packet
    copies = [path for path in (made.place / ".pressroom/files/posts").glob("*/*.*") if path.suffix in (".png", ".jpg")]
    assert len(copies) == 13
    assert all(b"digitalsourcetype/trainedAlgorithmicMedia" in path.read_bytes() for path in copies)


def test_the_pdf_and_the_deck_read_as_the_slides_do(made: SimpleNamespace) -> None:
    post = json.loads((made.folder / "post.json").read_text())
    slides = sorted((piece for piece in post["pieces"] if piece["kind"] == "slide"), key=lambda one: one["position"])
    words = [f"{slide['data']['title']}\n{slide['data']['body']}" for slide in slides]
    assert [page.extract_text() for page in PdfReader(made.folder / "carousel.pdf").pages] == words
    deck = Presentation(made.folder / "deck.pptx")
    assert ["\n".join(shape.text_frame.text for shape in slide.placeholders) for slide in deck.slides] == words


def test_the_manifest_names_every_file_with_its_hash(made: SimpleNamespace) -> None:
    manifest = json.loads((made.folder / "manifest.json").read_text())
    named = {one["name"]: one["sha256"] for one in manifest["files"]}
    found = {path.name: sha256(path.read_bytes()).hexdigest() for path in made.folder.iterdir()}
    assert named == {name: digest for name, digest in found.items() if name != "manifest.json"}
    proofs = [one["proof"] for one in manifest["files"] if "proof" in one]
    assert len(proofs) == 13
    assert all(proof["missing_glyphs"] == 0 and not proof["overflow"] and proof["contrast"] >= 4.5 for proof in proofs)
    pdf = next(one for one in manifest["files"] if one["name"] == "carousel.pdf")
    assert pdf["slides_as_they_are"]


def test_it_says_what_it_cost_how_long_it_took_and_that_it_was_the_sandbox(made: SimpleNamespace) -> None:
    post = json.loads((made.folder / "post.json").read_text())
    ending = made.said.partition("Made")[2]
    assert f"${post['cost']['micro_usd'] / 1e6:.6f}" in ending
    assert "nothing was really paid" in ending
    assert "sandbox" in ending
    assert "render image" in ending
    assert post["cost"]["sandbox"] is True


def test_without_a_terminal_it_prints_a_line_per_stage_and_nothing_else_to_look_at(made: SimpleNamespace) -> None:
    for stage, count in {"write content": 1, "draft prompt": 13, "render image": 13, "compose": 13}.items():
        assert f"{stage} " in made.said
        assert f"{count}/{count}" in made.said
    assert "\x1b" not in made.said
    assert made.erred == ""


def test_its_workers_do_not_give_way_where_somebody_waits_for_them(made: SimpleNamespace) -> None:
    assert made.niceness == {0}


def test_nothing_runs_afterwards_and_the_key_is_for_its_owner_only(made: SimpleNamespace) -> None:
    assert read_owner(made.place / ".pressroom") is None
    assert stat.S_IMODE((made.place / ".pressroom/owner.key").stat().st_mode) == 0o600


def test_what_was_made_is_shown_with_nothing_running(made: SimpleNamespace) -> None:
    listed = pressroom(made.place, "show")
    assert TOPIC in listed.stdout
    run_id = json.loads((made.folder / "post.json").read_text())["id"]
    shown = pressroom(made.place, "show", run_id[:8])
    assert shown.returncode == 0, shown.stderr
    assert "slide 11" in shown.stdout
    assert "render image      13" in shown.stdout
    again = pressroom(made.place, "show", run_id[:8], "--out", "again")
    assert again.returncode == 0, again.stderr
    files = {path.name: path.read_bytes() for path in made.folder.iterdir() if path.suffix != ".json"}
    assert files == {
        path.name: path.read_bytes() for path in (made.place / "again").iterdir() if path.suffix != ".json"
    }
