"""Users without a webhook have nobody told, and so they take nobody's place among those who have one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import insert, select, update

from app import accounts, notifications
from app.db.models import Notification, User
from app.db.session import transaction
from harness import Installation
from orders import a_user
from workers import webhooks

MANY = 20 * webhooks.MOST


def waiting(user: User, messages: int, minutes_ago: int = 0) -> User:
    """Have so many messages wait for a user since then."""
    at = datetime.now(UTC) - timedelta(minutes=minutes_ago)
    row = {"user_id": user.id, "kind": "budget_alert", "payload": {}, "created_at": at}
    with transaction() as session:
        session.execute(insert(Notification), [row] * messages)
    return user


def with_address(user: User) -> User:
    with transaction() as session:
        accounts.set_webhook(session.get_one(User, user.id), "https://ann.example.org/hook")
    return user


def states_of(user: User) -> set[str]:
    with transaction() as session:
        rows = session.scalars(select(Notification).where(Notification.user_id == user.id)).all()
    return {notifications.state(row).value for row in rows}


def claimed() -> list[notifications.Message]:
    with transaction() as session:
        return notifications.claim(session, datetime.now(UTC), webhooks.MOST)


def test_thousands_of_messages_for_nobody_keep_no_other_one_waiting(database: Installation) -> None:
    assert database
    nobodys = [waiting(a_user(), MANY, minutes_ago=60) for _ in range(webhooks.MOST + 1)]
    told = waiting(with_address(a_user()), 2)

    messages = claimed()

    assert [message.user_id for message in messages] == [told.id] * 2
    assert [states_of(user) for user in nobodys] == [{"no_address"}] * len(nobodys)


def test_what_was_for_nobody_is_not_sent_to_an_address_that_is_set_later(database: Installation) -> None:
    assert database
    user = waiting(a_user(), 3)
    assert claimed() == []

    with_address(user)

    assert claimed() == []
    assert states_of(user) == {"no_address"}


def test_what_is_not_due_yet_waits_for_an_address(database: Installation) -> None:
    assert database
    user = waiting(a_user(), 1)
    with transaction() as session:
        session.execute(update(Notification).values(next_try_at=datetime.now(UTC) + timedelta(minutes=1)))

    assert claimed() == []

    assert states_of(user) == {"waiting"}


def test_messages_for_nobody_that_somebody_holds_are_not_waited_for(database: Installation) -> None:
    assert database
    nobodys = waiting(a_user(), 2)
    told = waiting(with_address(a_user()), 1)
    of_nobody = select(Notification).where(Notification.user_id == nobodys.id)

    with transaction() as held:
        held.scalars(of_nobody.with_for_update()).all()
        messages = claimed()

    assert [message.user_id for message in messages] == [told.id]
    assert states_of(nobodys) == {"waiting"}
    assert claimed() == []
    assert states_of(nobodys) == {"no_address"}
