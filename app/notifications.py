"""What users are told: rows written with the change, signed and sent by a worker, repeated until they arrive."""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from app.db.models import Notification, User, WebhookAttempt
from app.domain.errors import NotFound

MAX_TRIES = 16  # for about 15 hours
BACKOFF = timedelta(seconds=10)
LONGEST_WAIT = timedelta(hours=2)
CLAIM = timedelta(minutes=3)  # longer than a pass of receivers that all time out
GONE = 410  # Standard Webhooks: the receiver wants no more of it
KEPT = timedelta(days=30)
"""How long the log of tries is kept, and what was told of no run."""
NO_ADDRESS = "no_address"


@dataclass(frozen=True, slots=True)
class Message:
    """One message that a sender has claimed."""

    id: uuid.UUID
    user_id: uuid.UUID
    url: str = field(repr=False)  # often a secret in itself, and what is printed is logged
    secrets: tuple[str, ...] = field(repr=False)
    """Which sign it: the user's secret, and for a day the one before."""
    body: bytes = field(repr=False)
    due_at: datetime
    """Since when it is due: the same when it is given back."""


@dataclass(frozen=True, slots=True)
class Told:
    """How one try ended."""

    status: int | None
    """The receiver's HTTP status; None = it did not answer."""
    problem: str | None
    """Why it does not count as told; None = it does."""
    ms: int


class DeliveryState(StrEnum):
    """How far a message has come."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"
    NO_ADDRESS = "no_address"


def claim(session: Session, now: datetime, most: int) -> list[Message]:
    """Take up to `most` messages that are due: the oldest of each user before anybody's second.

    Of two users who have their turn, whoever waits longer comes first. What is neither recorded nor given back within
    CLAIM is due again: its sender died. What is due for users without an address is over, and takes nobody's place.
    """
    is_due = (
        Notification.sent_at.is_(None),
        or_(Notification.next_try_at.is_(None), Notification.next_try_at <= now),
    )
    # What somebody has locked is left to them.
    to_nobody = (
        select(Notification.id)
        .join(User, User.id == Notification.user_id)
        .where(*is_due, User.webhook_url.is_(None))
        .with_for_update(of=Notification, skip_locked=True)
    )
    session.execute(
        update(Notification)
        .where(Notification.id.in_(to_nobody), Notification.sent_at.is_(None))  # so that only the unsent are read
        .values(sent_at=now, problem=NO_ADDRESS)
        .execution_options(synchronize_session=False)
    )
    turn = func.row_number().over(partition_by=Notification.user_id, order_by=Notification.created_at)
    since = func.coalesce(Notification.next_try_at, Notification.created_at).label("since")
    turns = select(Notification.id, turn.label("turn"), since).where(*is_due).subquery()
    first = select(turns).order_by(turns.c.turn, turns.c.since).limit(most).subquery()
    rows = session.execute(
        select(Notification, User)
        .join(User, User.id == Notification.user_id)
        .join(first, first.c.id == Notification.id)
        .where(*is_due)
        .order_by(first.c.turn, first.c.since)
        .with_for_update(of=Notification, skip_locked=True)
    ).all()
    due = []
    for row, user in rows:
        if user.webhook_url is None:  # it was taken away just now
            row.sent_at, row.problem = now, NO_ADDRESS
        else:
            due_at = row.next_try_at or row.created_at
            row.next_try_at = now + CLAIM  # a second sender leaves it alone meanwhile
            due.append(Message(row.id, user.id, user.webhook_url, _secrets(user, now), body(row), due_at))
    return due


def _secrets(user: User, now: datetime) -> tuple[str, ...]:
    has_two = user.webhook_before_until is not None and user.webhook_before_until > now
    return tuple(one for one in (user.webhook_secret, user.webhook_secret_before if has_two else None) if one)


def body(row: Notification) -> bytes:
    """Return what is sent: the same bytes in each try."""
    told = {"id": str(row.id), "type": row.kind, "timestamp": row.created_at.isoformat(), "data": row.payload}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def record(session: Session, message_id: uuid.UUID, told: Told, now: datetime) -> bool:
    """Log one try, and set when the next one is due; return whether there is none."""
    row = session.get(Notification, message_id, with_for_update=True)
    if row is None:
        return True  # deleted with its run in the meantime
    row.tries += 1
    session.add(
        WebhookAttempt(
            notification_id=row.id, number=row.tries, at=now, ms=told.ms, status=told.status, problem=told.problem
        )
    )
    row.problem = told.problem
    if told.problem is None or told.status == GONE or row.tries >= MAX_TRIES:
        row.sent_at, row.next_try_at = now, None
    elif row.sent_at is None:
        row.next_try_at = now + min(BACKOFF * 2**row.tries, LONGEST_WAIT)
    return row.sent_at is not None


def put_off(session: Session, unsent: Sequence[Message], slow: Collection[uuid.UUID], now: datetime) -> None:
    """Give claimed messages back without a try.

    slow: users whose receivers take long. All that waits for them waits for BACKOFF, so that others come first.
    """
    for message in unsent:
        row = session.get(Notification, message.id, with_for_update=True)
        if row is not None and row.sent_at is None:
            row.next_try_at = message.due_at
    session.flush()
    # What somebody has locked is left to them: rows locked here in one order and there in another would be a deadlock.
    waiting = (
        select(Notification.id)
        .where(Notification.user_id.in_(slow), Notification.sent_at.is_(None))
        .where(or_(Notification.next_try_at.is_(None), Notification.next_try_at < now + BACKOFF))
        .with_for_update(skip_locked=True)
    )
    session.execute(
        update(Notification)
        .where(Notification.id.in_(waiting))
        .values(next_try_at=now + BACKOFF)
        .execution_options(synchronize_session=False)
    )


def forget_old(session: Session, now: datetime) -> None:
    """Delete what would grow for ever: old tries, and old messages that belong to no run, which would take them along."""
    ends = now - KEPT
    session.execute(delete(WebhookAttempt).where(WebhookAttempt.at < ends))
    session.execute(
        delete(Notification).where(
            Notification.run_id.is_(None), Notification.sent_at.is_not(None), Notification.created_at < ends
        )
    )


def deliveries(
    session: Session, user_id: uuid.UUID, most: int, before: uuid.UUID | None = None
) -> tuple[list[dict[str, Any]], bool]:
    """Return a user's messages with the tries of each, newest first, and whether there are older ones.

    before: only what is older than this message of theirs. Raises NotFound when it is none.
    """
    query = select(Notification).where(Notification.user_id == user_id)
    if before is not None:
        last = session.scalar(query.where(Notification.id == before))
        if last is None:
            raise NotFound("you have no such delivery to go on from; leave `before` out", code="no_such_delivery")
        older = Notification.created_at < last.created_at
        query = query.where(or_(older, (Notification.created_at == last.created_at) & (Notification.id < last.id)))
    newest = query.order_by(Notification.created_at.desc(), Notification.id.desc()).limit(most + 1)
    rows = session.scalars(newest).all()
    shown = rows[:most]
    tries: dict[uuid.UUID, list[WebhookAttempt]] = defaultdict(list)
    logged = select(WebhookAttempt).where(WebhookAttempt.notification_id.in_([row.id for row in shown]))
    for one in session.scalars(logged.order_by(WebhookAttempt.number)):
        tries[one.notification_id].append(one)
    return [_view(row, tries[row.id]) for row in shown], len(rows) > most


def _view(row: Notification, tries: Iterable[WebhookAttempt]) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "type": row.kind,
        "run_id": None if row.run_id is None else str(row.run_id),
        "created_at": row.created_at.isoformat(),
        "state": state(row).value,
        "tries": row.tries,
        "next_try_at": row.next_try_at.isoformat() if row.sent_at is None and row.next_try_at else None,
        "attempts": [
            {"at": one.at.isoformat(), "status": one.status, "problem": one.problem, "ms": one.ms} for one in tries
        ],
    }


def state(row: Notification) -> DeliveryState:
    """Return how far a message has come."""
    if row.sent_at is None:
        return DeliveryState.WAITING
    if row.problem is None:
        return DeliveryState.DELIVERED
    return DeliveryState.NO_ADDRESS if row.problem == NO_ADDRESS else DeliveryState.GIVEN_UP
