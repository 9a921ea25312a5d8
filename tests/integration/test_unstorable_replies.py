"""Replies with what PostgreSQL refuses, NUL and half a surrogate pair: they are used without it, and nothing loops."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from celery.exceptions import Ignore

from app.db.models import Piece
from app.domain.states import CallState, PieceState
from app.logs import JsonLines
from app.pipelines.catalog import pipeline_named
from app.pipelines.full_post import write_content
from app.pipelines.pipeline import Done, NewPiece, Pipeline, Work
from harness import Sandbox
from making import FULL_POST, change, end, fail, make, opened, pictures_of, piece_now, take
from next_rounds import resume
from orders import calls_of, order, pieces_of, run_of
from rendering import billed, journaled, only, use_routes
from workers.providers import gateway
from workers.providers.http import Received
from workers.steps import run_step

pytestmark = pytest.mark.usefixtures("database", "sandbox")

SECRET = "marmalade heist"
Spoil = Callable[[str], str]
ODD = pytest.mark.parametrize("escape", [r"\u0000", r"\ud83d", r"\ude00"])


class Task:
    """What a step knows of its Celery task; nothing here is to be delivered again."""

    def retry(self, **_: object) -> None:
        pytest.fail("the step is tried again")


@pytest.fixture(autouse=True)
def _no_chords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.canvas.publish_chord", lambda *_: None)


@pytest.fixture
def spoil(monkeypatch: pytest.MonkeyPatch) -> Callable[[Spoil], None]:
    """Alter on the wire what the gateway's models write."""

    def install(altered: Spoil) -> None:
        post = gateway.post

        def spoiled(*args: Any, **kwargs: Any) -> Received:
            received = post(*args, **kwargs)
            reply = json.loads(received.body)
            message = reply["choices"][0]["message"]
            assert message["content"] != altered(message["content"]), "there is nothing to spoil in it"
            message["content"] = altered(message["content"])
            return replace(received, body=json.dumps(reply).encode())

        monkeypatch.setattr(gateway, "post", spoiled)

    return install


def in_every_string(escape: str, name: str) -> Spoil:
    """Put an escape in front of the value of each member of that name."""
    return lambda text: text.replace(f'"{name}": "', f'"{name}": "{escape}')


def run(piece: Piece, pipeline: Pipeline = FULL_POST) -> Piece:
    """Execute the step that a piece is at; return the piece as it is then."""
    now = piece_now(piece.id)
    with suppress(Ignore):
        run_step(Task(), pipeline, now.step or "none", str(piece.id), now.round)
    return piece_now(piece.id)


def with_step(step: str, deed: Callable[[Work], Done]) -> Pipeline:
    """Return the pipeline in which a step of all its pieces does something else."""
    tracks = {
        kind: tuple(replace(stage, act=deed) if stage.step == step else stage for stage in track)
        for kind, track in FULL_POST.tracks.items()
    }
    return replace(FULL_POST, tracks=tracks)


def titles_of(run_id: uuid.UUID) -> list[str]:
    return [piece.data["title"] for piece in pictures_of(run_id) if piece.kind == "slide"]


# ---- replies that are good but for that


@ODD
def test_a_reply_with_such_an_escape_is_used_without_it_and_paid_once(
    spoil: Callable[[Spoil], None], sandbox: Sandbox, escape: str
) -> None:
    (piece,) = pieces_of(order(slides=5))
    spoil(in_every_string(escape, "title"))

    now = run(piece)

    assert (now.state, now.failure) == (PieceState.READY, None)
    kept = "" if escape == r"\u0000" else "?"
    assert len(titles_of(piece.run_id)) == 5
    assert all(title.startswith(kept) and not {"\x00", "\\"} & set(title) for title in titles_of(piece.run_id))
    assert len(sandbox.log()) == 1
    assert journaled(piece.run_id) == billed(sandbox)


def test_a_pair_of_escapes_is_one_letter_and_a_backslash_stays_one(spoil: Callable[[Spoil], None]) -> None:
    (piece,) = pieces_of(order(slides=5))
    spoil(in_every_string(r"\ud83d\ude00\\u0000 ", "intro"))

    run(piece)

    (intro,) = [one.data["intro"] for one in pieces_of(piece.run_id) if one.kind == "article"]
    assert intro.startswith("\U0001f600\\u0000 ")


def test_a_reply_that_a_former_release_could_not_keep_is_read_by_a_resume_and_not_bought_again(
    spoil: Callable[[Spoil], None], sandbox: Sandbox
) -> None:
    (piece,) = pieces_of(order(slides=5))
    spoil(in_every_string(r"\u0000", "title"))
    run_step_until_paid(piece)
    (call,) = calls_of(piece.run_id)
    assert call.state is CallState.SUCCEEDED
    assert r"\u0000" in only(call.reply)
    fail(take(piece), "attempts_used_up")
    end(piece.run_id)

    resume(piece.run_id)
    now = run(piece)

    assert (now.state, len(titles_of(piece.run_id))) == (PieceState.READY, 5)
    assert len(sandbox.log()) == 1


def run_step_until_paid(piece: Piece) -> None:
    """Have the text written and journaled, and lose the worker before anything of it is kept."""

    def dies(work: Work) -> Done:
        write_content(work)
        raise SystemExit

    pipeline = with_step("write_content", dies)
    with suppress(SystemExit):
        run_step(Task(), pipeline, "write_content", str(piece.id), 1)
    change(Piece, piece.id, lease_token=None, lease_until=None, attempt=0)


@ODD
def test_a_research_with_such_an_escape_keeps_its_sources_and_is_not_bought_again(
    spoil: Callable[[Spoil], None], monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox, escape: str
) -> None:
    use_routes(monkeypatch)
    (piece,) = pieces_of(order(pipeline="linkedin-post", topic="AI adoption in small firms"))
    spoil(lambda text: text.replace('"facts": ["', f'"facts": ["{escape}'))

    now = run(piece, pipeline_named("linkedin-post"))

    (call,) = calls_of(piece.run_id)
    assert (call.state, now.state, len(sandbox.log())) == (CallState.SUCCEEDED, PieceState.READY, 1)
    assert now.data["sources"]
    assert len(now.data["facts"][0]) > 1


def test_a_member_whose_name_cannot_be_kept_is_told_of_as_any_other_that_nobody_asked_for(
    spoil: Callable[[Spoil], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    use_routes(monkeypatch)
    (piece,) = pieces_of(order(pipeline="linkedin-post", topic="AI adoption in small firms"))
    spoil(lambda text: text.replace('"facts"', '"od\\u0000d": 1, "facts"', 1))

    now = run(piece, pipeline_named("linkedin-post"))

    failure = only(now.failure)
    assert failure["code"] == "invalid_reply"
    assert "odd: Extra inputs" in failure["message"]


# ---- results that the database refuses all the same: the last net


NUL, HALF, NAN = {"said": f"{SECRET}\x00"}, {"said": f"{SECRET}\ud800"}, {"said": SECRET, "score": float("nan")}
REFUSED = {
    "a NUL in its data": Done(data=NUL),
    "half a pair in its data": Done(data=HALF),
    "no number in its data": Done(data=NAN),
    "a NUL in its prompt": Done(prompt=NUL["said"]),
    "half a pair in its prompt": Done(prompt=HALF["said"]),
    "a NUL in a piece that it opens": Done(opens=[NewPiece("quote", 0, NUL)]),
}


@pytest.mark.parametrize("done", REFUSED.values(), ids=REFUSED)
def test_a_result_that_the_database_refuses_ends_its_piece_at_once_and_says_so(
    done: Done, caplog: pytest.LogCaptureFixture
) -> None:
    (piece,) = pieces_of(order(slides=5))

    with caplog.at_level(logging.ERROR, "workers.steps"):
        now = run(piece, with_step("write_content", lambda _: done))

    assert (now.state, now.lease_token, now.attempt) == (PieceState.FAILED, None, 1)
    assert only(now.failure)["code"] == "internal_error"
    (told,) = [JsonLines().format(record) for record in caplog.records]
    assert str(piece.id) in told
    assert SECRET not in told


def test_a_resume_asks_anew_for_what_could_not_be_kept_and_does_not_read_it_for_ever(sandbox: Sandbox) -> None:
    (piece,) = pieces_of(order(slides=5))
    run(piece, with_step("write_content", lambda work: replace(write_content(work), data=NUL)))
    end(piece.run_id)
    (first,) = calls_of(piece.run_id)
    assert (first.state, first.accepted, first.error_code) == (CallState.SUCCEEDED, False, "internal_error")

    resume(piece.run_id)
    now = run(piece)

    assert now.state is PieceState.READY
    assert [call.accepted for call in calls_of(piece.run_id)] == [False, None]
    assert len(sandbox.log()) == 2
    assert run_of(piece.run_id).spent_micro_usd == journaled(piece.run_id) == billed(sandbox)


def test_a_picture_goes_on_unreviewed_when_its_verdict_cannot_be_kept() -> None:
    piece = pictures_of(opened(slides=5))[-1]
    make(piece, until="render_image")
    run(piece)

    now = run(piece, with_step("review_image", lambda _: Done(review={"is_good": True, "reason": NUL["said"]})))

    assert (now.step, now.attempt) == ("compose", 0)
    assert only(now.review)["skipped"] == "internal_error"
    assert now.picture is not None
