"""Asking for pictures: what passes the gates is stored, what does not is paid and refused by name."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from app.db.models import Call, Piece, Run
from app.db.session import transaction
from app.domain.errors import BudgetReached, PictureRefused, ProviderBlocked, ProviderDown, StorageError
from app.domain.keys import content_digest
from app.domain.states import CallState, CostBasis
from app.runs.claims import Claim
from app.settings import settings
from app.storage import mime_of, storage
from asking import act
from harness import Sandbox
from making import change, expire_lease, make, opened, pictures_of, take
from orders import calls_of, run_of

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def rendering(sandbox: Sandbox) -> Claim:
    """The claim of a slide whose picture is to be rendered."""
    assert sandbox
    piece = pictures_of(opened(slides=5))[-1]
    make(piece, until="render_image")
    return take(piece)


def fault(name: str, times: int | None = None, **params: object) -> dict[str, object]:
    return {"match": {} if times is None else {"times": times}, "fault": name, "params": params}


def billed(sandbox: Sandbox) -> int:
    return int(str(sandbox.bill()["total_micro_usd"]))


def the_call(held: Claim) -> Call:
    (call,) = calls_of(held.run.id)
    return call


def test_a_picture_is_stored_under_the_key_of_its_bytes(rendering: Claim) -> None:
    picture = act(rendering).picture
    assert picture is not None

    data = storage().get(picture["key"])

    assert content_digest(data) == picture["sha256"]
    assert picture["key"] == f"posts/{rendering.run.id}/4/{picture['sha256'][:12]}.png"


def test_a_picture_is_described_as_it_is(rendering: Claim) -> None:
    picture = act(rendering).picture
    assert picture is not None

    assert picture["mime"] == "image/png"
    assert abs(picture["width"] / picture["height"] - 4 / 5) < 0.08
    assert picture["bytes"] == len(storage().get(picture["key"]))
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


REFUSED = [("truncated_image", "decode"), ("wrong_aspect", "ratio"), ("tiny_image", "bytes")]


@pytest.mark.parametrize(("name", "gate"), REFUSED)
def test_a_picture_that_fails_a_gate_is_refused_by_its_name(
    rendering: Claim, sandbox: Sandbox, name: str, gate: str
) -> None:
    sandbox.fail(fault(name))

    with pytest.raises(PictureRefused) as refused:
        act(rendering)

    assert refused.value.code == f"picture_refused:{gate}"


@pytest.mark.parametrize(("name", "gate"), REFUSED)
def test_a_refused_picture_is_paid_and_never_used(rendering: Claim, sandbox: Sandbox, name: str, gate: str) -> None:
    sandbox.fail(fault(name))

    with pytest.raises(PictureRefused):
        act(rendering)

    call = the_call(rendering)
    assert (call.state, call.accepted, call.error_code) == (CallState.SUCCEEDED, False, f"picture_refused:{gate}")
    assert call.cost_micro_usd == billed(sandbox) > 0


def test_a_tiny_picture_is_refused_for_its_size_when_its_bytes_are_not_looked_at(
    rendering: Claim, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRESSROOM_MIN_PICTURE_BYTES", "0")
    settings.cache_clear()
    sandbox.fail(fault("tiny_image"))

    with pytest.raises(PictureRefused) as refused:
        act(rendering)

    assert refused.value.code == "picture_refused:pixels"


def test_a_refused_picture_is_bought_again_at_most_as_often_as_the_stage_pays(
    rendering: Claim, sandbox: Sandbox
) -> None:
    sandbox.fail(fault("wrong_aspect"))
    for _ in range(3):
        with pytest.raises(PictureRefused):
            act(rendering)

    with pytest.raises(BudgetReached) as refused:
        act(rendering)

    assert refused.value.code == "paid_calls_used_up"
    assert len(sandbox.log()) == 3


def test_a_jpeg_that_is_labelled_png_is_a_jpeg(
    rendering: Claim, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRESSROOM_MIN_PICTURE_BYTES", "1000")  # JPEG packs the sandbox's pictures tighter
    settings.cache_clear()
    sandbox.fail(fault("jpeg_labelled_png"))

    picture = act(rendering).picture

    assert picture is not None
    assert (picture["mime"], picture["key"][-4:]) == ("image/jpeg", ".jpg")
    assert mime_of(storage().get(picture["key"])) == "image/jpeg"


def test_a_reply_without_a_picture_is_paid_and_may_be_asked_again(rendering: Claim, sandbox: Sandbox) -> None:
    sandbox.fail(fault("no_image", times=1))
    with pytest.raises(ProviderDown, match="without a picture") as down:
        act(rendering)

    assert act(rendering).picture
    assert not down.value.permanent
    assert [call.error_code for call in calls_of(rendering.run.id)] == ["no_picture", None]


def test_a_blocked_picture_is_paid_and_permanent(rendering: Claim, sandbox: Sandbox) -> None:
    sandbox.fail(fault("blocked"))

    with pytest.raises(ProviderBlocked, match="try rephrasing"):
        act(rendering)

    assert the_call(rendering).cost_micro_usd == billed(sandbox) > 0


def test_a_picture_that_was_paid_before_a_crash_is_read_and_not_bought_again(
    rendering: Claim, sandbox: Sandbox
) -> None:
    first = act(rendering).picture
    expire_lease(rendering.piece)

    again = act(take(rendering.piece)).picture

    assert again == first
    assert len(sandbox.log()) == 1


def test_a_picture_whose_bytes_were_lost_in_a_crash_is_bought_again(rendering: Claim, sandbox: Sandbox) -> None:
    act(rendering)
    with transaction() as session:
        session.execute(update(Call).values(reply="posts/lost/0/0.png"))

    with pytest.raises(ProviderDown, match="lost in a crash"):
        act(rendering)

    assert act(rendering).picture
    assert len(sandbox.log()) == 2


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
    change(Run, rendering.run.id, reserved_micro_usd=68_999)

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
