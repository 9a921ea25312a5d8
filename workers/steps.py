"""One execution of one step: claim, act, write the result, publish what follows. Every step may run twice or never."""

from __future__ import annotations

import logging
import random
import uuid
from datetime import timedelta
from typing import Any, NoReturn

from celery import Task
from celery.exceptions import Ignore
from sqlalchemy.exc import SQLAlchemyError

from app import broker
from app.db.models import Piece
from app.db.session import transaction
from app.domain import errors
from app.domain.brand import BrandKit
from app.domain.keys import current_copy_key, piece_name
from app.pipelines.pipeline import Done, Pipeline, Stage, Work
from app.runs import claims
from app.runs.claims import Claim, Moved
from app.runs.plan import plan
from app.storage import EXTENSIONS, storage
from workers import canvas, leases
from workers.ask import Asker
from workers.slides import Composer

log = logging.getLogger(__name__)

BACKOFF_S = (1.0, 2.0, 4.0)  # the brief's exponential backoff
STORAGE_RETRY_S = 5.0
MAX_COUNTDOWN_S = 30.0  # longer waits are the row's: a message that waits for long is a message that can be lost


class TryAgain(Exception):
    """Raised to have Celery deliver the step again in a little while; the row has noted when."""


def run_step(task: Task, pipeline: Pipeline, step: str, piece_id: str, round_: int) -> None:
    """Execute one step of one piece.

    1. Claim the piece; who does not get it stops its chain (Ignore), so that a chord never counts a loser.
    2. Act, with the lease kept alive.
    3. Write the result while the claim holds, or note the failure.
    4. Publish what follows from it; the chain itself goes on when this returns.
    """
    held = _claimed(step, piece_id, round_)
    stage = pipeline.stage(held.piece.kind, step)
    if held.piece.attempt > stage.max_attempts:
        _give_up(held, "attempts_used_up", f"{step} was started {stage.max_attempts} times and never came to an end")
    with leases.holding(held.token):
        try:
            done = stage.act(_work(pipeline, stage, held))
        except SQLAlchemyError:
            raise  # the database is away: the lease runs out and the relay brings the piece back
        except Exception as exc:  # noqa: BLE001 - the one edge where everything is caught, so that the post ends and says why
            _handle(task, held, stage, exc)
    moved = _written(pipeline, held, done)
    if moved.is_stale:
        raise task.retry(exc=TryAgain("edited"), countdown=0.1)
    _follow(held, moved)
    if done.picture is not None:
        _copy_current(held.piece, done.picture)


def _handle(task: Task, held: Claim, stage: Stage, exc: Exception) -> NoReturn:
    """Decide what an error means for the piece: over, again later, or again without counting. Always raises."""
    match exc:
        case errors.NotClaimed():
            raise Ignore(str(exc)) from exc
        case errors.ProviderBusy():
            _again(task, held, stage, exc, exc.retry_after_s, counts=False)
        case errors.StorageError():
            _again(task, held, stage, exc, STORAGE_RETRY_S, counts=False)
        case errors.ProviderError(permanent=False):
            _again(task, held, stage, exc, exc.retry_after_s)
        case errors.PictureRefused() | errors.NotFound():
            _again(task, held, stage, exc, None)
        case errors.PressroomError():
            _give_up(held, exc.code, str(exc))
        case _:
            log.error("step_failed", exc_info=exc, extra={"step": stage.step, "piece_id": str(held.piece.id)})
            _again(task, held, stage, exc, None)


def _claimed(step: str, piece_id: str, round_: int) -> Claim:
    try:
        with transaction(durable=False) as session:
            return claims.claim(session, uuid.UUID(piece_id), step, round_)
    except errors.NotClaimed as exc:
        raise Ignore(str(exc)) from exc


def _work(pipeline: Pipeline, stage: Stage, held: Claim) -> Work:
    return Work(
        request=pipeline.request.model_validate(held.run.request),
        brand=BrandKit.model_validate(held.run.brand),
        kind=held.piece.kind,
        position=held.piece.position,
        data=held.piece.data,
        prompt=held.piece.prompt,
        ask=Asker(held, stage),
        compose=Composer(held.run, held.piece),
    )


def _written(pipeline: Pipeline, held: Claim, done: Done) -> Moved:
    try:
        with transaction() as session:
            return claims.complete(session, pipeline, held, done)
    except errors.NotClaimed as exc:
        raise Ignore(str(exc)) from exc


def _give_up(held: Claim, code: str, message: str) -> NoReturn:
    """Store the piece's failure and stop its chain. Always raises Ignore."""
    log.warning("piece_failed", extra={"piece_id": str(held.piece.id), "code": code})
    try:
        with transaction() as session:
            moved = claims.fail(session, held, code, message)
    except errors.NotClaimed as exc:
        raise Ignore(str(exc)) from exc
    _follow(held, moved)
    raise Ignore(code)


def _again(
    task: Task,
    held: Claim,
    stage: Stage,
    exc: Exception,
    floor_s: float | None,
    *,
    counts: bool = True,
) -> NoReturn:
    """Put the piece back with a time, or end it when its attempts are used up. Always raises.

    The wait is the brief's 1, 2, 4 s with a jitter that never reaches 0; what the provider asks for is a floor.
    """
    is_ours = isinstance(exc, errors.PressroomError)
    told = exc.code if isinstance(exc, errors.PressroomError) else "internal_error"
    attempt = held.piece.attempt
    if counts and attempt >= stage.max_attempts:
        _give_up(held, told, str(exc) if is_ours else "an internal error; the operator's log says more")
    wait_s = BACKOFF_S[min(attempt, len(BACKOFF_S)) - 1] * random.uniform(0.75, 1.25)
    wait_s = max(wait_s, (floor_s or 0) * random.uniform(1.0, 1.1))
    try:
        with transaction(durable=False) as session:
            claims.postpone(session, held, timedelta(seconds=wait_s), told, counts=counts)
    except errors.NotClaimed as lost:
        raise Ignore(str(lost)) from lost
    if wait_s > MAX_COUNTDOWN_S:
        raise Ignore(f"waits {wait_s:.0f} s in its row")
    raise task.retry(exc=TryAgain(told), countdown=wait_s)


def _follow(held: Claim, moved: Moved) -> None:
    """Publish what a written result makes due. While Redis is away nothing is lost: the relay does it later."""
    run_id, round_ = held.run.id, held.piece.round
    try:
        if moved.opened:
            with transaction(durable=False) as session:
                chains = plan(session, run_id)
            canvas.publish_chord(chains, run_id, round_)
        if moved.is_last:
            broker.send("runs.finish", (str(run_id), round_))
    except errors.Unavailable:
        log.warning("left_to_the_relay", extra={"run_id": str(run_id)})


def _copy_current(piece: Piece, picture: dict[str, Any]) -> None:
    """Keep the copy under the brief's deterministic key; nothing reads it back, so that a failure costs nothing."""
    name = piece_name(piece.kind, piece.position)
    try:
        storage().copy(picture["key"], current_copy_key(piece.run_id, name, EXTENSIONS[picture["mime"]]))
    except (errors.StorageError, errors.NotFound):
        log.warning("copy_failed", extra={"key": picture["key"]})
