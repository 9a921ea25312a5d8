"""`pressroom users webhook`: the secret is shown once, replaced on demand, and what was told can be looked up."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from app import notifications
from app.cli.users import command
from app.db.models import Notification, User
from app.db.session import transaction
from app.notifications import Told
from harness import Installation
from making import finished
from orders import a_user


@pytest.fixture
def user(database: Installation) -> User:
    assert database
    return a_user()


def said(*words: str) -> str:
    done = CliRunner().invoke(command, words, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def secret_in(output: str) -> str | None:
    found = re.search(r"whsec_[A-Za-z0-9+/=]{44}", output)
    return found[0] if found else None


def stored(user: User) -> User:
    with transaction() as session:
        return session.get_one(User, user.id)


def test_the_first_address_shows_the_secret_and_the_next_one_does_not(user: User) -> None:
    first = said("webhook", user.name, "https://ada.example.org/hook")
    second = said("webhook", user.name, "https://ada.example.org/other")

    assert secret_in(first) == stored(user).webhook_secret
    assert secret_in(second) is None
    assert stored(user).webhook_url == "https://ada.example.org/other"


def test_a_new_secret_takes_the_place_of_the_old_one_which_holds_for_a_day(user: User) -> None:
    old = secret_in(said("webhook", user.name, "https://ada.example.org/hook"))

    new = secret_in(said("webhook-secret", user.name))

    now = stored(user)
    assert (now.webhook_secret, now.webhook_secret_before) == (new, old)
    assert now.webhook_before_until is not None
    assert timedelta(hours=23) < now.webhook_before_until - datetime.now(UTC) <= timedelta(days=1)


def test_without_an_address_nobody_is_told_and_the_secret_stays(user: User) -> None:
    secret = secret_in(said("webhook", user.name, "https://ada.example.org/hook"))

    said("webhook", user.name)

    assert (stored(user).webhook_url, stored(user).webhook_secret) == (None, secret)


def test_the_list_of_users_shows_no_secret(user: User) -> None:
    said("webhook", user.name, "https://ada.example.org/hook")

    assert "whsec_" not in said()


def test_deliveries_show_each_try_and_the_next_one(user: User) -> None:
    finished(user, slides=5)
    with transaction() as session:
        [row] = session.scalars(select(Notification))
    now = datetime(2026, 11, 2, 12, tzinfo=UTC)
    with transaction() as session:
        assert not notifications.record(session, row.id, Told(500, "HTTP 500", 12), now)

    waiting = said("deliveries", user.name)
    with transaction() as session:
        assert notifications.record(session, row.id, Told(200, None, 7), now + timedelta(minutes=1))
    delivered = said("deliveries", user.name)

    assert re.search(rf"{row.id}\s+run_finished\s+\S+ \S+\s+waiting\s+1", waiting)
    assert "2026-11-02 12:00:00  HTTP 500, 12 ms" in waiting
    assert re.search(r"2026-11-02 12:00:20\s+next try", waiting)
    assert "delivered" in delivered
    assert "HTTP 200, 7 ms" in delivered
    assert "next try" not in delivered


def test_a_user_who_was_told_nothing_has_no_deliveries(user: User) -> None:
    assert "Nothing was to be told" in said("deliveries", user.name)
