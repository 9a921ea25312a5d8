"""Who asks: a Bearer key, or for streams a ticket that opens one run for ten minutes."""

from __future__ import annotations

import hmac
import time
import uuid

from flask import g, request
from sqlalchemy.orm import Session

from app import accounts, budgets
from app.accounts import Identity
from app.db.models import User
from app.domain.errors import Unauthenticated
from app.domain.keys import stream_ticket

TICKET_S = 600


def identity(session: Session) -> Identity:
    """Return who sent this request. Raises Unauthenticated."""
    found = accounts.user_for_key(session, _bearer())
    g.user_id = str(found.user.id)
    budgets.order_with(session, found.key.id)
    return found


def user(session: Session) -> User:
    """Return the user who sent this request. Raises Unauthenticated."""
    return identity(session).user


def new_ticket(of: Identity, run_id: uuid.UUID) -> str:
    """Return a ticket for one run's stream: browsers' EventSource cannot send a key."""
    expires_at = int(time.time()) + TICKET_S
    return f"{of.key.id}.{expires_at}.{stream_ticket(of.key.hash, run_id, expires_at)}"


def watcher(session: Session, run_id: uuid.UUID) -> User:
    """Return the user who may watch: by `?ticket=` or by key. Raises Unauthenticated."""
    ticket = request.args.get("ticket")
    if ticket is None:
        return user(session)
    found = _ticket_holder(session, ticket, run_id)
    g.user_id = str(found.id)
    return found


def _ticket_holder(session: Session, ticket: str, run_id: uuid.UUID) -> User:
    refused = Unauthenticated("this ticket is wrong or has expired; ask the API for the events again")
    try:
        key_id, expires, signature = ticket.split(".")
        key, expires_at = uuid.UUID(key_id), int(expires)
    except ValueError:
        raise refused from None
    found = accounts.key_by_id(session, key)
    expected = stream_ticket(found.key.hash, run_id, expires_at)
    if not hmac.compare_digest(expected.encode(), signature.encode()) or expires_at < time.time():
        raise refused
    return found.user


def _bearer() -> str:
    """Return the key of the Authorization header. Raises Unauthenticated."""
    key = sent_key()
    if key is None:
        raise Unauthenticated("send your API key: `Authorization: Bearer <key>`")
    return key


def sent_key() -> str | None:
    """Return the key that this request has, whoever's it is; None = it has none."""
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    return (key.strip() or None) if scheme.lower() == "bearer" else None
