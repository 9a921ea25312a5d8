"""Calls to providers for one claimed piece: the routes in order, and around each request all that it needs.

Order of a paid call: breaker, slot of the limit, INTENT, request, outcome. After a paid reply nothing raises:
journaling is repeated in place until the database takes it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
import uuid
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NoReturn, TypeVar

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app import costs, failpoints, journal, logs
from app.db.models import Call, Piece
from app.db.session import transaction
from app.domain.errors import AllProvidersFailed, BudgetReached, Cause, InternalError, PictureRefused, PressroomError
from app.domain.provider_errors import ProviderBlocked, ProviderBusy, ProviderError
from app.pipelines.pipeline import Stage
from app.routes import Route
from app.runs.claims import Claim
from app.runs.kept import kept
from app.settings import settings
from workers import breakers, limits, safekeeping
from workers.outcomes import journal_failure, outcome_of, until_journaled
from workers.providers.provider import Answer, Leaving

log = logging.getLogger(__name__)
T = TypeVar("T")
Kind = Literal["text", "image"]

STEP_S = 150.0  # a step starts no request after this, and the longest takes 90 s: one execution ends within 240 s
UNTIL_MENDED = frozenset({"provider_account", "model_retired"})  # no wait helps, only the operator


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of one route."""

    route: Route
    kind: Kind
    asked: journal.Asked
    timeout_s: float
    """Total deadline of the request."""
    most_tokens_in: int
    """What its worst case counts."""


@dataclass(frozen=True, slots=True)
class Paid:
    """A reply that is paid for, fresh from its provider or read from the journal."""

    call_id: uuid.UUID
    provider: str
    model: str
    answer: Answer
    seconds: float
    is_accepted: bool = False
    """It has passed all checks before."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: one execution of one step."""

    held: Claim
    stage: Stage
    ends: float
    """Moment of the monotonic clock after which no request is started."""

    def question(
        self,
        route: Route,
        kind: Kind,
        purpose: str,
        content: list[str],
        timeout_s: float,
        *,
        tokens_in: int | None = None,
        shown: int = 0,
    ) -> Question:
        """Return the question that `content` is for a route, with what it may cost at most.

        tokens_in: of its words, at most, also if its stage foresees less; None = as in `content`. shown: pictures.
        """
        stage = self.stage
        counted: tuple[str, ...] = ()
        least = None
        said = (costs.tokens_at_most(content) if tokens_in is None else tokens_in) + shown * costs.SHOWN_TOKENS
        # What a picture counts for, nobody knows beforehand.
        most_in = max(said, stage.max_tokens_in) if tokens_in is None or shown else said
        if purpose == stage.purpose or purpose in stage.counted_with:
            worst = costs.call_micro_usd(stage, route, most_in, stage.max_tokens_out)
            most = stage.max_charged_calls
            if kind == "text":
                least = costs.call_micro_usd(stage, route, most_in, costs.roomy_tokens_out(stage))
            counted = tuple({str(stage.purpose), *stage.counted_with} - {purpose})
        else:
            worst = costs.worst_help_micro_usd(route, said)
            most = dict(stage.helped_by).get(purpose, stage.max_attempts)
        asked = journal.Asked(
            step=stage.step,
            purpose=purpose,
            provider=route.provider,
            model=route.model,
            prompt_hash=hashlib.sha256(json.dumps(content).encode()).hexdigest(),
            worst_micro_usd=worst,
            max_charged_calls=most,
            is_sandbox=settings().is_sandboxed,
            counted_with=counted,
            least_micro_usd=least,
        )
        return Question(route, kind, asked, timeout_s, most_in)

    def first_good(self, questions: Sequence[Question], attempt: Callable[[Question], T]) -> T:
        """Return what `attempt` brings at the first route where it succeeds.

        A provider's or gate's error falls through to the next route, and its cause is kept. A 429 is none: it holds
        everybody back, and the piece waits for the same provider until that counts as used up.
        Raises AllProvidersFailed (when one route was asked and failed: its own error), and at once what no other provider can mend.
        """
        causes: list[Cause] = []
        last: PressroomError | None = None
        broke: BudgetReached | None = None
        for question in questions:
            try:
                return self._at(question, attempt)
            except (ProviderBlocked, _Waits):
                raise
            except _Shut as exc:
                causes.append(exc.cause)
            except BudgetReached as exc:
                if exc.code == "paid_calls_used_up" or exc.is_final:
                    exc.causes = tuple(causes)
                    raise
                if exc.code == "run_budget_reached":
                    broke = exc  # a cheaper model may do
                causes.append(
                    Cause(question.route.provider, question.route.model, exc.code, str(exc), is_permanent=True)
                )
            except (ProviderError, PictureRefused) as exc:
                last = exc
                causes.append(cause_of(question.route, exc))
                log.warning("fell_through", extra={**self._who(question), "code": exc.code})
        if last is not None and len(questions) == 1:
            raise last
        if broke is not None and all(cause.is_permanent for cause in causes):
            broke.causes = tuple(cause for cause in causes if cause.code != broke.code)
            raise broke
        raise AllProvidersFailed(questions[0].asked.purpose if questions else "it", causes)

    def _at(self, question: Question, attempt: Callable[[Question], T]) -> T:
        """Return what `attempt` brings at one route, waiting while the provider asks us to."""
        provider, model, kind = question.route.provider, question.route.model, question.kind
        while True:
            if time.monotonic() > self.ends:
                raise _Waits("the step has lasted long enough", provider=provider, retry_after_s=0.5)
            _check_open(question)
            try:
                return attempt(question)
            except ProviderBusy as exc:
                if exc.status is None:
                    breakers.not_asked()
                    raise _Waits(str(exc), provider=provider, retry_after_s=exc.retry_after_s) from exc
                used_up = limits.pushed_back(provider, kind, exc.retry_after_s)
                breakers.failed(provider, kind, model, exc, used_up=used_up)
                if used_up or exc.charged is not False:  # what may have been carried out is not asked of it again
                    raise
            except (ProviderError, PictureRefused):
                raise
            except BaseException:
                breakers.not_asked()
                raise

    def call(self, question: Question, request: Callable[[Leaving], Answer]) -> Paid:
        """Make one journaled request. Raises ProviderError, BudgetReached, NotClaimed."""
        with self.slot(question) as leave:
            _check_open(question)  # it may have opened while this one waited for its slot
            with transaction() as session:
                asked = self._with_what_is_kept(session, question.asked)
                call_id = journal.intend(session, self.held.run.id, self.held.piece, self.held.token, asked)
                micro_usd = session.get_one(Call, call_id).worst_micro_usd

            failpoints.reach("after_intent")

            def note_ref(ref: str) -> None:
                until_journaled(lambda session: journal.note_ref(session, call_id, ref))

            with logs.bound(call_id=call_id):
                leave()
                began = time.monotonic()
                try:
                    answer = request(Leaving(str(call_id), note_ref, micro_usd))
                    failpoints.reach("after_reply")
                    return self._settled(question, call_id, answer, began)
                except ProviderError as exc:
                    self._log(question, call_id, began, exc.code)
                    self._failed(question, exc)
                    journal_failure(call_id, exc, is_free=question.asked.worst_micro_usd == 0)
                    raise
                except SQLAlchemyError:
                    raise  # the database is away: whoever claims the piece next says what became of the call
                except Exception as exc:
                    # Nobody foresaw it. Were the call left open, all that waits for its money would wait for hours.
                    what = type(exc).__name__
                    write = journal.unknown if question.asked.worst_micro_usd else journal.rejected
                    until_journaled(lambda session: write(session, call_id, InternalError.code, what, None))
                    raise

    def _with_what_is_kept(self, session: Session, asked: journal.Asked) -> journal.Asked:
        if asked.worst_micro_usd == 0:
            return asked
        least = kept(session, self.held.run, self.held.piece, self.stage, asked.purpose)
        return replace(asked, kept_micro_usd=least.at_first, kept_again_micro_usd=least.again)

    def resumed(self, question: Question, call: Call, request: Callable[[], Answer]) -> Paid:
        """Wait for a job that an earlier execution submitted and paid for. Raises ProviderError; then it stays UNKNOWN."""
        with self.slot(question), logs.bound(call_id=call.id):
            began = time.monotonic()
            try:
                answer = request()
            except ProviderError as exc:
                self._log(question, call.id, began, exc.code)
                self._failed(question, exc)
                raise
            return self._settled(question, call.id, answer, began)

    def slot(self, question: Question) -> Any:
        """Return the context in which a request may be made; see limits.slot."""
        piece, run = self.held.piece, self.held.run
        waiter = limits.Waiter(str(piece.id), str(run.user_id), is_wanted=self._is_wanted)
        return limits.slot(question.route.provider, question.kind, waiter)

    def refuse(self, paid: Paid, code: str) -> None:
        """Note that a reply was paid and is not used."""
        until_journaled(lambda session: journal.refuse(session, paid.call_id, code))

    def earlier(self, questions: Sequence[Question], *, read: Collection[uuid.UUID] = ()) -> Call | None:
        """Return the journal's reply to one of these questions, if it is paid for, can be used, and is not `read`."""
        asked = [question.asked for question in questions]
        with transaction() as session:
            return journal.earlier_reply(session, self.held.piece, asked, read=read)

    def was_blocked(self, questions: Sequence[Question]) -> bool:
        """Return whether a safety filter refused one of these questions before."""
        with transaction() as session:
            return journal.was_blocked(session, self.held.piece, [question.asked for question in questions])

    def open_job(self, questions: Sequence[Question]) -> Call | None:
        """Return the call whose job a provider may still have."""
        with transaction() as session:
            return journal.open_job(session, self.held.piece, [question.asked for question in questions])

    def _settled(self, question: Question, call_id: uuid.UUID, answer: Answer, began: float) -> Paid:
        seconds = time.monotonic() - began
        reply: str | None = answer.text if question.kind == "text" else None
        if answer.picture is not None:
            reply = safekeeping.key_of(self.held, answer.picture)
        outcome = outcome_of(question.route, answer, reply)
        until_journaled(lambda session: journal.succeeded(session, call_id, outcome))
        failpoints.reach("after_outcome")
        self._log(question, call_id, began, "succeeded", outcome.cost_micro_usd)
        limits.succeeded(question.route.provider, question.kind)
        breakers.succeeded(question.route.provider, question.kind, question.route.model)
        return Paid(call_id, question.route.provider, question.route.model, answer, seconds)

    def _failed(self, question: Question, exc: ProviderError) -> None:
        if not isinstance(exc, ProviderBusy):  # a 429 is no failure; see _at
            breakers.failed(question.route.provider, question.kind, question.route.model, exc)

    def _is_wanted(self) -> bool:
        with transaction(durable=False) as session:
            return session.scalar(select(Piece.id).where(Piece.lease_token == self.held.token)) is not None

    def _who(self, question: Question) -> dict[str, str]:
        return {
            "run_id": str(self.held.run.id),
            "piece_id": str(self.held.piece.id),
            "purpose": question.asked.purpose,
            "provider": question.route.provider,
            "model": question.route.model,
        }

    def _log(self, question: Question, call_id: uuid.UUID, began: float, outcome: str, cost: int | None = None) -> None:
        log.info(
            "model_called",
            extra={
                **self._who(question),
                "call_id": str(call_id),
                "prompt_hash": question.asked.prompt_hash[:12],
                "cost_micro_usd": cost,
                "ms": round((time.monotonic() - began) * 1000),
                "outcome": outcome,
            },
        )


class _Shut(Exception):
    """A breaker is open."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause.message)
        self.cause = cause


class _Waits(ProviderBusy):
    """There is no place at the provider now: the piece waits in its row, for the same provider."""


def _check_open(question: Question) -> None:
    """Raise _Shut when a breaker says that the model is not to be asked now."""
    route = question.route
    if shut := breakers.why_open(route.provider, question.kind, route.model):
        raise _Shut(
            Cause(
                route.provider,
                route.model,
                shut.code,
                f"not asked: {route.provider} is spared since it failed with {shut.code}",  # its words are the operator's
                retry_after_s=shut.for_s,
                is_permanent=shut.code in UNTIL_MENDED,
                is_waiting=True,
            )
        )


def cause_of(route: Route, exc: PressroomError) -> Cause:
    """Return an error as one line of AllProvidersFailed."""
    return Cause(
        route.provider,
        route.model,
        exc.code,
        str(exc)[:300],
        retry_after_s=getattr(exc, "retry_after_s", None),
        is_permanent=bool(getattr(exc, "permanent", False)),
        is_waiting=isinstance(exc, ProviderBusy),
    )


def blocked(provider: str) -> NoReturn:
    """Raise what a safety filter's refusal means to the user."""
    raise ProviderBlocked("the prompt was blocked by a safety filter, try rephrasing", provider=provider)
