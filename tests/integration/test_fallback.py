"""The fallback chain: the next provider delivers, every cause is kept, and what is dead is not asked again."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from app.domain.errors import AllProvidersFailed, BudgetReached
from app.domain.provider_errors import ProviderBusy
from app.domain.states import CallState
from asking import act
from harness import Installation, Sandbox, forget_settings
from making import make, opened, pictures_of, piece_now, take
from orders import calls_of, run_of
from rendering import (
    GEMINI,
    LEONARDO,
    OPENAI,
    PAINTERS,
    asked_vendors,
    at,
    billed,
    journaled,
    only,
    outcomes,
    renderable,
    rendered,
    to_render,
    use_routes,
)
from routing import SHIPPED, write_routes
from workers import breakers


@pytest.fixture(autouse=True)
def _shipped_routes(monkeypatch: pytest.MonkeyPatch, database: Installation, sandbox: Sandbox) -> None:
    assert database
    assert sandbox
    use_routes(monkeypatch)


def test_the_first_provider_makes_the_picture_when_it_can(sandbox: Sandbox) -> None:
    picture = only(act(to_render()).picture)

    assert (picture["provider"], picture["model"]) == (GEMINI, "gemini-3.1-flash-image")
    assert asked_vendors(sandbox) == [GEMINI]


FAILURES = [
    ("auth", "provider_account"),
    ("no_money", "provider_account"),
    ("model_retired", "model_retired"),
    ("internal_error", "provider_down"),
    ("html_502", "provider_down"),
    ("disconnect", "provider_down"),
    ("truncated_image", "picture_refused:truncated"),
    ("svg", "picture_refused:svg"),
    ("tiny_image", "picture_refused:bytes"),
]


@pytest.mark.parametrize(("fault", "code"), FAILURES)
def test_the_next_provider_delivers_and_the_cause_is_kept(sandbox: Sandbox, fault: str, code: str) -> None:
    sandbox.fail(at(GEMINI, fault))
    held = to_render()

    picture = only(act(held).picture)

    assert picture["provider"] == LEONARDO
    assert outcomes(held.run.id) == [(GEMINI, code), (LEONARDO, None)]


@pytest.mark.parametrize(("fault", "gate"), [("wrong_aspect", "ratio"), ("blank", "blank")])
def test_after_a_refused_picture_the_next_provider_delivers_and_both_are_paid(
    sandbox: Sandbox, fault: str, gate: str
) -> None:
    sandbox.fail(at(GEMINI, fault))
    held = to_render()

    picture = only(act(held).picture)

    assert picture["provider"] == LEONARDO
    assert outcomes(held.run.id) == [(GEMINI, f"picture_refused:{gate}"), (LEONARDO, None)]
    assert journaled(held.run.id) == billed(sandbox) == run_of(held.run.id).spent_micro_usd > 67_000


def test_the_chain_goes_on_to_the_last_provider(sandbox: Sandbox) -> None:
    sandbox.fail(*(at(vendor, "internal_error") for vendor in (GEMINI, LEONARDO, OPENAI)))

    picture = only(act(to_render()).picture)

    assert picture["provider"] == "gateway"


def test_when_all_fail_the_error_holds_each_ones_reason_in_the_order_asked(sandbox: Sandbox) -> None:
    sandbox.fail(*(at(vendor, "internal_error") for vendor in PAINTERS))

    with pytest.raises(AllProvidersFailed) as failed:
        act(to_render())

    assert [cause.provider for cause in failed.value.causes] == [*PAINTERS, "gateway"]
    assert {cause.code for cause in failed.value.causes} == {"provider_down"}
    assert not failed.value.permanent


def test_what_no_wait_can_mend_is_not_tried_again(sandbox: Sandbox) -> None:
    sandbox.fail(*(at(vendor, "auth") for vendor in PAINTERS))

    with pytest.raises(AllProvidersFailed) as failed:
        act(to_render())

    assert failed.value.permanent


def test_a_provider_without_money_is_not_asked_for_the_next_picture(sandbox: Sandbox) -> None:
    sandbox.fail(at(GEMINI, "no_money"))
    run_id = opened(slides=5)
    act(renderable(run_id, "a lighthouse"))
    act(renderable(run_id, "a windmill", 1))

    assert asked_vendors(sandbox).count(GEMINI) == 1
    assert asked_vendors(sandbox).count(LEONARDO) == 2


def test_a_retired_model_closes_no_other_model_of_its_provider(sandbox: Sandbox) -> None:
    sandbox.fail(at(GEMINI, "model_retired"))
    run_id = opened(slides=5)
    act(renderable(run_id, "a lighthouse"))
    sandbox.fail()

    assert only(act(renderable(run_id, "a windmill", 1)).picture)["provider"] == LEONARDO
    # the text models of the same provider still answer
    assert breakers.why_open(GEMINI, "text", "gemini-2.5-flash") is None


def test_a_dead_provider_is_asked_five_times_and_then_costs_nothing(sandbox: Sandbox) -> None:
    sandbox.fail(at(GEMINI, "internal_error"))
    run_id = opened(slides=5)
    for n in range(7):
        act(renderable(run_id, f"lighthouse number {n} on a cliff", n))

    assert asked_vendors(sandbox).count(GEMINI) == 5


def test_a_short_429_is_waited_out_at_the_same_provider(sandbox: Sandbox) -> None:
    sandbox.fail(at(GEMINI, "rate_limited", times=1, retry_after=1))
    began = time.monotonic()

    picture = only(act(to_render()).picture)

    assert picture["provider"] == GEMINI
    assert time.monotonic() - began >= 1


def test_a_429_that_asks_for_minutes_falls_through_and_is_not_asked_again(sandbox: Sandbox) -> None:
    sandbox.fail(at(GEMINI, "rate_limited", retry_after=300))

    run_id = opened(slides=5)
    for n, prompt in enumerate(("a lighthouse", "a windmill")):
        assert only(act(renderable(run_id, prompt, n)).picture)["provider"] == LEONARDO

    assert asked_vendors(sandbox).count(GEMINI) == 1


def test_with_every_provider_used_up_the_piece_waits_and_it_is_no_attempt(sandbox: Sandbox) -> None:
    sandbox.fail(*(at(vendor, "rate_limited", retry_after=300) for vendor in PAINTERS))

    with pytest.raises((AllProvidersFailed, ProviderBusy)) as failed:
        act(to_render())

    assert isinstance(failed.value, AllProvidersFailed)
    assert failed.value.is_waiting
    assert failed.value.retry_after_s > 60


def test_never_more_pictures_are_paid_than_the_stage_allows(sandbox: Sandbox) -> None:
    sandbox.fail(*(at(vendor, "blank") for vendor in PAINTERS))
    held = to_render()

    with pytest.raises((AllProvidersFailed, BudgetReached)):
        act(held)
    with pytest.raises(BudgetReached) as refused:
        act(held)

    assert refused.value.code == "paid_calls_used_up"
    paid = [call for call in calls_of(held.run.id) if call.state is CallState.SUCCEEDED]
    assert len(paid) == 5


def test_the_gateway_goes_first_when_only_its_key_is_set(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AI_GATEWAY_API_KEY", "a-key")
    monkeypatch.setenv("AI_GATEWAY_BASE_URL", f"{sandbox.url}/v1")
    forget_settings()

    assert only(act(to_render()).picture)["provider"] == "gateway"
    assert asked_vendors(sandbox) == ["gateway"]


def test_another_model_is_one_changed_line(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    routes = write_routes(tmp_path / "r.toml", base=SHIPPED, render_image={"routes": ["gemini/gemini-2.5-flash-image"]})
    use_routes(monkeypatch, routes)
    held = to_render()

    assert only(act(held).picture)["model"] == "gemini-2.5-flash-image"
    assert journaled(held.run.id) == billed(sandbox)


def test_a_text_goes_to_the_next_provider_too(sandbox: Sandbox) -> None:
    sandbox.fail(
        at("anthropic", "overloaded", kind="text", retry_after=120), at("anthropic", "overloaded", kind="json")
    )
    piece = pictures_of(opened(slides=5))[0]
    make(piece, until="draft_prompt")
    held = take(piece)

    assert only({"prompt": act(held).prompt})["prompt"]
    assert outcomes(held.run.id, "draft_prompt")[-1] == (GEMINI, None)


def test_a_fallen_picture_is_written_with_its_provider_and_seconds(sandbox: Sandbox) -> None:
    sandbox.fail(at(GEMINI, "internal_error"))
    held = to_render()
    rendered(held)

    picture = only(piece_now(held.piece.id).picture)
    assert picture["provider"] == LEONARDO
    assert float(str(picture["seconds"])) > 0
