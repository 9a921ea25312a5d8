"""Ads over HTTP: order, refine, look at the history, make another revision current."""

from __future__ import annotations

import io
import zipfile

import pytest
from ad_calls import BRIEF, asked, choose, history, key_in, made, refine, refined, shown
from callers import Caller
from flask.testing import FlaskClient
from PIL import Image

from app.db.models import User
from app.domain.states import QuotaUnit, RunState
from app.storage import storage
from harness import Installation, Sandbox
from orders import pieces_of, run_of, used
from races import together, winners
from rendering import billed, journaled, use_routes
from working import worked


@pytest.fixture(autouse=True)
def _shipped_routes(monkeypatch: pytest.MonkeyPatch, database: Installation, sandbox: Sandbox) -> None:
    assert database
    assert sandbox
    use_routes(monkeypatch)


def test_an_ad_is_one_picture_and_its_links_say_where_it_is_refined(call: Caller) -> None:
    run_id = made(call)
    ad = shown(call, run_id)

    assert (ad["status"], ad["current"], len(ad["revisions"])) == ("READY", 0, 1)
    assert ad["links"]["ad"].endswith(f"/api/ads/{run_id}")
    assert ad["links"]["refine"].endswith(f"/api/ads/{run_id}/refine")
    (first,) = ad["revisions"]
    assert (first["instruction"], first["from"], first["current"]) == (None, None, True)
    assert (first["width"], first["height"]) == (1024, 1024)


def test_a_refinement_edits_the_current_picture_and_keeps_the_one_before(call: Caller, sandbox: Sandbox) -> None:
    run_id = made(call)
    before = history(call, run_id)[0]

    assert refined(call, run_id) is RunState.READY

    first, second = history(call, run_id)
    assert first == before | {"current": False}
    assert (second["revision"], second["from"], second["current"]) == (1, 0, True)
    assert second["instruction"] == "make the sky darker"
    assert second["url"] != first["url"]
    assert second["created_at"] > first["created_at"]
    assert asked(run_id, 2) == ["refine_image", "review_image"]
    assert second["cost_micro_usd"] > 0
    assert billed(sandbox) == journaled(run_id)


def test_each_revision_lies_under_its_time_and_its_bytes(call: Caller) -> None:
    run_id = made(call)
    refined(call, run_id)
    refined(call, run_id, "warmer light")

    keys = [key_in(one["url"]) for one in history(call, run_id)]
    folders = [key.rpartition("/")[0] for key in keys]

    assert all(folder.startswith(f"ads/{run_id}/20") for folder in folders)
    assert sorted(set(folders)) == folders
    for key, folder in zip(keys, folders, strict=True):
        with call("GET", f"/media/{key}") as bytes_:
            assert bytes_.status_code == 200
            assert "immutable" in bytes_.headers["Cache-Control"]
            assert bytes_.data == storage().get(f"{folder}.png")


def test_the_next_refinement_edits_the_revision_that_was_made_current(call: Caller) -> None:
    run_id = made(call)
    refined(call, run_id)

    ad = choose(call, run_id, 0).get_json()
    assert (ad["current"], [one["current"] for one in ad["revisions"]]) == (0, [True, False])
    refined(call, run_id, "add morning mist")

    assert [(one["from"], one["current"]) for one in history(call, run_id)] == [(None, False), (0, False), (0, True)]


def test_making_the_current_one_current_changes_nothing(call: Caller) -> None:
    run_id = made(call)

    choose(call, run_id, 0)
    before = shown(call, run_id)
    choose(call, run_id, 0)

    assert shown(call, run_id) == before


def test_only_the_first_picture_counts_as_an_ad_and_every_one_is_paid(call: Caller, user: User) -> None:
    run_id = made(call)
    paid = used(user, QuotaUnit.MONEY)
    refined(call, run_id)

    assert used(user, QuotaUnit.ADS) == 1
    assert used(user, QuotaUnit.MONEY) == journaled(run_id) > paid
    run = run_of(run_id)
    assert (run.held_micro_usd, run.spent_micro_usd) == (0, run.reserved_micro_usd)


def test_a_headline_stands_on_every_revision_at_the_ads_size(call: Caller) -> None:
    run_id = made(call, headline="Run before the world wakes", cta="Find your pair", format="1.91:1")
    refined(call, run_id)

    for one in history(call, run_id):
        with Image.open(io.BytesIO(storage().get(key_in(one["url"])))) as picture:
            assert picture.size == (one["width"], one["height"]) == (1200, 628)
    assert [piece.composed["title"] for piece in pieces_of(run_id) if piece.composed] == [
        "Run before the world wakes"
    ] * 2


def test_while_it_is_worked_on_nothing_of_it_can_be_changed(call: Caller) -> None:
    run_id = made(call)
    refine(call, run_id)

    for answer in (refine(call, run_id, "warmer light"), choose(call, run_id, 0)):
        assert (answer.status_code, answer.get_json()["code"]) == (409, "already_running")
    assert shown(call, run_id)["current"] == 0
    assert len(history(call, run_id)) == 2


def test_of_many_refinements_at_once_one_is_taken(client: FlaskClient, call: Caller, user: User) -> None:
    run_id = made(call)
    callers = [Caller(client.application.test_client(), call.key) for _ in range(6)]

    answers = winners(together([lambda one=one: refine(one, run_id).status_code for one in callers]))  # type: ignore[misc]

    assert sorted(answers) == [202, 409, 409, 409, 409, 409]
    assert len(history(call, run_id)) == 2
    assert used(user, QuotaUnit.MONEY) == run_of(run_id).reserved_micro_usd


def test_the_same_key_refines_once_and_for_another_instruction_is_refused(call: Caller) -> None:
    run_id = made(call)
    first = refine(call, run_id, **{"Idempotency-Key": "k"})
    worked(run_id)
    again = refine(call, run_id, **{"Idempotency-Key": "k"})
    other = refine(call, run_id, "warmer light", **{"Idempotency-Key": "k"})

    assert first.get_json() == again.get_json()
    assert (other.status_code, other.get_json()["code"]) == (409, "idempotency_key_reused")
    assert len(history(call, run_id)) == 2


def test_a_headline_can_be_edited_and_costs_nothing(call: Caller) -> None:
    run_id = made(call, headline="Run before the world wakes")
    spent = run_of(run_id).spent_micro_usd
    (piece,) = pieces_of(run_id)

    assert call("PATCH", f"/api/runs/{run_id}/pieces/{piece.id}", json={"headline": "Up first"}).status_code == 202
    assert worked(run_id) is RunState.READY

    (now,) = pieces_of(run_id)
    assert (now.composed or {})["title"] == "Up first"
    assert run_of(run_id).spent_micro_usd == spent


def test_every_revision_is_in_the_download(call: Caller) -> None:
    run_id = made(call)
    refined(call, run_id)

    with call("GET", f"/api/runs/{run_id}/export.zip") as answer, zipfile.ZipFile(io.BytesIO(answer.data)) as packed:
        assert {"revision.png", "revision-1.png", "costs.csv", "run.json"} <= set(packed.namelist())


def test_it_is_quoted_and_described_as_any_pipeline(call: Caller) -> None:
    quoted = call("POST", "/api/quote/ad", json={"brief": BRIEF}).get_json()
    described = call("GET", "/openapi.json").get_json()["paths"]

    assert 0 < quoted["expected_micro_usd"] < quoted["worst_micro_usd"]
    assert {"/api/generate/ad", "/api/generate/product-photo", "/api/ads/{run_id}"} <= set(described)
    operation = described["/api/ads/{run_id}/refine"]["post"]
    assert "Idempotency-Key" in [one["name"] for one in operation["parameters"]]
    assert operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith("/Refinement")
