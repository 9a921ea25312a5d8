"""Alerts of budgets: written once, told by POST and by e-mail, repeated until they arrive."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app import accounts, alerts, budgets, mail
from app.db.models import Alert, AlertDelivery, Budget, Notification, User
from app.db.session import transaction
from app.domain.budgets import AlertChannel, AlertThreshold, BudgetScope
from budgeting import MILLION, a_key, no_budgets_left, prefix_of, set_budget, set_month
from harness import Installation, forget_settings
from loopback import Loopback, loopback
from mailserver import Mailbox, mailserver
from orders import a_user
from races import losers, together

KEY, USER, PROVIDER, INSTALLATION = BudgetScope
NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)  # too early to project
LATER = datetime(2026, 11, 10, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _alone(database: Installation, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    assert database
    with no_budgets_left():
        yield
    monkeypatch.undo()
    forget_settings()


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    """The operator's own server."""
    with loopback() as made:
        monkeypatch.setenv("PRESSROOM_ALERT_WEBHOOK", made.url)
        forget_settings()
        yield made


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    """The operator's mail server."""
    with mailserver() as made:
        monkeypatch.setenv("PRESSROOM_ALERT_EMAIL", "ops@example.org, boss@example.org")
        monkeypatch.setenv("PRESSROOM_SMTP_URL", f"smtp://press%40example.org:p%2Fw@127.0.0.1:{made.port}")
        forget_settings()
        yield made


def told(receiver: Loopback) -> list[dict[str, Any]]:
    return [json.loads(body) for body in receiver.received]


def written() -> list[str]:
    """Return the thresholds of all alerts, in order."""
    with transaction() as session:
        return sorted(alert.threshold.value for alert in session.scalars(select(Alert)))


def deliveries() -> dict[AlertChannel, AlertDelivery]:
    with transaction() as session:
        return {row.channel: row for row in session.scalars(select(AlertDelivery))}


def spend(usd: float, of: float = 1, scope: BudgetScope = INSTALLATION, name: str = "") -> Budget:
    """Have a budget of `of` dollars spend so much this month."""
    budget = set_budget(scope, of, name, NOW)
    set_month(budget, spent=round(usd * MILLION), now=NOW)
    return budget


# ---- each once


def test_each_share_is_told_once_however_often_one_looks(receiver: Loopback) -> None:
    for usd in (0.4, 0.5, 0.6, 0.85, 0.85, 1.0, 1.2):
        spend(usd)
        alerts.watch(NOW)
        alerts.watch(NOW)

    assert [body["data"]["threshold"] for body in told(receiver)] == ["50", "80", "100"]


def test_ten_who_look_at_once_tell_it_once(receiver: Loopback) -> None:
    spend(0.5)

    results = together([lambda: alerts.watch(NOW)] * 10)

    assert (losers(results), len(receiver.received), written()) == ([], 1, ["50"])


def test_the_first_refused_order_is_told_as_all_of_it(receiver: Loopback) -> None:
    budget = spend(0.1)
    for _ in range(3):
        budgets.note_refusal(budget.id, NOW)

    alerts.watch(NOW)

    assert [body["data"]["threshold"] for body in told(receiver)] == ["100"]
    assert "an order was refused; of $1.00, $0.10 are spent" in told(receiver)[0]["text"]


def test_a_refusal_of_a_month_without_any_order_is_told(receiver: Loopback) -> None:
    budget = set_budget(INSTALLATION, 0, now=NOW - timedelta(days=60))

    budgets.note_refusal(budget.id, NOW)
    alerts.watch(NOW)

    assert [body["data"]["threshold"] for body in told(receiver)] == ["100"]


def test_a_refusal_by_a_budget_that_is_gone_is_forgotten() -> None:
    gone = Budget(id=a_user().id)

    budgets.note_refusal(gone.id, NOW)

    assert written() == []


def test_a_pace_that_ends_above_the_limit_is_told_once(receiver: Loopback) -> None:
    spend(0.4)

    alerts.watch(LATER)
    alerts.watch(LATER + timedelta(days=1))

    assert [body["data"]["threshold"] for body in told(receiver)] == ["projected"]
    assert told(receiver)[0]["data"]["projected_micro_usd"] > MILLION


def test_the_next_month_is_told_anew(receiver: Loopback) -> None:
    budget = spend(0.5)
    alerts.watch(NOW)

    december = NOW + timedelta(days=30)
    set_month(budget, spent=500_000, now=december)
    alerts.watch(december)

    assert [body["data"]["month"] for body in told(receiver)] == ["2026-11", "2026-12"]


@pytest.mark.parametrize("after", [timedelta(hours=2), timedelta(days=2, hours=20)])
def test_what_a_month_cost_in_the_end_is_told_after_its_end(receiver: Loopback, after: timedelta) -> None:
    spend(0.9)

    alerts.watch(datetime(2026, 12, 1, tzinfo=UTC) + after)

    assert {body["data"]["month"] for body in told(receiver)} == {"2026-11"}


def test_a_month_that_is_long_over_is_watched_no_more() -> None:
    spend(0.9)

    alerts.watch(datetime(2026, 12, 5, tzinfo=UTC))

    assert written() == []


def test_a_raised_limit_can_be_reached_again_and_what_still_holds_is_not_repeated(receiver: Loopback) -> None:
    spend(0.9)
    alerts.watch(NOW)
    set_budget(INSTALLATION, 1.5, now=NOW)
    alerts.watch(NOW)
    assert written() == ["50"]

    spend(1.3, of=1.5)
    alerts.watch(NOW)

    assert [body["data"]["threshold"] for body in told(receiver)] == ["50", "80", "80"]


# ---- to whom


def test_the_receiver_learns_which_budget_and_how_much(receiver: Loopback) -> None:
    user = a_user()
    spend(2.5, of=5, scope=USER, name=user.name)

    alerts.watch(NOW)

    body = told(receiver)[0]
    assert (body["type"], body["id"]) == ("budget_alert", body["data"]["id"])
    assert body["data"]["budget"] == {"scope": "user", "subject": user.name}
    assert (body["data"]["limit_micro_usd"], body["data"]["spent_micro_usd"]) == (5_000_000, 2_500_000)
    assert body["text"] == f"budget of the user {user.name}, November 2026: 50 % of $5.00 is spent ($2.50)"


@pytest.mark.parametrize("scope", [USER, KEY])
def test_a_user_is_told_of_their_own_budgets_and_no_others(scope: BudgetScope) -> None:
    user = a_user()
    prefix = prefix_of(a_key(user))
    with transaction() as session:
        accounts.set_webhook(session.get_one(User, user.id), "https://ada.example.org/hook")
    spend(0.5, scope=scope, name=user.name if scope is USER else prefix)
    spend(0.5)
    spend(0.5, scope=USER, name=a_user().name)

    alerts.watch(NOW)
    alerts.watch(NOW)

    with transaction() as session:
        [told] = session.scalars(select(Notification)).all()
    assert (told.user_id, told.kind, told.run_id) == (user.id, "budget_alert", None)
    assert told.payload["budget"] == {"scope": scope.value, "subject": user.name if scope is USER else prefix}
    assert f"budget of the {scope.value}" in told.payload["text"]


def test_without_any_address_the_alert_is_written_and_nothing_waits() -> None:
    spend(0.5)

    alerts.watch(NOW)

    assert (written(), deliveries()) == (["50"], {})


# ---- until it arrives


def test_a_receiver_that_fails_is_told_again_later_and_once(receiver: Loopback) -> None:
    spend(0.5)
    receiver.status = 500
    alerts.watch(NOW)
    row = deliveries()[AlertChannel.WEBHOOK]
    assert (row.sent_at, row.tries, row.problem) == (None, 1, "HTTP 500")

    receiver.status = 200
    alerts.watch(NOW + timedelta(seconds=1))
    assert len(receiver.received) == 1
    alerts.watch(NOW + timedelta(minutes=1))
    alerts.watch(NOW + timedelta(minutes=2))

    assert len(receiver.received) == 2
    assert (deliveries()[AlertChannel.WEBHOOK].problem, deliveries()[AlertChannel.WEBHOOK].tries) == (None, 2)


def test_a_receiver_that_never_answers_is_given_up_and_does_not_keep_the_mail_back(
    monkeypatch: pytest.MonkeyPatch, mailbox: Mailbox
) -> None:
    monkeypatch.setenv("PRESSROOM_ALERT_WEBHOOK", "http://127.0.0.1:9/secret")
    forget_settings()
    spend(0.5)

    for hours in range(alerts.MAX_TRIES + 5):
        alerts.send_due(NOW + timedelta(hours=2 * hours)) if hours else alerts.watch(NOW)

    row = deliveries()[AlertChannel.WEBHOOK]
    assert (row.tries, row.sent_at is None, row.problem) == (alerts.MAX_TRIES, False, "ConnectError")
    assert len(mailbox.received) == 1


def test_an_alert_that_was_removed_while_it_was_sent_is_no_error(receiver: Loopback) -> None:
    budget = spend(0.5)
    with transaction() as session:
        alerts.write(session, NOW.date().replace(day=1), NOW)
    assert receiver.received == []
    with transaction() as session:
        session.delete(session.get_one(Budget, budget.id))

    alerts.send_due(NOW)

    assert deliveries() == {}


# ---- by e-mail


def test_the_mail_goes_to_everybody_with_the_alert_in_its_subject(mailbox: Mailbox) -> None:
    spend(0.5)

    alerts.watch(NOW)
    alerts.watch(NOW)

    [mail] = mailbox.received
    assert mailbox.receivers == ["ops@example.org", "boss@example.org"]
    assert mailbox.logins == [("press@example.org", "p/w")]
    assert mail["Subject"] == "Pressroom: budget of the installation, November 2026: 50 % of $1.00 is spent ($0.50)"
    assert (mail["From"], mail["To"]) == ("press@example.org", "ops@example.org, boss@example.org")
    assert "pressroom budgets" in mail.get_content()


def test_a_name_cannot_add_headers_to_the_mail(mailbox: Mailbox) -> None:
    with transaction() as session:
        user = User(name="eve\r\nBcc: all@example.org")
        session.add(user)
    spend(0.5, scope=USER, name=user.name)

    alerts.watch(NOW)

    assert mailbox.received[0]["Bcc"] is None
    assert "user eve Bcc: all@example.org" in mailbox.received[0]["Subject"]


@pytest.mark.parametrize(
    ("answer", "refused", "problem"),
    [
        ("451 busy", frozenset[str](), "SMTP 451"),
        ("250 taken", frozenset({"ops@example.org", "boss@example.org"}), "SMTPRecipientsRefused"),
    ],
)
def test_a_mail_that_is_not_taken_is_sent_again(
    mailbox: Mailbox, answer: str, refused: frozenset[str], problem: str
) -> None:
    mailbox.answer, mailbox.refused = answer, refused
    spend(0.5)
    alerts.watch(NOW)
    assert deliveries()[AlertChannel.EMAIL].problem == problem

    mailbox.answer, mailbox.refused = "250 taken", frozenset()
    alerts.watch(NOW + timedelta(minutes=1))

    assert len(mailbox.received) == 1


def test_one_unknown_receiver_does_not_have_the_others_told_again(mailbox: Mailbox) -> None:
    mailbox.refused = frozenset({"boss@example.org"})
    spend(0.5)

    alerts.watch(NOW)
    alerts.watch(NOW + timedelta(minutes=1))

    assert (mailbox.receivers, len(mailbox.received)) == (["ops@example.org"], 1)
    assert deliveries()[AlertChannel.EMAIL].problem == "not to boss@example.org"


def test_an_alert_that_nobody_can_send_does_not_keep_back_the_others(
    receiver: Loopback, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise IndexError("an address that no parser takes")

    monkeypatch.setattr(mail, "send", breaks)
    spend(0.5)
    alerts.watch(NOW)
    spend(0.8)
    alerts.watch(NOW)

    assert [one["data"]["threshold"] for one in told(receiver)] == ["50", "80"]
    assert (deliveries()[AlertChannel.EMAIL].problem, deliveries()[AlertChannel.EMAIL].tries) == ("IndexError", 1)


def test_alerts_are_in_the_order_in_which_they_were_reached() -> None:
    assert [one.value for one in AlertThreshold] == ["50", "80", "100", "projected"]
