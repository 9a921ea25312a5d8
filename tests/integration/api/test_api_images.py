"""A batch of images over HTTP: what is refused, how it goes on, what comes of it."""

from __future__ import annotations

import csv
import io
import json
import uuid
import zipfile
from typing import Any

import pytest
from callers import ELK, FOX, OWL, Caller, ordered_images
from handwork import COST, step, work
from sqlalchemy import update

from app.db.models import Piece
from app.db.session import transaction
from app.domain.states import PieceState, RunState
from app.runs.claims import claim
from orders import pieces_of, run_of

GENERATE = "/api/generate/images"


def change(piece_id: uuid.UUID, **values: Any) -> None:
    with transaction() as session:
        session.execute(update(Piece).where(Piece.id == piece_id).values(**values))


# ---- the order


def test_every_prompt_is_a_piece_that_can_be_worked_on_at_once(call: Caller) -> None:
    pieces = pieces_of(ordered_images(call))

    assert [(p.kind, p.position, p.prompt, p.data) for p in pieces] == [
        ("image", n, words, {"prompt": words}) for n, words in enumerate((FOX, OWL, ELK))
    ]
    assert {(p.state, p.step, p.is_picture) for p in pieces} == {(PieceState.PENDING, "render_image", True)}


def test_a_brand_of_ones_own_gives_its_visual_style(call: Caller) -> None:
    call("POST", "/api/brands", json={"name": "Neon", "kit": {"visual_style": "neon on wet asphalt"}})

    piece = pieces_of(ordered_images(call, brand="Neon"))[1]

    assert piece.prompt == f"{OWL}. Style: neon on wet asphalt."
    assert piece.data == {"prompt": OWL}


@pytest.mark.parametrize(
    ("prompts", "field", "told"),
    [
        ([], "prompts", "at least 1 item"),
        ([FOX] * 101, "prompts", "at most 100 items"),
        ([FOX, " "], "prompts.1", "at least 3 characters"),
        ([FOX, OWL, "x" * 2001], "prompts.2", "at most 2000 characters"),
    ],
)
def test_a_wrong_list_is_refused_by_the_place_that_is_wrong(
    call: Caller, prompts: list[str], field: str, told: str
) -> None:
    answer = call("POST", GENERATE, json={"prompts": prompts})

    assert (answer.status_code, list(answer.get_json()["fields"])) == (422, [field])
    assert told in answer.get_json()["fields"][field]
    assert field in answer.get_json()["detail"]


@pytest.mark.parametrize("letter", ["x", "\u4f60", "\U0001f98a"])
def test_the_largest_honest_order_is_taken_however_it_is_escaped(call: Caller, letter: str) -> None:
    body = json.dumps({"prompts": [letter * 2000] * 100})

    assert call("POST", "/api/quote/images", data=body).status_code == 200


def test_other_routes_take_no_such_bodies(call: Caller) -> None:
    answer = call("POST", "/api/brands", data=json.dumps({"name": "x" * 70_000}))

    assert (answer.status_code, answer.get_json()["code"]) == (413, "body_too_large")
    assert "64 KB" in answer.get_json()["detail"]


def test_only_money_is_taken_of_the_month(call: Caller) -> None:
    run_id = ordered_images(call)
    usage = call("GET", "/api/usage").get_json()

    assert (usage["posts"]["used"], usage["ads"]["used"]) == (0, 0)
    assert run_of(run_id).reserved_micro_usd > 0


def test_a_quote_is_for_as_many_pictures_as_there_are_prompts(call: Caller) -> None:
    one, ten = (
        call("POST", "/api/quote/images", json={"prompts": [FOX] * count}).get_json()["expected_micro_usd"]
        for count in (1, 10)
    )

    assert 0 < 10 * one - 10 < ten <= 10 * one, "each is rounded up once"


# ---- on its way


def test_the_run_goes_from_queued_straight_to_images(call: Caller) -> None:
    run_id = ordered_images(call)
    assert run_of(run_id).state is RunState.QUEUED
    piece = pieces_of(run_id)[2]

    with transaction() as session:
        claim(session, piece.id, "render_image", 1)

    assert run_of(run_id).state is RunState.GENERATING_IMAGES


def test_progress_counts_pictures_and_never_runs_backwards(call: Caller) -> None:
    run_id = ordered_images(call)
    seen = [call("GET", f"/api/runs/{run_id}").get_json()["progress"]]
    while open_pieces := [piece for piece in pieces_of(run_id) if piece.step]:
        step(open_pieces[-1])
        seen.append(call("GET", f"/api/runs/{run_id}").get_json()["progress"])

    percents = [progress["percent"] for progress in seen]
    assert percents == sorted(percents)
    assert (percents[0], percents[-1]) == (0, 99)
    assert seen[-1]["stages"] == [
        {"step": name, "done": 3, "failed": 0, "total": 3} for name in ("render_image", "review_image")
    ]


# ---- what comes of it


def test_a_finished_batch_has_provider_seconds_cost_and_url_of_each(call: Caller) -> None:
    run_id = ordered_images(call)
    work(run_id)

    run = call("GET", f"/api/runs/{run_id}").get_json()

    assert (run["status"], run["title"], run["texts"]) == ("READY", f"3 images: {FOX} ...", {})
    assert run["cost"]["micro_usd"] == 3 * COST
    for n, piece in enumerate(run["pieces"]):
        picture = piece["picture"]
        assert f"/posts/{run_id}/" in picture["url"]
        assert {name: picture[name] for name in ("provider", "model", "seconds", "cached")} == {
            "provider": "gateway", "model": "a/model", "seconds": 4.9, "cached": False,
        }  # fmt: skip
        assert (piece["position"], piece["cost_micro_usd"], piece["composed"]) == (n, COST, None)
        assert (piece["rewrites"], piece["refused"], piece["failure"]) == (0, [], None)


def test_a_missing_picture_makes_it_partial_and_no_background_is_promised(call: Caller) -> None:
    run_id = ordered_images(call)
    work(run_id, fail=[1])

    run = call("GET", f"/api/runs/{run_id}").get_json()

    assert (run["status"], run["failure"]["code"]) == ("PARTIAL", "pictures_missing")
    assert run["failure"]["message"].startswith("1 of 3 pictures could not be made; the first reason: ")
    assert run["pieces"][1]["failure"]["causes"] == [
        {"provider": "gateway", "model": "a/model", "code": "provider_down", "message": "503 from the gateway"}
    ]


def test_without_any_picture_it_failed(call: Caller) -> None:
    run_id = ordered_images(call)
    work(run_id, fail=[0, 1, 2])

    assert call("GET", f"/api/runs/{run_id}").get_json()["status"] == "FAILED"


def test_a_resume_makes_only_the_picture_that_is_missing(call: Caller) -> None:
    run_id = ordered_images(call)
    work(run_id, fail=[1])

    answer = call("POST", f"/api/runs/{run_id}/resume").get_json()

    assert (answer["status"], answer["reused_pieces"], answer["redone_pieces"]) == ("GENERATING_IMAGES", 2, 1)
    work(run_id)
    assert call("GET", f"/api/runs/{run_id}").get_json()["status"] == "READY"
    assert {piece.prompt for piece in pieces_of(run_id)} == {FOX, OWL, ELK}


def test_a_picture_can_be_made_again(call: Caller) -> None:
    run_id = ordered_images(call)
    work(run_id)

    answer = call("POST", f"/api/runs/{run_id}/pieces/{pieces_of(run_id)[0].id}/render")

    assert (answer.status_code, answer.get_json()["redone_pieces"]) == (202, 1)
    work(run_id)
    assert run_of(run_id).state is RunState.READY


def test_other_words_have_another_picture_made(call: Caller) -> None:
    run_id = ordered_images(call)
    work(run_id)
    path = f"/api/runs/{run_id}/pieces/{pieces_of(run_id)[0].id}"

    answer = call("PATCH", path, json={"prompt": "a grey wolf in fresh snow"})

    assert (answer.status_code, answer.get_json()["status"]) == (202, "GENERATING_IMAGES")
    work(run_id)
    assert call("GET", f"/api/runs/{run_id}").get_json()["pieces"][0]["prompt"] == "a grey wolf in fresh snow"
    assert run_of(run_id).spent_micro_usd == 4 * COST


@pytest.mark.parametrize(
    ("review", "shown"),
    [
        (None, None),
        ({"skipped": "turned_off"}, {"skipped": "turned_off"}),
        ({"skipped": "provider_down", "message": "secret words"}, {"skipped": "provider_down"}),
        (
            {"is_good": False, "problems": ["a watermark"], "has_watermark": True},
            {"is_good": False, "problems": ["a watermark"]},
        ),
    ],
)
def test_a_review_is_shown_as_its_verdict(call: Caller, review: Any, shown: Any) -> None:
    run_id = ordered_images(call)
    change(pieces_of(run_id)[0].id, review=review)

    assert call("GET", f"/api/runs/{run_id}").get_json()["pieces"][0]["review"] == shown


def test_refused_pictures_are_shown_with_what_was_wrong(call: Caller) -> None:
    run_id = ordered_images(call)
    verdict = {"is_good": False, "problems": ["a sixth finger"], "is_broken": True}
    refused = [{"picture": {"key": "posts/x/image/old.png", "provider": "gemini"}, "verdict": verdict}]
    change(pieces_of(run_id)[0].id, refused=refused, rewrites=2)

    piece = call("GET", f"/api/runs/{run_id}").get_json()["pieces"][0]

    assert piece["rewrites"] == 2
    (shown,) = piece["refused"]
    assert shown["url"].endswith("/media/posts/x/image/old.png")
    assert shown["problems"] == ["a sixth finger"]


def test_a_picture_from_the_cache_says_so(call: Caller) -> None:
    run_id = ordered_images(call)
    work(run_id)
    piece = pieces_of(run_id)[0]
    change(piece.id, picture={**(piece.picture or {}), "cached": True})

    shown = call("GET", f"/api/runs/{run_id}").get_json()["pieces"]

    assert [one["picture"]["cached"] for one in shown] == [True, False, False]


def test_a_picture_of_an_older_release_is_shown_without_what_nobody_noted(call: Caller) -> None:
    run_id = ordered_images(call)
    old = {"key": "posts/x/0/a.png", "mime": "image/png", "width": 9, "height": 9, "model": "a/model"}
    change(pieces_of(run_id)[0].id, picture=old)

    picture = call("GET", f"/api/runs/{run_id}").get_json()["pieces"][0]["picture"]

    assert (picture["model"], picture["provider"], picture["seconds"], picture["cached"]) == (
        "a/model",
        None,
        None,
        False,
    )


# ---- its files


def exported(call: Caller, run_id: uuid.UUID) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(call("GET", f"/api/runs/{run_id}/export.zip").data))


def test_the_files_are_numbered_as_the_prompts_are(call: Caller) -> None:
    run_id = ordered_images(call)
    work(run_id, fail=[1])

    with exported(call, run_id) as archive:
        assert archive.namelist() == ["image-01.jpg", "image-03.jpg", "run.json", "costs.csv", "manifest.json"]
        assert json.loads(archive.read("run.json")) == call("GET", f"/api/runs/{run_id}").get_json()
        lines = list(csv.DictReader(io.StringIO(archive.read("costs.csv").decode())))
    assert sorted(line["piece"] for line in lines) == ["image-01", "image-02", "image-03"]


def test_a_hundred_files_keep_their_order(call: Caller) -> None:
    run_id = ordered_images(call, prompts=[f"a red fox, number {n}" for n in range(100)])
    change(pieces_of(run_id)[9].id, picture={"key": "none", "mime": "image/png"})
    work(run_id, fail=range(100))

    with exported(call, run_id) as archive:
        lines = list(csv.DictReader(io.StringIO(archive.read("costs.csv").decode())))
    names = {line["piece"] for line in lines}
    assert {"image-001", "image-010", "image-100"} < names


def test_a_carousel_is_none_of_them(call: Caller) -> None:
    run_id = ordered_images(call)
    work(run_id)

    assert call("GET", f"/api/runs/{run_id}/carousel.pdf").get_json()["code"] == "no_carousel"


def test_clients_are_told_what_may_be_ordered(call: Caller) -> None:
    described = call("GET", "/openapi.json").get_json()

    assert "post" in described["paths"][GENERATE]
    schema = described["components"]["schemas"]["ImagesRequest"]["properties"]["prompts"]
    assert (schema["minItems"], schema["maxItems"], schema["items"]["maxLength"]) == (1, 100, 2000)
