"""One execution of one step: claim, act, write the result, publish what follows. Every step may run twice or never."""

from __future__ import annotations

import logging
import random
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

from celery import Task
from celery.exceptions import Ignore
from sqlalchemy.exc import DataError, SQLAlchemyError

from app import broker, counts, failpoints, journal
from app.db.models import Piece, Run
from app.db.session import transaction
from app.domain import errors
from app.domain.keys import current_copy_key, shown_key
from app.domain.provider_errors import ProviderBusy, ProviderError
from app.ordered import brand_of, request_of
from app.pipelines.pipeline import Done, Pipeline, Stage, Work
from app.runs import claims
from app.runs.claims import Claim, Moved
from app.runs.finish import Finisher
from app.runs.places import place_of
from app.runs.plan import plan
from app.storage import EXTENSIONS, storage
from workers import canvas, leases
from workers.ask import Asker
from workers.designs import Arranger
from workers.images import cache
from workers.outcomes import refuse_replies
from workers.slides import Composer
from workers.web.browser import Browser

log = logging.getLogger(__name__)

BACKOFF_S = (1.0, 2.0, 4.0)  # the brief's exponential backoff
AWAY_S: dict[type[errors.PressroomError], float] = {
    errors.StorageError: 5.0,
    errors.NotScreened: 10.0,
    errors.BeingMade: 1.5,
    errors.MoneyHeld: 1.5,
}
ROLL_OUT = timedelta(minutes=10)
ROLLED_OUT_S = 30.0
"""Within the first minutes of a round, a piece waits so long, again and again, for a worker that can read its run."""
REVIEW_WAIT_S = 30.0
MAX_COUNTDOWN_S = 6.0  # longer waits are the row's, and the relay comes every 5 s: a message that waits can be lost,
# and while 1,000 pieces wait, each one's retry beside the relay's messages filled the queue with copies (seen)


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
    failpoints.reach("after_claim")
    stage = _stage(task, pipeline, held, step)
    if held.is_takeover:
        counts.add(counts.Fact.LEASES_EXPIRED, stage.queue)
        log.warning("taken_over", extra={"attempt": held.piece.attempt})
    with leases.holding(held.token):
        try:
            _refuse_poison(held, stage)
            done = stage.act(_work(stage, held))
        except SQLAlchemyError:
            raise  # the database is away: the lease runs out and the relay brings the piece back
        except Exception as exc:  # noqa: BLE001 - the one edge where everything is caught, so that the post ends and says why
            done = _handle(task, held, stage, exc)
        moved = _written(task, pipeline, stage, held, done)
    if moved.is_stale:
        raise task.retry(exc=TryAgain("edited"), countdown=0.1)
    _follow(held, moved)
    if moved.is_back:
        raise Ignore("went back to an earlier step, from which it was published anew")
    if done.picture is not None:
        _copy_current(held.run, held.piece, done.picture)


def _stage(task: Task, pipeline: Pipeline, held: Claim, step: str) -> Stage:
    try:
        return pipeline.stage(held.piece.kind, step)
    except errors.AnotherRelease as exc:
        _leave_to_another(task, held, exc)


def _leave_to_another(task: Task, held: Claim, exc: errors.AnotherRelease) -> NoReturn:
    """Put the piece back for a worker that can read its run; end it when none came. Always raises."""
    began = held.run.started_at
    if began is None or datetime.now(UTC) - began < ROLL_OUT:
        _again(task, held, exc, Retry(ROLLED_OUT_S, counts=False))
    _give_up(held, exc)


def _refuse_poison(held: Claim, stage: Stage) -> None:
    """Raise PoisonPill when the step was started too often: whatever it does to its workers, it shall end."""
    if held.piece.attempt > stage.max_attempts:
        raise errors.PoisonPill(f"{stage.step} was started {stage.max_attempts} times and never came to an end")


@dataclass(frozen=True, slots=True)
class Retry:
    """How an error is tried again."""

    floor_s: float | None = None
    """Not sooner than this, in seconds."""
    counts: bool = True
    """False: it was no attempt, for nobody was asked or we were asked to wait."""


def retry_of(exc: errors.PressroomError) -> Retry | None:
    """Return how an error is tried again; None when that cannot help."""
    match exc:
        case ProviderBusy() | errors.FetchFailed(permanent=False, is_waiting=True):
            return Retry(exc.retry_after_s, counts=False)
        case errors.BeingMade() | errors.MoneyHeld() | errors.StorageError() | errors.NotScreened():
            return Retry(AWAY_S[type(exc)], counts=False)
        case errors.AllProvidersFailed(permanent=False):
            return Retry(exc.retry_after_s, counts=not exc.is_waiting)
        case ProviderError(permanent=False) | errors.FetchFailed(permanent=False):
            return Retry(exc.retry_after_s)
        case errors.PictureRefused() | errors.NotFound() | errors.InternalError():
            return Retry()
    return None


def _handle(task: Task, held: Claim, stage: Stage, exc: Exception) -> Done:
    """Decide what an error means for the piece: again later, over, or on without this step (returned)."""
    if isinstance(exc, errors.NotClaimed):
        raise Ignore(str(exc)) from exc
    if isinstance(exc, errors.AnotherRelease):
        _leave_to_another(task, held, exc)
    told = exc if isinstance(exc, errors.PressroomError) else errors.InternalError(errors.NOBODY_FORESAW)
    if told is not exc:
        log.error("step_failed", exc_info=exc, extra={"step": stage.step, "piece_id": str(held.piece.id)})
    retry = retry_of(told)
    if stage.reviews and isinstance(told, errors.AllProvidersFailed):
        retry = Retry(min(told.retry_after_s, REVIEW_WAIT_S))  # a few looks; then the picture goes on unreviewed
    if retry and (not retry.counts or held.piece.attempt < stage.max_attempts):
        counts.add(counts.Fact.RETRIES, stage.queue, type(told).code)
        _again(task, held, told, retry)
    return _over(held, stage, told)


def _over(held: Claim, stage: Stage, told: errors.PressroomError) -> Done:
    """End the piece, or return how it goes on without this step."""
    if stage.reviews is None:
        _give_up(held, told)
    log.warning("not_reviewed", extra={"step": stage.step, "piece_id": str(held.piece.id), "code": told.code})
    return Done(review={"skipped": told.code, "message": str(told)[:300]})


def _claimed(step: str, piece_id: str, round_: int) -> Claim:
    try:
        with transaction(durable=False) as session:
            return claims.claim(session, uuid.UUID(piece_id), step, round_)
    except errors.NotClaimed as exc:
        raise Ignore(str(exc)) from exc


def _work(stage: Stage, held: Claim) -> Work:
    composer = Composer(held.run, held.piece)
    return Work(
        request=request_of(held.run),
        brand=brand_of(held.run),
        kind=held.piece.kind,
        position=held.piece.position,
        data=held.piece.data,
        prompt=held.piece.prompt,
        ask=Asker(held, stage),
        compose=composer,
        picture=held.piece.picture,
        web=Browser(held.run),
        refused=held.piece.refused,
        fits=composer.fits,
        arrange=Arranger(held.run, held.piece),
    )


def _written(task: Task, pipeline: Pipeline, stage: Stage, held: Claim, done: Done) -> Moved:
    """Write the result while the claim holds; a picture that a sibling got at the same moment is refused here."""
    failpoints.reach("before_commit")
    try:
        with transaction() as session:
            moved = claims.complete(session, pipeline, held, done)
            if done.review and (picture := held.piece.picture):
                cache.judge(session, held.run.user_id, picture["sha256"], done.review)
                if done.again or done.failure:
                    journal.refuse(session, uuid.UUID(picture["call_id"]), "picture_refused:review")
    except errors.NotClaimed as exc:
        raise Ignore(str(exc)) from exc
    except errors.PictureRefused as exc:
        assert done.picture is not None, "only pictures are refused"
        with transaction() as session:
            journal.refuse(session, uuid.UUID(done.picture["call_id"]), exc.code)
            cache.drop(session, held.run.user_id, done.picture["sha256"])
        _handle(task, held, stage, exc)
        raise AssertionError("a refused picture always raises") from exc
    except (DataError, UnicodeEncodeError):
        # The database is there and refuses a value. A repeat, and a resume, would read the same replies and end here again.
        log.exception("not_stored", extra={"step": stage.step, "piece_id": str(held.piece.id)})
        refuse_replies(held.piece.id, stage.step, errors.InternalError.code)
        return _written(task, pipeline, stage, held, _over(held, stage, errors.InternalError(errors.NOBODY_FORESAW)))
    return moved


def _give_up(held: Claim, exc: errors.PressroomError) -> NoReturn:
    """Store the piece's failure and stop its chain. Always raises Ignore."""
    log.warning("piece_failed", extra={"piece_id": str(held.piece.id), "code": exc.code})
    causes = exc.causes if isinstance(exc, errors.AllProvidersFailed | errors.BudgetReached) else ()
    try:
        with transaction() as session:
            moved = claims.fail(session, held, exc.code, str(exc), causes)
    except errors.NotClaimed as lost:
        raise Ignore(str(lost)) from lost
    _follow(held, moved)
    raise Ignore(exc.code)


def _again(task: Task, held: Claim, exc: errors.PressroomError, retry: Retry) -> NoReturn:
    """Put the piece back with a time. Always raises.

    The wait is the brief's 1, 2, 4 s with a jitter that never reaches 0; what the provider asks for is a floor.
    """
    wait_s = BACKOFF_S[min(held.piece.attempt, len(BACKOFF_S)) - 1] * random.uniform(0.75, 1.25)
    wait_s = max(wait_s, (retry.floor_s or 0) * random.uniform(1.0, 1.1))
    wait = timedelta(seconds=wait_s)
    try:
        with transaction() as session:
            claims.postpone(session, held, wait, exc.code, counts=retry.counts, new_take=_is_siblings(exc))
    except errors.NotClaimed as lost:
        raise Ignore(str(lost)) from lost
    if wait_s > MAX_COUNTDOWN_S:
        raise Ignore(f"waits {wait_s:.0f} s in its row")
    raise task.retry(exc=TryAgain(exc.code), countdown=wait_s)


def _is_siblings(exc: errors.PressroomError) -> bool:
    """Whether a provider brought a picture that another piece has: the same prompt then needs another take."""
    codes = [cause.code for cause in exc.causes] if isinstance(exc, errors.AllProvidersFailed) else []
    return "picture_refused:sibling" in (*codes, exc.code)


def _follow(held: Claim, moved: Moved) -> None:
    """Publish what a written result makes due. While Redis is away nothing is lost: the relay does it later."""
    run_id, round_ = held.run.id, held.piece.round
    try:
        if moved.opened:
            with transaction(durable=False) as session:
                chains = plan(session, run_id)
            canvas.publish_chord(chains, run_id, round_)
        if moved.is_back:
            canvas.publish_plan(run_id)
        if moved.is_last:
            broker.send("runs.finish", (str(run_id), round_), headers=Finisher.LAST_PIECE.headers)
    except errors.Unavailable:
        log.warning("left_to_the_relay", extra={"run_id": str(run_id)})


def _copy_current(run: Run, piece: Piece, picture: dict[str, Any]) -> None:
    """Keep the copy under the brief's deterministic key; nothing reads it back, so that a failure costs nothing."""
    try:
        storage().copy(shown_key(picture), current_copy_key(place_of(run, piece), EXTENSIONS[picture["mime"]]))
    except (errors.StorageError, errors.NotFound):
        log.warning("copy_failed", extra={"key": picture["key"]})
