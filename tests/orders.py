"""Orders for tests: users, runs and their rows."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select

from app import quotas
from app.db.models import Call, Event, Piece, Run, User
from app.db.session import transaction
from app.domain.plans import Plan, month_of
from app.domain.states import QuotaUnit
from app.pipelines.catalog import pipeline_named
from app.runs.accept import Accepted, accept

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
        usual = {"topic": TOPIC} if pipeline == "full-post" else {}
        return accept(session, owner, pipeline_named(pipeline), {**usual, **request}).run_id


def accepted(user: User, now: datetime | None = None, **request: object) -> Accepted:
    """Accept a post that may cost a cent at most, at `now`; nothing is published."""
    with transaction() as session:
        return accept(
            session, user, pipeline_named("full-post"), {"topic": TOPIC, "max_cost_usd": 0.01, **request}, now=now
        )


def used(user: User, unit: QuotaUnit = QuotaUnit.POSTS, month: date | None = None) -> int:
    """Return how much of a unit the user has used of a month, which is this one unless told."""
    with transaction() as session:
        return quotas.usage(session, user, month or month_of(datetime.now(UTC)))[unit]["used"] or 0


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
