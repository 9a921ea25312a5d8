"""How fast a key may ask: a minute's requests at once, then one at a time, and 429 above it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from callers import Caller, key_of
from flask.testing import FlaskClient
from redis import Redis

from app import request_rates
from app.api import create_events_app
from app.db.models import User
from harness import Installation, forget_settings, wait_for
from races import together, winners

LIMIT = 12  # one every five seconds


@pytest.fixture(autouse=True)
def _slow(database: Installation, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    assert database
    monkeypatch.setenv("PRESSROOM_REQUESTS_PER_MINUTE", str(LIMIT))
    forget_settings()
    yield
    monkeypatch.undo()
    forget_settings()


def use_up(call: Caller) -> None:
    for _ in range(LIMIT):
        assert call("GET", "/api/keys").status_code == 200


def forget_that_redis_was_away() -> None:
    """Let tests after this one ask Redis at once."""
    from app import traffic  # noqa: PLC0415 - only here

    traffic._server.cache_clear()


def test_a_minutes_requests_pass_at_once_and_the_next_is_refused(call: Caller) -> None:
    use_up(call)

    refused = call("GET", "/api/keys")

    assert (refused.status_code, refused.get_json()["code"]) == (429, "too_many_requests")
    assert refused.mimetype == "application/problem+json"
    assert 1 <= int(refused.headers["Retry-After"]) <= 60 / LIMIT


def test_every_answer_says_how_much_is_left(call: Caller) -> None:
    first, second = call("GET", "/api/keys"), call("GET", "/api/runs/nonsense")

    assert first.headers["RateLimit-Policy"] == f'"key";q={LIMIT};w=60'
    assert first.headers["RateLimit"] == f'"key";r={LIMIT - 1};t=5'
    assert second.status_code == 404
    assert second.headers["RateLimit"].startswith(f'"key";r={LIMIT - 2};')


def test_a_refusal_says_that_nothing_is_left(call: Caller) -> None:
    use_up(call)

    left = call("GET", "/api/keys").headers["RateLimit"]

    assert left.startswith('"key";r=0;t=')
    assert 50 <= int(left.rpartition("=")[2]) <= 60


def test_a_refused_request_uses_nothing_up(call: Caller) -> None:
    use_up(call)
    before = call("GET", "/api/keys").headers["RateLimit"]

    for _ in range(50):
        call("GET", "/api/keys")

    assert int(call("GET", "/api/keys").headers["RateLimit"].rpartition("=")[2]) <= int(before.rpartition("=")[2])


def test_after_the_wait_that_was_told_one_more_passes(call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRESSROOM_REQUESTS_PER_MINUTE", "60")
    forget_settings()
    while (refused := call("GET", "/api/keys")).status_code == 200:
        pass

    assert refused.headers["Retry-After"] == "1"
    wait_for(lambda: call("GET", "/api/keys").status_code == 200, seconds=3)


def test_each_key_has_requests_of_its_own(call: Caller, client: FlaskClient, user: User) -> None:
    use_up(call)

    assert call("GET", "/api/keys").status_code == 429
    assert Caller(client, key_of(user))("GET", "/api/keys").status_code == 200


def test_a_key_that_is_wrong_is_counted_before_anybody_looks_it_up(client: FlaskClient) -> None:
    wrong = Caller(client, "pr_wrong")

    assert [wrong("GET", "/api/keys").status_code for _ in range(LIMIT + 1)] == [401] * LIMIT + [429]


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_are_not_counted(call: Caller, path: str) -> None:
    for _ in range(LIMIT + 3):
        answer = call("GET", path)

    assert answer.status_code == 200
    assert "RateLimit" not in answer.headers
    assert call("GET", "/api/keys").status_code == 200


def test_requests_without_a_key_are_not_counted(client: FlaskClient) -> None:
    assert {client.get("/api/themes").status_code for _ in range(LIMIT + 3)} == {200}


def test_web_and_events_count_together(call: Caller) -> None:
    use_up(call)
    watcher = replace_client(call)

    assert watcher("GET", "/api/runs/00000000-0000-0000-0000-000000000000/events").status_code == 429


def replace_client(call: Caller) -> Caller:
    return Caller(create_events_app().test_client(), call.key)


def test_of_many_requests_at_once_no_more_pass_than_may() -> None:
    results = winners(together([lambda: request_rates.take("crowd")] * 40))

    assert sum(one is not None and one.retry_after_s is None for one in results) == LIMIT


def test_nothing_of_a_bucket_stays_in_redis_longer_than_a_minute(call: Caller, database: Installation) -> None:
    use_up(call)

    with Redis.from_url(database.redis_url) as redis:
        names = list(redis.scan_iter("pressroom:requests:*"))
        assert len(names) == 2, "the key's, and its user's"
        for name in names:
            assert 0 < redis.pttl(name) <= timedelta(minutes=1) // timedelta(milliseconds=1)
            assert call.key.encode() not in name


def test_while_redis_is_away_everybody_passes(call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:9/0")
    forget_settings()
    forget_that_redis_was_away()

    answers = [call("GET", "/api/keys") for _ in range(LIMIT + 3)]

    assert {one.status_code for one in answers} == {200}
    assert not any("RateLimit" in one.headers for one in answers)


def test_0_is_no_limit(call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRESSROOM_REQUESTS_PER_MINUTE", "0")
    forget_settings()

    assert {call("GET", "/api/keys").status_code for _ in range(LIMIT + 3)} == {200}


def test_the_usual_limit_takes_a_thousand_orders_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PRESSROOM_REQUESTS_PER_MINUTE")
    forget_settings()

    taken = [request_rates.take("usual") for _ in range(1000)]

    assert all(one is not None and one.retry_after_s is None for one in taken)
