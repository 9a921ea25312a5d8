"""How one picture is made: cached, paid already, or by the first provider whose picture passes every gate.

A prompt that a safety filter blocked is rewritten, at most twice.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from app import failpoints, journal
from app.db.models import Call
from app.db.session import transaction
from app.domain.errors import AllProvidersFailed, InvalidReply, NotFound, PictureRefused
from app.domain.keys import content_digest
from app.domain.provider_errors import ProviderBlocked, ProviderBusy, ProviderDown, ProviderError
from app.pipelines.pictures import REWRITES, problems_of_rewriting, rewriting_prompt
from app.pipelines.pipeline import AspectRatio, Change
from app.routes import Route, able, purpose_named, routes_for, timeout_of
from app.runs import claims
from workers import safekeeping
from workers.calls import Caller, Paid, Question, blocked
from workers.images import cache, gates, screening
from workers.providers import pictures, provider
from workers.providers.provider import Answer, Leaving
from workers.providers.registry import provider_named

REFINE = "refine_image"


@dataclass(frozen=True, slots=True)
class Way:
    """One way to the picture: a route, and what it is asked."""

    question: Question
    words: str
    reference: bytes | None = None
    """The picture to be changed; None = it is made from the words."""
    cache_key: str | None = None
    """None = never cached: a change is no picture of a prompt."""

    @property
    def route(self) -> Route:
        """Where it leads."""
        return self.question.route


@dataclass(frozen=True, slots=True)
class Rendering:
    """The making of one piece's picture."""

    caller: Caller
    purpose: str
    aspect_ratio: AspectRatio
    rewrite: Callable[..., str]
    """Asks a text model; see Ask.text."""

    def made(self, prompt: str, change: Change | None) -> dict[str, Any]:
        """Return the accepted picture, stored, as Piece.picture has it.

        Raises AllProvidersFailed, ProviderBlocked, BeingMade, NotScreened, StorageError, BudgetReached, NotClaimed.
        """
        if self._was_rewritten_since_the_review():
            change = None  # an earlier execution gave the change up: what it was blocked for would be blocked again
        while True:
            try:
                return self._made(prompt, change)
            except ProviderBlocked as exc:
                prompt, change = self._safer(prompt, exc), None
            finally:
                with transaction(durable=False) as session:
                    cache.leave(session, self.caller.held.token)

    def _was_rewritten_since_the_review(self) -> bool:
        piece = self.caller.held.piece
        return bool(piece.refused) and piece.rewrites > piece.refused[-1].get("rewrites", piece.rewrites)

    def _made(self, prompt: str, change: Change | None) -> dict[str, Any]:
        """Take the cheapest way there is: 1. cached, 2. paid already, 3. a job under way, 4. a new request."""
        ways = self._ways(prompt, change)
        if picture := self._cached(ways) or self._paid_already(ways):
            return picture
        picture, ways = self._from_open_job(ways)
        if picture is not None:
            return picture
        safekeeping.check_open()
        screening.check_open()
        if self.caller.was_blocked([way.question for way in ways]):
            blocked(ways[0].route.provider)  # before a crash or a wait: the same words are not paid for again
        by_question = {id(way.question): way for way in ways}
        return self.caller.first_good(
            [way.question for way in ways], lambda question: self._requested(by_question[id(question)])
        )

    def _ways(self, prompt: str, change: Change | None) -> list[Way]:
        """Return the ways in order of preference: change the picture where one can, else make it anew."""
        ways = []
        if change is not None:
            reference = safekeeping.get(change.picture["key"])
            asked = [change.instruction, content_digest(reference)]
            ways += [
                Way(self._question(r, REFINE, asked, shown=1), change.instruction, reference) for r in able(REFINE)
            ]
        words = prompt if change is None else change.prompt
        take = self.caller.held.piece.take
        for route in routes_for(self.purpose):
            key = cache.key_of(route, words, self.aspect_ratio, take) if change is None else None
            ways.append(Way(self._question(route, self.purpose, [words, self.aspect_ratio]), words, cache_key=key))
        return ways

    def _question(self, route: Route, purpose: str, content: list[str], *, shown: int = 0) -> Question:
        return self.caller.question(route, "image", purpose, content, timeout_of(purpose, route), shown=shown)

    def _cached(self, ways: list[Way]) -> dict[str, Any] | None:
        """Return an accepted picture of the same words, as this piece's own; it costs nothing."""
        held, by_key = self.caller.held, {way.cache_key: way for way in ways if way.cache_key}
        with transaction(durable=False) as session:
            found = cache.find(session, held.run.user_id, list(by_key))
        if found is None:
            return None
        key, picture = found
        try:
            own = safekeeping.copied(held, picture)
        except NotFound:
            with transaction() as session:
                cache.drop(session, held.run.user_id, picture["sha256"])
            return None
        self._refuse_a_siblings(picture.get("fingerprint"))
        with transaction() as session:
            asked = by_key[key].question.asked
            call = journal.from_cache(session, held.run.id, held.piece, asked, own["key"], own["bytes"])
            return own | {"call_id": str(call.id), "cached": True, "seconds": 0.0}

    def _paid_already(self, ways: list[Way]) -> dict[str, Any] | None:
        """Return the picture that an earlier execution paid for, if it passes; a crash came between."""
        call = self.caller.earlier([way.question for way in ways])
        if call is None or not call.reply:
            return None
        way = next(way for way in ways if (way.route.provider, way.route.model) == (call.provider, call.model))
        try:
            data = safekeeping.bytes_of(call)
            return self._accepted(way, _paid(call, data, self.aspect_ratio))
        except (PictureRefused, ProviderDown):
            return None  # refused or lost, and noted as such: another one is made

    def _from_open_job(self, ways: list[Way]) -> tuple[dict[str, Any] | None, list[Way]]:
        """Return the picture of a job that was submitted before a crash, and the ways that are left without it.

        A second submit to the same provider would be paid again while the first may still come.
        """
        call = self.caller.open_job([way.question for way in ways])
        if call is None or call.provider_ref is None:
            return None, ways
        way = next(way for way in ways if (way.route.provider, way.route.model) == (call.provider, call.model))
        how = provider.Call(way.route.model, way.question.timeout_s, way.route.options)
        asked, ref = provider_named(way.route.provider), call.provider_ref

        def wait(question: Question) -> dict[str, Any]:
            return self._accepted(way, self.caller.resumed(question, call, lambda: asked.resume(how, ref)))

        try:
            return self.caller.first_good([way.question], wait), []
        except (ProviderBusy, ProviderBlocked):
            raise
        except (ProviderError, PictureRefused, AllProvidersFailed):
            return None, [other for other in ways if other is not way] or ways

    def _requested(self, way: Way) -> dict[str, Any]:
        """Return the picture that a provider makes now. Raises ProviderError, PictureRefused, BeingMade."""
        held, route = self.caller.held, way.route
        if way.cache_key is not None:
            with transaction() as session:
                cache.enter(session, held.run.user_id, way.cache_key, held.token)
        how = provider.Call(route.model, way.question.timeout_s, route.options)
        asked = provider_named(route.provider)

        def request(leaving: Leaving) -> Answer:
            return asked.picture(
                replace(how, label=leaving.label),
                way.words,
                aspect_ratio=self.aspect_ratio,
                reference=way.reference,
                note_ref=leaving.note_ref,
            )

        return self._accepted(way, self.caller.call(way.question, request))

    def _accepted(self, way: Way, paid: Paid) -> dict[str, Any]:
        """Return a paid picture, stored, once it passed every gate; a refused one is noted and raised by name."""
        held = self.caller.held
        try:
            seen = self._checked(way, paid)
            row = safekeeping.keep_picture(  # before anything else is asked: the bytes are paid for, and only here
                held, paid.call_id, seen, provider=paid.provider, model=paid.model, seconds=paid.seconds
            )
            failpoints.reach("after_storage")
            self._refuse_a_siblings(seen.fingerprint)
            self._screen(seen.data, row)
        except (PictureRefused, ProviderError) as exc:
            self.caller.refuse(paid, "no_picture" if isinstance(exc, ProviderDown) else exc.code)
            raise
        with transaction() as session:
            journal.accept(session, paid.call_id, held.token)
            if way.cache_key is not None:
                cache.keep(session, held.run.user_id, way.cache_key, held.token, row)
        return row

    def _screen(self, data: bytes, row: dict[str, Any]) -> None:
        """Have the picture screened. Raises PictureRefused, and takes it away; NotScreened, BudgetReached."""
        try:
            screening.check(self.caller, data, row["sha256"])
        except PictureRefused:
            safekeeping.withdraw(row)
            raise

    def _checked(self, way: Way, paid: Paid) -> gates.Accepted:
        """Return the picture if its bytes pass every gate. Raises PictureRefused, ProviderError."""
        answer = paid.answer
        if answer.is_blocked and answer.picture is None:
            blocked(paid.provider)
        if answer.picture is None:
            raise ProviderDown(f"{paid.provider} answered without a picture", provider=paid.provider)
        return gates.check(
            answer.picture,
            self.aspect_ratio,
            min_bytes=purpose_named(way.question.asked.purpose).min_bytes,
            declared_type=answer.declared_type,
            asked_px=answer.asked_px,
        )

    def _refuse_a_siblings(self, fingerprint: str | None) -> None:
        """Raise PictureRefused when another piece has this picture: the next attempt then asks for another take."""
        with transaction(durable=False) as session:
            is_siblings = claims.siblings_picture(session, self.caller.held.piece, fingerprint)
        if is_siblings:
            raise PictureRefused("the picture was refused: another piece has the same", code="picture_refused:sibling")

    def _safer(self, prompt: str, exc: ProviderBlocked) -> str:
        """Return the prompt in words that a safety filter may let through. Raises ProviderBlocked when all is tried."""
        held = self.caller.held
        if held.piece.rewrites >= REWRITES:
            raise exc
        try:
            safer = self.rewrite(
                "rewrite_prompt", rewriting_prompt(prompt), check=lambda text: problems_of_rewriting(text, prompt)
            )
        except InvalidReply:
            raise exc from None
        with transaction() as session:
            claims.rewritten(session, held, safer)
        held.piece.prompt, held.piece.rewrites = safer, held.piece.rewrites + 1
        return safer


def _paid(call: Call, data: bytes, aspect_ratio: str) -> Paid:
    """Return the journal's picture as if it had just come: judged by the size that its model was asked for."""
    seconds = (call.ended_at - call.started_at).total_seconds() if call.ended_at else 0.0
    asked_px = pictures.openai_size_px(call.provider, call.model.rpartition("/")[2], aspect_ratio)
    answer = Answer("", data, None, None, call.provider_ref, call.http_status or 200, asked_px=asked_px)
    return Paid(uuid.UUID(str(call.id)), call.provider, call.model, answer, seconds)
