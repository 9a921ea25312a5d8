"""Users and their keys: made by the operator and by users, looked up with each request."""

from __future__ import annotations

import hmac
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import bindparam, exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.db.models import ApiKey, Budget, User
from app.domain.budgets import BudgetScope
from app.domain.errors import Conflict, InvalidRequest, NotFound, Unauthenticated
from app.domain.keys import api_key_hash, new_api_key, shown_prefix
from app.domain.plans import Plan
from app.domain.webhooks import new_secret

MAX_NAME = 200
SECRET_OVERLAP = timedelta(days=1)  # how long a replaced secret goes on to sign
MAX_KEYS = 100  # of one user that are good at once: more is a script gone wrong


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks: the user, and the key that says so."""

    user: User
    key: ApiKey


def create_user(session: Session, name: str, plan: Plan = Plan.FREE) -> User:
    """Return a new user. Raises InvalidRequest, and Conflict when the name is taken."""
    user_id = session.execute(
        insert(User).values(id=uuid.uuid4(), name=_good(name), plan=plan).on_conflict_do_nothing().returning(User.id)
    ).scalar_one_or_none()
    if user_id is None:
        raise Conflict(f"there is a user {name!r} already; choose another name", code="user_exists")
    return session.get_one(User, user_id)


def create_key(session: Session, user: User, name: str) -> tuple[ApiKey, str]:
    """Return a new key's row and the key itself, which is stored nowhere: show it once. Raises InvalidRequest, Conflict."""
    if keys_left(session, user.id) >= MAX_KEYS:
        raise Conflict(f"you have {MAX_KEYS} keys; revoke one that you do not use", code="too_many_keys")
    plaintext = new_api_key()
    key = ApiKey(
        id=uuid.uuid4(),
        user_id=user.id,
        hash=api_key_hash(plaintext),
        prefix=shown_prefix(plaintext),
        name=_good(name),
        created_at=datetime.now(UTC),
    )
    session.add(key)
    session.flush()
    return key, plaintext


def revoke_key(session: Session, user: User, key_id: uuid.UUID) -> ApiKey:
    """Make a key unknown from now on; a second time changes nothing. Raises NotFound."""
    key = session.scalar(select(ApiKey).where(ApiKey.id == key_id, ApiKey.user_id == user.id).with_for_update())
    if key is None:
        raise NotFound("you have no such key")
    if key.revoked_at is None:
        key.revoked_at = datetime.now(UTC)
        session.flush()
    return key


def keys_left(session: Session, user_id: uuid.UUID) -> int:
    """Return how many good keys a user has."""
    query = select(func.count()).select_from(ApiKey).where(ApiKey.user_id == user_id, ApiKey.revoked_at.is_(None))
    return session.scalar(query) or 0


def has_budget(session: Session, key: ApiKey) -> bool:
    """Return whether a key has a budget of its own, as the operator gives it to a script."""
    own = exists().where(Budget.scope == BudgetScope.KEY, Budget.subject == str(key.id))
    return bool(session.scalar(select(own)))


BY_HASH = select(ApiKey, User).join(User, User.id == ApiKey.user_id).where(ApiKey.hash == bindparam("digest"))
"""Built once: every request asks it."""


def user_for_key(session: Session, plaintext: str) -> Identity:
    """Return whose key this is. Raises Unauthenticated for one that is unknown or revoked: the two look the same.

    The index finds SHA-256 digests, of which the time of a comparison tells nothing about the key.
    """
    digest = api_key_hash(plaintext)
    row = session.execute(BY_HASH, {"digest": digest}).one_or_none()
    if row is None or not hmac.compare_digest(row[0].hash, digest) or row[0].revoked_at is not None:
        raise Unauthenticated("this API key is unknown or revoked; make one with `pressroom keys add`")
    return Identity(row[1], row[0])


def key_by_id(session: Session, key_id: uuid.UUID) -> Identity:
    """Return whose key this is, by its id. Raises Unauthenticated for one that is unknown or revoked."""
    row = session.execute(
        select(ApiKey, User)
        .join(User, User.id == ApiKey.user_id)
        .where(ApiKey.id == key_id, ApiKey.revoked_at.is_(None))
    ).one_or_none()
    if row is None:
        raise Unauthenticated("the key of this ticket is unknown or revoked")
    return Identity(row[1], row[0])


def set_webhook(user: User, url: str | None) -> str | None:
    """Tell a user's news to `url`, or to nobody; return the secret that signs it if it is new: show it once."""
    secret = None
    if url is not None and user.webhook_secret is None:
        secret = user.webhook_secret = new_secret()
    user.webhook_url = url
    return secret


def replace_webhook_secret(user: User) -> str:
    """Return a new secret: show it once. The one before signs too for a day, so that no message is lost meanwhile."""
    if user.webhook_secret is not None:
        user.webhook_secret_before = user.webhook_secret
        user.webhook_before_until = datetime.now(UTC) + SECRET_OVERLAP
    user.webhook_secret = new_secret()
    return user.webhook_secret


def _good(name: str) -> str:
    """Return the name without spaces around it. Raises InvalidRequest."""
    name = name.strip()
    if not 1 <= len(name) <= MAX_NAME:
        raise InvalidRequest(f"a name has 1 to {MAX_NAME} characters", fields={"name": f"1 to {MAX_NAME} characters"})
    return name
