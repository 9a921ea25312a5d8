"""How fast all keys and tickets of a user may ask together: no number of them is a way round the limit."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from callers import Caller, key_of
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import select
from werkzeug.test import TestResponse

from app import accounts, request_rates
from app.api import create_events_app, pace
from app.db.models import ApiKey, User
from app.db.session import transaction
from app.domain.keys import stream_ticket
from app.request_rates import KEYS_OF_A_USER
from harness import Installation, forget_settings
from orders import order

LIMIT = 6
OF_ALL = LIMIT * KEYS_OF_A_USER  # one every two seconds
SLOW = 5  # more may pass while a test takes its time
NEVER = 99_999_999_999


@pytest.fixture(autouse=True)
def _slow(database: Installation, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    assert database
    monkeypatch.setenv("PRESSROOM_REQUESTS_PER_MINUTE", str(LIMIT))
    forget_settings()
    yield
    monkeypatch.undo()
    forget_settings()


@pytest.fixture
def events() -> FlaskClient:
    return create_events_app().test_client()


def use_up(user: User, client: FlaskClient) -> list[TestResponse]:
    """Ask with a dozen keys of a user until each is used up."""
    calls = [Caller(client, key_of(user)) for _ in range(12)]
    return [call("GET", "/api/keys") for _ in range(LIMIT) for call in calls]


def passed(answers: list[TestResponse]) -> int:
    return sum(answer.status_code != 429 for answer in answers)


def test_all_keys_of_a_user_together_may_ask_five_times_as_much_as_one(client: FlaskClient, user: User) -> None:
    answers = use_up(user, client)

    # Whose a key is, a process learns with its first request.
    assert OF_ALL <= passed(answers) <= OF_ALL + 12 + SLOW
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.get_json()["code"] == "too_many_requests"
    assert f"all keys of your account together may send {OF_ALL} requests a minute" in refused.get_json()["detail"]
    assert 1 <= int(refused.headers["Retry-After"]) <= 60 / OF_ALL
    assert refused.headers["RateLimit-Policy"] == f'"user";q={OF_ALL};w=60'
    assert refused.headers["RateLimit"].startswith('"user";r=0;t=')


def test_other_users_do_not_notice(client: FlaskClient, user: User, stranger: Caller) -> None:
    use_up(user, client)

    assert {stranger("GET", "/api/keys").status_code for _ in range(LIMIT)} == {200}


def test_what_is_refused_for_the_user_uses_up_nothing_of_the_key() -> None:
    for n in range(OF_ALL):
        request_rates.take(f"key {n}", "ann")

    refused = [request_rates.take("another", "ann") for _ in range(20)]
    left = request_rates.take("another")

    assert all(one is not None and one.is_users and one.retry_after_s for one in refused)
    assert left is not None
    assert (left.left, left.is_users) == (LIMIT - 1, False)


def test_what_is_refused_for_the_key_uses_up_nothing_of_the_user() -> None:
    for _ in range(LIMIT + 20):
        one = request_rates.take("key", "ann")
    assert one is not None
    assert (one.is_users, one.left) == (False, 0)

    others = [request_rates.take(f"key {n}", "ann") for n in range(OF_ALL - LIMIT)]

    assert all(one is not None and one.retry_after_s is None for one in others)


def test_a_key_that_was_revoked_uses_up_nothing_of_its_user(client: FlaskClient, user: User, call: Caller) -> None:
    leaked = [Caller(client, key_of(user)) for _ in range(10)]
    for one in leaked:
        assert one("GET", "/api/keys").status_code == 200
    with transaction() as session:
        for one in leaked:
            accounts.revoke_key(session, user, accounts.user_for_key(session, one.key).key.id)

    for one in leaked:
        assert [one("GET", "/api/keys").status_code for _ in range(LIMIT)] == [401] * (LIMIT - 1) + [429]

    assert {call("GET", "/api/keys").status_code for _ in range(LIMIT)} == {200}


def test_both_are_counted_in_one_round_trip(call: Caller, database: Installation) -> None:
    call("GET", "/api/keys")
    with Redis.from_url(database.redis_url) as redis:
        before = scripts_run(redis)
        answer = call("GET", "/api/keys")
        after = scripts_run(redis)
        names = {name.decode().rpartition(":")[0] for name in redis.scan_iter("pressroom:requests:*")}

    assert answer.status_code == 200
    assert after - before == 1
    assert names == {"pressroom:requests", "pressroom:requests:user"}


def scripts_run(redis: Redis) -> int:
    stats = redis.info("commandstats")
    return sum(int(stats.get(f"cmdstat_{name}", {"calls": 0})["calls"]) for name in ("evalsha", "eval"))


def test_what_a_process_knows_of_keys_has_a_bound(call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "MAX_KNOWN", 3)
    pace._users.clear()
    for key in [key_of(user_of(call)) for _ in range(10)]:
        assert Caller(call.client, key)("GET", "/api/usage").status_code == 200
        assert len(pace._users) <= 3


def user_of(call: Caller) -> User:
    with transaction() as session:
        return accounts.user_for_key(session, call.key).user


def ticket_of(user: User, run_id: object, expires_at: int) -> str:
    with transaction() as session:
        key = session.scalars(select(ApiKey).where(ApiKey.user_id == user.id)).first()
    assert key is not None
    return f"{key.id}.{expires_at}.{stream_ticket(key.hash, run_id, expires_at)}"  # type: ignore[arg-type]


def opened(events: FlaskClient, run_id: object, ticket: str, **headers: str) -> TestResponse:
    with events.get(
        f"/api/runs/{run_id}/events", query_string={"ticket": ticket}, headers=headers, buffered=False
    ) as answer:
        return answer


@pytest.mark.usefixtures("api_key")
def test_a_ticket_may_ask_as_often_as_a_key(events: FlaskClient, user: User) -> None:
    run_id = order(user)
    ticket = ticket_of(user, run_id, NEVER)

    answers = [opened(events, run_id, ticket) for _ in range(LIMIT + 1)]

    assert [answer.status_code for answer in answers] == [200] * LIMIT + [429]
    assert answers[0].headers["RateLimit"].startswith(f'"ticket";r={LIMIT - 1};')
    assert "this ticket may send" in answers[-1].get_json()["detail"]


@pytest.mark.usefixtures("api_key")
def test_renewed_tickets_are_counted_together(events: FlaskClient, user: User) -> None:
    run_id = order(user)
    tickets = [ticket_of(user, run_id, NEVER - n) for n in range(12)]

    answers = [opened(events, run_id, ticket) for _ in range(LIMIT) for ticket in tickets]

    assert OF_ALL <= passed(answers) <= OF_ALL + 12 + SLOW


@pytest.mark.usefixtures("api_key")
def test_a_made_up_key_beside_a_ticket_does_not_make_it_another_one(events: FlaskClient, user: User) -> None:
    run_id = order(user)
    ticket = ticket_of(user, run_id, NEVER)

    answers = [opened(events, run_id, ticket, Authorization=f"Bearer pr_{n}") for n in range(LIMIT + 3)]

    assert passed(answers) == LIMIT


def test_a_made_up_ticket_beside_a_key_does_not_make_it_another_one(call: Caller) -> None:
    answers = [call("GET", f"/api/keys?ticket={n}") for n in range(LIMIT + 3)]

    assert passed(answers) == LIMIT


@pytest.mark.usefixtures("api_key")
def test_one_ticket_cannot_be_written_in_two_ways(events: FlaskClient, user: User) -> None:
    run_id = order(user)
    end = int(time.time()) + 600
    key, expires, signature = ticket_of(user, run_id, end).split(".")
    ways = [
        f"{key.upper()}.{expires}.{signature}",
        f"{{{key}}}.{expires}.{signature}",
        f"{key.replace('-', '')}.{expires}.{signature}",
        f"{key}.+{expires}.{signature}",
        f"{key}.0{expires}.{signature}",
        f"{key}. {expires}.{signature}",
        f"{key}.{expires[:3]}_{expires[3:]}.{signature}",
        f"{key}.{expires}.{signature.upper()}",
    ]

    assert opened(events, run_id, f"{key}.{expires}.{signature}").status_code == 200
    assert {opened(events, run_id, way).status_code for way in ways} == {401}
