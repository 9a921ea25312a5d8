"""Signed webhooks: the library of Standard Webhooks accepts ours, and nothing that somebody else could have sent."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from standardwebhooks import Webhook, WebhookVerificationError

from app import accounts
from app.db.models import User
from app.db.session import transaction
from app.domain.webhooks import new_secret, signed
from harness import Installation, forget_settings
from loopback import Loopback, loopback
from making import finished
from orders import a_user
from workers import webhooks


@pytest.fixture
def receiver(database: Installation, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    assert database
    with loopback() as made:
        monkeypatch.setenv("PRESSROOM_FETCH_ALLOW", "127.0.0.0/8")
        monkeypatch.setenv("PRESSROOM_FETCH_PORTS", made.url.rpartition(":")[2])
        forget_settings()
        yield made


def told_at(url: str, user: User) -> str | None:
    with transaction() as session:
        return accounts.set_webhook(session.get_one(User, user.id), url)


def replaced(user: User) -> str:
    with transaction() as session:
        return accounts.replace_webhook_secret(session.get_one(User, user.id))


def sent_to(receiver: Loopback, user: User) -> tuple[bytes, dict[str, str]]:
    """Finish a run and return the body and the headers that tell of it."""
    finished(user, slides=5)
    webhooks.send_due()
    return receiver.received[-1], dict(receiver.sent[-1])


def test_a_receiver_with_the_secret_accepts_the_message(receiver: Loopback) -> None:
    user = a_user()
    secret = told_at(receiver.url, user)
    assert secret is not None

    body, headers = sent_to(receiver, user)

    assert Webhook(secret).verify(body, headers)["type"] == "run_finished"


@pytest.mark.parametrize("changed", ["webhook-id", "webhook-timestamp", "webhook-signature", "body", "secret"])
def test_a_message_that_was_changed_is_refused(receiver: Loopback, changed: str) -> None:
    user = a_user()
    secret = told_at(receiver.url, user)
    assert secret is not None
    body, headers = sent_to(receiver, user)
    match changed:
        case "body":
            body = body.replace(b"READY", b"FAILED")
        case "secret":
            secret = new_secret()
        case "webhook-timestamp":
            headers[changed] = str(int(headers[changed]) + 1)
        case "webhook-id":
            headers[changed] += "0"
        case _:
            headers[changed] = f"v1,{base64.b64encode(bytes(32)).decode()}"

    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body, headers)


def test_each_try_is_signed_anew_so_that_a_late_one_is_not_too_old() -> None:
    secret, now = new_secret(), datetime.now(UTC)
    yesterday, today = (signed("m", at, b"{}", [secret]) for at in (now - timedelta(days=1), now))

    assert Webhook(secret).verify(b"{}", today) == {}
    with pytest.raises(WebhookVerificationError, match="too old"):
        Webhook(secret).verify(b"{}", yesterday)


def test_texts_in_any_script_keep_their_signature() -> None:
    secret, body = new_secret(), '{"text":"Grüße, 世界 🌍"}'.encode()

    assert Webhook(secret).verify(body, signed("m", datetime.now(UTC), body, [secret])) == {"text": "Grüße, 世界 🌍"}


# ---- secrets


def test_a_secret_is_of_the_standards_form_and_no_two_are_equal() -> None:
    secrets = {new_secret() for _ in range(100)}

    assert len(secrets) == 100
    assert {len(base64.b64decode(one.removeprefix("whsec_"))) for one in secrets} == {32}


def test_the_secret_is_shown_with_the_first_address_and_not_again(receiver: Loopback) -> None:
    user = a_user()

    assert [told_at(receiver.url, user) is not None for _ in range(2)] == [True, False]


def test_after_a_replacement_the_old_and_the_new_secret_accept_a_message(receiver: Loopback) -> None:
    user = a_user()
    old = told_at(receiver.url, user)
    new = replaced(user)
    assert old is not None

    body, headers = sent_to(receiver, user)

    assert old != new
    for secret in (old, new):
        Webhook(secret).verify(body, headers)


def test_a_day_after_the_replacement_only_the_new_secret_does(receiver: Loopback) -> None:
    user = a_user()
    old = told_at(receiver.url, user)
    new = replaced(user)
    assert old is not None
    with transaction() as session:
        session.execute(update(User).values(webhook_before_until=datetime.now(UTC) - timedelta(seconds=1)))

    body, headers = sent_to(receiver, user)

    Webhook(new).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(old).verify(body, headers)


def test_two_users_have_secrets_of_their_own(receiver: Loopback) -> None:
    ann, bob = a_user(), a_user()
    secret, other = told_at(receiver.url, ann), told_at(receiver.url, bob)
    assert secret is not None
    assert other is not None

    body, headers = sent_to(receiver, ann)

    Webhook(secret).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(other).verify(body, headers)


def test_an_address_without_a_secret_cannot_be_stored(receiver: Loopback) -> None:
    user = a_user()

    with pytest.raises(IntegrityError, match="webhook_has_secret"), transaction() as session:
        session.execute(update(User).where(User.id == user.id).values(webhook_url=receiver.url))
