"""A user's slow receiver of webhooks delays that user's messages, and hardly those of others."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from sqlalchemy import select

from app import accounts, notifications
from app.db.models import Notification, User
from app.db.session import transaction
from harness import Installation, forget_settings
from orders import a_user
from workers import safekeeping, upkeep, webhooks

SLOW, FAST = "slow", "fast"
TAKES_S = 0.5


class Receivers:
    """Servers of users: one answers at once, the other after a while."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.asked: list[str] = []
        self.over = threading.Event()

    def url(self, kind: str) -> str:
        return f"http://127.0.0.1:{self.port}/{kind}"


@pytest.fixture
def receivers(database: Installation, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receivers]:
    assert database

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            kind = self.path.removeprefix("/")
            made.asked.append(kind)
            if kind == SLOW:
                made.over.wait(TAKES_S)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made = Receivers(server.server_port)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        monkeypatch.setenv("PRESSROOM_FETCH_ALLOW", "127.0.0.0/8")
        monkeypatch.setenv("PRESSROOM_FETCH_PORTS", str(made.port))
        forget_settings()
        monkeypatch.setattr(webhooks, "SLOW_S", TAKES_S * 0.8)
        yield made
        made.over.set()
        server.shutdown()
        thread.join()


def news(url: str, messages: int, minutes_ago: int = 0) -> User:
    """Return a user for whom messages wait since then, the first one the longest."""
    user = a_user()
    since = datetime.now(UTC) - timedelta(minutes=minutes_ago, seconds=messages)
    with transaction() as session:
        accounts.set_webhook(session.get_one(User, user.id), url)
        for n in range(messages):
            at = since + timedelta(seconds=n)
            session.add(Notification(user_id=user.id, kind="budget_alert", payload={}, created_at=at))
    return user


def rows_of(*users: User) -> list[Notification]:
    """Return their messages, the oldest first."""
    query = select(Notification).where(Notification.user_id.in_([user.id for user in users]))
    with transaction() as session:
        return list(session.scalars(query.order_by(Notification.created_at)))


def arrived(*users: User) -> int:
    return sum(row.sent_at is not None for row in rows_of(*users))


def test_a_slow_receiver_is_asked_once_in_a_pass_and_the_others_are_told_meanwhile(receivers: Receivers) -> None:
    slow = news(receivers.url(SLOW), 12, minutes_ago=60)
    fast = news(receivers.url(FAST), 3)

    webhooks.send_due()

    assert receivers.asked == [SLOW, FAST, FAST, FAST]
    assert (arrived(slow), arrived(fast)) == (1, 3)


def test_what_waits_for_a_slow_receiver_waits_a_little_longer_and_no_try_is_counted(receivers: Receivers) -> None:
    slow = news(receivers.url(SLOW), webhooks.MOST + 5)
    now = datetime.now(UTC)

    webhooks.send_due()
    webhooks.send_due()

    told, *rest = rows_of(slow)
    assert (told.tries, told.problem, told.sent_at is None) == (1, None, False)
    assert {row.tries for row in rest} == {0}
    assert all(row.next_try_at and now < row.next_try_at <= now + timedelta(minutes=1) for row in rest)
    assert receivers.asked == [SLOW]


def test_a_pass_comes_to_an_end_and_what_is_left_is_due_at_once(
    receivers: Receivers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "PASS_S", TAKES_S * 0.8)
    users = [news(receivers.url(SLOW), 1) for _ in range(3)]

    webhooks.send_due()

    assert receivers.asked == [SLOW]
    left = [row for row in rows_of(*users) if row.sent_at is None]
    assert [(row.tries, row.problem) for row in left] == [(0, None)] * 2
    assert all(row.next_try_at == row.created_at for row in left), "its turn is as early as it was"
    webhooks.send_due()
    webhooks.send_due()
    assert arrived(*users) == 3


def test_many_slow_receivers_with_much_to_hear_let_others_have_their_turn(
    receivers: Receivers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "PASS_S", TAKES_S * 0.8)
    slow = [news(receivers.url(SLOW), 4, minutes_ago=60) for _ in range(webhooks.MOST + 1)]
    fast = news(receivers.url(FAST), 1)

    for _ in range(2 * len(slow)):  # a pass has time for one of them
        if arrived(fast):
            break
        webhooks.send_due()

    assert arrived(fast) == 1
    assert arrived(*slow) <= len(slow), "each of them had one turn at most before"


def test_an_error_of_ours_gives_the_others_back(receivers: Receivers, monkeypatch: pytest.MonkeyPatch) -> None:
    users = [news(receivers.url(FAST), 1, minutes_ago=9 - n) for n in range(3)]
    with monkeypatch.context() as patched:
        patched.setattr(webhooks, "post", lambda _: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            webhooks.send_due()

    webhooks.send_due()

    assert [arrived(user) for user in users] == [0, 1, 1]


def test_what_another_sender_holds_is_not_taken_from_it(receivers: Receivers) -> None:
    slow = news(receivers.url(SLOW), 2)
    now = datetime.now(UTC)
    with transaction() as session:
        [held] = notifications.claim(session, now, 1)

    webhooks.send_due()

    with transaction() as session:
        row = session.get_one(Notification, held.id)
    assert row.next_try_at == now + notifications.CLAIM
    assert arrived(slow) == 1


def test_a_slow_storage_keeps_one_relay_and_the_others_publish(
    receivers: Receivers, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = threading.Event()

    def store(_: object) -> None:
        assert not begun.is_set(), "what waits is stored by one at a time"
        begun.set()
        assert receivers.over.wait(30)

    monkeypatch.setattr(safekeeping, "_store_each", store)
    first = threading.Thread(target=upkeep.relay)
    first.start()
    assert begun.wait(30)

    upkeep.relay()

    assert first.is_alive()
    receivers.over.set()
    first.join(30)
