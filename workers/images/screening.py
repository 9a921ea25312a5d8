"""Content screening: a moderation model says whether a picture may be shown. Where nobody says so, it may not."""

from __future__ import annotations

import json

from app.domain.errors import AllProvidersFailed, BudgetReached, NotScreened, PictureRefused
from app.domain.provider_errors import ProviderError
from app.routes import able, timeout_of
from workers import breakers
from workers.calls import Caller, Question
from workers.providers import provider
from workers.providers.provider import Answer
from workers.providers.registry import moderator_named

PURPOSE = "screen_image"
IN_DOUBT = "outcome_unknown"  # two screenings may have been charged: no third is paid in this round


def check_open() -> None:
    """Do nothing when pictures can be screened, or nobody screens. Raises NotScreened: until then none is bought."""
    routes = able(PURPOSE)
    if routes and all(breakers.why_open(route.provider, "text", route.model) for route in routes):
        raise NotScreened("no picture is bought while nobody can screen it")
    breakers.not_asked()


def check(caller: Caller, picture: bytes, sha256: str) -> None:
    """Do nothing when the picture may be shown, or when no route screens.

    Raises PictureRefused (unsafe), NotScreened when the moderation could not be asked: the picture then waits; and
    BudgetReached when it may not be paid: waiting would not change that, nor would a picture of another model.
    """
    routes = able(PURPOSE)
    if not routes:
        return
    questions = [caller.question(route, "text", PURPOSE, [sha256], timeout_of(PURPOSE, route)) for route in routes]
    earlier = caller.earlier(questions)
    try:
        said = (earlier.reply or "") if earlier else caller.first_good(questions, lambda q: _asked(caller, q, picture))
    except BudgetReached as exc:
        exc.is_final = True
        raise
    except (ProviderError, AllProvidersFailed) as exc:
        if isinstance(exc, AllProvidersFailed) and all(cause.code == IN_DOUBT for cause in exc.causes):
            spent = BudgetReached(f"the picture could not be screened: {exc}"[:500], code=IN_DOUBT)
            spent.is_final = True
            raise spent from exc
        raise NotScreened(f"the picture could not be screened, so it is not shown: {exc}"[:500]) from exc
    flagged: list[str] = json.loads(said)
    if flagged:
        raise PictureRefused(
            f"the picture was refused: content screening flagged {', '.join(flagged)}", code="picture_refused:unsafe"
        )


def _asked(caller: Caller, question: Question, picture: bytes) -> str:
    """Return the categories for which the picture is flagged, as JSON: it is what the journal keeps."""
    route = question.route
    how = provider.Call(route.model, question.timeout_s, route.options)

    def request(_: object) -> Answer:
        verdict = moderator_named(route.provider).moderate(how, picture, None)
        flagged = (verdict.categories or ("unsafe",)) if verdict.flagged else ()
        return Answer(json.dumps(flagged), None, None, None, None, 200)

    return caller.call(question, request).answer.text
