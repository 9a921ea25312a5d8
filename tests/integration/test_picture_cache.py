"""The picture cache: a repeat is free, equal requests at once are paid once, and only accepted pictures are kept."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlalchemy import update

from app.db.models import CachedPicture
from app.db.session import transaction
from app.domain.errors import AllProvidersFailed, BeingMade, PictureRefused
from app.domain.states import CostBasis
from app.runs import claims
from app.settings import SANDBOX_KEY, SANDBOX_PATHS
from app.storage import storage
from asking import act
from harness import Sandbox, forget_settings, wait_for
from making import expire_lease, opened, piece_now, take
from orders import a_user, calls_of
from rendering import at, billed, only, renderable, rendered, to_render, use_routes
from routing import write_routes
from settings_of import own_settings
from workers.images import cache

pytestmark = pytest.mark.usefixtures("database", "sandbox")
PROMPT = "a lighthouse at dusk over a calm sea, seen from the water"


def test_the_same_words_bring_the_same_picture_for_nothing(sandbox: Sandbox) -> None:
    user = a_user()
    first = to_render(PROMPT, user)
    rendered(first)
    paid = billed(sandbox)

    second = to_render(PROMPT, user)
    picture = only(act(second).picture)

    assert billed(sandbox) == paid
    assert picture["sha256"] == only(piece_now(first.piece.id).picture)["sha256"]
    assert picture["cached"] is True


def test_a_cached_picture_is_in_the_journal_at_nothing() -> None:
    user = a_user()
    rendered(to_render(PROMPT, user))

    held = to_render(PROMPT, user)
    act(held)

    (call,) = calls_of(held.run.id)
    assert (call.cost_micro_usd, call.cost_basis, call.accepted) == (0, CostBasis.CACHE, True)


def test_a_cached_picture_lies_under_the_runs_own_key() -> None:
    user = a_user()
    first = to_render(PROMPT, user)
    rendered(first)

    held = to_render(PROMPT, user)
    key = str(only(act(held).picture)["key"])

    assert str(held.run.id) in key
    assert storage().get(key) == storage().get(str(only(piece_now(first.piece.id).picture)["key"]))


def test_another_tenant_pays_for_its_own(sandbox: Sandbox) -> None:
    rendered(to_render(PROMPT, a_user()))
    paid = billed(sandbox)

    rendered(to_render(PROMPT, a_user()))

    assert billed(sandbox) == 2 * paid


def test_another_take_is_another_picture() -> None:
    user = a_user()
    held = to_render(PROMPT, user)
    rendered(held)
    again = to_render(PROMPT, user)
    with transaction() as session:
        claims.postpone(session, again, wait=__import__("datetime").timedelta(0), code="x", new_take=True)

    picture = only(act(take(again.piece)).picture)

    assert picture["cached"] is False


def test_another_aspect_ratio_is_another_picture() -> None:
    user = a_user()
    rendered(to_render(PROMPT, user))

    held = renderable(opened(user, slides=5, format="1:1"), PROMPT, n=1)

    assert only(act(held).picture)["cached"] is False


def test_another_model_is_another_picture(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    user = a_user()
    rendered(to_render(PROMPT, user))
    other = {"routes": ["gateway/google/gemini-2.5-flash-image"]}
    use_routes(monkeypatch, write_routes(tmp_path / "r.toml", render_image=other))

    assert only(act(to_render(PROMPT, user)).picture)["cached"] is False


def test_a_refused_picture_is_not_kept(sandbox: Sandbox) -> None:
    user = a_user()
    sandbox.fail(at("gateway", "blank", times=1))
    with pytest.raises((PictureRefused, AllProvidersFailed)):
        act(to_render(PROMPT, user))

    assert only(act(to_render(PROMPT, user)).picture)["cached"] is False


def test_a_picture_whose_bytes_are_gone_is_made_again() -> None:
    user = a_user()
    first = to_render(PROMPT, user)
    rendered(first)
    _lose(str(only(piece_now(first.piece.id).picture)["key"]))

    assert only(act(to_render(PROMPT, user)).picture)["cached"] is False


def test_a_good_verdict_is_kept_with_the_picture_so_that_nobody_pays_for_it_again() -> None:
    user = a_user()
    first = to_render(PROMPT, user)
    rendered(first)
    verdict = {"is_good": True, "problems": []}
    with transaction() as session:
        cache.judge(session, user.id, str(only(piece_now(first.piece.id).picture)["sha256"]), verdict)

    again = to_render(PROMPT, user)
    rendered(again)

    assert act(take(again.piece)).review == {"skipped": "turned_off"}  # the routes come first
    assert only(piece_now(again.piece.id).picture)["review"] == verdict


def test_a_picture_that_the_review_refused_is_not_found_again() -> None:
    user = a_user()
    first = to_render(PROMPT, user)
    rendered(first)
    with transaction() as session:
        cache.judge(session, user.id, str(only(piece_now(first.piece.id).picture)["sha256"]), {"is_good": False})

    assert only(act(to_render(PROMPT, user)).picture)["cached"] is False


# ---- the sandbox's pictures are no real ones


def test_once_a_key_is_set_the_sandboxs_picture_is_not_taken_for_a_real_one(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = a_user()
    rendered(to_render(PROMPT, user))
    _set_a_key(sandbox, monkeypatch)

    real = to_render(PROMPT, user)
    rendered(real)
    again = to_render(PROMPT, user)

    assert _origin(only(piece_now(real.piece.id).picture)) == (False, False)
    assert _origin(only(act(again).picture)) == (True, False), "a real picture is found again"
    assert [call.is_sandbox for call in (*calls_of(real.run.id), *calls_of(again.run.id))] == [False, False]


def test_without_a_key_a_real_picture_is_not_taken_for_the_sandboxs(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = a_user()
    with monkeypatch.context() as keyed:
        _set_a_key(sandbox, keyed)
        rendered(to_render(PROMPT, user))
    forget_settings()

    assert _origin(only(act(to_render(PROMPT, user)).picture)) == (False, True)


def test_a_picture_of_the_sandbox_under_a_real_key_makes_room_for_a_real_one(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = a_user()
    rendered(to_render(PROMPT, user))
    _set_a_key(sandbox, monkeypatch)
    with transaction() as session:  # as it was stored before keys told the two apart
        session.execute(update(CachedPicture).where(CachedPicture.user_id == user.id).values(key=_key()))

    real = to_render(PROMPT, user)
    rendered(real)

    assert _origin(only(piece_now(real.piece.id).picture)) == (False, False)
    assert _origin(only(act(to_render(PROMPT, user)).picture)) == (True, False)


def _set_a_key(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the gateway count as asked with a key of its own; what answers is still the sandbox."""
    address = sandbox.url + SANDBOX_PATHS["gateway"]
    own_settings(monkeypatch, AI_GATEWAY_BASE_URL=address, AI_GATEWAY_API_KEY=SANDBOX_KEY)


def _origin(picture: Mapping[str, object]) -> tuple[object, object]:
    return picture["cached"], picture["sandbox"]


def _lose(key: str) -> None:
    from app.settings import settings  # noqa: PLC0415

    (settings().data_dir / "files" / key).unlink()


def test_two_equal_prompts_at_once_are_paid_once(sandbox: Sandbox) -> None:
    sandbox.configure(latency="fixed:0.5")
    user = a_user()
    one, other = to_render(PROMPT, user), to_render(PROMPT, user)
    making = threading.Thread(target=rendered, args=(one,))
    making.start()
    wait_for(lambda: calls_of(one.run.id), what="the first request")

    with pytest.raises(BeingMade):
        act(other)
    making.join()

    assert only(act(other).picture)["cached"] is True
    assert len([call for call in sandbox.log() if call["kind"] == "image"]) == 1


def test_when_the_one_who_made_it_died_another_goes_on() -> None:
    user = a_user()
    dead, alive = to_render(PROMPT, user), to_render(PROMPT, user)
    _begin(user.id, dead.token)
    with pytest.raises(BeingMade):
        act(alive)

    expire_lease(dead.piece)

    assert only(act(alive).picture)["cached"] is False


def test_one_who_was_passed_by_cannot_put_his_picture_there() -> None:
    user = a_user()
    late, owner = to_render(PROMPT, user), to_render(PROMPT, user)
    _begin(user.id, late.token)
    expire_lease(late.piece)
    _begin(user.id, owner.token)

    with transaction() as session:
        cache.keep(session, user.id, "k", late.token, {"sha256": "late"})
    with transaction() as session:
        assert cache.find(session, user.id, ["k"]) is None


def _begin(user_id: uuid.UUID, token: uuid.UUID, key: str | None = None) -> None:
    with transaction() as session:
        for each in ("k", key or _key()):
            cache.enter(session, user_id, each, token)


def _key() -> str:
    from app.routes import routes_for  # noqa: PLC0415

    return cache.key_of(routes_for("render_image")[0], PROMPT, "16:9", 1)  # the first picture is the article's
