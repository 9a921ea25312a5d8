"""Blocked prompts: rewritten to be safer with the same visual intent, at most twice; then the user is told."""

from __future__ import annotations

import pytest

from app.domain.errors import AllProvidersFailed
from app.domain.provider_errors import ProviderBlocked
from asking import act
from harness import Installation, Sandbox
from making import complete, expire_lease, piece_now, take
from orders import events_of
from rendering import GEMINI, asked_vendors, at, only, outcomes, rendered, to_render, use_routes

PROMPT = "a knight raises a bloody sword over a battlefield. Low sun, long shadows, wide angle."


@pytest.fixture(autouse=True)
def _shipped_routes(monkeypatch: pytest.MonkeyPatch, database: Installation, sandbox: Sandbox) -> None:
    assert database
    assert sandbox
    use_routes(monkeypatch)


def blocked(times: int | None = None) -> dict[str, object]:
    return at(GEMINI, "blocked", times=times)


def test_a_blocked_prompt_is_rewritten_and_rendered(sandbox: Sandbox) -> None:
    sandbox.fail(blocked(1))
    held = to_render(PROMPT)

    rendered(held)

    piece = piece_now(held.piece.id)
    assert only(piece.picture)["provider"] == GEMINI
    assert piece.prompt not in (None, PROMPT)
    assert piece.rewrites == 1


def test_a_blocked_prompt_does_not_go_to_another_provider_as_it_is(sandbox: Sandbox) -> None:
    sandbox.fail(blocked(1))

    act(to_render(PROMPT))

    assert asked_vendors(sandbox) == [GEMINI, GEMINI]


def test_a_word_that_is_blocked_is_gone_from_the_rewritten_prompt(sandbox: Sandbox) -> None:
    rule = at(GEMINI, "blocked")
    rule["match"] = {"vendor": GEMINI, "kind": "image", "prompt_contains": "bloody"}
    sandbox.fail(rule)
    held = to_render(PROMPT)

    rendered(held)

    assert "bloody" not in str(piece_now(held.piece.id).prompt)


def test_after_two_rewrites_the_user_is_told_to_rephrase(sandbox: Sandbox) -> None:
    sandbox.fail(blocked())
    held = to_render(PROMPT)

    with pytest.raises(ProviderBlocked) as told:
        act(held)

    assert "blocked" in str(told.value)
    assert "try rephrasing" in str(told.value)
    assert [code for _, code in outcomes(held.run.id)] == ["prompt_blocked"] * 3
    assert len(outcomes(held.run.id, "rewrite_prompt")) == 2


def test_a_rewrite_is_stored_before_it_is_rendered_so_that_a_crash_does_not_start_over(sandbox: Sandbox) -> None:
    sandbox.fail(blocked(1), at(GEMINI, "hang"))
    sandbox.fail(blocked(1))
    held = to_render(PROMPT)

    act(held)  # nothing of the result is written, as if the worker had died

    piece = piece_now(held.piece.id)
    assert (piece.rewrites, piece.prompt == PROMPT) == (1, False)
    assert "piece.rewritten" in [event.type for event in events_of(held.run.id)]


def test_words_that_were_blocked_before_a_crash_are_not_paid_for_again(sandbox: Sandbox) -> None:
    sandbox.fail(blocked(1), *(at(who, "internal_error", kind="text") for who in ("anthropic", GEMINI, "gateway")))
    held = to_render(PROMPT)
    with pytest.raises(AllProvidersFailed):
        act(held)  # nobody could rewrite the prompt
    sandbox.fail()

    act(held)

    assert [code for _, code in outcomes(held.run.id)] == ["prompt_blocked", None]


def test_what_a_review_wanted_changed_and_was_rewritten_instead_is_found_again_after_a_crash(sandbox: Sandbox) -> None:
    held = to_render(PROMPT)
    rendered(held)
    sandbox.fail({"match": {"kind": "json", "times": 1}, "fault": "bad_verdict", "params": {"reason": "a watermark"}})
    reviewing = take(held.piece)
    complete(reviewing, act(reviewing))
    sandbox.fail(blocked(1))  # the change is
    act(take(held.piece))  # nothing of the result is written, as if the worker had died
    asked = len(sandbox.log())
    expire_lease(held.piece)

    again = act(take(held.piece))

    assert again.picture is not None
    assert len(sandbox.log()) == asked
    assert piece_now(held.piece.id).rewrites == 1
