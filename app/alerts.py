"""Alerts: when a month of a budget reaches something, whoever pays is told, once."""

from __future__ import annotations

import calendar
import logging
import smtplib
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
from sqlalchemy import String, and_, cast, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app import mail
from app.db.models import Alert, AlertDelivery, ApiKey, Budget, BudgetMonth, Notification, User
from app.db.session import transaction
from app.deadline import DeadlineTransport, until
from app.domain.budgets import AlertChannel, AlertThreshold, BudgetScope, projected_micro_usd, reached
from app.domain.errors import SetupError
from app.domain.plans import month_of
from app.domain.prices import usd
from app.settings import settings

log = logging.getLogger(__name__)

TIMEOUT_S = 5.0  # for the connection and the answer together
MAX_TRIES = 24  # for about 20 hours: an alert of yesterday is still worth reading
BACKOFF = timedelta(seconds=10)
LONGEST_WAIT = timedelta(hours=1)
CLAIM = timedelta(minutes=5)
PASS_S = 120.0  # nothing is sent later than this after its claim: the slowest mail takes less than the rest of it
STRAGGLERS = timedelta(days=3)
"""How long a month that is over is watched: what was ordered in it may wait for a worker, or for a host that is down over
a weekend. A limit that is changed meanwhile is held against it too."""


def watch(now: datetime | None = None) -> None:
    """Write down what budgets have reached, then tell it. Any number of processes may do this at the same time."""
    moment = now or datetime.now(UTC)
    with transaction() as session:
        for month in sorted({month_of(moment - STRAGGLERS), month_of(moment)}):
            write(session, month, moment)
    send_due(moment)


def write(session: Session, month: date, now: datetime) -> int:
    """Insert an alert for all that a month's budgets have newly reached, and its deliveries; return how many."""
    rows = session.execute(
        select(Budget, BudgetMonth, User.webhook_url)
        .join(BudgetMonth, and_(BudgetMonth.budget_id == Budget.id, BudgetMonth.month == month))
        .outerjoin(User, User.id == Budget.user_id)
        .order_by(Budget.id)  # two processes that insert the same alerts in another order would be a deadlock
    ).all()
    told = {(one.budget_id, one.threshold) for one in session.scalars(select(Alert).where(Alert.month == month))}
    written = 0
    for budget, row, webhook_url in rows:
        limit = budget.limit_micro_usd
        is_refusing = row.refused_at is not None
        found = reached(spent=row.spent, limit=limit, is_refusing=is_refusing, month=month, now=now)
        for threshold in [one for one in AlertThreshold if one in found and (budget.id, one) not in told]:
            values = {
                "id": uuid.uuid4(),
                "budget_id": budget.id,
                "month": month,
                "threshold": threshold,
                "limit_micro_usd": limit,
                "used": row.used,
                "spent": row.spent,
                "projected_micro_usd": projected_micro_usd(row.spent, month, now),
                "created_at": now,
            }
            alert_id = session.scalar(insert(Alert).values(values).on_conflict_do_nothing().returning(Alert.id))
            if alert_id is None:
                continue  # another process was faster
            written += 1
            session.add_all(AlertDelivery(alert_id=alert_id, channel=channel) for channel in _channels())
            if webhook_url is not None:
                _tell_user(session, session.get_one(Alert, alert_id), budget)
            log.warning("budget_alert", extra={"budget_id": str(budget.id), "threshold": threshold.value})
    return written


def _tell_user(session: Session, alert: Alert, budget: Budget) -> None:
    """Leave an alert for the user whose budget it is: it is sent as news of their runs is."""
    told = view(alert, budget.scope, _name(session, budget))
    text = sentence(alert, budget.scope, told["budget"]["subject"])
    session.add(Notification(user_id=budget.user_id, kind="budget_alert", payload={**told, "text": text}))


def _name(session: Session, budget: Budget) -> str:
    """Return what the owner of a budget calls its subject."""
    if budget.scope is BudgetScope.KEY:
        query = select(ApiKey.prefix).where(cast(ApiKey.id, String) == budget.subject)
    else:
        query = select(User.name).where(User.id == budget.user_id)
    return session.scalar(query) or budget.subject


def _channels() -> list[AlertChannel]:
    """Return how the operator is to be told, by what is set now."""
    ways = {
        AlertChannel.WEBHOOK: settings().alert_webhook is not None,
        AlertChannel.EMAIL: bool(settings().alert_email),
    }
    return [channel for channel, is_set in ways.items() if is_set]


@dataclass(frozen=True, slots=True)
class _Due:
    delivery: AlertDelivery
    told: dict[str, Any]
    text: str


def send_due(now: datetime, most: int = 10) -> None:
    """Send what is due, each by one sender. No transaction is held while a receiver takes its time."""
    with transaction() as session:
        due = _claimed(session, now, most)
    began = time.monotonic()
    for one in due:
        if time.monotonic() - began > PASS_S:
            return  # the rest is claimed anew when its claim ends; later than that, two would send it
        try:
            problem, is_over = _send(one)
        except Exception as exc:  # noqa: BLE001 - one alert that nobody can send must not keep back the others
            problem, is_over = type(exc).__name__, False
        with transaction() as session:
            # Away when the budget was removed, or its limit changed, in the meantime.
            row = session.get(AlertDelivery, (one.delivery.alert_id, one.delivery.channel))
            if row is None:
                continue
            row.tries += 1
            row.problem = problem
            if is_over or row.tries >= MAX_TRIES:
                row.sent_at = now
            else:
                row.next_try_at = now + min(BACKOFF * 2**row.tries, LONGEST_WAIT)
        if problem is not None:
            log.warning("alert_not_sent", extra={"channel": one.delivery.channel.value, "problem": problem})


def _claimed(session: Session, now: datetime, most: int) -> Sequence[_Due]:
    rows = session.execute(
        select(AlertDelivery, Alert, Budget, User.name, ApiKey.prefix)
        .join(Alert, Alert.id == AlertDelivery.alert_id)
        .join(Budget, Budget.id == Alert.budget_id)
        .outerjoin(User, User.id == Budget.user_id)
        .outerjoin(ApiKey, and_(Budget.scope == BudgetScope.KEY, cast(ApiKey.id, String) == Budget.subject))
        .where(AlertDelivery.sent_at.is_(None))
        .where(or_(AlertDelivery.next_try_at.is_(None), AlertDelivery.next_try_at <= now))
        .order_by(Alert.created_at, Alert.id)
        .limit(most)
        .with_for_update(of=AlertDelivery, skip_locked=True)
    ).all()
    due = []
    order = list(AlertThreshold)  # of those that were reached at once
    for delivery, alert, budget, user, prefix in sorted(
        rows, key=lambda row: (row[1].created_at, order.index(row[1].threshold))
    ):
        delivery.next_try_at = now + CLAIM  # a second sender leaves it alone meanwhile
        name = {BudgetScope.USER: user, BudgetScope.KEY: prefix}.get(budget.scope, budget.subject)
        due.append(_Due(delivery, view(alert, budget.scope, name), sentence(alert, budget.scope, name)))
    return due


def _send(one: _Due) -> tuple[str | None, bool]:
    """Send one alert its way; return what went wrong, and whether it is not to be tried again."""
    body = {"id": one.told["id"], "type": "budget_alert", "text": one.text, "data": one.told}
    if one.delivery.channel is AlertChannel.EMAIL:
        return _mail(one)
    url = settings().alert_webhook
    if url is None:
        return "no_address", True
    problem = _post(url.get_secret_value(), body)
    return problem, problem is None


def _post(url: str, body: dict[str, Any]) -> str | None:
    """POST to the operator's own address, as it is set; return None when it arrived, else why not, without the address."""
    try:
        with (
            until(time.monotonic() + TIMEOUT_S),
            httpx.Client(transport=DeadlineTransport(), timeout=TIMEOUT_S, trust_env=False) as client,
            client.stream("POST", url, json=body) as reply,  # what it says beside its status is not read
        ):
            status = reply.status_code
    except (httpx.HTTPError, httpx.InvalidURL) as exc:  # an address that is none must not keep the others back
        return type(exc).__name__
    return None if httpx.codes.is_success(status) else f"HTTP {status}"


def _mail(one: _Due) -> tuple[str | None, bool]:
    to, server = settings().alert_email, settings().smtp_url
    if not to or server is None:
        return "no_address", True
    text = f"{one.text}\n\n`pressroom budgets` shows every budget, and changes them.\n"
    message_id = f"<{one.told['id']}@pressroom.invalid>"
    try:
        unknown = mail.send(server.get_secret_value(), to, f"Pressroom: {one.text}", text, message_id)
    except SetupError as exc:
        return exc.code, False
    except smtplib.SMTPResponseException as exc:
        return f"SMTP {exc.smtp_code}", False
    except (OSError, smtplib.SMTPException, ValueError) as exc:
        return type(exc).__name__, False
    return (f"not to {', '.join(unknown)}" if unknown else None), True  # a second mail would reach the others again


def view(alert: Alert, scope: BudgetScope, name: str) -> dict[str, Any]:
    """Return an alert as receivers get it."""
    projected = alert.projected_micro_usd
    return {
        "id": str(alert.id),
        "at": alert.created_at.isoformat(),
        "budget": {"scope": scope.value, "subject": name},
        "month": f"{alert.month:%Y-%m}",
        "threshold": alert.threshold.value,
        "limit_micro_usd": alert.limit_micro_usd,
        "used_micro_usd": alert.used,
        "spent_micro_usd": alert.spent,
        "projected_micro_usd": projected,
    }


def sentence(alert: Alert, scope: BudgetScope, name: str) -> str:
    """Return an alert in words: `budget of the user ada, November 2026: 80 % of $5.00 is spent ($4.10)`."""
    month = f"{calendar.month_name[alert.month.month]} {alert.month.year}"
    limit, spent = f"${usd(alert.limit_micro_usd)}", f"${usd(alert.spent)}"
    whose = f"budget of the {' '.join(f'{scope} {name}'.split())}, {month}"
    if alert.threshold is AlertThreshold.PROJECTED:
        end = "-" if alert.projected_micro_usd is None else f"${usd(alert.projected_micro_usd)}"
        return f"{whose}: at this pace it ends at {end}, above its {limit} ({spent} spent)"
    if alert.threshold is AlertThreshold.FULL and alert.spent < alert.limit_micro_usd:
        return f"{whose}: an order was refused; of {limit}, {spent} are spent and ${usd(alert.used - alert.spent)} reserved"
    return f"{whose}: {alert.threshold} % of {limit} is spent ({spent})"
