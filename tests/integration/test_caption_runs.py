"""Posts with a caption of a model's: one cheap call more, in the order's language, and never the end of a post."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from app import costs, exports
from app.db.session import transaction
from app.domain.states import PieceState, RunState
from app.pipelines.catalog import pipeline_named
from app.runs.view import Links, run_view
from app.storage import storage
from harness import Sandbox
from next_rounds import resume
from orders import calls_of, order, pieces_of, run_of
from unpacking import unpacked
from working import worked as worked_and_drawn

pytestmark = pytest.mark.usefixtures("database", "sandbox")

FULL_POST = pipeline_named("full-post")


def worked(run_id: uuid.UUID) -> RunState:
    """Bring a run to its end; its slides, which no caption shows, are not drawn."""
    return worked_and_drawn(run_id, draws=False)


def seen(run_id: uuid.UUID) -> dict[str, Any]:
    with transaction() as session:
        return run_view(session, run_of(run_id), str, Links("", ""))


def caption_txt(run_id: uuid.UUID) -> str:
    with transaction() as session:
        finished = exports.read(session, run_of(run_id), run_view(session, run_of(run_id), str, Links("", "")))
        return unpacked(finished, storage())["caption.txt"].decode()


def the_caption(run_id: uuid.UUID) -> Any:
    (piece,) = [piece for piece in pieces_of(run_id) if piece.kind == "caption"]
    return piece


def test_a_post_gets_its_caption_for_one_cheap_call_more(sandbox: Sandbox) -> None:
    run_id = order(slides=5, caption=True)

    assert worked(run_id) is RunState.READY

    written = seen(run_id)["texts"]["caption"]
    assert written["caption"].startswith(seen(run_id)["texts"]["hook"])
    assert 3 <= len(written["hashtags"]) <= 8
    assert caption_txt(run_id) == f"{written['caption']}\n\n{' '.join(written['hashtags'])}\n"
    (call,) = [call for call in calls_of(run_id) if call.purpose == "caption"]
    assert 0 < (call.cost_micro_usd or 0) < 1_000
    assert sum(call.cost_micro_usd or 0 for call in calls_of(run_id)) == sandbox.bill()["total_micro_usd"]


def test_without_the_wish_nobody_is_asked_and_the_caption_is_put_together() -> None:
    run_id = order(slides=5)

    assert worked(run_id) is RunState.READY

    assert "caption" not in {call.purpose for call in calls_of(run_id)}
    assert seen(run_id)["texts"]["caption"] is None
    assert "1/5" in caption_txt(run_id)


def test_a_caption_is_in_the_posts_language() -> None:
    run_id = order(slides=5, caption=True, language="ur", topic="نیند اور صحت")

    assert worked(run_id) is RunState.READY

    written = seen(run_id)["texts"]["caption"]
    assert all("؀" <= text.strip("“”\"'• ")[0] <= "ۿ" for text in (written["caption"], written["seo"]["title"]))


def test_a_caption_that_breaks_its_rules_is_asked_for_again() -> None:
    run_id = order(slides=5, caption=True, topic="A long caption and its costs")

    assert worked(run_id) is RunState.READY

    assert [call.purpose for call in calls_of(run_id)].count("caption") == 2


def test_a_caption_that_nobody_can_write_leaves_the_post_delivered_with_the_free_one() -> None:
    run_id = order(slides=5, caption=True, topic="An unwritable caption")

    assert worked(run_id) is RunState.PARTIAL

    assert the_caption(run_id).state is PieceState.FAILED
    failure = run_of(run_id).failure or {}
    assert failure["code"] == "parts_missing"
    assert "1 of 9 parts" in failure["message"]
    assert [piece.state for piece in pieces_of(run_id) if piece.kind == "slide"] == [PieceState.READY] * 5
    assert "1/5" in caption_txt(run_id)
    assert [call.purpose for call in calls_of(run_id)].count("caption") == 3

    started = resume(run_id)

    assert {piece.kind for piece in pieces_of(run_id) if piece.step is not None} == {"caption"}
    assert started.worst_micro_usd == costs.worst_micro_usd_of(FULL_POST.tracks["caption"])


def test_the_quote_has_a_line_for_a_caption_where_it_was_ordered() -> None:
    lines = {
        wanted: {
            line.step: line.expected_micro_usd
            for line in costs.quote(FULL_POST, FULL_POST.request(topic="Backups", caption=wanted)).lines
        }
        for wanted in (True, False)
    }

    assert set(lines[True]) - set(lines[False]) == {"write_caption"}
    assert 0 < lines[True]["write_caption"] < 1_000
