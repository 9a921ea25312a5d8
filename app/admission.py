"""Admission: which queued runs start, fairly, and how many at once."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from app.db.models import Piece, Run, User
from app.domain.plans import Plan
from app.domain.states import LIVE_RUNS, RunState
from app.settings import settings

LOCK = 0x70726573  # any constant: one admission pass at a time, over all processes


def admit(session: Session) -> list[uuid.UUID]:
    """Mark the runs whose turn it is as admitted and return them; publish their plan after the commit.

    1. Take the lock that makes passes follow one another: SKIP LOCKED alone admitted 40 where 10 were allowed.
    2. Count what is in flight, in total and per user. Nobody counts for more than admission would give them: the new
       rounds of finished runs start without it, and one user's would take all places.
    3. Give each free place to the user with the fewest in flight for its plan's weight, oldest run first.
    """
    session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
    live = session.execute(
        select(Run.user_id, User.plan, func.count(), func.count().filter(Run.round == 1))
        .join(User, User.id == Run.user_id)
        .where(Run.admitted_at.is_not(None), Run.state.in_(LIVE_RUNS))
        .group_by(Run.user_id, User.plan)
    ).all()
    at_once = settings().max_runs_in_flight
    in_flight = Counter({user: runs for user, _, runs, _ in live})
    free = at_once - sum(min(runs, plan.terms.in_flight, at_once) for _, plan, runs, _ in live)
    # What admission itself let in: a newcomer waits behind nobody's new rounds, however many users have some.
    free_for_new = 2 * at_once - sum(min(first, plan.terms.in_flight, at_once) for _, plan, _, first in live)
    waiting = _waiting(session)
    chosen: list[uuid.UUID] = []
    while waiting:
        # A user with nothing in flight is admitted although the machine is full, up to twice the cap: nobody waits
        # behind another user's crowd.
        able = [
            user
            for user, (plan, _) in waiting.items()
            if in_flight[user] < plan.terms.in_flight and (free if in_flight[user] else free_for_new) > 0
        ]
        if not able:
            break
        user = min(able, key=lambda u: (in_flight[u] / waiting[u][0].terms.weight, waiting[u][1][-1][1]))
        chosen.append(waiting[user][1].pop()[0])
        in_flight[user] += 1
        free -= 1
        free_for_new -= 1
        if not waiting[user][1]:
            del waiting[user]
    if chosen:
        session.execute(update(Run).where(Run.id.in_(chosen)).values(admitted_at=func.now()))
    return chosen


def _waiting(session: Session) -> dict[uuid.UUID, tuple[Plan, list[tuple[uuid.UUID, object]]]]:
    """Return per user the plan and its oldest queued runs as (run, created_at), the oldest last."""
    rank = func.row_number().over(partition_by=Run.user_id, order_by=Run.created_at).label("rank")
    queued = (
        select(Run.id, Run.user_id, Run.created_at, rank)
        .where(Run.state == RunState.QUEUED, Run.admitted_at.is_(None))
        .subquery()
    )
    rows: Sequence[tuple[uuid.UUID, uuid.UUID, object, Plan]] = session.execute(
        select(queued.c.id, queued.c.user_id, queued.c.created_at, User.plan)
        .join(User, User.id == queued.c.user_id)
        .where(queued.c.rank <= settings().max_runs_in_flight)
        .order_by(queued.c.created_at.desc())
    ).all()
    waiting: dict[uuid.UUID, tuple[Plan, list[tuple[uuid.UUID, object]]]] = {}
    for run_id, user_id, created_at, plan in rows:
        waiting.setdefault(user_id, (plan, []))[1].append((run_id, created_at))
    return waiting


def send_back(session: Session, run_ids: Sequence[uuid.UUID]) -> None:
    """Clear the mark of runs whose first step could not be published, so that the next pass takes them again."""
    queued = (Run.id.in_(run_ids), Run.state == RunState.QUEUED)
    session.execute(update(Run).where(*queued).values(admitted_at=None))
    session.execute(
        update(Piece).where(Piece.run_id.in_(select(Run.id).where(*queued))).values(sent_at=None, sent_count=0)
    )
