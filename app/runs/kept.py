"""What a call must leave of a run's money, because the run needs it more than that call.

Texts come first, for without them nothing is delivered; then each slide's first picture; then what a post can do
without: reviews, changes, rewritten prompts, and whatever is paid a second time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import costs
from app.db.models import Piece, Run
from app.domain.errors import AnotherRelease
from app.ordered import pipeline_of, request_of
from app.pipelines.pipeline import Pipeline, Stage
from app.routes import able


class Rank(IntEnum):
    """How much a run needs a call; the lower, the more."""

    ESSENTIAL = 0
    """A text without which the run fails."""
    TEXT = 1
    """One of several texts, or one that the run can do without."""
    PROMPTED = 2
    """A picture whose prompt is there, and perhaps paid."""
    PICTURE = 3
    EXTRA = 4


@dataclass(frozen=True, slots=True)
class Kept:
    """What must be left, in micro-USD."""

    at_first: int
    """By the first paid call of a piece for a purpose."""
    again: int
    """By each further one."""


def kept(session: Session, run: Run, piece: Piece, stage: Stage, purpose: str) -> Kept:
    """Return what a call must leave of the run's money for what the run still needs."""
    pipeline = pipeline_of(run)
    rank = _rank(pipeline, piece.kind, stage)
    is_extra = stage.reviews is not None or purpose != stage.purpose or bool(piece.refused)
    if is_extra:
        rank = Rank.EXTRA
    own = [] if is_extra else [one for one in pipeline.steps_from(piece.kind, stage.step) if one.step != stage.step]
    others = list(_others(session, run, piece, pipeline))
    above = Rank.PICTURE if rank >= Rank.PROMPTED else rank
    return Kept(
        _needed([*own, *(one for needs, one in others if needs < rank)]),
        _needed([*own, *(one for needs, one in others if needs <= above)]),
    )


def _rank(pipeline: Pipeline, kind: str, at: Stage) -> Rank:
    """Return how much the run needs a piece of this kind that is at a stage."""
    if pipeline.is_picture(kind):
        return Rank.PROMPTED if at.makes_picture else Rank.PICTURE
    return Rank.TEXT if kind in pipeline.tolerates | pipeline.optional else Rank.ESSENTIAL


def _others(session: Session, run: Run, piece: Piece, pipeline: Pipeline) -> Iterator[tuple[Rank, Stage]]:
    """Yield the stages that the run's other pieces have before them, and those of pieces that are not opened yet."""
    found = session.execute(
        select(Piece.id, Piece.kind, Piece.step, Piece.picture.is_not(None)).where(Piece.run_id == run.id)
    ).all()
    for piece_id, kind, step, has_picture in found:
        if piece_id != piece.id and step is not None and not has_picture:
            try:
                before = pipeline.steps_from(kind, step)
            except AnotherRelease:
                continue  # only another release has this step, and knows what it costs
            yield from ((_rank(pipeline, kind, before[0]), stage) for stage in before)
    opened = Counter(kind for _, kind, _, _ in found)
    for kind, count in pipeline.counts(request_of(run)).items():
        for _ in range(count - opened[kind]):
            track = pipeline.track(kind)
            yield from ((_rank(pipeline, kind, track[0]), stage) for stage in track)


def _needed(stages: Iterable[Stage]) -> int:
    """Return what it takes to pay these stages once, each at its usual price, and to let the dearest of them leave."""
    total = headroom = 0
    for stage, count in Counter(stages).items():
        routes = able(stage.purpose) if stage.purpose is not None and stage.reviews is None else ()
        if routes:
            usual = costs.expected_call_micro_usd(stage, routes[0])
            total += count * usual
            headroom = max(headroom, costs.least_call_micro_usd(stage, routes[0]) - usual)
    return total + headroom
