"""Asking for texts: checked, journaled, priced, asked again within bounds; over HTTP, with the sandbox's faults."""

from __future__ import annotations

import pytest

from app.domain.errors import InvalidReply
from app.domain.provider_errors import ModelRetired, ProviderAccount, ProviderError
from app.domain.states import CallState, CostBasis
from app.runs.claims import Claim
from asking import act, fault
from harness import Sandbox
from making import expire_lease, take
from orders import calls_of, run_of
from rendering import billed, journaled

pytestmark = pytest.mark.usefixtures("database")


def test_the_content_of_a_post_opens_its_pieces(writing: Claim) -> None:
    done = act(writing)

    assert [piece.kind for piece in done.opens] == ["slide"] * 5 + ["article", "quote"]


def test_a_reply_is_journaled_with_all_that_is_known_of_it(writing: Claim) -> None:
    act(writing)

    (call,) = calls_of(writing.run.id)
    assert (call.state, call.purpose, call.provider, call.http_status) == (
        CallState.SUCCEEDED,
        "write_content",
        "gateway",
        200,
    )
    assert None not in (call.tokens_in, call.tokens_out, call.reply, call.provider_ref, call.ended_at)


def test_a_call_to_the_sandbox_says_so(writing: Claim) -> None:
    act(writing)

    assert calls_of(writing.run.id)[0].is_sandbox


def test_a_text_costs_what_the_provider_bills_to_the_micro_dollar(writing: Claim, sandbox: Sandbox) -> None:
    act(writing)

    assert run_of(writing.run.id).spent_micro_usd == journaled(writing.run.id) == billed(sandbox) > 0


def test_a_reply_in_markdown_fences_with_words_around_is_accepted(writing: Claim, sandbox: Sandbox) -> None:
    sandbox.fail(fault("fenced_json"))

    act(writing)

    assert len(sandbox.log()) == 1


@pytest.mark.parametrize("name", ["not_json", "truncated_json", "too_few_slides", "too_long_body"])
def test_a_reply_that_breaks_the_rules_is_asked_for_again(writing: Claim, sandbox: Sandbox, name: str) -> None:
    sandbox.fail(fault(name, times=1))

    done = act(writing)

    assert len(done.opens) == 7
    assert [call.accepted for call in calls_of(writing.run.id)] == [False, None]


@pytest.mark.parametrize("name", ["not_json", "too_few_slides", "too_long_body"])
def test_asking_again_is_bounded(writing: Claim, sandbox: Sandbox, name: str) -> None:
    sandbox.fail(fault(name))

    with pytest.raises(InvalidReply):
        act(writing)

    assert len(sandbox.log()) == 3


def test_the_model_is_told_what_was_wrong(writing: Claim, sandbox: Sandbox) -> None:
    asked: list[str] = []
    sandbox.fail(fault("too_few_slides"))

    with pytest.raises(InvalidReply) as refused:
        act(writing)

    asked = [str(call["prompt_sha256"]) for call in sandbox.log()]
    assert len(set(asked)) > 1
    assert refused.value.problems == ["slides: 4 instead of 5"]


def test_each_asking_is_journaled_and_priced(writing: Claim, sandbox: Sandbox) -> None:
    sandbox.fail(fault("too_long_body"))

    with pytest.raises(InvalidReply):
        act(writing)

    calls = calls_of(writing.run.id)
    assert [call.error_code for call in calls] == ["invalid_reply"] * 3
    assert journaled(writing.run.id) == billed(sandbox)


def test_a_step_that_is_repeated_after_all_was_paid_asks_no_more(writing: Claim, sandbox: Sandbox) -> None:
    sandbox.fail(fault("not_json"))
    with pytest.raises(InvalidReply):
        act(writing)

    with pytest.raises(InvalidReply):
        act(writing)

    assert len(sandbox.log()) == 3


def test_a_reply_that_was_paid_before_a_crash_is_read_and_not_bought_again(writing: Claim, sandbox: Sandbox) -> None:
    act(writing)
    expire_lease(writing.piece)

    act(take(writing.piece))

    assert len(sandbox.log()) == 1


def test_a_crash_in_the_middle_of_asking_again_pays_for_no_question_twice(writing: Claim, sandbox: Sandbox) -> None:
    sandbox.fail(fault("too_few_slides", times=1))
    act(writing)
    expire_lease(writing.piece)

    done = act(take(writing.piece))

    assert len(done.opens) == 7
    assert len(sandbox.log()) == 2
    assert journaled(writing.run.id) == billed(sandbox)


def test_a_crash_after_an_invalid_reply_goes_on_with_its_correction(writing: Claim, sandbox: Sandbox) -> None:
    sandbox.fail(fault("too_few_slides", times=1), fault("internal_error", times=1))
    with pytest.raises(ProviderError):
        act(writing)
    expire_lease(writing.piece)

    act(take(writing.piece))

    asked = [str(call["prompt_sha256"]) for call in sandbox.log()]
    assert len(asked) == 3
    assert asked[1] == asked[2] != asked[0]


REFUSALS = [("model_retired", ModelRetired), ("insufficient_funds", ProviderAccount)]


@pytest.mark.parametrize(("name", "error"), REFUSALS)
def test_what_asking_again_cannot_help_is_permanent(
    writing: Claim, sandbox: Sandbox, name: str, error: type[ProviderError]
) -> None:
    sandbox.fail(fault(name))

    with pytest.raises(error) as refused:
        act(writing)

    assert refused.value.permanent
    assert len(sandbox.log()) == 1


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("model_retired", {}),
        ("insufficient_funds", {}),
        ("rate_limited", {"retry_after": 60}),
        ("overloaded", {"retry_after": 60}),
        ("internal_error", {}),
    ],
)
def test_a_rejected_call_is_free(writing: Claim, sandbox: Sandbox, name: str, params: dict[str, int]) -> None:
    sandbox.fail(fault(name, **params))

    with pytest.raises(ProviderError):
        act(writing)

    (call,) = calls_of(writing.run.id)
    assert (call.state, call.cost_micro_usd, call.cost_basis) == (CallState.FAILED, 0, CostBasis.NONE)
    assert (run_of(writing.run.id).held_micro_usd, billed(sandbox)) == (0, 0)


@pytest.mark.parametrize("name", ["rate_limited", "overloaded"])
def test_a_call_that_was_held_back_for_a_moment_is_free_and_the_next_one_is_paid(
    writing: Claim, sandbox: Sandbox, name: str
) -> None:
    sandbox.fail(fault(name, times=1, retry_after=1))

    act(writing)

    held_back, paid = calls_of(writing.run.id)
    assert (held_back.state, held_back.cost_micro_usd, held_back.cost_basis) == (CallState.FAILED, 0, CostBasis.NONE)
    assert paid.cost_micro_usd == billed(sandbox) == run_of(writing.run.id).spent_micro_usd
