"""Accepted pictures, found again by what was asked: a repeat is free.

And single flight: of equal requests at once one is paid, the others' rows wait.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, cast, delete, func, null, or_, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Session

from app.db.models import CachedPicture, Piece
from app.domain.errors import BeingMade
from app.routes import Route
from app.settings import settings

KEPT_FOR = timedelta(days=90)


def key_of(route: Route, prompt: str, aspect_ratio: str, take: int) -> str:
    """Return the key of what a route, or the sandbox in its place, is asked. The tenant is a column of its own."""
    asked = [route.use, sorted(route.options.items()), prompt, aspect_ratio, take]
    if settings().is_sandboxed:
        asked.append("sandbox")
    return hashlib.sha256(json.dumps(asked, default=str).encode()).hexdigest()


def find(session: Session, user_id: uuid.UUID, keys: Sequence[str]) -> tuple[str, dict[str, Any]] | None:
    """Return (key, picture) of the first of `keys` that has a picture."""
    rows = session.execute(
        select(CachedPicture.key, CachedPicture.picture).where(
            CachedPicture.user_id == user_id,
            CachedPicture.key.in_(keys),
            CachedPicture.picture.is_not(None),
            _is_of_those_asked(),
        )
    )
    found: dict[str, dict[str, Any]] = {key: picture for key, picture in rows if picture is not None}
    return next(((key, found[key]) for key in keys if key in found), None)


def _is_of_those_asked() -> ColumnElement[bool]:
    """Whether a picture is the sandbox's where the sandbox is asked, and real where it is not.

    Keys tell the two apart as well, but not those of pictures that were kept before they did.
    """
    is_stand_in: ColumnElement[bool] = CachedPicture.picture["sandbox"].astext.is_not_distinct_from("true")
    return is_stand_in if settings().is_sandboxed else ~is_stand_in


def enter(session: Session, user_id: uuid.UUID, key: str, owner: uuid.UUID) -> None:
    """Become the one who makes the picture. Raises BeingMade while somebody else does, or has just done so.

    owner: the lease token of the piece. Whoever holds no live lease any more is dead or gave up: its flight is free.
    So is the place of a picture that `find` passes over: nobody is going to bring another.
    """
    alive = select(Piece.lease_token).where(Piece.lease_token.is_not(None), Piece.lease_until > func.now())
    is_free = or_(CachedPicture.owner == owner, CachedPicture.owner.not_in(alive))
    mine = insert(CachedPicture).values(id=uuid.uuid4(), user_id=user_id, key=key, owner=owner)
    taken = session.execute(
        mine.on_conflict_do_update(
            index_elements=[CachedPicture.user_id, CachedPicture.key],
            set_={"owner": owner, "picture": null(), "created_at": func.now()},
            where=or_(
                and_(CachedPicture.picture.is_(None), is_free),
                and_(CachedPicture.picture.is_not(None), ~_is_of_those_asked()),
            ),
        ).returning(CachedPicture.id)
    ).scalar_one_or_none()
    if taken is None:
        raise BeingMade("the same picture is being made for another piece")


def keep(session: Session, user_id: uuid.UUID, key: str, owner: uuid.UUID, picture: Mapping[str, Any]) -> None:
    """Put an accepted picture where it is found again; nothing happens when somebody else has taken over."""
    session.execute(
        update(CachedPicture)
        .where(CachedPicture.user_id == user_id, CachedPicture.key == key, CachedPicture.owner == owner)
        .values(owner=None, picture=dict(picture), created_at=func.now())
    )


def leave(session: Session, owner: uuid.UUID) -> None:
    """Let go of what `owner` was making and did not bring."""
    session.execute(delete(CachedPicture).where(CachedPicture.owner == owner))


def judge(session: Session, user_id: uuid.UUID, sha256: str, review: Mapping[str, Any]) -> None:
    """Forget a picture that the review refused; note a good verdict with it, so that it is not asked for again."""
    is_it = and_(CachedPicture.user_id == user_id, CachedPicture.picture["sha256"].astext == sha256)
    if review.get("is_good"):
        noted = CachedPicture.picture.op("||")(cast({"review": dict(review)}, JSONB))
        session.execute(update(CachedPicture).where(is_it).values(picture=noted))
    elif "skipped" not in review:
        session.execute(delete(CachedPicture).where(is_it))


def drop(session: Session, user_id: uuid.UUID, sha256: str) -> None:
    """Forget a picture that was refused after all."""
    session.execute(
        delete(CachedPicture).where(CachedPicture.user_id == user_id, CachedPicture.picture["sha256"].astext == sha256)
    )


def forget_old(session: Session) -> int:
    """Delete what nobody has been making for a day, and pictures older than 90 days; return how many rows."""
    age = func.now() - CachedPicture.created_at
    gone = session.execute(
        delete(CachedPicture)
        .where(or_(age > KEPT_FOR, and_(CachedPicture.owner.is_not(None), age > timedelta(days=1))))
        .returning(CachedPicture.id)
    )
    return len(gone.all())
