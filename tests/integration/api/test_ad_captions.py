"""Ads with a caption of a model's: written once, beside the first picture, and kept by every round that comes after."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from ad_calls import BRIEF, asked, choose, history, made, ordered, refined, shown
from callers import Caller

from app import costs
from app.cli import folder
from app.cli.client import Api
from app.db.models import Piece, User
from app.domain.states import PieceState, QuotaUnit, RunState
from app.pipelines.ad import REVISION
from app.pipelines.catalog import pipeline_named
from asking import fault
from harness import Installation, Sandbox
from next_rounds import edit, render_again, resume
from orders import calls_of, pieces_of, run_of, used
from rendering import billed, journaled, use_routes
from working import worked

UNWRITABLE = f"{BRIEF} An unwritable caption goes with it."


@pytest.fixture(autouse=True)
def _shipped_routes(monkeypatch: pytest.MonkeyPatch, database: Installation, sandbox: Sandbox) -> None:
    assert database
    assert sandbox
    use_routes(monkeypatch)


def seen(call: Caller, run_id: uuid.UUID) -> dict[str, Any]:
    return dict(call("GET", f"/api/runs/{run_id}").get_json())


def caption(run_id: uuid.UUID) -> Piece:
    (piece,) = [piece for piece in pieces_of(run_id) if piece.kind == "caption"]
    return piece


def revision(run_id: uuid.UUID, number: int = 0) -> Piece:
    return next(piece for piece in pieces_of(run_id) if (piece.kind, piece.position) == (REVISION, number))


def captions_paid(run_id: uuid.UUID) -> int:
    return [one.purpose for one in calls_of(run_id)].count("caption")


def exported(call: Caller, run_id: uuid.UUID) -> dict[str, bytes]:
    with (
        call("GET", f"/api/runs/{run_id}/export.zip") as answer,
        zipfile.ZipFile(io.BytesIO(answer.data)) as packed,
    ):
        return {name: packed.read(name) for name in packed.namelist()}


def quote(call: Caller, **request: Any) -> dict[str, int]:
    return dict(call("POST", "/api/quote/ad", json={"brief": BRIEF, **request}).get_json())


def alts(files: dict[str, bytes]) -> dict[str, str]:
    return {one["name"]: one["alt"] for one in json.loads(files["manifest.json"])["files"] if "alt" in one}


def test_an_ad_gets_its_caption_for_one_cheap_call_more(call: Caller, sandbox: Sandbox) -> None:
    run_id = made(call, caption=True, product="Tern 2")

    written = seen(call, run_id)["texts"]["caption"]
    assert written == shown(call, run_id)["texts"]["caption"]
    assert written["caption"].strip()
    assert 3 <= len(written["hashtags"]) <= 8
    assert set(written["alt_texts"]) == {"ad"}
    (paid,) = [one for one in calls_of(run_id) if one.purpose == "caption"]
    assert 0 < (paid.cost_micro_usd or 0) < 1_000
    assert billed(sandbox) == journaled(run_id)


def test_who_writes_it_is_told_the_brief_what_stands_on_the_ad_and_what_the_picture_shows(call: Caller) -> None:
    run_id = made(call, caption=True, product="Tern 2", headline="Up first", cta="Find your pair")

    data = caption(run_id).data
    assert data["about"] == {
        "Topic": BRIEF, "Product": "Tern 2", "Hook": "Up first", "Call to action": "Find your pair"
    }  # fmt: skip
    assert data["to_describe"] == {"ad": revision(run_id).prompt}


def test_without_the_wish_nobody_is_asked_and_there_is_no_caption(call: Caller) -> None:
    run_id = made(call)

    assert captions_paid(run_id) == 0
    assert [piece.kind for piece in pieces_of(run_id)] == [REVISION]
    assert seen(call, run_id)["texts"] == {"caption": None}
    assert "caption.txt" not in exported(call, run_id)


def test_a_caption_is_in_the_ads_language(call: Caller) -> None:
    run_id = made(call, caption=True, language="ur", brief="ایک جوتا ان کے لیے جو صبح سویرے دوڑتے ہیں۔")

    written = seen(call, run_id)["texts"]["caption"]
    texts = (written["caption"], written["seo"]["title"], written["alt_texts"]["ad"])
    assert all("؀" <= text.strip("“”\"'• ")[0] <= "ۿ" for text in texts)


def test_the_download_has_the_caption_and_the_picture_its_alt_text(call: Caller, tmp_path: Path) -> None:
    run_id = made(call, caption=True)
    written = seen(call, run_id)["texts"]["caption"]

    files = exported(call, run_id)

    assert files["caption.txt"].decode() == f"{written['caption']}\n\n{' '.join(written['hashtags'])}\n"
    assert json.loads(files["run.json"])["texts"]["caption"] == written
    assert json.loads(files["manifest.json"])["texts"]["caption"] == written
    assert alts(files) == {"revision.png": written["alt_texts"]["ad"]}
    export = call("GET", f"/api/runs/{run_id}/export.zip").data
    api = cast("Api", SimpleNamespace(export=lambda _: export))
    assert (folder.download(api, str(run_id), tmp_path) / "caption.txt").read_bytes() == files["caption.txt"]


def test_what_stands_on_an_ad_is_told_before_what_it_shows(call: Caller) -> None:
    run_id = made(call, caption=True, headline="Up first")
    described = seen(call, run_id)["texts"]["caption"]["alt_texts"]["ad"]

    assert list(alts(exported(call, run_id)).values()) == [f"Up first — {described}"]


def test_a_refinement_pays_for_a_picture_and_keeps_the_caption(call: Caller, sandbox: Sandbox, user: User) -> None:
    run_id = made(call, caption=True)
    before = caption(run_id)
    quoted = call("POST", f"/api/ads/{run_id}/refine", json={"instruction": "make the sky darker"}).get_json()

    assert worked(run_id) is RunState.READY
    assert refined(call, run_id, "warmer light") is RunState.READY
    choose(call, run_id, 1)

    after = caption(run_id)
    assert (after.data, after.round, after.version) == (before.data, before.round, before.version)
    assert captions_paid(run_id) == 1
    assert [set(asked(run_id, number)) for number in (2, 3)] == [{"refine_image", "review_image"}] * 2
    assert quoted["redone_pieces"] == 1
    assert quoted["pays_at_most_micro_usd"] <= quote(call)["worst_micro_usd"], "no room for a caption is reserved"
    assert [one["revision"] for one in history(call, run_id)] == [0, 1, 2]
    assert used(user, QuotaUnit.ADS) == 1
    assert billed(sandbox) == journaled(run_id)


def test_an_edit_or_another_picture_keeps_the_caption(call: Caller) -> None:
    run_id = made(call, caption=True, headline="Up first")

    edit(revision(run_id), headline="Out first")
    assert worked(run_id) is RunState.READY
    render_again(revision(run_id))
    assert worked(run_id) is RunState.READY
    edit(revision(run_id), prompt="a pair of boots on a wet pier at dawn, wide and calm, low light from the left side")
    assert worked(run_id) is RunState.READY

    assert captions_paid(run_id) == 1
    assert caption(run_id).round == 1
    words = (revision(run_id).composed or {})["alt_text"]
    assert list(alts(exported(call, run_id)).values()) == [words], "it describes a picture that is not there any more"


def test_a_caption_that_nobody_can_write_leaves_the_ad_delivered(call: Caller, user: User) -> None:
    run_id = ordered(call, caption=True, brief=UNWRITABLE)

    assert worked(run_id) is RunState.PARTIAL

    assert caption(run_id).state is PieceState.FAILED
    assert revision(run_id).state is PieceState.READY
    assert (run_of(run_id).failure or {})["code"] == "parts_missing"
    assert captions_paid(run_id) == 3
    assert used(user, QuotaUnit.ADS) == 1
    files = exported(call, run_id)
    assert "revision.png" in files
    assert "caption.txt" not in files


def test_a_resume_writes_only_the_caption_that_is_missing(call: Caller, sandbox: Sandbox) -> None:
    run_id = ordered(call, caption=True, brief=UNWRITABLE)
    worked(run_id)

    started = resume(run_id)
    worked(run_id)

    assert (started.redone, started.reused) == (1, 1)
    assert started.worst_micro_usd == costs.worst_micro_usd_of(pipeline_named("ad").tracks["caption"])
    assert set(asked(run_id, 2)) <= {"caption"}
    assert billed(sandbox) == journaled(run_id)


def test_an_ad_without_the_caption_that_it_should_have_can_be_refined(call: Caller) -> None:
    run_id = ordered(call, caption=True, brief=UNWRITABLE)
    worked(run_id)

    assert refined(call, run_id) is RunState.PARTIAL

    assert [one["status"] for one in history(call, run_id)] == ["READY", "READY"]
    assert "caption" not in asked(run_id, 2)


def test_no_caption_is_paid_for_an_ad_that_is_refused_before_its_picture(call: Caller) -> None:
    run_id = ordered(call, caption=True, headline="W" * 60)

    assert worked(run_id) is RunState.FAILED

    assert calls_of(run_id) == []
    assert [piece.kind for piece in pieces_of(run_id)] == [REVISION]


def test_a_caption_that_was_paid_is_kept_where_the_picture_has_to_be_resumed(call: Caller, sandbox: Sandbox) -> None:
    sandbox.fail(fault("blocked") | {"match": {"kind": "image"}})
    run_id = ordered(call, caption=True)
    assert worked(run_id) is RunState.FAILED
    assert caption(run_id).state is PieceState.READY
    sandbox.fail()

    resume(run_id)

    assert worked(run_id) is RunState.READY
    assert captions_paid(run_id) == 1
    assert [piece.kind for piece in pieces_of(run_id)] == ["caption", REVISION]


def test_the_quote_says_what_a_caption_costs_where_it_was_ordered(call: Caller) -> None:
    without, within = quote(call), quote(call, caption=True)

    assert 0 < within["expected_micro_usd"] - without["expected_micro_usd"] < 1_000
    assert within["worst_micro_usd"] > without["worst_micro_usd"]
