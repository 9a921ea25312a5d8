"""Near its cap a run does first what it needs most: texts, then a picture for each slide, then reviews and changes."""

from __future__ import annotations

import uuid
from collections import Counter

import pytest

from app import costs
from app.db.models import Piece, Run
from app.db.session import transaction
from app.domain.prices import usd
from app.domain.states import CallState, PieceState, RunState
from app.pipelines.catalog import pipeline_named
from app.runs import kept
from harness import Sandbox
from making import change, opened, pictures_of
from orders import calls_of, order, pieces_of, run_of
from rendering import use_routes
from working import worked as worked_and_drawn

pytestmark = pytest.mark.usefixtures("database")
A_PICTURE = 72_950  # its worst case
MILLION = 1_000_000


def worked(run_id: uuid.UUID) -> RunState:
    """Bring a run to its end; its slides, which cost nothing, are not drawn."""
    return worked_and_drawn(run_id, draws=False)


def spent(run_id: uuid.UUID) -> int:
    return run_of(run_id).spent_micro_usd


def without_a_picture(run_id: uuid.UUID) -> int:
    return sum(piece.picture is None for piece in pictures_of(run_id))


@pytest.fixture(scope="module")
def pictures_at() -> dict[float, int]:
    """How many pictures a run under a cap, in USD, had when it ended: of all that ended in this module so far."""
    return {}


@pytest.mark.parametrize("cap_usd", [0.015, 0.05, 0.1, 0.2, 0.35, 0.5, 0.54, 1.0])
def test_no_cap_is_passed_and_the_money_goes_to_texts_then_pictures_then_reviews(
    cap_usd: float, sandbox: Sandbox, pictures_at: dict[float, int]
) -> None:
    run_id = order(slides=5, max_cost_usd=cap_usd)

    state = worked(run_id)

    run = run_of(run_id)
    assert run.spent_micro_usd + run.held_micro_usd <= cap_usd * MILLION
    assert run.overrun_micro_usd == 0
    assert run.spent_micro_usd == sandbox.bill()["total_micro_usd"]
    missing = without_a_picture(run_id)
    pictures_at[cap_usd] = shown = len(pictures_of(run_id)) - missing
    assert state is (RunState.READY if missing == 0 else RunState.PARTIAL if shown else RunState.FAILED)
    if missing and shown:
        assert run.failure is not None
        assert run.failure["budget_reached"] == missing
        assert all(piece.composed for piece in pictures_of(run_id)), "these have a typographic slide"
    content = next(piece for piece in pieces_of(run_id) if piece.kind == "content")
    assert content.state is PieceState.READY, "texts never starve"
    asked = Counter(call.purpose for call in calls_of(run_id))
    assert asked["draft_prompt"] == asked["render_image"] == shown, "no prompt is paid for a picture that is not"


def test_the_more_money_the_more_pictures(sandbox: Sandbox, pictures_at: dict[float, int]) -> None:
    assert sandbox
    caps_usd = (0.1, 0.2, 0.35, 0.45, 0.6)
    for cap_usd in caps_usd:
        if cap_usd not in pictures_at:
            run_id = order(slides=5, max_cost_usd=cap_usd)
            worked(run_id)
            pictures_at[cap_usd] = 7 - without_a_picture(run_id)

    shown = [pictures_at[cap_usd] for cap_usd in caps_usd]
    assert shown == sorted(shown)
    assert (shown[0], shown[-1]) == (1, 7)


def test_reviews_are_skipped_before_any_slide_goes_without_its_picture(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sandbox
    use_routes(monkeypatch)  # with reviews
    run_id = order(slides=5, max_cost_usd=0.5)

    assert worked(run_id) is RunState.READY
    reviews = [piece.review or {} for piece in pictures_of(run_id)]
    assert any(review.get("skipped") == "run_budget_reached" for review in reviews)


def test_a_second_picture_for_one_slide_never_costs_another_its_first(sandbox: Sandbox) -> None:
    run_id = opened(slides=5)
    run = run_of(run_id)
    change(Run, run_id, reserved_micro_usd=7 * (A_PICTURE + 12_600) + run.spent_micro_usd)
    sandbox.fail({"match": {"kind": "image", "call_numbers": [1, 2]}, "fault": "blank"})

    worked(run_id)

    first = {call.piece_id for call in calls_of(run_id) if call.purpose == "render_image"}
    assert len(first) == 7


def test_a_sibling_at_a_step_that_only_another_release_has_keeps_nobody_from_paying() -> None:
    run_id = opened(slides=5)
    piece, sibling, *_ = pictures_of(run_id)
    change(Piece, sibling.id, step="engrave")

    with transaction() as session:
        stage = pipeline_named("full-post").stage(piece.kind, "draft_prompt")
        left = kept.kept(session, run_of(run_id), piece, stage, "draft_prompt")

    assert left.at_first > 0


@pytest.mark.parametrize("name", ["product-listing", "linkedin-post"])
@pytest.mark.parametrize("share", [0.05, 0.4, 0.8, 2.0])
def test_a_pipeline_of_texts_ends_within_any_cap(name: str, share: float, sandbox: Sandbox) -> None:
    body = {"product": "Steel kettle, one litre, black, with a whistle"} if name == "product-listing" else {"posts": 2}
    pipeline = pipeline_named(name)
    usual = costs.quote(pipeline, pipeline.request.model_validate(body)).expected_micro_usd
    run_id = order(None, name, **body, max_cost_usd=share * usual / MILLION)

    state = worked(run_id)

    run = run_of(run_id)
    assert state.is_terminal
    assert run.spent_micro_usd == sandbox.bill()["total_micro_usd"] <= share * usual
    assert run.held_micro_usd == 0
    if share == 2.0:
        assert state is RunState.READY, "twice the usual price is enough for a usual run"


def test_a_call_that_has_to_leave_the_rest_says_how_much_is_left_and_for_what(sandbox: Sandbox) -> None:
    assert sandbox
    run_id = order(slides=5, max_cost_usd=0.065)

    assert worked(run_id) is RunState.FAILED

    run = run_of(run_id)
    assert run.failure is not None
    left = usd(65_000 - run.spent_micro_usd)
    assert f"of the run's cap of $0.065, ${left} is left, and what the run needs more takes $" in run.failure["message"]


def test_a_reply_is_cut_no_shorter_than_it_usually_needs(sandbox: Sandbox) -> None:
    run_id = order(slides=5, max_cost_usd=0.02)

    worked(run_id)

    (call,) = [call for call in calls_of(run_id) if call.purpose == "write_content"]
    assert call.state is CallState.SUCCEEDED
    assert 0 < call.worst_micro_usd <= 20_000, "its stage allows 23,600"
    assert sandbox.log()
