"""Asks models on behalf of one claimed piece: journal, money, limits, repeats and checks around each call.

Order of a paid step: claim, earlier reply, slot of the limit, INTENT, request, outcome, bytes. After a paid reply
nothing raises: journaling is repeated in place until the database takes it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import SQLAlchemyError

from app import costs, journal
from app.db.models import Call
from app.db.session import transaction
from app.domain.errors import (
    BudgetReached,
    InvalidReply,
    PictureRefused,
    ProviderBlocked,
    ProviderBusy,
    ProviderDown,
    ProviderError,
)
from app.domain.prices import PRICES, Usage, cost_micro_usd
from app.domain.states import CostBasis
from app.pipelines.pipeline import AspectRatio, Prompt, Stage
from app.routes import Route, routes_for
from app.runs.claims import Claim
from app.settings import settings
from workers import limits, safekeeping
from workers.images import gates
from workers.providers import provider
from workers.providers.gateway import gateway
from workers.providers.provider import Answer, Message, Schema

log = logging.getLogger(__name__)
Reply = TypeVar("Reply", bound=BaseModel)
JOURNAL_PATIENCE_S = 60.0
FENCED = re.compile(r"```(?:json)?\s*\n(.*)\n\s*```", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Asker:
    """The `ask` of one execution of one step."""

    held: Claim
    stage: Stage

    def structured(
        self, purpose: str, prompt: Prompt, schema: type[Reply], *, name: str, check: Callable[[Reply], list[str]]
    ) -> Reply:
        """Return a reply that holds to `schema` and `check`; see app.pipelines.pipeline.Ask."""
        wanted = Schema(name, schema.model_json_schema())

        def parsed(text: str) -> tuple[Reply | None, list[str]]:
            try:
                reply = schema.model_validate_json(without_fences(text))
            except ValidationError as exc:
                return None, [f"{'.'.join(map(str, e['loc'])) or 'reply'}: {e['msg']}" for e in exc.errors()[:8]]
            return reply, check(reply)

        good: Reply = self._until_good(purpose, prompt, wanted, parsed)
        return good

    def text(self, purpose: str, prompt: Prompt, *, check: Callable[[str], list[str]]) -> str:
        """Return a plain text that passes `check`; see app.pipelines.pipeline.Ask."""
        good: str = self._until_good(purpose, prompt, None, lambda text: (text.strip(), check(text.strip())))
        return good

    def picture(self, purpose: str, prompt: str, aspect_ratio: AspectRatio) -> dict[str, Any]:
        """Return a stored picture that passed the gates; see app.pipelines.pipeline.Ask."""
        route = routes_for(purpose)[0]
        asked = self._asked(purpose, route, [prompt, aspect_ratio])
        if earlier := self._earlier(asked):
            return safekeeping.picture_of(earlier)
        safekeeping.check_open()

        def ask() -> Answer:
            return gateway().picture(
                provider.Call(route.model, settings().image_timeout.total_seconds()), prompt, aspect_ratio=aspect_ratio
            )

        with limits.slot(route.provider, "image", settings().image_calls_in_flight):
            call_id, answer = self._call(asked, "image", ask)
        if answer.picture is None:
            self._refuse(call_id, "no_picture")
            if answer.is_blocked:
                raise ProviderBlocked(
                    "the prompt was blocked by the provider's safety filter, try rephrasing", provider=route.provider
                )
            raise ProviderDown("the provider answered without a picture", provider=route.provider)
        try:
            accepted = gates.check(answer.picture, aspect_ratio, min_bytes=settings().min_picture_bytes)
        except PictureRefused as exc:
            self._refuse(call_id, exc.code)
            raise
        return safekeeping.keep_picture(self.held, call_id, asked.model, accepted)

    def _until_good(
        self,
        purpose: str,
        prompt: Prompt,
        schema: Schema | None,
        parsed: Callable[[str], tuple[Any, list[str]]],
    ) -> Any:
        """Ask; while the reply has problems, say which and ask again, as often as the stage may pay for."""
        route = routes_for(purpose)[0]
        messages = [Message("system", prompt.system), Message("user", prompt.user)]
        problems: list[str] = []
        for _ in range(self.stage.max_charged_calls):
            try:
                call_id, text = self._text(purpose, route, messages, schema)
            except BudgetReached as exc:
                if not problems:
                    raise
                raise _invalid(purpose, problems) from exc
            reply, problems = parsed(text)
            if not problems:
                return reply
            self._refuse(call_id, "invalid_reply")
            told = "\n".join(f"- {problem}" for problem in problems[:12])
            messages = [
                *messages[:2],
                Message("assistant", text[:20_000]),
                Message("user", f"Your reply breaks these rules:\n{told}\nReply again, whole and corrected."),
            ]
        raise _invalid(purpose, problems)

    def _text(
        self, purpose: str, route: Route, messages: list[Message], schema: Schema | None
    ) -> tuple[uuid.UUID, str]:
        """Return (call, reply) from the journal if it was paid already, else from the provider."""
        asked = self._asked(purpose, route, [schema.name if schema else "", *(m.content for m in messages)])
        if (earlier := self._earlier(asked)) and earlier.reply is not None:
            return earlier.id, earlier.reply

        def ask() -> Answer:
            how = provider.Call(route.model, settings().text_timeout.total_seconds())
            return gateway().chat(how, messages, schema=schema, max_tokens=self.stage.max_tokens_out)

        with limits.slot(route.provider, "text", settings().text_calls_in_flight):
            call_id, answer = self._call(asked, "text", ask)
        if answer.is_blocked:
            self._refuse(call_id, "prompt_blocked")
            raise ProviderBlocked(
                "the prompt was blocked by the provider's safety filter, try rephrasing", provider=route.provider
            )
        return call_id, answer.text

    def _asked(self, purpose: str, route: Route, content: list[str]) -> journal.Asked:
        """Return what the journal knows of a call before it leaves."""
        return journal.Asked(
            step=self.stage.step,
            purpose=purpose,
            provider=route.provider,
            model=route.model,
            prompt_hash=hashlib.sha256(json.dumps(content).encode()).hexdigest(),
            worst_micro_usd=costs.worst_call_micro_usd(self.stage, route),
            max_charged_calls=self.stage.max_charged_calls,
            is_sandbox=settings().is_sandboxed,
        )

    def _earlier(self, asked: journal.Asked) -> Call | None:
        with transaction() as session:
            return journal.earlier_reply(session, self.held.piece, asked)

    def _call(self, asked: journal.Asked, kind: str, ask: Callable[[], Answer]) -> tuple[uuid.UUID, Answer]:
        """Write the INTENT, ask, write the outcome. Raises ProviderError, BudgetReached, NotClaimed."""
        with transaction() as session:
            call_id = journal.intend(session, self.held.run.id, self.held.piece, self.held.token, asked)
        began = time.monotonic()
        try:
            answer = ask()
        except ProviderError as exc:
            self._log(asked, call_id, began, exc.code)
            if isinstance(exc, ProviderBusy) and exc.retry_after_s:
                limits.pause(asked.provider, kind, min(exc.retry_after_s, 60))
            self._journal_failure(call_id, exc)
            raise
        reply = answer.text if answer.picture is None else safekeeping.key_of(self.held, answer.picture)
        outcome = outcome_of(asked.model, answer, reply)
        until_journaled(lambda session: journal.succeeded(session, call_id, outcome))
        self._log(asked, call_id, began, "succeeded", outcome.cost_micro_usd)
        return call_id, answer

    def _journal_failure(self, call_id: uuid.UUID, exc: ProviderError) -> None:
        write = journal.rejected if exc.charged is False else journal.unknown
        until_journaled(lambda session: write(session, call_id, exc.code, str(exc), exc.status))

    def _refuse(self, call_id: uuid.UUID, code: str) -> None:
        until_journaled(lambda session: journal.judge(session, call_id, accepted=False, code=code))

    def _log(
        self, asked: journal.Asked, call_id: uuid.UUID, began: float, outcome: str, cost: int | None = None
    ) -> None:
        log.info(
            "model_called",
            extra={
                "run_id": str(self.held.run.id),
                "piece_id": str(self.held.piece.id),
                "call_id": str(call_id),
                "purpose": asked.purpose,
                "model": asked.model,
                "prompt_hash": asked.prompt_hash[:12],
                "cost_micro_usd": cost,
                "ms": round((time.monotonic() - began) * 1000),
                "outcome": outcome,
            },
        )


def outcome_of(model: str, answer: Answer, reply: str) -> journal.Outcome:
    """Return what a reply means for the journal: its cost by the provider's word, else by our table, else unknown."""
    usage = with_image_tokens(model, answer)
    cost, basis = answer.cost_micro_usd, CostBasis.PROVIDER
    if cost is None:
        cost = cost_micro_usd(model, usage) if usage else None
        basis = CostBasis.UNKNOWN if cost is None else CostBasis.TABLE
    size = len(answer.picture) if answer.picture is not None else len(answer.text.encode())
    return journal.Outcome(cost, basis, usage, reply, size, answer.ref, answer.status)


def with_image_tokens(model: str, answer: Answer) -> Usage | None:
    """Return the usage with the picture's tokens told apart: chat replies count them among the others."""
    price = PRICES.get(model)
    if answer.usage is None or answer.picture is None or price is None:
        return answer.usage
    return replace(answer.usage, image_out=min(price.image_tokens, answer.usage.tokens_out))


def without_fences(text: str) -> str:
    """Return JSON text without the Markdown fences, and the words before and after them, that models like to add."""
    stripped = text.strip()
    if stripped.startswith(("{", "[")):
        return stripped
    fenced = FENCED.search(stripped)
    return fenced[1] if fenced else stripped


def until_journaled(write: Callable[[Any], None]) -> None:
    """Write an outcome in its own transaction, again and again: a paid reply must not be forgotten for a blip."""
    give_up_at = time.monotonic() + JOURNAL_PATIENCE_S
    while True:
        try:
            with transaction() as session:
                write(session)
        except SQLAlchemyError:
            if time.monotonic() > give_up_at:
                raise
            time.sleep(0.5)
        else:
            return


def _invalid(purpose: str, problems: list[str]) -> InvalidReply:
    return InvalidReply(
        f"the model's replies for {purpose} kept breaking the rules: {'; '.join(problems[:3])}", problems=problems
    )
