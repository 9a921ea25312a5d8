"""Orders for tests: users, runs and their rows."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from app.db.models import Call, Event, Piece, Run, User
from app.db.session import transaction
from app.domain.plans import Plan
from app.pipelines.catalog import pipeline_named
from app.runs.accept import accept

TOPIC = "DevOps for Junior Engineers"


def a_user(plan: Plan = Plan.BUSINESS) -> User:
    """Insert a user."""
    with transaction() as session:
        user = User(name=f"user-{uuid.uuid4().hex[:8]}", plan=plan)
        session.add(user)
    return user


def order(user: User | None = None, pipeline: str = "full-post", **request: Any) -> uuid.UUID:
    """Accept a run and return its id; nothing is published."""
    with transaction() as session:
        owner = user or a_user()
        return accept(session, owner, pipeline_named(pipeline), {"topic": TOPIC, **request}).run_id


def run_of(run_id: uuid.UUID) -> Run:
    """Return the run as it is now."""
    with transaction() as session:
        return session.get_one(Run, run_id)


def pieces_of(run_id: uuid.UUID) -> Sequence[Piece]:
    """Return the run's pieces as they are now."""
    with transaction() as session:
        return session.scalars(select(Piece).where(Piece.run_id == run_id).order_by(Piece.kind, Piece.position)).all()


def calls_of(run_id: uuid.UUID) -> Sequence[Call]:
    """Return the run's calls, oldest first."""
    with transaction() as session:
        return session.scalars(select(Call).where(Call.run_id == run_id).order_by(Call.started_at)).all()


def events_of(run_id: uuid.UUID) -> Sequence[Event]:
    """Return the run's events in order."""
    with transaction() as session:
        return session.scalars(select(Event).where(Event.run_id == run_id).order_by(Event.number)).all()
