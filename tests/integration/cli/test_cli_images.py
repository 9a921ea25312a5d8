"""`pressroom generate images --file`: a file of prompts becomes a folder of pictures and a table; and what is refused."""

from __future__ import annotations

import csv
import json
import subprocess
from pathlib import Path

import pytest
from commands import PRESSROOM, Up, pressroom

PROMPTS = """\ufeff# animals in winter
a red fox in fresh snow

   an owl on a frosted branch at dusk
# not this one
a red fox in fresh snow
"""


def at(up: Up) -> dict[str, str]:
    """Return the setting that leads a command to the running installation."""
    return {"PRESSROOM_DATA_DIR": str(up.place / ".pressroom")}


def generate(up: Up, place: Path, *words: str, text: str = PROMPTS) -> subprocess.CompletedProcess[str]:
    """Order images from a file with this text."""
    (place / "prompts.txt").write_text(text, encoding="utf-8")
    return pressroom(place, "generate", "images", "--file", "prompts.txt", *words, **at(up))


def test_each_line_becomes_a_numbered_file_and_a_row_with_its_url(up: Up, place: Path) -> None:
    done = generate(up, place, "--field", "aspect_ratio=16:9", "--wait")

    assert done.returncode == 0, done.stdout + done.stderr
    folder = Path(done.stdout.splitlines()[-1].split()[-1])
    assert sorted(path.name for path in folder.iterdir()) == [
        "costs.csv", "image-01.png", "image-02.png", "image-03.png", "manifest.json", "run.json",
    ]  # fmt: skip
    assert all(b"digitalsourcetype/trainedAlgorithmicMedia" in path.read_bytes() for path in folder.glob("*.png"))
    run = json.loads((folder / "run.json").read_text())
    assert (run["pipeline"], run["status"], run["request"]["aspect_ratio"]) == ("images", "READY", "16:9")
    table = done.stdout.partition("url, or why there is none")[2].splitlines()[1:]
    for row, piece in zip(table, run["pieces"], strict=False):
        assert row.split()[1:3] == [piece["picture"]["provider"], piece["picture"]["model"]]
        assert row.endswith(piece["picture"]["url"])
    assert "3 of 3" in done.stdout
    with (folder / "costs.csv").open() as file:
        assert sum(int(line["cost_micro_usd"]) for line in csv.DictReader(file)) == run["cost"]["micro_usd"]


def test_the_same_words_twice_are_paid_once(up: Up, place: Path) -> None:
    done = generate(up, place, "--wait", text="a grey heron over a canal\n" * 3)

    assert done.returncode == 0, done.stdout + done.stderr
    run = json.loads((Path(done.stdout.splitlines()[-1].split()[-1]) / "run.json").read_text())
    assert sorted(piece["picture"]["cached"] for piece in run["pieces"]) == [False, True, True]
    assert "2 cached" in done.stdout


def test_show_has_the_pictures_and_their_calls(up: Up, place: Path) -> None:
    generate(up, place, "--wait", text="a lighthouse on a cliff in a storm\n")
    (run, *_) = json.loads(pressroom(place, "show", "--json", **at(up)).stdout)

    shown = pressroom(place, "show", run["id"][:8], **at(up))
    calls = pressroom(place, "show", run["id"][:8], "--calls", **at(up))
    listed = json.loads(pressroom(place, "show", run["id"], "--calls", "--json", **at(up)).stdout)

    assert "/media/" in shown.stdout
    assert calls.stdout.count("image-01") == len(listed) == run["cost"]["calls"]
    assert "nothing was really paid" in calls.stdout.splitlines()[-1]
    assert "lighthouse" not in calls.stdout + json.dumps(listed)


def test_prompts_are_read_from_a_pipe(up: Up, place: Path) -> None:
    done = subprocess.run(
        [PRESSROOM, "--data-dir", up.place / ".pressroom", "generate", "images", "--file", "-"],
        cwd=place, input="a red fox in fresh snow\n", capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert "/api/runs/" in done.stdout


def test_a_wrong_prompt_is_told_by_its_line(up: Up, place: Path) -> None:
    done = generate(up, place, text="# two wrong ones\na red fox\n\nab\nan owl at dusk\n" + "x" * 2001)

    assert done.returncode == 1
    assert "line 4: String should have at least 3 characters" in done.stderr
    assert "line 6: String should have at most 2000 characters" in done.stderr
    assert "prompts." not in done.stderr
    assert done.stderr.endswith("[invalid_request]\n")


def test_too_many_prompts_are_told_by_their_number(up: Up, place: Path) -> None:
    done = generate(up, place, text="a red fox\n" * 101)

    assert (done.returncode, "at most 100 items after validation, not 101" in done.stderr) == (1, True)


@pytest.mark.parametrize("text", ["", "\n \n", "# only a comment\n"])
def test_a_file_without_prompts_is_a_wrong_usage(place: Path, text: str) -> None:
    (place / "prompts.txt").write_text(text)

    done = pressroom(place, "generate", "images", "--file", "prompts.txt")

    assert (done.returncode, "prompts.txt holds no prompt; write one a line" in done.stderr) == (2, True)


def test_a_file_that_is_no_text_is_a_wrong_usage(place: Path) -> None:
    (place / "prompts.txt").write_bytes(b"\x89PNG\r\n\xff\xfe")

    done = pressroom(place, "generate", "images", "--file", "prompts.txt")

    assert (done.returncode, "prompts.txt is not UTF-8" in done.stderr) == (2, True)


def test_a_file_is_for_pipelines_that_take_prompts(place: Path) -> None:
    (place / "prompts.txt").write_text(PROMPTS)

    done = pressroom(place, "generate", "full-post", "--file", "prompts.txt")

    assert (done.returncode, "full-post takes no list of prompts; only images does" in done.stderr) == (2, True)


def test_a_file_that_is_not_there_is_a_wrong_usage(place: Path) -> None:
    done = pressroom(place, "generate", "images", "--file", "nowhere.txt")

    assert (done.returncode, "nowhere.txt" in done.stderr) == (2, True)


def test_help_tells_of_it(place: Path) -> None:
    said = pressroom(place, "generate", "--help").stdout

    assert "pressroom generate images --file prompts.txt" in said


def test_calls_are_of_one_run(place: Path) -> None:
    done = pressroom(place, "show", "--calls")

    assert (done.returncode, "--calls needs the ID of a run" in done.stderr) == (2, True)
