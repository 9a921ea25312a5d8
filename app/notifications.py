"""Tell users that a run is over: rows written with the change, sent by the relay, repeated until they arrive."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import httpx
from sqlalchemy import or_, select

from app.db.models import Notification, User
from app.db.session import transaction

log = logging.getLogger(__name__)

TIMEOUT_S = 5.0
MAX_TRIES = 8
BACKOFF = timedelta(seconds=10)
CLAIM = timedelta(minutes=3)  # longer than `most` receivers that all time out


def send_due(most: int = 20) -> None:
    """Send what is due, each by one sender. No transaction is held while a receiver takes its time."""
    now = datetime.now(UTC)
    with transaction(durable=False) as session:
        rows = session.execute(
            select(Notification, User.webhook_url)
            .join(User, User.id == Notification.user_id)
            .where(Notification.sent_at.is_(None))
            .where(or_(Notification.next_try_at.is_(None), Notification.next_try_at <= now))
            .order_by(Notification.created_at)
            .limit(most)
            .with_for_update(of=Notification, skip_locked=True)
        ).all()
        for notification, _ in rows:
            notification.next_try_at = now + CLAIM  # a second sender leaves it alone meanwhile
    for notification, url in rows:
        problem = "no_address" if url is None else _post(url, notification)
        with transaction() as session:
            row = session.get_one(Notification, notification.id)
            row.tries += 1
            row.problem = problem
            if problem in (None, "no_address") or row.tries >= MAX_TRIES:
                row.sent_at = now
            else:
                row.next_try_at = now + BACKOFF * 2**row.tries


def _post(url: str, notification: Notification) -> str | None:
    """POST one notification; return None when it arrived, else why not."""
    try:
        reply = httpx.post(
            url,
            json={"id": str(notification.id), "type": notification.kind, "data": notification.payload},
            timeout=TIMEOUT_S,
            follow_redirects=False,
        )
    except (httpx.HTTPError, httpx.InvalidURL) as exc:  # an address that is none must not keep the others back
        return type(exc).__name__
    return None if reply.is_success else f"HTTP {reply.status_code}"
