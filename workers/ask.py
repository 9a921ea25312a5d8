"""The `ask` of one execution of one step: texts until they hold to their rules, pictures until they pass their gates."""

from __future__ import annotations

import io
import json
import re
import time
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from PIL import Image
from pydantic import BaseModel, ValidationError

from app.costs import HELPER_TOKENS, is_asked, tokens_at_most, tokens_out_within
from app.domain.errors import BudgetReached, InvalidReply
from app.pipelines import sources
from app.pipelines.pipeline import AspectRatio, Change, Prompt, Stage
from app.routes import routes_for, timeout_of
from app.runs.claims import Claim
from workers import hearing, safekeeping
from workers.calls import STEP_S, Caller, Paid, Question, blocked
from workers.images import chain
from workers.providers import provider, replies
from workers.providers.provider import Answer, Leaving, Message, Schema
from workers.providers.registry import provider_named

Reply = TypeVar("Reply", bound=BaseModel)
Check = Callable[[str], tuple[Any, list[str]]]
FENCE = "```"
OPENING = re.compile(r"```(?:json)?[ \t\r]*\n")
FRAME_TOKENS = 400  # of what providers put around a question and its schema
TOLD_CHARACTERS = 1_500  # of what one rule says
SHOWN_BYTES = 3_500_000  # Anthropic takes 5 MB of base64; what is bigger is shown as JPEG


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks the models of the routes; see app.pipelines.pipeline.Ask."""

    held: Claim
    stage: Stage
    ends: float = field(default_factory=lambda: time.monotonic() + STEP_S)

    @property
    def is_wanted(self) -> bool:
        """Whether the step is to be done, by the routes."""
        return is_asked(self.stage)

    def structured(
        self,
        purpose: str,
        prompt: Prompt,
        schema: type[Reply],
        *,
        name: str,
        check: Callable[[Reply], list[str]],
        pictures: Sequence[Mapping[str, Any]] = (),
    ) -> Reply:
        """Return a reply that holds to `schema` and `check`."""
        wanted = Schema(name, schema.model_json_schema())

        def parsed(text: str) -> tuple[Reply | None, list[str]]:
            try:
                reply = schema.model_validate_json(_json_in(text))
            except ValidationError as exc:
                return None, [f"{'.'.join(map(str, e['loc'])) or 'reply'}: {e['msg']}" for e in exc.errors()[:8]]
            return reply, check(reply)

        good: Reply = self._until_good(purpose, prompt, wanted, parsed, pictures)
        return good

    def text(self, purpose: str, prompt: Prompt, *, check: Callable[[str], list[str]]) -> str:
        """Return a plain text that passes `check`."""
        good: str = self._until_good(purpose, prompt, None, lambda text: (text.strip(), check(text.strip())))
        return good

    def picture(
        self, purpose: str, prompt: str, aspect_ratio: AspectRatio, *, change: Change | None = None
    ) -> dict[str, Any]:
        """Return a stored picture that passed the gates."""
        return chain.Rendering(self._caller, purpose, aspect_ratio, rewrite=self.text).made(prompt, change)

    def transcript(self, purpose: str, audio: Mapping[str, Any], *, about: str = "") -> dict[str, Any]:
        """Return what is said in a stored recording."""
        return hearing.transcript(self.held, self.stage, self.ends, purpose, audio, about)

    @property
    def _caller(self) -> Caller:
        return Caller(self.held, self.stage, self.ends)

    def _until_good(
        self,
        purpose: str,
        prompt: Prompt,
        schema: Schema | None,
        parsed: Check,
        pictures: Sequence[Mapping[str, Any]] = (),
    ) -> Any:
        """Ask; while the reply has problems, say which and ask again, as often as the stage may pay for."""
        shown = tuple(_shown(safekeeping.get(picture["key"])) for picture in pictures)
        messages = [Message("system", prompt.system), Message("user", prompt.user, shown)]
        seen = [str(picture["sha256"]) for picture in pictures]
        problems: list[str] = []
        read: set[uuid.UUID] = set()
        for _ in range(self.stage.max_charged_calls):
            try:
                paid = self._reply(purpose, messages, schema, seen, read)
            except BudgetReached as exc:
                if not problems:
                    raise
                raise _invalid(purpose, problems) from exc
            reply, problems = parsed(paid.answer.text)
            if not problems:
                return reply
            read.add(paid.call_id)  # a model may say the same again, and then is asked the same again
            self._caller.refuse(paid, InvalidReply.code)
            told = "\n".join(f"- {problem}" for problem in _shortened(problems))
            messages = [
                *messages[:2],
                Message("assistant", paid.answer.text[:20_000]),
                Message("user", f"Your reply breaks these rules:\n{told}\nReply again, whole and corrected."),
            ]
        raise _invalid(purpose, problems)

    def _reply(
        self,
        purpose: str,
        messages: list[Message],
        schema: Schema | None,
        seen: list[str],
        read: Collection[uuid.UUID],
    ) -> Paid:
        """Return the journal's reply to this very question if it has one that is not `read`, else the first provider's."""
        caller = self._caller
        content = [schema.name if schema else "", *seen, *(message.content for message in messages)]
        most_in = _tokens_at_most(messages, schema)
        questions = [
            caller.question(
                route, "text", purpose, content, timeout_of(purpose, route), tokens_in=most_in, shown=len(seen)
            )
            for route in routes_for(purpose)
        ]
        if (call := caller.earlier(questions, read=read)) and call.reply is not None:
            return Paid(call.id, call.provider, call.model, Answer(call.reply, None, None, None, None, 200), 0.0)

        def ask(question: Question) -> Paid:
            route = question.route
            how = provider.Call(route.model, question.timeout_s, route.options)
            helps = purpose in dict(self.stage.helped_by)
            asked = provider_named(route.provider)

            def request(leaving: Leaving) -> Answer:
                most = HELPER_TOKENS[1]
                if not helps:
                    most = tokens_out_within(self.stage, route, question.most_tokens_in, leaving.micro_usd)
                labelled = replace(how, label=leaving.label)
                return _with_sources(asked.chat(labelled, messages, schema=schema, max_tokens=most), schema)

            paid = caller.call(question, request)
            if paid.answer.is_blocked:
                caller.refuse(paid, "prompt_blocked")
                blocked(route.provider)
            return paid

        return caller.first_good(questions, ask)


def _tokens_at_most(messages: Sequence[Message], schema: Schema | None) -> int:
    """Return how many tokens the words of a question have at most, with its schema and what providers put around it."""
    shape = json.dumps(schema.schema) if schema else ""
    return tokens_at_most([shape, *(message.content for message in messages)]) + FRAME_TOKENS


def _shortened(problems: Sequence[str]) -> list[str]:
    """Return as many problems as a model is told at once, each as long as it needs to be understood: they are paid for."""
    return [
        problem if len(problem) <= TOLD_CHARACTERS else f"{problem[:TOLD_CHARACTERS]} ..." for problem in problems[:12]
    ]


def _with_sources(answer: Answer, schema: Schema | None) -> Answer:
    """Return a text with its sources behind or within it, so that the journal keeps them: a crash loses nothing paid."""
    found = [sources.Source(source.url, source.title or "") for source in answer.sources]
    if schema is not None:
        takes = sources.MEMBER in schema.schema.get("properties", {})
        return replace(answer, text=sources.within(_json_in(answer.text), found)) if takes else answer
    return replace(answer, text=sources.behind(answer.text, found))


def _shown(data: bytes) -> bytes:
    """Return a picture as a model is shown it: as it is, unless it is too big for a request."""
    if len(data) <= SHOWN_BYTES:
        return data
    smaller = io.BytesIO()
    with Image.open(io.BytesIO(data)) as picture:
        picture.convert("RGB").save(smaller, "JPEG", quality=88)
    return smaller.getvalue()


def _json_in(text: str) -> str:
    """Return the JSON of a reply, with nothing in its strings that the database would refuse: it may stand in the journal."""
    return replies.json_text(without_fences(text))


def without_fences(text: str) -> str:
    """Return JSON text without the Markdown fences, and the words before and after them, that models like to add."""
    stripped = text.strip()
    if stripped.startswith(("{", "[")):
        return stripped
    opening, closing = OPENING.search(stripped), stripped.rfind(FENCE)
    return stripped[opening.end() : closing].strip() if opening and opening.end() <= closing else stripped


def _invalid(purpose: str, problems: list[str]) -> InvalidReply:
    return InvalidReply(
        f"the model's replies for {purpose} kept breaking the rules: {'; '.join(problems[:3])}", problems=problems
    )
