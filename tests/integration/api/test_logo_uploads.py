"""Logos stay for the runs that were ordered with them: so nobody may send them without end."""

from __future__ import annotations

from typing import Any

import pytest
from callers import Caller
from redis import Redis
from werkzeug.test import TestResponse

from app import traffic
from app.api import brands
from app.settings import settings
from app.storage import Folder
from harness import Installation, forget_caches
from pngs import logo

MOST = 3


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a user send few logos a day."""
    monkeypatch.setattr(brands, "MAX_LOGOS", MOST)


def made(call: Caller, name: str = "Acme") -> dict[str, Any]:
    return dict(call("POST", "/api/brands", json={"name": name}).get_json())


def put(call: Caller, brand: dict[str, Any], colour: int) -> TestResponse:
    return call("PUT", f"/api/brands/{brand['id']}/logo", data=logo(colour=colour), content_type="image/png")


def files() -> int:
    """How many logos are in storage."""
    return len([*(settings().data_dir / "files").rglob("logo-*")])


def test_a_user_may_send_so_many_new_logos_a_day_over_all_brands(
    call: Caller, stranger: Caller, database: Installation
) -> None:
    acme, other = made(call), made(call, "Other")
    sent = [put(call, acme, 1), put(call, acme, 2), put(call, other, 3)]

    refused = [put(call, acme, 4), put(call, other, 5), put(call, made(call, "New"), 6)]

    assert [answer.status_code for answer in sent] == [200] * MOST
    for answer in refused:
        assert (answer.status_code, answer.get_json()["code"]) == (429, "too_many_logos")
        assert 0 < int(answer.headers["Retry-After"]) <= 24 * 3600
    assert files() == MOST
    assert call("GET", f"/api/brands/{acme['id']}").get_json()["logo"] == sent[1].get_json()["logo"]
    assert put(stranger, made(stranger), 7).status_code == 200
    with Redis.from_url(database.redis_url) as redis:
        for name in redis.scan_iter("pressroom:logos:*"):
            assert 0 < redis.ttl(name) <= 24 * 3600


def test_deleting_brands_and_logos_gives_no_more(call: Caller) -> None:
    for n in range(MOST):
        brand = made(call)
        put(call, brand, n)
        call("DELETE", f"/api/brands/{brand['id']}" + ("/logo" if n == MOST - 1 else ""))

    assert put(call, brand, MOST).status_code == 429


def test_the_logo_that_a_brand_has_may_be_sent_again_and_again(call: Caller) -> None:
    brand = made(call)

    codes = {put(call, brand, 1).status_code for _ in range(2 * MOST)}

    assert codes == {200}
    assert [put(call, brand, n).status_code for n in (2, 3, 4)] == [200, 200, 429]


def test_what_is_no_logo_does_not_count(call: Caller) -> None:
    brand = made(call)
    for _ in range(MOST):
        call("PUT", f"/api/brands/{brand['id']}/logo", data=b"<svg/>", content_type="image/png")

    assert put(call, brand, 1).status_code == 200


def test_a_disk_that_is_nearly_full_gets_no_logo(call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    brand = made(call)
    before = put(call, brand, 1).get_json()
    monkeypatch.setattr(Folder, "has_room", lambda _: False)

    answer = put(call, brand, 2)

    assert (answer.status_code, answer.get_json()["code"]) == (503, "storage_unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert call("GET", f"/api/brands/{brand['id']}").get_json() == before
    assert files() == 1


def test_while_redis_is_away_logos_are_taken(call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    brand = made(call)
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:9/0")
    forget_caches()
    traffic._server.cache_clear()

    codes = {put(call, brand, n).status_code for n in range(MOST + 1)}

    assert codes == {200}
    traffic._server.cache_clear()
