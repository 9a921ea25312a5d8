"""Telling users that a run is over: once, signed, again until it arrives, and never for ever."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update

from app import accounts, notifications
from app.db.models import Notification, Run, User, WebhookAttempt
from app.db.session import transaction
from harness import Installation, forget_settings
from loopback import Loopback, loopback
from making import finished
from orders import a_user
from races import losers, together
from workers import webhooks


@pytest.fixture
def receiver(database: Installation, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    """A user's own server, on this machine, which the operator lets users reach."""
    assert database
    with loopback() as made:
        monkeypatch.setenv("PRESSROOM_FETCH_ALLOW", "127.0.0.0/8")
        monkeypatch.setenv("PRESSROOM_FETCH_PORTS", f"80,443,9,{made.url.rpartition(':')[2]}")
        forget_settings()
        yield made


def told(url: str | None, user: User | None = None) -> User:
    """Finish a run of a user who is told at `url`."""
    owner = user or a_user()
    with transaction() as session:
        accounts.set_webhook(session.get_one(User, owner.id), url)
    finished(owner, slides=5)
    return owner


def the_row() -> Notification:
    with transaction() as session:
        return session.scalars(select(Notification)).one()


def due_now() -> None:
    """Make the next try due."""
    with transaction() as session:
        session.execute(update(Notification).values(next_try_at=datetime.now(UTC) - timedelta(seconds=1)))


def log_of(user: User) -> list[dict[str, Any]]:
    with transaction() as session:
        return notifications.deliveries(session, user.id, 100)[0]


def test_the_user_is_told_once(receiver: Loopback) -> None:
    told(receiver.url)

    webhooks.send_due()
    webhooks.send_due()

    assert len(receiver.received) == 1
    assert the_row().sent_at is not None


def test_the_message_says_which_run_ended_and_how_and_when(receiver: Loopback) -> None:
    told(receiver.url)

    webhooks.send_due()

    message = json.loads(receiver.received[0])
    assert (message["type"], message["data"]["state"], message["id"]) == ("run_finished", "READY", str(the_row().id))
    assert datetime.fromisoformat(message["timestamp"]) == the_row().created_at
    assert receiver.sent[0]["content-type"] == "application/json"


def test_two_senders_at_once_tell_once(receiver: Loopback) -> None:
    told(receiver.url)

    results = together([webhooks.send_due] * 4)

    assert losers(results) == []
    assert len(receiver.received) == 1


def test_a_receiver_that_fails_is_told_again_later(receiver: Loopback) -> None:
    told(receiver.url)
    receiver.says(500, b"")

    webhooks.send_due()

    row = the_row()
    assert (row.sent_at, row.tries, row.problem) == (None, 1, "HTTP 500")
    assert row.next_try_at is not None


def test_a_receiver_that_is_away_is_told_again_later(receiver: Loopback) -> None:
    assert receiver
    told("http://127.0.0.1:9/hook")

    webhooks.send_due()

    assert (the_row().sent_at, the_row().problem) == (None, "ConnectError")


def test_nothing_is_sent_before_it_is_due(receiver: Loopback) -> None:
    told(receiver.url)
    receiver.says(500, b"")
    webhooks.send_due()

    webhooks.send_due()

    assert len(receiver.received) == 1


def test_the_waits_double_up_to_two_hours(receiver: Loopback) -> None:
    told(receiver.url)
    receiver.says(500, b"")
    waits = []
    for _ in range(12):
        webhooks.send_due()
        waits.append((the_row().next_try_at or datetime.now(UTC)) - datetime.now(UTC))
        due_now()

    assert [round(wait.total_seconds() / 10) for wait in waits[:3]] == [2, 4, 8]
    assert round(waits[-1].total_seconds() / 60) == 120


def test_a_receiver_that_never_answers_well_is_given_up(receiver: Loopback) -> None:
    user = told(receiver.url)
    receiver.says(500, b"")
    for _ in range(notifications.MAX_TRIES + 3):
        webhooks.send_due()
        due_now()

    assert len(receiver.received) == notifications.MAX_TRIES
    assert (the_row().problem, the_row().sent_at is None) == ("HTTP 500", False)
    assert log_of(user)[0]["state"] == "given_up"


def test_a_receiver_that_wants_no_more_is_told_no_more(receiver: Loopback) -> None:
    user = told(receiver.url)
    receiver.says(410, b"")

    webhooks.send_due()

    assert [(one["state"], one["next_try_at"]) for one in log_of(user)] == [("given_up", None)]


def test_a_message_arrives_when_the_receiver_is_back(receiver: Loopback) -> None:
    told(receiver.url)
    receiver.says(503, b"")
    webhooks.send_due()
    receiver.says(204, b"")
    due_now()

    webhooks.send_due()

    assert the_row().problem is None
    assert receiver.received[0] == receiver.received[1]
    assert receiver.sent[0]["webhook-id"] == receiver.sent[1]["webhook-id"] == str(the_row().id)


def test_a_user_without_an_address_is_not_tried_for_ever(receiver: Loopback) -> None:
    user = told(None)

    webhooks.send_due()

    assert (the_row().problem, the_row().sent_at is None) == ("no_address", False)
    assert [(one["state"], one["tries"], one["attempts"]) for one in log_of(user)] == [("no_address", 0, [])]
    assert receiver.received == []


def test_a_redirect_is_no_delivery_and_is_not_followed(receiver: Loopback) -> None:
    told(receiver.url)
    receiver.says(302, b"", location=receiver.url)

    webhooks.send_due()

    assert (the_row().problem, len(receiver.received)) == ("HTTP 302", 1)


@pytest.mark.parametrize("url", ["not a url", "ftp://127.0.0.1/", "http://", "http://[::bad"])
def test_an_address_that_is_none_keeps_nobody_elses_message_back(receiver: Loopback, url: str) -> None:
    told(url)
    told(receiver.url)

    webhooks.send_due()

    assert len(receiver.received) == 1


# ---- the guard


@pytest.mark.parametrize(
    ("allow", "ports", "problem"),
    [("", "80,443,PORT", "url_refused:not_public"), ("127.0.0.0/8", "80,443", "url_refused:port")],
    ids=["not on the public Internet", "on an unusual port"],
)
def test_an_address_inside_is_not_asked_unless_the_operator_allows_it(
    receiver: Loopback, monkeypatch: pytest.MonkeyPatch, allow: str, ports: str, problem: str
) -> None:
    monkeypatch.setenv("PRESSROOM_FETCH_ALLOW", allow)
    monkeypatch.setenv("PRESSROOM_FETCH_PORTS", ports.replace("PORT", receiver.url.rpartition(":")[2]))
    forget_settings()
    user = told(receiver.url)

    webhooks.send_due()

    assert receiver.received == []
    assert [one["problem"] for one in log_of(user)[0]["attempts"]] == [problem]


def test_the_cloud_metadata_service_is_asked_under_no_circumstances(
    receiver: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert receiver
    monkeypatch.setenv("PRESSROOM_FETCH_ALLOW", "0.0.0.0/0")
    forget_settings()
    told("http://169.254.169.254/latest/meta-data/")

    webhooks.send_due()

    assert the_row().problem == "url_refused:not_public"


# ---- many users


def test_a_user_with_many_messages_does_not_keep_another_one_waiting(receiver: Loopback) -> None:
    busy = a_user()
    for _ in range(webhooks.MOST + 2):
        told(receiver.url, busy)
    small = told(receiver.url)

    webhooks.send_due()

    assert log_of(small)[0]["state"] == "delivered"
    assert [one["state"] for one in log_of(busy)].count("delivered") == webhooks.MOST - 1


def test_a_receiver_that_does_not_answer_is_asked_once_in_a_pass(receiver: Loopback) -> None:
    assert receiver
    user = told("http://127.0.0.1:9/")
    told("http://127.0.0.1:9/", user)
    told("http://127.0.0.1:9/", user)

    webhooks.send_due()

    assert sorted(one["tries"] for one in log_of(user)) == [0, 0, 1]
    assert all(one["next_try_at"] is not None for one in log_of(user))


# ---- the log of tries


def test_the_log_has_each_try_with_its_status_and_the_next_one(receiver: Loopback) -> None:
    user = told(receiver.url)
    receiver.says(500, b"")
    webhooks.send_due()
    receiver.says(200, b"")
    [waiting] = log_of(user)
    due_now()
    webhooks.send_due()

    [delivered] = log_of(user)
    assert (waiting["state"], waiting["tries"]) == ("waiting", 1)
    assert datetime.fromisoformat(waiting["next_try_at"]) > datetime.now(UTC)
    assert (delivered["state"], delivered["tries"], delivered["next_try_at"]) == ("delivered", 2, None)
    assert [(one["status"], one["problem"]) for one in delivered["attempts"]] == [(500, "HTTP 500"), (200, None)]
    assert all(one["ms"] >= 0 for one in delivered["attempts"])


def test_the_log_is_read_in_pages_newest_first(receiver: Loopback) -> None:
    user = a_user()
    for _ in range(3):
        told(receiver.url, user)
    every = [one["id"] for one in log_of(user)]

    with transaction() as session:
        first, more = notifications.deliveries(session, user.id, 2)
        rest, no_more = notifications.deliveries(session, user.id, 2, before=uuid.UUID(first[-1]["id"]))

    assert ([one["id"] for one in (*first, *rest)], more, no_more) == (every, True, False)


def test_what_a_dead_sender_held_is_sent_when_its_claim_is_over(receiver: Loopback) -> None:
    told(receiver.url)
    now = datetime.now(UTC)
    with transaction() as session:
        assert len(notifications.claim(session, now, 10)) == 1

    with transaction() as session:
        assert notifications.claim(session, now + notifications.CLAIM / 2, 10) == []
    with transaction() as session:
        assert len(notifications.claim(session, now + notifications.CLAIM, 10)) == 1


def test_a_run_that_is_deleted_while_its_message_is_sent_is_no_error(receiver: Loopback) -> None:
    told(receiver.url)
    with transaction() as session:
        [message] = notifications.claim(session, datetime.now(UTC), 10)
    with transaction() as session:
        session.execute(delete(Run))

    with transaction() as session:
        assert notifications.record(session, message.id, webhooks.post(message), datetime.now(UTC))


def test_old_tries_are_forgotten_and_what_waits_is_not(receiver: Loopback) -> None:
    user = told(receiver.url)
    receiver.says(500, b"")
    webhooks.send_due()
    with transaction() as session:
        for sent_at in (None, datetime.now(UTC)):
            session.add(Notification(user_id=user.id, kind="budget_alert", payload={}, sent_at=sent_at))

    with transaction() as session:
        notifications.forget_old(session, datetime.now(UTC))
    assert (len(log_of(user)), len(log_of(user)[2]["attempts"])) == (3, 1)

    with transaction() as session:
        notifications.forget_old(session, datetime.now(UTC) + notifications.KEPT)
    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(WebhookAttempt)) == 0
    assert [(one["type"], one["state"]) for one in log_of(user)] == [
        ("budget_alert", "waiting"),
        ("run_finished", "waiting"),
    ]


def test_neither_address_nor_secret_is_printed_with_a_message(receiver: Loopback) -> None:
    told(f"{receiver.url}/hook-secret")
    with transaction() as session:
        [message] = notifications.claim(session, datetime.now(UTC), 10)

    assert "hook-secret" not in repr(message)
    assert "whsec_" not in repr(message)
