"""What would grow for ever is deleted once an hour; what may still be asked for stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update

from app.db.models import IdempotencyKey, User
from app.db.session import transaction
from app.pipelines.catalog import pipeline_named
from app.runs.accept import accept
from harness import Installation
from orders import TOPIC, a_user
from workers import upkeep


def ordered(user: User, key: str, age: timedelta) -> None:
    """Order a post with an Idempotency-Key, so long ago."""
    with transaction() as session:
        accept(session, user, pipeline_named("full-post"), {"topic": TOPIC}, idempotency=(key, b"hash"))
        of_order = update(IdempotencyKey).where(IdempotencyKey.key == key)
        session.execute(of_order.values(created_at=datetime.now(UTC) - age))


def test_keys_of_orders_are_forgotten_after_a_month(database: Installation) -> None:
    assert database
    user = a_user()
    ordered(user, "old", upkeep.ORDERS_REMEMBERED + timedelta(minutes=1))
    ordered(user, "young", upkeep.ORDERS_REMEMBERED - timedelta(minutes=1))

    upkeep.tidy()

    with transaction() as session:
        assert session.scalars(select(IdempotencyKey.key)).all() == ["young"]
