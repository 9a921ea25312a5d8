"""Your account: what the month holds, and your keys."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from app import accounts
from app.api import auth, bodies
from app.db.models import ApiKey
from app.db.session import transaction
from app.domain.plans import month_of
from app.domain.prices import usd
from app.domain.states import QuotaUnit
from app.usage import of_month

blueprint = Blueprint("account", __name__)


class NewKey(BaseModel):
    """A key to be made."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    name: str = Field(min_length=1, max_length=accounts.MAX_NAME, description="What you will know it by.")


@blueprint.get("/api/usage")
def usage() -> ResponseReturnValue:
    """Show what your month holds, reserved and used together, and what your plan allows; null = no limit.

    `pictures` and `tokens` are those of the calls that began in it; null = no provider told.
    """
    month = month_of(datetime.now(UTC))
    with transaction() as session:
        user = auth.user(session)
        used = of_month(session, user, month)
    money = used.units[QuotaUnit.MONEY]
    money_usd = {name: None if amount is None else usd(amount) for name, amount in money.items()}
    return jsonify(
        plan=user.plan,
        month=f"{month:%Y-%m}",
        **used.units,
        usd=money_usd,
        pictures=used.pictures,
        tokens=used.tokens,
        sentences=used.sentences,
    )


@blueprint.get("/api/keys")
def list_keys() -> ResponseReturnValue:
    """List your keys, also revoked ones; of each only its first characters are known."""
    with transaction() as session:
        user = auth.user(session)
        keys = session.scalars(select(ApiKey).where(ApiKey.user_id == user.id).order_by(ApiKey.created_at)).all()
    return jsonify(keys=[_shown(key) for key in keys])


@blueprint.post("/api/keys")
def create_key() -> ResponseReturnValue:
    """Make a key. This answer is the only place that ever shows it. 403 with a key that has a budget of its own."""
    with transaction() as session:
        owner = auth.owner(session)
        key, plaintext = accounts.create_key(session, owner, bodies.parsed(NewKey).name)
    return _shown(key) | {"key": plaintext}, 201


@blueprint.delete("/api/keys/<uuid:key_id>")
def revoke_key(key_id: uuid.UUID) -> ResponseReturnValue:
    """Revoke a key: it is refused from now on, and the streams opened with its tickets cannot be opened again.

    403 with a key that has a budget of its own.
    """
    with transaction() as session:
        user = auth.owner(session)
        key = accounts.revoke_key(session, user, key_id)
        left = accounts.keys_left(session, user.id)
    note = None if left else "that was your last key: only the operator can give you a new one (`pressroom keys add`)"
    return jsonify(**_shown(key), keys_left=left, note=note)


def _shown(key: ApiKey) -> dict[str, Any]:
    return {
        "id": str(key.id),
        "name": key.name,
        "prefix": key.prefix,
        "created_at": key.created_at.isoformat(),
        "revoked_at": key.revoked_at.isoformat() if key.revoked_at else None,
    }
