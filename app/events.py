"""Events: each change of a run, numbered per run in the transaction of the change."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.db.models import Event, Run
from app.db.session import make_durable

LOOKED_AT = 400
"""A run has some hundred pieces at most, and each of those that wait has one event in turn."""

type_and_data = tuple[str, dict[str, Any]]


def record(session: Session, run: Run, *events: type_and_data) -> None:
    """Append events to `run`, which the caller has locked in this session (lock order: run, then piece).

    A serial column would lose events: a number taken first may be committed last, behind a reader's back.
    """
    # Watchers could see an event before it is on disk, and PostgreSQL forget it in a crash: another one gets its number.
    make_durable(session)
    first = run.last_event + 1
    run.last_event += len(events)
    session.execute(
        insert(Event),
        [{"run_id": run.id, "number": first + n, "type": kind, "data": data} for n, (kind, data) in enumerate(events)],
    )


def is_news(session: Session, run: Run, kind: str, data: Mapping[str, Any]) -> bool:
    """Return whether an event of a piece tells more than its last one.

    A piece that waits for hours looks every 5 s, and one that is not drawn yet may be edited all day.
    data: with `piece_id`, and `code` if it has one. Only the run's newest events are looked at. `run` is locked by the
    caller.
    """
    last = session.execute(
        select(Event.type, Event.data["code"].astext)
        .where(
            Event.run_id == run.id,
            Event.number > run.last_event - LOOKED_AT,
            Event.data["piece_id"].astext == data["piece_id"],
        )
        .order_by(Event.number.desc())
        .limit(1)
    ).one_or_none()
    return last is None or tuple(last) != (kind, data.get("code"))


def since(session: Session, run_id: uuid.UUID, number: int, *, most: int = 1000) -> Sequence[Event]:
    """Return a run's events after `number`, in order, at most `most`."""
    query = select(Event).where(Event.run_id == run_id, Event.number > number).order_by(Event.number).limit(most)
    return session.scalars(query).all()
