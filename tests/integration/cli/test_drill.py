"""The brief's drill: 20 pictures by the command line while Gemini's quota runs out half-way."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from commands import Up, pressroom
from PIL import Image

from harness import Sandbox

pytestmark = pytest.mark.long  # of half a minute

PROMPTS = "".join(
    f"{subject} {place}, wide angle\n"
    for subject in ("a lighthouse", "a windmill", "an orchard", "a stone bridge")
    for place in ("in morning fog", "at dusk", "after rain", "in deep snow", "under a starry sky")
)
HALF = 10


@pytest.fixture(scope="module")
def drill(own_up: Up) -> dict[str, Any]:
    """What came of it: what the command said, the run, its folder, and the sandbox that answered."""
    sandbox = Sandbox(f"http://127.0.0.1:{sandbox_port(own_up)}")
    used_up = {"vendor": "gemini", "kind": "image", "call_numbers": list(range(HALF + 1, 100))}
    sandbox.fail({"match": used_up, "fault": "no_money", "params": {"variant": "per_day"}})
    (own_up.place / "drill.txt").write_text(PROMPTS)
    place = {"PRESSROOM_DATA_DIR": str(own_up.place / ".pressroom")}
    done = pressroom(own_up.place, "generate", "images", "--file", "drill.txt", "--wait", **place)
    assert done.returncode == 0, done.stdout + done.stderr
    folder = Path(done.stdout.splitlines()[-1].split()[-1])
    return {
        "said": done.stdout,
        "folder": folder,
        "run": json.loads((folder / "run.json").read_text()),
        "sandbox": sandbox,
        "providers": pressroom(own_up.place, "providers", **place).stdout,
    }


def sandbox_port(up: Up) -> int:
    """Return the port on which this `up` has its sandbox, by the command line of that process."""
    (words,) = [one.cmdline() for one in up.family if one.is_running() and "sandbox" in one.cmdline()]
    return int(words[words.index("--port") + 1])


def pictures(drill: dict[str, Any]) -> list[dict[str, Any]]:
    return [piece["picture"] for piece in drill["run"]["pieces"]]


def test_all_20_are_delivered(drill: dict[str, Any]) -> None:
    assert drill["run"]["status"] == "READY"
    assert len(list(drill["folder"].glob("image-*"))) == 20


def test_gemini_makes_what_its_quota_allows_and_leonardo_the_rest(drill: dict[str, Any]) -> None:
    providers = [picture["provider"] for picture in pictures(drill)]

    assert (providers.count("gemini"), providers.count("leonardo")) == (HALF, 20 - HALF)


def test_once_it_is_used_up_gemini_is_left_alone(drill: dict[str, Any]) -> None:
    refused = [call for call in drill["sandbox"].log() if call["vendor"] == "gemini" and call["fault"]]

    assert 1 <= len(refused) <= 5, "only those that were under way when the first refusal came"
    assert "gemini" in drill["providers"]
    assert "open" in drill["providers"]


def test_each_picture_says_provider_seconds_and_cost(drill: dict[str, Any]) -> None:
    for piece in drill["run"]["pieces"]:
        assert piece["picture"]["seconds"] > 0
        assert piece["cost_micro_usd"] > 15_000
        assert f"{piece['picture']['provider']} " in drill["said"]
    assert drill["said"].count("gemini-3.1-flash-image") >= HALF


def test_the_total_is_exact(drill: dict[str, Any]) -> None:
    bill = int(str(drill["sandbox"].bill()["total_micro_usd"]))
    with (drill["folder"] / "costs.csv").open() as file:
        listed = sum(int(line["cost_micro_usd"]) for line in csv.DictReader(file))

    assert drill["run"]["cost"]["micro_usd"] == listed == bill


def test_every_public_url_resolves_to_the_picture(drill: dict[str, Any]) -> None:
    for picture in pictures(drill):
        reply = httpx.get(picture["url"], trust_env=False)
        assert (reply.status_code, reply.headers["content-type"]) == (200, picture["mime"])
        assert len(reply.content) >= 50_000
        assert Image.open(io.BytesIO(reply.content)).size == (picture["width"], picture["height"])


def test_every_picture_was_looked_at(drill: dict[str, Any]) -> None:
    assert all(piece["review"]["is_good"] for piece in drill["run"]["pieces"])
