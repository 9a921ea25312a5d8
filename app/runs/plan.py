"""What remains to be done: the steps that start, resume, re-render and the relay all publish.

What is stored is never generated again, because a piece's row says which step it is at. Pipelines that only another
release has are left to its processes, here and wherever runs are looked for.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, case, func, or_, select, update
from sqlalchemy.orm import Session

from app.db.models import Piece, Run
from app.domain.errors import AnotherRelease
from app.domain.states import LIVE_RUNS, RunState
from app.pipelines.catalog import all_pipelines
from app.settings import settings

log = logging.getLogger(__name__)

LONGEST_ROUND = timedelta(hours=6)
MOST_DOUBLINGS = 6  # 20 s, 40 s, ... 21 min: a queue that is long is not made longer by its own relay


@dataclass(frozen=True, slots=True)
class Link:
    """One step of one piece, as it is published."""

    task: str
    queue: str
    run_id: uuid.UUID
    piece_id: uuid.UUID
    round: int

    @property
    def args(self) -> tuple[str, str, int]:
        """The message's arguments: ids and the round, nothing that could be out of date."""
        return str(self.run_id), str(self.piece_id), self.round


type_chain = tuple[Link, ...]
"""The links of one piece, to run one after the other."""


def due(now: datetime | None = None, *, is_backlogged: bool = True) -> ColumnElement[bool]:
    """Return the condition: not terminal, no live lease, due, and not sent a short while ago.

    is_backlogged: messages wait for workers, so that each time is twice as long. Else whatever nobody began was lost, as
    often as it was sent before.
    """
    moment = func.now() if now is None else now
    doublings = func.least(func.greatest(Piece.sent_count - 1, 0), MOST_DOUBLINGS)
    patience = settings().resend_after * (func.power(2, doublings) if is_backlogged else 1)
    # A step that waited for its time is due at that time, not `patience` after it was put back. Once published for
    # that time it has patience like any other: else every pass of the relay would publish it again.
    waits = Piece.sent_at < Piece.next_try_at
    since_sent = case((waits, Piece.next_try_at), else_=Piece.sent_at + patience)
    return and_(
        Piece.step.is_not(None),
        or_(Piece.lease_until.is_(None), Piece.lease_until < moment),
        or_(Piece.sent_at.is_(None), since_sent <= moment),
    )


def plan(session: Session, run_id: uuid.UUID) -> list[type_chain]:
    """Return the chains to publish now for one run, and note them as sent: publish after the commit."""
    return _take(session, Piece.run_id == run_id, due())


def overdue(session: Session, *, most: int = 500, is_backlogged: bool = True) -> list[type_chain]:
    """Return the chains of all admitted, live runs whose message was lost or whose owner died; the relay's plan."""
    return _take(session, Run.admitted_at.is_not(None), due(is_backlogged=is_backlogged), most=most)


def _is_ours() -> ColumnElement[bool]:
    return Run.pipeline.in_(all_pipelines())


def _take(session: Session, *conditions: ColumnElement[bool], most: int = 500) -> list[type_chain]:
    rows = session.execute(
        select(Piece, Run.pipeline)
        .join(Run, Run.id == Piece.run_id)
        .where(_is_ours(), Run.state.in_(LIVE_RUNS), Piece.round == Run.round, *conditions)
        .order_by(Piece.sent_at.asc().nulls_first(), Piece.position)
        .limit(most)
        .with_for_update(of=Piece, skip_locked=True)
    ).all()
    if rows:
        session.execute(
            update(Piece)
            .where(Piece.id.in_([piece.id for piece, _ in rows]))
            .values(sent_at=func.now(), sent_count=Piece.sent_count + 1)
            .execution_options(synchronize_session=False)
        )
    return [links for piece, pipeline in rows if (links := _known_links(piece, pipeline))]


def give_back(session: Session, chains: Sequence[type_chain]) -> None:
    """Note that planned chains could not be published: they are due again at once.

    A message that went out before the failure may then come twice, which a claim sorts out. Whoever works on such a
    piece, or has put it off until its time, has it: that is left as it is. So is a row that somebody has locked: rows
    locked here in one order and by a cancellation in another would be a deadlock.
    """
    is_free = or_(Piece.lease_until.is_(None), Piece.lease_until < func.now())
    is_time = or_(Piece.next_try_at.is_(None), Piece.next_try_at <= func.now())
    pieces = [links[0].piece_id for links in chains]
    mine = select(Piece.id).where(Piece.id.in_(pieces), is_free, is_time).with_for_update(skip_locked=True)
    session.execute(
        update(Piece)
        .where(Piece.id.in_(mine))
        .values(sent_at=None, sent_count=func.greatest(Piece.sent_count - 1, 0))
        .execution_options(synchronize_session=False)
    )


def _known_links(piece: Piece, pipeline_name: str) -> type_chain:
    """Return the links of a piece; none for a step that only another release has: whoever is of that release publishes it."""
    try:
        return links_of(piece, pipeline_name)
    except AnotherRelease:
        log.info("step_of_another_release", extra={"piece_id": str(piece.id), "step": piece.step})
        return ()


def links_of(piece: Piece, pipeline_name: str) -> type_chain:
    """Return the links from the piece's step to the end of its track."""
    pipeline = all_pipelines()[pipeline_name]
    assert piece.step is not None, "only pieces that are not terminal are planned"
    return tuple(
        Link(pipeline.task_name(stage.step), stage.queue, piece.run_id, piece.id, piece.round)
        for stage in pipeline.steps_from(piece.kind, piece.step)
    )


def unfinished_business(session: Session) -> Sequence[tuple[uuid.UUID, int]]:
    """Return (run, round) of live runs whose pieces are all terminal: their `finish` was lost."""
    open_piece = select(Piece.id).where(Piece.run_id == Run.id, Piece.step.is_not(None)).exists()
    rows = session.execute(
        select(Run.id, Run.round).where(
            _is_ours(),
            Run.state.in_(LIVE_RUNS - {RunState.QUEUED}),
            ~open_piece,
            Run.progressed_at < func.now() - settings().resend_after,
        )
    )
    return rows.all()


def stalled(session: Session, now: datetime, *, watched_since: datetime) -> Sequence[uuid.UUID]:
    """Return the live runs without progress for too long; waiting for a known time is none of it, up to 6 h.

    watched_since: no time before it counts, for nobody may have been there to make progress.
    """
    quiet = now - settings().stall_after
    waits = select(Piece.id).where(Piece.run_id == Run.id, Piece.next_try_at > now).exists()
    is_quiet = and_(func.greatest(Run.progressed_at, watched_since) < quiet, ~waits)
    is_stuck = or_(is_quiet, func.greatest(Run.started_at, watched_since) < now - LONGEST_ROUND)
    is_live = and_(_is_ours(), Run.state.in_(LIVE_RUNS), Run.started_at.is_not(None))
    return session.scalars(select(Run.id).where(is_live, is_stuck)).all()
