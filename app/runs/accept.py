"""Take an order: validate, reserve quota and money, insert the run, all in one transaction."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ValidationError
from sqlalchemy import Uuid, bindparam, delete, select
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Session

from app import budgets, costs, quotas
from app.db.models import Brand, Event, IdempotencyKey, Piece, Run, User
from app.domain import wrong_fields
from app.domain.brand import DEFAULT_BRAND, BrandKit
from app.domain.errors import Conflict, InvalidRequest
from app.domain.plans import month_of
from app.domain.prices import MILLION
from app.domain.states import PieceState, QuotaUnit, RunState
from app.ordered import kit_of
from app.pipelines.pipeline import NewPiece, Pipeline

INSERT_RUN = insert(Run).add_cte(
    insert(Event)
    .values(
        run_id=bindparam("of_run", type_=Uuid), number=1, type="run.queued", data=bindparam("event_data", type_=JSONB)
    )
    .cte("queued")
)


@dataclass(frozen=True, slots=True)
class Accepted:
    """A run that was taken, or the answer that the same request got before."""

    run_id: uuid.UUID
    pipeline: str
    state: RunState
    is_replay: bool
    """True when the Idempotency-Key was seen before: nothing new was ordered."""


def parse(pipeline: Pipeline, body: Any) -> BaseModel:
    """Return the pipeline's request. Raises InvalidRequest that names the wrong fields."""
    try:
        return pipeline.request.model_validate(body)
    except ValidationError as exc:
        raise wrong_fields.refusal(exc) from None


def brand_of(session: Session, user: User, name: str | None) -> BrandKit:
    """Return the user's brand of that name, or the default one. Raises InvalidRequest, AnotherRelease."""
    if name is None:
        return DEFAULT_BRAND
    kit = session.scalar(select(Brand.kit).where(Brand.user_id == user.id, Brand.name == name))
    if kit is None:
        raise InvalidRequest(f"you have no brand {name!r}", fields={"brand": "unknown"}, code="unknown_brand")
    return kit_of(kit)


def accept(
    session: Session,
    user: User,
    pipeline: Pipeline,
    body: Any,
    *,
    idempotency: tuple[str, bytes] | None = None,
    now: datetime | None = None,
) -> Accepted:
    """Insert a run for `body` as QUEUED, its quota and money reserved.

    idempotency: (key, hash of the request); the same pair again returns the first run.
    Raises InvalidRequest, QuotaExceeded (a budget too), Conflict (same key, other request).
    """
    if idempotency and (before := seen(session, user, *idempotency)):
        return before
    request = parse(pipeline, body)
    kit = brand_of(session, user, getattr(request, "brand", None))
    run_id = uuid.uuid4()
    moment = now or datetime.now(UTC)
    reservation = reservation_micro_usd(pipeline, request)
    run = Run(
        id=run_id,
        user_id=user.id,
        api_key_id=budgets.ordering_key(session),
        pipeline=pipeline.name,
        pipeline_version=pipeline.version,
        request=request.model_dump(mode="json", exclude_none=True),  # workers of the release before know no new fields
        brand=kit.model_dump(exclude_none=True),
        state=RunState.QUEUED,
        reserved_micro_usd=reservation,
        held_micro_usd=0,
        spent_micro_usd=0,
        overrun_micro_usd=0,
        last_event=1,
        round=1,
    )
    _insert_run(session, run)
    if idempotency and (before := _remember(session, user, idempotency, run)):
        return before
    _insert_pieces(session, new_pieces(pipeline, run, pipeline.opening(request, kit)))
    shares = budgets.shares_of(session, run, reservation)
    # Last, for it locks the user's month until the commit: all orders of one user wait for each other here.
    amounts = {**pipeline.charges_of(request), QuotaUnit.MONEY: reservation}
    quotas.reserve(session, user, run_id, 1, month_of(moment), amounts)
    budgets.reserve(session, run, month_of(moment), shares)
    return Accepted(run_id, pipeline.name, RunState.QUEUED, is_replay=False)


def _insert_run(session: Session, run: Run) -> None:
    """Insert a run and its first event in one statement: each round trip is a part of the answer's time."""
    session.connection().execute(
        INSERT_RUN, {**_values(run), "of_run": run.id, "event_data": {"state": RunState.QUEUED}}
    )


def _insert_pieces(session: Session, pieces: Sequence[Piece]) -> None:
    session.connection().execute(insert(Piece), [_values(piece) for piece in pieces])


def _values(row: Run | Piece) -> dict[str, Any]:
    """Return what was set on a row, by column."""
    return {name: value for name, value in vars(row).items() if not name.startswith("_")}


def reservation_micro_usd(pipeline: Pipeline, request: BaseModel) -> int:
    """Return what a run may spend at most: the worst case, or less when `max_cost_usd` says so."""
    worst = costs.quote(pipeline, request).worst_micro_usd
    cap = getattr(request, "max_cost_usd", None)
    return worst if cap is None else min(worst, int(cap * MILLION))


def new_pieces(pipeline: Pipeline, run: Run, opened: Sequence[NewPiece]) -> list[Piece]:
    """Return the rows of opened pieces, each at the first step of its kind's track."""
    return [
        Piece(
            id=uuid.uuid4(),
            run_id=run.id,
            kind=piece.kind,
            position=piece.position,
            is_picture=pipeline.is_picture(piece.kind),
            state=PieceState.PENDING,
            step=pipeline.tracks[piece.kind][0].step,
            round=run.round,
            data=piece.data,
            prompt=piece.prompt,
        )
        for piece in opened
    ]


def seen(session: Session, user: User, key: str, request_hash: bytes) -> Accepted | None:
    """Return what this Idempotency-Key was answered before; None when it is new. Raises Conflict."""
    row = session.get(IdempotencyKey, (user.id, key))
    if row is None:
        return None
    if row.request_hash != request_hash:
        raise Conflict(
            "this Idempotency-Key was used for another request; use a new key", code="idempotency_key_reused"
        )
    answer = row.answer
    return Accepted(row.run_id, answer["pipeline"], RunState(answer["state"]), is_replay=True)


def _remember(session: Session, user: User, idempotency: tuple[str, bytes], run: Run) -> Accepted | None:
    """Store the key with its run; when a twin request was faster, undo ours and return its run.

    The unique key makes the slower of two equal requests wait for the faster one's commit.
    """
    key, request_hash = idempotency
    stored = session.execute(
        insert(IdempotencyKey)
        .values(
            user_id=user.id,
            key=key,
            request_hash=request_hash,
            run_id=run.id,
            status=202,
            answer={"pipeline": run.pipeline, "state": run.state},
        )
        .on_conflict_do_nothing()
        .returning(IdempotencyKey.key)
    ).scalar_one_or_none()
    if stored is not None:
        return None
    session.execute(delete(Run).where(Run.id == run.id))
    return seen(session, user, key, request_hash)
