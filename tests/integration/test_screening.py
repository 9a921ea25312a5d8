"""Content screening: a picture that a moderation model flags is refused; one that nobody could judge is not shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from app.db.models import CachedPicture, Call, Run
from app.db.session import transaction
from app.domain.errors import BudgetReached, NotScreened, PictureRefused
from app.domain.provider_errors import ProviderAccount
from app.domain.states import CallState
from app.runs.claims import Claim
from app.storage import storage
from asking import act
from harness import Installation, Sandbox
from making import change, expire_lease, take
from orders import calls_of, run_of
from rendering import GEMINI, at, billed, journaled, only, outcomes, to_render, use_routes
from routing import SHIPPED, write_routes
from workers import breakers

MODERATION = "moderation"


@pytest.fixture(autouse=True)
def _one_painter(monkeypatch: pytest.MonkeyPatch, database: Installation, sandbox: Sandbox, tmp_path: Path) -> None:
    assert database
    assert sandbox
    routes = write_routes(
        tmp_path / "routes.toml", base=SHIPPED, render_image={"routes": ["gemini/gemini-3.1-flash-image"]}
    )
    use_routes(monkeypatch, routes)


@pytest.fixture
def held() -> Claim:
    """The claim of a picture that is to be rendered."""
    return to_render()


def again(held: Claim) -> Claim:
    """Return the claim of the next execution, as if this one's worker had died."""
    expire_lease(held.piece)
    return take(held.piece)


def moderations(sandbox: Sandbox) -> int:
    return sum(call["kind"] == MODERATION for call in sandbox.log())


def test_each_picture_is_screened_once_and_for_nothing(held: Claim, sandbox: Sandbox) -> None:
    assert act(held).picture

    (call,) = [call for call in calls_of(held.run.id) if call.purpose == "screen_image"]
    assert (call.provider, call.state, call.cost_micro_usd) == ("openai", CallState.SUCCEEDED, 0)
    assert (moderations(sandbox), journaled(held.run.id)) == (1, billed(sandbox))


def test_a_flagged_picture_is_paid_and_refused_with_its_categories(held: Claim, sandbox: Sandbox) -> None:
    sandbox.fail(at("openai", "flagged", kind=MODERATION, categories=["violence"]))

    with pytest.raises(PictureRefused, match="violence") as refused:
        act(held)

    assert refused.value.code == "picture_refused:unsafe"
    assert outcomes(held.run.id) == [(GEMINI, "picture_refused:unsafe")]
    assert journaled(held.run.id) == billed(sandbox) > 0


def test_the_file_of_a_flagged_picture_is_gone(held: Claim, sandbox: Sandbox) -> None:
    sandbox.fail(at("openai", "flagged", kind=MODERATION))
    with pytest.raises(PictureRefused):
        act(held)

    (call,) = [call for call in calls_of(held.run.id) if call.purpose == "render_image"]
    assert call.reply
    assert not storage().has(call.reply)


def test_while_nobody_can_screen_no_picture_is_bought(held: Claim, sandbox: Sandbox) -> None:
    breakers.failed("openai", "text", "omni-moderation-latest", ProviderAccount("no credit", provider="openai"))

    with pytest.raises(NotScreened):
        act(held)

    assert calls_of(held.run.id) == []
    assert billed(sandbox) == 0


def test_a_moderation_without_an_answer_cost_nothing_for_certain(held: Claim, sandbox: Sandbox) -> None:
    sandbox.fail(at("openai", "disconnect", kind=MODERATION, times=1))
    with pytest.raises(NotScreened):
        act(held)

    (call,) = [call for call in calls_of(held.run.id) if call.purpose == "screen_image"]
    assert (call.state, call.cost_micro_usd) == (CallState.FAILED, 0)


def test_a_flagged_picture_is_not_found_in_the_cache(held: Claim, sandbox: Sandbox) -> None:
    sandbox.fail(at("openai", "flagged", kind=MODERATION, times=1))
    with pytest.raises(PictureRefused):
        act(held)

    assert only(act(held).picture)["cached"] is False


@pytest.mark.parametrize(
    ("fault", "params"),
    [("internal_error", {}), ("auth", {}), ("disconnect", {}), ("rate_limited", {"retry_after": 300})],
)
def test_a_picture_that_nobody_could_judge_is_not_shown(
    held: Claim, sandbox: Sandbox, fault: str, params: dict[str, int]
) -> None:
    sandbox.fail(at("openai", fault, kind=MODERATION, **params))

    with pytest.raises(NotScreened):
        act(held)

    with transaction() as session:
        assert session.scalars(select(CachedPicture).where(CachedPicture.picture.is_not(None))).all() == []


def test_a_picture_that_was_not_judged_is_not_paid_for_again(held: Claim, sandbox: Sandbox) -> None:
    sandbox.fail(at("openai", "internal_error", kind=MODERATION, times=1))
    with pytest.raises(NotScreened):
        act(held)

    assert act(again(held)).picture

    assert outcomes(held.run.id) == [(GEMINI, None)]


def test_a_verdict_that_is_known_is_not_asked_for_again(held: Claim, sandbox: Sandbox) -> None:
    act(held)
    with transaction() as session:  # as if the worker had died between the verdict and the acceptance
        session.execute(update(Call).where(Call.purpose == "render_image").values(accepted=None))
        session.execute(delete(CachedPicture))

    act(again(held))

    assert moderations(sandbox) == 1


def test_a_moderation_that_keeps_failing_may_be_asked_as_often_as_it_takes(held: Claim, sandbox: Sandbox) -> None:
    sandbox.fail(at("openai", "disconnect", kind=MODERATION, times=4))
    for _ in range(4):
        with pytest.raises(NotScreened):
            act(held)
        held = again(held)

    assert act(held).picture


def test_where_the_routes_turn_screening_off_nobody_is_asked(
    held: Claim, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    off = {"routes": ["openai/omni-moderation-latest"], "enabled": False}
    use_routes(monkeypatch, write_routes(tmp_path / "off.toml", base=SHIPPED, screen_image=off))

    assert act(held).picture

    assert moderations(sandbox) == 0


def test_without_a_key_for_the_moderation_nobody_is_asked(
    held: Claim, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GOOGLE_AI_KEY", "a-key")
    monkeypatch.setenv("GOOGLE_AI_BASE_URL", f"{sandbox.url}/v1beta")
    use_routes(monkeypatch, write_routes(tmp_path / "off.toml", base=SHIPPED))

    assert act(held).picture

    assert moderations(sandbox) == 0


# ---- a moderation that costs something


ALL_PAINTERS = ["gemini/gemini-3.1-flash-image", "openai/gpt-image-2"]


def priced(monkeypatch: pytest.MonkeyPatch, folder: Path, usd: float) -> None:
    """Have every moderation cost so much, and have two models make pictures."""
    prices = folder / "prices.toml"
    name = '["openai/omni-moderation-latest"]'
    prices.write_text(
        f'{name}\ncan = ["moderation"]\nper_request = {usd}\nas_of = 2026-11-20\nsource = "our contract"\n'
    )
    monkeypatch.setenv("PRESSROOM_PRICES", str(prices))
    use_routes(
        monkeypatch, write_routes(folder / "two_painters.toml", base=SHIPPED, render_image={"routes": ALL_PAINTERS})
    )


def test_a_screening_that_the_cap_does_not_pay_ends_the_picture_and_buys_no_other(
    held: Claim, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    priced(monkeypatch, tmp_path, usd=5)

    with pytest.raises(BudgetReached, match="raise max_cost_usd") as refused:
        act(held)

    assert refused.value.code == "run_budget_reached"
    assert (moderations(sandbox), len(outcomes(held.run.id))) == (0, 1)
    assert journaled(held.run.id) == billed(sandbox) > 0


def test_a_higher_cap_has_the_paid_picture_screened_and_not_made_again(
    held: Claim, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    priced(monkeypatch, tmp_path, usd=5)
    with pytest.raises(BudgetReached):
        act(held)
    change(Run, held.run.id, reserved_micro_usd=50_000_000)

    assert act(again(held)).picture

    assert (moderations(sandbox), outcomes(held.run.id)) == (1, [(GEMINI, None)])
    assert run_of(held.run.id).spent_micro_usd >= 5_000_000


def test_screenings_in_doubt_are_paid_twice_at_most_and_then_nobody_waits(
    held: Claim, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    priced(monkeypatch, tmp_path, usd=0.001)
    sandbox.fail(at("openai", "disconnect", kind=MODERATION))
    for _ in range(2):
        with pytest.raises(NotScreened):
            act(held)
        held = again(held)

    with pytest.raises(BudgetReached) as refused:
        act(held)

    assert refused.value.code == "outcome_unknown"
    assert [call.state for call in calls_of(held.run.id) if call.purpose == "screen_image"] == [CallState.UNKNOWN] * 2
    assert len(outcomes(held.run.id)) == 1
