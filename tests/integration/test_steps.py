"""What becomes of a step: its result is written, it is tried again, its piece is over, or goes on without it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from celery.exceptions import Ignore

from app.db.models import Piece
from app.domain import errors, provider_errors
from app.domain.states import PieceState
from app.pipelines.pipeline import Done, Pipeline, Work
from asking import act
from harness import Installation, Sandbox
from making import FULL_POST, change, expire_lease, make, opened, pictures_of, piece_now, take
from next_rounds import cancel, edit
from orders import calls_of, events_of
from rendering import at, billed, journaled, only, use_routes
from routing import write_routes
from workers.steps import Retry, TryAgain, retry_of, run_step

CAUSE = errors.Cause("gateway", "m", "provider_down", "500")
SHUT = replace(CAUSE, code="provider_busy", retry_after_s=300, is_waiting=True)
DEAD = replace(CAUSE, code="provider_account", is_permanent=True)


class Redelivered(Exception):
    """The step is delivered again after `countdown` seconds."""


@dataclass
class Task:
    """What a step knows of its Celery task."""

    countdowns: list[float] = field(default_factory=list)

    def retry(self, *, exc: Exception, countdown: float) -> None:
        assert isinstance(exc, TryAgain)
        self.countdowns.append(countdown)
        raise Redelivered(str(exc))


@pytest.fixture
def piece(database: Installation, sandbox: Sandbox) -> Piece:
    """The picture of a post that is to be rendered."""
    assert database
    assert sandbox
    made = pictures_of(opened(slides=5))[-1]
    make(made, until="render_image")
    return made


@pytest.fixture
def reviewed(piece: Piece, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Piece:
    """The same piece where pictures are reviewed; its picture is there and is to be looked at."""
    use_routes(monkeypatch, write_routes(tmp_path / "routes.toml", review=True))
    run(piece)
    return piece


def run(piece: Piece, pipeline: Pipeline = FULL_POST) -> float | None:
    """Execute the step that the piece is at; return after how many seconds it is delivered again, None for never."""
    now, task = piece_now(piece.id), Task()
    with suppress(Redelivered, Ignore):
        run_step(task, pipeline, now.step or "none", str(piece.id), now.round)
    return task.countdowns[0] if task.countdowns else None


def with_step(step: str, deed: Callable[[Work], Done]) -> Pipeline:
    """Return the pipeline in which a step of slides and quotes does something else."""
    track = tuple(replace(s, act=deed) if s.step == step else s for s in FULL_POST.tracks["slide"])
    return replace(FULL_POST, tracks={**FULL_POST.tracks, "slide": track, "quote": track})


def waits_s(piece: Piece) -> float:
    """Return how long the row waits from now on."""
    due = piece_now(piece.id).next_try_at
    assert due is not None
    return (due - datetime.now(UTC)).total_seconds()


def failure_of(piece: Piece) -> dict[str, Any]:
    now = piece_now(piece.id)
    assert now.state is PieceState.FAILED
    return dict(now.failure or {})


RETRIES: list[tuple[errors.PressroomError, Retry | None]] = [
    (provider_errors.ProviderDown("500", provider="g"), Retry()),
    (provider_errors.ProviderDown("500", provider="g", retry_after_s=9), Retry(9)),
    (provider_errors.ProviderBusy("429", provider="g", retry_after_s=40), Retry(40, counts=False)),
    (errors.AllProvidersFailed("it", [CAUSE, DEAD]), Retry(0)),
    (errors.AllProvidersFailed("it", [SHUT, DEAD]), Retry(300, counts=False)),
    (errors.AllProvidersFailed("it", [SHUT, CAUSE]), Retry(0)),
    (errors.AllProvidersFailed("it", [DEAD, DEAD]), None),
    (errors.BeingMade("it"), Retry(1.5, counts=False)),
    (errors.StorageError("down"), Retry(5, counts=False)),
    (errors.PictureRefused("blank"), Retry()),
    (errors.NotFound("gone"), Retry()),
    (errors.NotScreened("nobody"), Retry(10, counts=False)),
    (errors.InternalError("ours"), Retry()),
    (provider_errors.ProviderBlocked("no", provider="g"), None),
    (provider_errors.ProviderRejected("no", provider="g"), None),
    (provider_errors.ProviderAccount("no", provider="g"), None),
    (provider_errors.ModelRetired("no", provider="g"), None),
    (errors.BudgetReached("no"), None),
    (errors.InvalidReply("no", problems=[]), None),
    (errors.TextDoesNotFit("no"), None),
    (errors.SlideRefused("no"), None),
    (errors.PoisonPill("no"), None),
    (errors.SetupError("no"), None),
]


@pytest.mark.parametrize(("error", "retry"), RETRIES, ids=lambda value: getattr(type(value), "__name__", ""))
def test_an_error_is_tried_again_like_this(error: errors.PressroomError, retry: Retry | None) -> None:
    assert retry_of(error) == retry


def test_a_step_that_did_its_work_brings_the_piece_to_the_next_one(piece: Piece) -> None:
    assert run(piece) is None

    now = piece_now(piece.id)
    assert (now.step, now.attempt, now.lease_token) == ("review_image", 0, None)


@pytest.mark.parametrize(("before", "least", "most"), [(0, 0.75, 1.25), (1, 1.5, 2.5), (2, 3, 5), (3, 3, 5)])
def test_a_failure_is_tried_again_after_1_2_and_4_seconds(
    piece: Piece, sandbox: Sandbox, before: int, least: float, most: float
) -> None:
    sandbox.fail(at("gateway", "internal_error"))
    change(Piece, piece.id, attempt=before)

    again_s = run(piece)

    assert again_s is not None
    assert least <= again_s <= most
    assert abs(waits_s(piece) - again_s) < 1
    assert piece_now(piece.id).attempt == before + 1


def test_after_as_many_attempts_as_the_stage_has_the_piece_is_over_with_the_reason(
    piece: Piece, sandbox: Sandbox
) -> None:
    sandbox.fail(at("gateway", "internal_error"))
    change(Piece, piece.id, attempt=4)

    assert run(piece) is None

    failure = failure_of(piece)
    assert (failure["code"], failure["step"]) == ("provider_down", "render_image")


def test_of_several_providers_each_ones_reason_is_told(
    piece: Piece, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    two = ["gemini/gemini-3.1-flash-image", "gateway/google/gemini-3.1-flash-image"]
    use_routes(monkeypatch, write_routes(tmp_path / "routes.toml", render_image={"routes": two}))
    sandbox.fail(at("gemini", "auth"), at("gateway", "model_retired"))

    run(piece)

    failure = failure_of(piece)
    assert failure["code"] == "all_providers_failed"
    assert [(cause["provider"], cause["code"]) for cause in failure["causes"]] == [
        ("gemini", "provider_account"),
        ("gateway", "model_retired"),
    ]


def test_a_provider_that_asks_for_minutes_is_waited_for_in_the_row_and_it_is_no_attempt(
    piece: Piece, sandbox: Sandbox
) -> None:
    sandbox.fail(at("gateway", "rate_limited", retry_after=300))

    assert run(piece) is None

    assert 299 < waits_s(piece) <= 331
    assert piece_now(piece.id).attempt == 0
    assert events_of(piece.run_id)[-1].type == "piece.waiting"


def test_when_no_paid_call_is_left_the_reason_of_the_last_ones_is_told(piece: Piece, sandbox: Sandbox) -> None:
    sandbox.fail(at("gateway", "blank"))
    for _ in range(5):
        assert run(piece) is not None
        change(Piece, piece.id, next_try_at=None, attempt=0)

    run(piece)

    assert failure_of(piece)["code"] == "paid_calls_used_up"
    assert len(sandbox.log()) == 5


def test_what_nobody_foresaw_is_told_without_its_words(piece: Piece) -> None:
    def breaks(_: Work) -> Done:
        raise ValueError("secret")

    change(Piece, piece.id, attempt=4)

    run(piece, with_step("render_image", breaks))

    failure = failure_of(piece)
    assert failure["code"] == "internal_error"
    assert "secret" not in failure["message"]


def test_a_step_that_was_started_too_often_ends_its_piece_and_asks_nobody(piece: Piece, sandbox: Sandbox) -> None:
    change(Piece, piece.id, attempt=5)

    run(piece)

    assert failure_of(piece)["code"] == "attempts_used_up"
    assert sandbox.log() == []


def test_the_result_for_a_run_that_was_canceled_meanwhile_is_dropped(piece: Piece) -> None:
    def canceled_meanwhile(work: Work) -> Done:
        cancel(piece.run_id)
        return Done(picture=work.ask.picture("render_image", "a boat", "4:5"))

    assert run(piece, with_step("render_image", canceled_meanwhile)) is None

    assert failure_of(piece)["code"] == "canceled"
    assert calls_of(piece.run_id) == []


def test_the_result_for_a_piece_that_was_edited_meanwhile_is_made_again_at_once(piece: Piece) -> None:
    def edited_meanwhile(_: Work) -> Done:
        edit(piece, title="Other words")
        return Done(picture={"key": "k"})

    again_s = run(piece, with_step("render_image", edited_meanwhile))

    assert again_s == 0.1
    assert (piece_now(piece.id).step, piece_now(piece.id).picture) == ("render_image", None)


def a_sibling(piece: Piece, **changes: Any) -> Piece:
    """Return another slide of the same run, which was asked for with other words."""
    sibling = pictures_of(piece.run_id)[-2]
    make(sibling, until="render_image")
    change(Piece, sibling.id, prompt="other words", **changes)
    return sibling


def test_a_picture_that_a_sibling_has_is_paid_and_refused_and_another_take_is_asked_for(
    piece: Piece, sandbox: Sandbox
) -> None:
    run(a_sibling(piece))
    sandbox.fail(at("gateway", "sibling"))

    assert run(piece) is not None

    now = piece_now(piece.id)
    assert (now.take, now.attempt, now.picture, now.step) == (2, 1, None, "render_image")
    call = calls_of(piece.run_id)[-1]
    assert (call.accepted, call.error_code) == (False, "picture_refused:sibling")
    assert journaled(piece.run_id) == billed(sandbox)


def test_a_cached_picture_that_a_sibling_has_is_refused_and_another_take_is_asked_for(piece: Piece) -> None:
    cached = only(act(take(piece)).picture)
    expire_lease(piece)
    a_sibling(piece, picture=cached)

    assert run(piece) is not None
    assert (piece_now(piece.id).take, piece_now(piece.id).step) == (2, "render_image")
    change(Piece, piece.id, next_try_at=None)
    assert run(piece) is None

    assert only(piece_now(piece.id).picture)["sha256"] != cached["sha256"]


def test_a_refused_picture_goes_back_to_be_rendered_and_its_call_is_marked(reviewed: Piece, sandbox: Sandbox) -> None:
    sandbox.fail({"match": {"kind": "json"}, "fault": "bad_verdict", "params": {"reason": "a watermark"}})

    assert run(reviewed) is None

    now = piece_now(reviewed.id)
    assert (now.state, now.step, now.picture, now.attempt) == (PieceState.PROMPTED, "render_image", None, 0)
    (paid,) = [call for call in calls_of(reviewed.run_id) if call.purpose == "render_image"]
    assert (paid.accepted, paid.error_code) == (False, "picture_refused:review")


def test_where_nobody_can_review_the_picture_goes_on_and_says_why(reviewed: Piece, sandbox: Sandbox) -> None:
    sandbox.fail(at("gateway", "model_retired", kind="json"))

    run(reviewed)

    now = piece_now(reviewed.id)
    assert (now.step, only(now.review)["skipped"]) == ("compose", "model_retired")
    assert now.picture is not None


def test_a_reviewer_that_is_down_is_asked_as_often_as_any_other_before_the_picture_goes_on(
    reviewed: Piece, sandbox: Sandbox
) -> None:
    sandbox.fail(at("gateway", "internal_error", kind="json"))

    assert run(reviewed) is not None
    change(Piece, reviewed.id, attempt=4, next_try_at=None)
    assert run(reviewed) is None

    assert only(piece_now(reviewed.id).review)["skipped"] == "provider_down"


def test_a_reviewer_that_asks_for_minutes_is_waited_for(reviewed: Piece, sandbox: Sandbox) -> None:
    sandbox.fail(at("gateway", "rate_limited", kind="json", retry_after=300))

    run(reviewed)

    assert (piece_now(reviewed.id).step, piece_now(reviewed.id).review) == ("review_image", None)
    assert waits_s(reviewed) > 299


def test_a_step_that_is_delivered_when_it_is_done_does_nothing(piece: Piece, sandbox: Sandbox) -> None:
    run(piece)

    with pytest.raises(Ignore):
        run_step(Task(), FULL_POST, "render_image", str(piece.id), 1)

    assert len(sandbox.log()) == 1


def test_a_piece_that_is_nobodys_is_ignored(piece: Piece) -> None:
    assert piece

    with pytest.raises(Ignore):
        run_step(Task(), FULL_POST, "render_image", str(uuid.uuid4()), 1)
