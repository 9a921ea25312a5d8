"""Who asks: a Bearer key, or for streams a ticket that opens one run for ten minutes."""

from __future__ import annotations

import hmac
import time
import uuid
from typing import Literal

from flask import g, request
from sqlalchemy.orm import Session

from app import accounts, budgets
from app.accounts import Identity
from app.db.models import User
from app.domain.errors import Forbidden, Unauthenticated
from app.domain.keys import stream_ticket

TICKET_S = 600
TAKES_TICKETS = "watch.watch"


def identity(session: Session) -> Identity:
    """Return who sent this request. Raises Unauthenticated."""
    found = accounts.user_for_key(session, _bearer())
    g.user_id = str(found.user.id)
    budgets.order_with(session, found.key.id)
    return found


def user(session: Session) -> User:
    """Return the user who sent this request. Raises Unauthenticated."""
    return identity(session).user


def owner(session: Session) -> User:
    """Return the user who sent this request with a key that has no budget. Raises Unauthenticated, Forbidden.

    What another key orders, or a schedule, is nothing to a key's budget: whoever is bound by one makes neither.
    """
    found = identity(session)
    if accounts.has_budget(session, found.key):
        raise Forbidden(
            "this key has a budget of its own, and with such a key nobody makes or revokes keys, or makes or changes"
            " schedules; use a key of yours without a budget, or ask the operator for one (`pressroom keys add`)",
            code="key_has_budget",
        )
    return found.user


def new_ticket(of: Identity, run_id: uuid.UUID) -> str:
    """Return a ticket for one run's stream: browsers' EventSource cannot send a key."""
    expires_at = int(time.time()) + TICKET_S
    return _ticket(of, run_id, expires_at)


def _ticket(of: Identity, run_id: uuid.UUID, expires_at: int) -> str:
    return f"{of.key.id}.{expires_at}.{stream_ticket(of.key.hash, run_id, expires_at)}"


def watcher(session: Session, run_id: uuid.UUID) -> User:
    """Return the user who may watch: by `?ticket=` or by key. Raises Unauthenticated."""
    ticket = _sent_ticket()
    if ticket is None:
        return user(session)
    found = _ticket_holder(session, ticket, run_id)
    g.user_id = str(found.id)
    return found


def _ticket_holder(session: Session, ticket: str, run_id: uuid.UUID) -> User:
    refused = Unauthenticated("this ticket is wrong or has expired; ask the API for the events again")
    try:
        key_id, expires, _ = ticket.split(".")
        key, expires_at = uuid.UUID(key_id), int(expires)
    except ValueError:
        raise refused from None
    found = accounts.key_by_id(session, key)
    # To the letter: a ticket that could be written in many ways would be counted as many.
    expected = _ticket(found, run_id, expires_at)
    if not hmac.compare_digest(expected.encode(), ticket.encode()) or expires_at < time.time():
        raise refused
    return found.user


def _bearer() -> str:
    """Return the key of the Authorization header. Raises Unauthenticated."""
    key = sent_key()
    if key is None:
        raise Unauthenticated("send your API key: `Authorization: Bearer <key>`")
    return key


def credential() -> tuple[Literal["key", "ticket"], str] | None:
    """Return what this request is opened with, whoever's it is; None = it has neither key nor ticket."""
    if (ticket := _sent_ticket()) is not None:
        return "ticket", ticket
    key = sent_key()
    return None if key is None else ("key", key)


def _sent_ticket() -> str | None:
    """Return the ticket of this request; None = it has none, or none is taken there."""
    return request.args.get("ticket") if request.endpoint == TAKES_TICKETS else None


def sent_key() -> str | None:
    """Return the key that this request has, whoever's it is; None = it has none."""
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    return (key.strip() or None) if scheme.lower() == "bearer" else None
