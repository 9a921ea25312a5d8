"""Telling users that a run is over: once, again until it arrives, and never for ever."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from app import notifications
from app.db.models import Notification, User
from app.db.session import transaction
from loopback import Loopback, loopback
from making import finished
from orders import a_user
from races import losers, together

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def receiver() -> Iterator[Loopback]:
    """A user's own server."""
    with loopback() as made:
        yield made


def told(receiver: Loopback | None, url: str | None = None) -> None:
    """Finish a run of a user who is told at the receiver."""
    user = a_user()
    with transaction() as session:
        session.execute(update(User).where(User.id == user.id).values(webhook_url=receiver.url if receiver else url))
    finished(user, slides=5)


def the_row() -> Notification:
    with transaction() as session:
        return session.scalars(select(Notification)).one()


def due_now() -> None:
    """Make the next try due."""
    with transaction() as session:
        session.execute(update(Notification).values(next_try_at=datetime.now(UTC) - timedelta(seconds=1)))


def test_the_user_is_told_once(receiver: Loopback) -> None:
    told(receiver)

    notifications.send_due()
    notifications.send_due()

    assert len(receiver.received) == 1
    assert the_row().sent_at is not None


def test_the_message_says_which_run_ended_and_how(receiver: Loopback) -> None:
    told(receiver)

    notifications.send_due()

    message = json.loads(receiver.received[0])
    assert (message["type"], message["data"]["state"], message["id"]) == ("run_finished", "READY", str(the_row().id))


def test_two_senders_at_once_tell_once(receiver: Loopback) -> None:
    told(receiver)

    results = together([notifications.send_due] * 4)

    assert losers(results) == []
    assert len(receiver.received) == 1


def test_a_receiver_that_fails_is_told_again_later(receiver: Loopback) -> None:
    told(receiver)
    receiver.says(500, b"")

    notifications.send_due()

    row = the_row()
    assert (row.sent_at, row.tries, row.problem) == (None, 1, "HTTP 500")
    assert row.next_try_at is not None


def test_a_receiver_that_is_away_is_told_again_later() -> None:
    told(None, "http://127.0.0.1:9/hook")

    notifications.send_due()

    assert (the_row().sent_at, the_row().problem) == (None, "ConnectError")


def test_nothing_is_sent_before_it_is_due(receiver: Loopback) -> None:
    told(receiver)
    receiver.says(500, b"")
    notifications.send_due()

    notifications.send_due()

    assert len(receiver.received) == 1


def test_the_waits_double(receiver: Loopback) -> None:
    told(receiver)
    receiver.says(500, b"")
    waits = []
    for _ in range(3):
        notifications.send_due()
        waits.append((the_row().next_try_at or datetime.now(UTC)) - datetime.now(UTC))
        due_now()

    assert [round(wait.total_seconds() / 10) for wait in waits] == [2, 4, 8]


def test_a_receiver_that_never_answers_well_is_given_up(receiver: Loopback) -> None:
    told(receiver)
    receiver.says(500, b"")
    for _ in range(12):
        notifications.send_due()
        due_now()

    assert len(receiver.received) == notifications.MAX_TRIES
    assert (the_row().problem, the_row().sent_at is None) == ("HTTP 500", False)


def test_a_message_arrives_when_the_receiver_is_back(receiver: Loopback) -> None:
    told(receiver)
    receiver.says(503, b"")
    notifications.send_due()
    receiver.says(204, b"")
    due_now()

    notifications.send_due()

    assert the_row().problem is None


def test_a_user_without_an_address_is_not_tried_for_ever() -> None:
    told(None)

    notifications.send_due()

    assert (the_row().problem, the_row().sent_at is None) == ("no_address", False)


def test_a_redirect_is_no_delivery(receiver: Loopback) -> None:
    told(receiver)
    receiver.says(302, b"", location="http://127.0.0.1:9/")

    notifications.send_due()

    assert the_row().problem == "HTTP 302"


@pytest.mark.parametrize("url", ["not a url", "ftp://127.0.0.1/", "http://", "http://[::bad"])
def test_an_address_that_is_none_keeps_nobody_elses_message_back(receiver: Loopback, url: str) -> None:
    told(None, url)
    told(receiver)

    notifications.send_due()

    assert len(receiver.received) == 1
