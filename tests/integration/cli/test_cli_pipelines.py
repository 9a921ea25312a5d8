"""Every pipeline as people order it: `pressroom generate`, over HTTP, with real workers, ends with its files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from commands import Up, pressroom, said
from fetch_servers import Page, Site

from app.pipelines.catalog import all_pipelines
from sounds import wav

SENTENCE = "Repairing a bicycle at home saves money, and it teaches you how the thing works. "
PAGE = f"<html lang='en'><head><title>Repair</title></head><body><article><h1>Repair</h1><p>{SENTENCE * 12}</p></article></body></html>"
TRANSCRIPT = "\n\n".join(
    f"{n}\n00:0{n // 6}:{n % 6}0,000 --> 00:0{n // 6}:{n % 6}9,000\n{SENTENCE}" for n in range(1, 18)
)
CONTACTS = "email,name,company\n" + "".join(f"p{n}@example.com,Person {n},Shop {n}\n" for n in range(20)) + "broken,,\n"
PRODUCTS = (
    "name,details\nWallet,Handmade leather wallet with six card slots\nBelt,Brown leather belt with a steel buckle\n"
)

ORDERS: dict[str, tuple[dict[str, str], str]] = {
    "ad": (
        {
            "brief": "A trail shoe for people who run before sunrise",
            "headline": "Up first",
            "caption": "true",
            "locale": "Chitral, Pakistan",
        },
        "caption.txt",
    ),
    "answer": ({"question": "Compare solar and wind power for a village in Sindh"}, "answer.md"),
    "design": ({"brief": "Announce our weekend market for repaired bicycles", "images": "2"}, "layout.json"),
    "email-campaign": (
        {"contacts_csv": "@contacts.csv", "offer": "Ten notebooks for the price of eight", "sender": "Ayesha"},
        "campaign.csv",
    ),
    "full-post": ({"topic": "Why backups fail", "slides": "5", "caption": "true"}, "carousel.pdf"),
    "hero-image": ({"url": "{site}/repair"}, "*.png"),
    "images": ({"prompts": '["a kingfisher above a weir"]'}, "*.png"),
    "linkedin-post": ({"industry": "textile exports", "posts": "2"}, "posts.md"),
    "news-brief": ({"urls": '["{site}/repair", "{site}/other"]'}, "brief.md"),
    "product-listing": ({"csv": "@products.csv"}, "listings.csv"),
    "product-photo": ({"brief": "A stoneware mug, speckled white"}, "*.png"),
    "video-summary": ({"transcript": "@talk.srt", "length_s": "60"}, "script.md"),
}
"""What is ordered, and a file that it ends with."""


@pytest.fixture(scope="module")
def address(site: Site) -> str:
    """Where the pages and the recording that orders name are."""
    site.pages |= {
        f"/{name}": Page(PAGE.replace("Repair<", f"Repair {name}<").encode()) for name in ("repair", "other")
    }
    site.pages["/talk.wav"] = Page(wav(90), content_type="audio/wav")
    return f"http://127.0.0.1:{site.port}"


@pytest.fixture(scope="module")
def desk(shared_place: Path) -> Path:
    """A folder with the files that orders name."""
    for name, text in (("contacts.csv", CONTACTS), ("products.csv", PRODUCTS), ("talk.srt", TRANSCRIPT)):
        (shared_place / name).write_text(text)
    return shared_place


def ordered(up: Up, desk: Path, pipeline: str, fields: Mapping[str, str], *, out: str) -> Path:
    """Order it of the running installation, wait for its end, and return the folder of its files."""
    words = [word for name, value in fields.items() for word in ("--field", f"{name}={value}")]
    where = {"PRESSROOM_DATA_DIR": str(up.place / ".pressroom")}
    said(pressroom(desk, "generate", pipeline, *words, "--wait", "--out", out, **where))
    return desk / out


def test_there_is_an_order_for_every_pipeline() -> None:
    assert ORDERS.keys() == all_pipelines().keys()


@pytest.mark.parametrize("pipeline", ORDERS)
def test_an_order_ends_ready_with_its_files_and_its_cost(up: Up, desk: Path, address: str, pipeline: str) -> None:
    request, expected = ORDERS[pipeline]
    fields = {name: value.replace("{site}", address) for name, value in request.items()}
    folder = ordered(up, desk, pipeline, fields, out=f"out-{pipeline}")

    names = sorted(file.name for file in folder.iterdir())
    assert list(folder.glob(expected)), names
    run = json.loads((folder / ("post.json" if pipeline == "full-post" else "run.json")).read_text())
    assert (run["status"], run["progress"]["percent"]) == ("READY", 100)
    assert run["cost"]["micro_usd"] > 0
    assert {"manifest.json", "costs.csv"} <= set(names)


def test_a_recording_is_ordered_as_a_transcript_is_and_ends_with_it(up: Up, desk: Path, address: str) -> None:
    recording = {"audio_url": f"{address}/talk.wav", "audio_minutes": "2"}
    folder = ordered(up, desk, "video-summary", recording, out="out-recording")

    assert {"transcript.srt", "script.md", "highlights.srt"} <= {file.name for file in folder.iterdir()}
    assert "transcribe,openai,whisper-1" in (folder / "costs.csv").read_text()
