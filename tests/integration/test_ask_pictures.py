"""Asking for pictures: what passes the gates is stored, what does not is paid and refused by name."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update

from app.db.models import CachedPicture, Call, Piece, Run
from app.db.session import transaction
from app.domain.errors import BudgetReached, PictureRefused, StorageError
from app.domain.keys import content_digest
from app.domain.provider_errors import ProviderBlocked, ProviderDown
from app.domain.states import CallState, CostBasis
from app.runs.claims import Claim
from app.settings import settings
from app.storage import storage
from asking import act, fault
from harness import Sandbox
from making import change, expire_lease, make, opened, pictures_of, take
from orders import calls_of, run_of
from rendering import at, billed, journaled
from routing import write_routes

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def rendering(sandbox: Sandbox) -> Claim:
    """The claim of a slide whose picture is to be rendered."""
    assert sandbox
    piece = pictures_of(opened(slides=5))[-1]
    make(piece, until="render_image")
    return take(piece)


def the_call(held: Claim) -> Call:
    (call,) = calls_of(held.run.id)
    return call


def test_a_picture_is_stored_under_the_key_of_its_bytes_and_described_as_it_is(rendering: Claim) -> None:
    picture = act(rendering).picture
    assert picture is not None

    data = storage().get(picture["key"])

    assert content_digest(data) == picture["sha256"]
    assert picture["key"] == f"posts/{rendering.run.id}/4/{picture['sha256'][:12]}.png"
    assert picture["mime"] == "image/png"
    assert abs(picture["width"] / picture["height"] - 4 / 5) < 0.08
    assert picture["bytes"] == len(data)
    assert picture["call_id"] == str(the_call(rendering).id)


def test_a_picture_costs_what_the_provider_bills_to_the_micro_dollar(rendering: Claim, sandbox: Sandbox) -> None:
    act(rendering)

    assert the_call(rendering).cost_micro_usd == run_of(rendering.run.id).spent_micro_usd == billed(sandbox) > 60_000


def test_a_picture_without_a_price_is_priced_by_our_table_with_its_image_tokens(
    rendering: Claim, sandbox: Sandbox
) -> None:
    sandbox.fail(fault("unpriced"))

    act(rendering)

    call = the_call(rendering)
    assert (call.cost_basis, call.tokens_image) == (CostBasis.TABLE, 1120)
    assert call.cost_micro_usd == billed(sandbox)


REFUSED = [
    ("truncated_image", "truncated"),
    ("wrong_aspect", "ratio"),
    ("tiny_image", "bytes"),
    ("jpeg_labelled_png", "mislabelled"),
]


@pytest.mark.parametrize(("name", "gate"), REFUSED)
def test_a_picture_that_fails_a_gate_is_refused_by_its_name_paid_and_never_used(
    rendering: Claim, sandbox: Sandbox, name: str, gate: str
) -> None:
    sandbox.fail(fault(name))

    with pytest.raises(PictureRefused) as refused:
        act(rendering)

    call = the_call(rendering)
    assert refused.value.code == call.error_code == f"picture_refused:{gate}"
    assert (call.state, call.accepted) == (CallState.SUCCEEDED, False)
    assert call.cost_micro_usd == billed(sandbox) > 0


def test_a_tiny_picture_is_refused_for_its_size_when_its_bytes_are_not_looked_at(
    rendering: Claim, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PRESSROOM_ROUTES", str(write_routes(tmp_path / "routes.toml", min_bytes=0)))
    settings.cache_clear()
    sandbox.fail(fault("tiny_image"))

    with pytest.raises(PictureRefused) as refused:
        act(rendering)

    assert refused.value.code == "picture_refused:pixels"


def test_a_refused_picture_is_bought_again_at_most_as_often_as_the_stage_pays(
    rendering: Claim, sandbox: Sandbox
) -> None:
    sandbox.fail(fault("wrong_aspect"))
    for _ in range(5):
        with pytest.raises(PictureRefused):
            act(rendering)

    with pytest.raises(BudgetReached) as refused:
        act(rendering)

    assert refused.value.code == "paid_calls_used_up"
    assert len(sandbox.log()) == 5


def test_a_reply_without_a_picture_is_paid_and_may_be_asked_again(rendering: Claim, sandbox: Sandbox) -> None:
    sandbox.fail(fault("no_image", times=1))
    with pytest.raises(ProviderDown, match="without a picture") as down:
        act(rendering)

    assert act(rendering).picture
    assert not down.value.permanent
    assert [call.error_code for call in calls_of(rendering.run.id)] == ["no_picture", None]


def test_a_blocked_picture_is_tried_in_three_wordings_all_paid_and_then_permanent(
    rendering: Claim, sandbox: Sandbox
) -> None:
    sandbox.fail(at("gateway", "blocked"))

    with pytest.raises(ProviderBlocked, match="try rephrasing") as blocked:
        act(rendering)

    assert blocked.value.permanent
    assert [(call.purpose, call.error_code) for call in calls_of(rendering.run.id)] == [
        ("render_image", "prompt_blocked"),
        ("rewrite_prompt", None),
        ("render_image", "prompt_blocked"),
        ("rewrite_prompt", None),
        ("render_image", "prompt_blocked"),
    ]
    assert journaled(rendering.run.id) == run_of(rendering.run.id).spent_micro_usd == billed(sandbox) > 0


def test_a_prompt_whose_rewriting_is_blocked_too_is_permanent(rendering: Claim, sandbox: Sandbox) -> None:
    sandbox.fail(fault("blocked"))

    with pytest.raises(ProviderBlocked, match="try rephrasing"):
        act(rendering)

    assert [call.purpose for call in calls_of(rendering.run.id)] == ["render_image", "rewrite_prompt"]
    assert journaled(rendering.run.id) == billed(sandbox)


def again_after_a_crash(held: Claim) -> dict[str, Any]:
    """Return the picture of the next execution, as if this one's worker had died before the piece was written."""
    expire_lease(held.piece)
    picture = act(take(held.piece)).picture
    assert picture is not None
    return picture


def test_a_picture_that_was_accepted_before_a_crash_is_found_at_nothing(rendering: Claim, sandbox: Sandbox) -> None:
    first = act(rendering).picture or {}

    again = again_after_a_crash(rendering)

    paid, found = calls_of(rendering.run.id)
    assert (again["key"], again["sha256"], again["cached"]) == (first["key"], first["sha256"], True)
    assert (found.cost_micro_usd, found.cost_basis) == (0, CostBasis.CACHE)
    assert (again["call_id"], paid.cost_micro_usd) == (str(found.id), billed(sandbox))
    assert len(sandbox.log()) == 1


def test_a_picture_that_was_paid_and_not_yet_judged_before_a_crash_is_read_and_not_bought_again(
    rendering: Claim, sandbox: Sandbox
) -> None:
    first = act(rendering).picture or {}
    forget_that_it_was_accepted()

    again = again_after_a_crash(rendering)

    assert again == first | {"seconds": again["seconds"]}
    assert len(sandbox.log()) == 1


def test_a_picture_whose_bytes_were_lost_in_a_crash_is_bought_again(rendering: Claim, sandbox: Sandbox) -> None:
    act(rendering)
    forget_that_it_was_accepted()
    lose_files()

    picture = again_after_a_crash(rendering)

    lost, bought = calls_of(rendering.run.id)
    assert (lost.accepted, lost.error_code) == (False, "bytes_lost")
    assert (bought.accepted, picture["call_id"]) == (True, str(bought.id))
    assert storage().get(picture["key"])
    assert journaled(rendering.run.id) == billed(sandbox)


def test_an_accepted_picture_whose_bytes_are_gone_is_bought_again(rendering: Claim, sandbox: Sandbox) -> None:
    act(rendering)
    lose_files()

    picture = again_after_a_crash(rendering)

    assert storage().get(picture["key"])
    assert len(sandbox.log()) == 2


def forget_that_it_was_accepted() -> None:
    """Put the journal and the cache back to where they are right after a reply: paid, and not looked at."""
    with transaction() as session:
        session.execute(update(Call).values(accepted=None))
        session.execute(delete(CachedPicture))


def lose_files() -> None:
    """Delete all that storage has."""
    shutil.rmtree(settings().data_dir / "files")


def test_another_take_is_bought_although_the_question_is_the_same(rendering: Claim, sandbox: Sandbox) -> None:
    act(rendering)
    change(Piece, rendering.piece.id, take=2)
    expire_lease(rendering.piece)

    act(take(rendering.piece))

    assert len(sandbox.log()) == 2


def test_while_storage_is_down_no_picture_is_bought(
    rendering: Claim, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRESSROOM_STORE_PATIENCE", "0")
    settings.cache_clear()
    files = settings().data_dir / "files"
    files.write_text("a file where the folder should be")
    act(rendering)  # paid, and kept in the database
    other = take(pictures_of(rendering.run.id)[-2])

    with pytest.raises(StorageError, match="no picture is bought"):
        act(take_to_render(other))

    assert len(sandbox.log()) == 1
    files.unlink()


def take_to_render(held: Claim) -> Claim:
    """Bring a claimed piece to its rendering without asking a model."""
    expire_lease(held.piece)
    change(Piece, held.piece.id, state="PROMPTED", step="render_image", prompt="a boat")
    return take(held.piece)


def test_a_picture_that_does_not_fit_the_cap_is_not_bought(rendering: Claim, sandbox: Sandbox) -> None:
    change(Run, rendering.run.id, reserved_micro_usd=72_949)

    with pytest.raises(BudgetReached):
        act(rendering)

    assert sandbox.log() == []


def test_the_article_gets_a_wide_picture(sandbox: Sandbox) -> None:
    piece = pictures_of(opened(slides=5))[0]
    make(piece, until="render_image")

    picture = act(take(piece)).picture

    assert sandbox.log()
    assert picture is not None
    assert abs(picture["width"] / picture["height"] - 16 / 9) < 0.18
    assert "/article-cover/" in picture["key"]
