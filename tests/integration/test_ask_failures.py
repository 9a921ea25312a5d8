"""What asking does when a provider fails, and drafts and whole posts: see test_ask.py for replies."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from app.db.models import Call, Run
from app.domain.errors import AllProvidersFailed, BudgetReached, InvalidReply
from app.domain.provider_errors import ProviderBlocked, ProviderBusy, ProviderDown
from app.domain.states import CallState, CostBasis
from app.pipelines.full_post import PROMPT_WORDS
from app.pipelines.languages import words
from app.pipelines.pipeline import Prompt
from app.runs.claims import Claim
from app.settings import settings
from asking import act, fault, work_of
from harness import Sandbox, wait_for
from making import change, expire_lease, make, opened, pictures_of, take
from orders import calls_of, order, pieces_of, run_of
from rendering import billed, journaled, to_render
from routing import write_routes
from workers import ask

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def drafting(sandbox: Sandbox) -> Claim:
    """The claim of a slide whose prompt is to be drafted."""
    assert sandbox
    return take(pictures_of(opened(slides=5))[-1])


def states(calls: Sequence[Call]) -> list[CallState]:
    return [call.state for call in calls]


def test_a_short_rate_limit_is_waited_out_at_the_same_provider(writing: Claim, sandbox: Sandbox) -> None:
    sandbox.fail(fault("rate_limited", times=1, retry_after=1))
    began = time.monotonic()

    act(writing)

    assert 1 <= time.monotonic() - began < 5
    assert states(calls_of(writing.run.id)) == [CallState.FAILED, CallState.SUCCEEDED]


def test_a_rate_limit_that_says_nothing_is_waited_out_longer_each_time(writing: Claim, sandbox: Sandbox) -> None:
    sandbox.fail(fault("rate_limited", times=2))
    began = time.monotonic()

    act(writing)

    assert 1 + 2 <= time.monotonic() - began < 8
    assert states(calls_of(writing.run.id)) == [CallState.FAILED, CallState.FAILED, CallState.SUCCEEDED]


def test_a_rate_limit_of_more_than_30_s_is_told_to_whoever_has_no_other_provider(
    writing: Claim, sandbox: Sandbox
) -> None:
    sandbox.fail(fault("rate_limited", retry_after=31))

    with pytest.raises(ProviderBusy) as busy:
        act(writing)

    assert (busy.value.retry_after_s, busy.value.permanent) == (31, False)
    assert len(sandbox.log()) == 1


def test_a_provider_that_is_used_up_is_asked_by_nobody(writing: Claim, sandbox: Sandbox) -> None:
    sandbox.fail(fault("rate_limited", times=1, retry_after=300))
    with pytest.raises(ProviderBusy):
        act(writing)
    other = take(pieces_of(order(slides=5))[0])

    with pytest.raises(AllProvidersFailed, match="not asked") as failed:
        act(other)

    assert (failed.value.is_waiting, failed.value.permanent) == (True, False)
    assert 290 < failed.value.retry_after_s <= 300
    assert len(sandbox.log()) == 1
    assert calls_of(other.run.id) == []


def test_a_rate_limit_holds_everybody_back(writing: Claim, sandbox: Sandbox) -> None:
    sandbox.fail(fault("rate_limited", times=1, retry_after=2))
    other = take(pieces_of(order(slides=5))[0])
    first = threading.Thread(target=act, args=(writing,))
    first.start()
    wait_for(lambda: states(calls_of(writing.run.id)) == [CallState.FAILED], what="the refusal")
    began = time.monotonic()

    act(other)
    first.join()

    assert time.monotonic() - began > 1
    assert states(calls_of(other.run.id)) == [CallState.SUCCEEDED]


def test_a_rate_limit_on_texts_does_not_hold_pictures_back(writing: Claim, sandbox: Sandbox) -> None:
    sandbox.fail(fault("rate_limited", times=1, retry_after=300))
    with pytest.raises(ProviderBusy):
        act(writing)

    assert act(to_render()).picture


@pytest.mark.parametrize("name", ["disconnect", "disconnect_after_charge", "html_502"])
def test_an_answer_that_never_came_whole_is_unknown(writing: Claim, sandbox: Sandbox, name: str) -> None:
    sandbox.fail(fault(name))

    with pytest.raises(ProviderDown) as down:
        act(writing)

    (call,) = calls_of(writing.run.id)
    assert down.value.charged is None
    assert (call.state, call.cost_micro_usd) == (CallState.UNKNOWN, None)
    assert run_of(writing.run.id).held_micro_usd == call.worst_micro_usd


def test_a_provider_that_hangs_is_left_at_the_deadline(
    writing: Claim, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PRESSROOM_ROUTES", str(write_routes(tmp_path / "routes.toml", timeout_s=0.5)))
    settings.cache_clear()
    sandbox.fail(fault("hang"))
    began = time.monotonic()

    with pytest.raises(ProviderDown):
        act(writing)

    assert time.monotonic() - began < 3
    assert states(calls_of(writing.run.id)) == [CallState.UNKNOWN]


def test_an_unknown_outcome_is_asked_again_once_and_never_twice(writing: Claim, sandbox: Sandbox) -> None:
    sandbox.fail(fault("disconnect_after_charge"))
    for _ in range(2):
        with pytest.raises(ProviderDown):
            act(writing)

    with pytest.raises(AllProvidersFailed) as refused:
        act(writing)

    assert [cause.code for cause in refused.value.causes] == ["outcome_unknown"]
    assert refused.value.permanent
    assert len(sandbox.log()) == 2


def test_what_an_unknown_outcome_is_held_at_covers_what_was_charged(writing: Claim, sandbox: Sandbox) -> None:
    sandbox.fail(fault("disconnect_after_charge"))
    with pytest.raises(ProviderDown):
        act(writing)

    assert run_of(writing.run.id).held_micro_usd >= billed(sandbox) > 0


def test_a_provider_that_cannot_be_reached_charges_nothing(writing: Claim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRESSROOM_SANDBOX_URL", "http://127.0.0.1:9")
    settings.cache_clear()

    with pytest.raises(ProviderDown) as down:
        act(writing)

    assert down.value.charged is False
    assert states(calls_of(writing.run.id)) == [CallState.FAILED]


def test_a_call_that_ends_in_an_error_nobody_foresaw_does_not_stay_open(
    writing: Claim, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise KeyError("choices")

    monkeypatch.setattr(ask, "_with_sources", breaks)

    with pytest.raises(KeyError):
        act(writing)

    (call,) = calls_of(writing.run.id)
    assert (call.state, call.error_code, call.error) == (CallState.UNKNOWN, "internal_error", "KeyError")
    assert run_of(writing.run.id).held_micro_usd == call.worst_micro_usd >= billed(sandbox) > 0


def test_a_blocked_prompt_is_paid_and_permanent(writing: Claim, sandbox: Sandbox) -> None:
    sandbox.fail(fault("blocked"))

    with pytest.raises(ProviderBlocked, match="try rephrasing"):
        act(writing)

    (call,) = calls_of(writing.run.id)
    assert (call.state, call.accepted, call.error_code) == (CallState.SUCCEEDED, False, "prompt_blocked")
    assert journaled(writing.run.id) == billed(sandbox) > 0


def test_a_reply_without_a_price_is_priced_by_our_table(writing: Claim, sandbox: Sandbox) -> None:
    sandbox.fail(fault("unpriced"))

    act(writing)

    (call,) = calls_of(writing.run.id)
    assert call.cost_basis is CostBasis.TABLE
    assert call.cost_micro_usd == billed(sandbox)


def test_a_slow_answer_within_the_deadline_is_an_answer(writing: Claim, sandbox: Sandbox) -> None:
    sandbox.fail(fault("slow_first_byte", seconds=0.4))

    assert act(writing).opens


def test_past_the_cap_of_the_run_nothing_is_asked(writing: Claim, sandbox: Sandbox) -> None:
    change(Run, writing.run.id, reserved_micro_usd=1_000)

    with pytest.raises(BudgetReached) as refused:
        act(writing)

    assert refused.value.code == "run_budget_reached"
    assert sandbox.log() == []


def test_a_prompt_is_drafted_as_one_paragraph_of_the_wanted_length(drafting: Claim) -> None:
    prompt = act(drafting).prompt or ""

    assert "\n" not in prompt
    assert PROMPT_WORDS[0] <= words(prompt) <= PROMPT_WORDS[1]


def test_a_text_that_breaks_its_check_is_asked_for_again_as_often_as_the_stage_pays(
    drafting: Claim, sandbox: Sandbox
) -> None:
    work = work_of(drafting)

    with pytest.raises(InvalidReply, match="too blue"):
        work.ask.text("draft_prompt", Prompt("You are an art director.", "A boat."), check=lambda _: ["too blue"])

    assert len(sandbox.log()) == 2


def test_when_the_cap_ends_the_asking_the_problems_are_still_told(drafting: Claim, sandbox: Sandbox) -> None:
    a_picture = 72_950  # without which a prompt is of no use
    change(Run, drafting.run.id, reserved_micro_usd=12_600 + a_picture)

    with pytest.raises(InvalidReply, match="too blue"):
        work_of(drafting).ask.text("draft_prompt", Prompt("s", "A boat."), check=lambda _: ["too blue"])

    assert len(sandbox.log()) == 1


def test_two_pieces_that_ask_the_same_pay_each_for_themselves(sandbox: Sandbox) -> None:
    first, second = pictures_of(opened(slides=5))[-2:]

    act(take(first))
    act(take(second))

    assert len(sandbox.log()) == 2


def test_the_calls_of_a_whole_post_cost_what_the_provider_bills(sandbox: Sandbox) -> None:
    run_id = opened(slides=5)
    for piece in pictures_of(run_id)[:2]:
        act(take(piece))
        expire_lease(piece)
        make(piece, until="render_image")
        act(take(piece))

    assert run_of(run_id).spent_micro_usd == journaled(run_id) == billed(sandbox)
