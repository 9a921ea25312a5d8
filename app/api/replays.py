"""Idempotency of POSTs that continue a run: the same key and body get the first answer again, other bodies 409.

Orders of new runs are remembered by app.runs.accept, in the same table.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.db.models import IdempotencyKey, User
from app.domain.errors import Conflict


def once(
    session: Session,
    user: User,
    run_id: uuid.UUID,
    key: tuple[str, bytes] | None,
    act: Callable[[], dict[str, Any]],
) -> dict[str, Any]:
    """Return what `act` answers, or what it answered when this key came before. Raises Conflict for another request.

    The row is written before `act`, so that a twin request waits for our commit and then reads our answer.
    """
    if key is None:
        return act()
    name, request_hash = key
    mine = session.execute(
        insert(IdempotencyKey)
        .values(user_id=user.id, key=name, request_hash=request_hash, run_id=run_id, status=202, answer={})
        .on_conflict_do_nothing()
        .returning(IdempotencyKey.key)
    ).scalar_one_or_none()
    if mine is None:
        before = session.get_one(IdempotencyKey, (user.id, name))
        if before.request_hash != request_hash:
            raise Conflict(
                "this Idempotency-Key was used for another request; use a new key", code="idempotency_key_reused"
            )
        return before.answer
    answer = act()
    session.execute(
        update(IdempotencyKey)
        .where(IdempotencyKey.user_id == user.id, IdempotencyKey.key == name)
        .values(answer=answer)
    )
    return answer
