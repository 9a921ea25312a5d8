"""The one tree of errors.

PressroomError                      stable `code`, message that says what to do
├── InternalError                   a fault of ours; the operator's log says more
├── PoisonPill                      a step was started as often as it may be, and never came to an end
├── SetupError                      the installation is not complete (CLI, start-up)
├── RequestError                    the caller's fault; carries the HTTP status
│   ├── InvalidRequest              400/422  a field is wrong
│   ├── Unauthenticated             401      no key, or a key that is not known
│   ├── Forbidden                   403      this key may not do what its user may
│   ├── NotFound                    404      not there, or not yours
│   ├── RequestTimeout              408      the body does not come
│   ├── Conflict                    409      the run's state does not allow it
│   │   └── AnotherRelease          409      another release of Pressroom has written it
│   ├── TooLarge                    413      the body is too big
│   ├── UrlRefused                  422      an address that must not be asked
│   ├── QuotaExceeded               429      the month of the plan or of a budget is used up (posts, ads, money)
│   └── TooManyRequests             429      a user asks too fast, or holds too many streams or rounds
├── Unavailable                     503      a part that we need is away; try again
├── IllegalMove                     a state was asked to make a move that does not exist
├── NotClaimed                      somebody else has the piece, or it is done
├── BudgetReached                   the run's cap, or its number of paid calls, does not allow one more
├── MoneyHeld                       the run's money is held by calls under way: wait for what they leave
├── InvalidReply                    a model's reply does not hold to its schema or lengths
├── PictureRefused                  a picture did not pass a gate
├── NotScreened                     a picture could not be judged for safety: it waits, it does not pass
├── BeingMade                       an equal picture is being made: wait for it instead of paying twice
├── AllProvidersFailed              every route of a purpose failed; `causes` says why each did
├── TextDoesNotFit                  a text is too long for its slide at the smallest size
├── SlideRefused                    a slide was drawn and does not hold what every slide has to hold
├── StorageError                    the bucket or the folder did not take or give the bytes
├── FetchFailed                     a page or feed that a user named did not come; see its fields
├── SourceRefused                   a page, feed or recording came, and cannot be read as one
└── ProviderError                   a model provider did not deliver; see its fields
    ├── ProviderBusy                rate limited or overloaded: wait and ask again
    ├── ProviderDown                connection, 5xx, or a reply that is no reply
    ├── ProviderBlocked             a safety filter refused the prompt or the picture
    ├── ProviderRejected            our request is wrong for this provider
    ├── ModelRetired                the model is unknown or gone
    └── ProviderAccount             key, credit or spending limit: only the operator can mend it
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


class PressroomError(Exception):
    """Never raised directly. The base of everything that Pressroom raises on purpose."""

    code: str = "error"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code


NOBODY_FORESAW = "an internal error; the operator's log says more"


class InternalError(PressroomError):
    """Raised in the place of an error that nobody foresaw: what it was is for the operator's log only."""

    code = "internal_error"


class PoisonPill(PressroomError):
    """Raised when a step was claimed as often as it may be: each of its workers died, or lost its lease."""

    code = "attempts_used_up"


class SetupError(PressroomError):
    """Raised when the installation lacks something: a program, a right, a setting, a free port."""

    code = "setup"


class RequestError(PressroomError):
    """Never raised directly. The caller can mend it; `status` is the HTTP status."""

    status: ClassVar[int] = 400


class InvalidRequest(RequestError):
    """Raised when a request cannot be read or a field is wrong; `fields` maps field to reason."""

    code = "invalid_request"
    status = 422

    def __init__(self, message: str, *, code: str | None = None, fields: dict[str, str] | None = None) -> None:
        super().__init__(message, code=code)
        self.fields = fields or {}


class MalformedRequest(RequestError):
    """Raised when the body is not JSON, or not an object."""

    code = "malformed_json"
    status = 400


class Unauthenticated(RequestError):
    """Raised when a request has no API key, or one that is unknown or revoked."""

    code = "unauthenticated"
    status = 401


class Forbidden(RequestError):
    """Raised when a key may not do what its user may."""

    code = "forbidden"
    status = 403


class NotFound(RequestError):
    """Raised when a thing does not exist or belongs to somebody else: the two look the same."""

    code = "not_found"
    status = 404


class RequestTimeout(RequestError):
    """Raised when the body of a request does not come, or not in time."""

    code = "request_timeout"
    status = 408


class Conflict(RequestError):
    """Raised when the state of a run does not allow what was asked."""

    code = "conflict"
    status = 409


class AnotherRelease(Conflict):
    """Raised when a run or a brand has a pipeline, a field, a kind or a step that this release does not know.

    So it is while a release is rolled out, for processes of the one before, and after a release was gone back from.
    """

    code = "another_release"

    def __init__(self, what: str) -> None:
        super().__init__(f"this release of Pressroom cannot read what another one has written: {what}")


class TooLarge(RequestError):
    """Raised when a request body passes the limit."""

    code = "body_too_large"
    status = 413


class UrlRefused(RequestError):
    """Raised when an address that a user named must not be asked; code is `url_refused:<why>`."""

    code = "url_refused"
    status = 422

    def __init__(self, message: str, *, why: str) -> None:
        super().__init__(message, code=f"{self.code}:{why}")


class QuotaExceeded(RequestError):
    """Raised when a month has no room; code is `quota_exceeded:<unit>` or `budget_exceeded`."""

    code = "quota_exceeded"
    status = 429
    budget_id: uuid.UUID | None = None
    """The budget that refused; None = the plan did."""


class TooManyRequests(RequestError):
    """Raised when a key or its user sends more requests, or holds more streams or new rounds, than it may.

    retry_after_s: until one more passes.
    """

    code = "too_many_requests"
    status = 429

    def __init__(self, message: str, *, retry_after_s: int, code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.retry_after_s = retry_after_s


class Unavailable(PressroomError):
    """Raised when a part that a request needs is away for the moment."""

    code = "unavailable"
    status: ClassVar[int] = 503


class IllegalMove(PressroomError):
    """Raised when a state is asked to make a move that does not exist."""

    code = "illegal_move"


class NotClaimed(PressroomError):
    """Raised when a piece cannot be claimed, or the claim was lost before the result was written."""

    code = "not_claimed"


class BudgetReached(PressroomError):
    """Raised before a call that would pass the run's cap or the number of paid calls of its purpose."""

    code = "budget_reached"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.causes: tuple[Cause, ...] = ()
        """Why the calls before did not deliver."""
        self.is_final = False
        """Whether no other model can mend it: what was to be paid is not this picture but its screening."""


class MoneyHeld(PressroomError):
    """Raised before a call for which the run has room only if calls under way cost less than they may: it waits."""

    code = "money_held"


class InvalidReply(PressroomError):
    """Raised when a model's reply breaks its schema or its lengths; `problems` says where."""

    code = "invalid_reply"

    def __init__(self, message: str, *, problems: list[str]) -> None:
        super().__init__(message)
        self.problems = problems


class PictureRefused(PressroomError):
    """Raised when a picture did not pass a gate; code is `picture_refused:<gate>`."""

    code = "picture_refused"


class NotScreened(PressroomError):
    """Raised when nobody could say whether a picture may be shown: unknown is not safe, and the picture waits."""

    code = "not_screened"


class BeingMade(PressroomError):
    """Raised when an equal picture of the same user is being made, or the very reply has just come: who waits pays nothing."""

    code = "being_made"


@dataclass(frozen=True, slots=True)
class Cause:
    """Why one provider did not deliver."""

    provider: str
    model: str
    code: str
    message: str
    retry_after_s: float | None = None
    is_permanent: bool = False
    """Asking the same again cannot help."""
    is_waiting: bool = False
    """It was not asked, or asked us to wait: no failure of ours, and no attempt."""

    def as_dict(self) -> dict[str, str]:
        """Return what the user sees."""
        return {"provider": self.provider, "model": self.model, "code": self.code, "message": self.message}


class AllProvidersFailed(PressroomError):
    """Raised when every route of a purpose failed; `causes` holds one line for each, in the order they were asked.

    permanent: none of them can help later. retry_after_s: the soonest that one of them may be asked again.
    """

    code = "all_providers_failed"

    def __init__(self, purpose: str, causes: Sequence[Cause]) -> None:
        told = "; ".join(f"{cause.provider}: {cause.message}" for cause in causes)
        super().__init__(f"no provider could do {purpose}: {told}"[:1000])
        self.causes = tuple(causes)
        self.permanent = all(cause.is_permanent for cause in causes)
        self.is_waiting = all(cause.is_waiting or cause.is_permanent for cause in causes)
        waits = [cause.retry_after_s or 0.0 for cause in causes if not cause.is_permanent]
        self.retry_after_s = min(waits, default=0.0)


class TextDoesNotFit(PressroomError):
    """Raised when a text is too long for its slide at the smallest readable size."""

    code = "text_does_not_fit"


class SlideRefused(PressroomError):
    """Raised when a drawn slide must not be shown; code is `slide_refused:<what>`."""

    code = "slide_refused"


class StorageError(PressroomError):
    """Raised when the bucket or folder did not take or give the bytes."""

    code = "storage"


class FetchFailed(PressroomError):
    """Raised when a page or feed did not come; code is `fetch_failed:<why>`.

    permanent: asking the same again cannot help. retry_after_s, status: None when the server said none.
    is_waiting: nobody has read it, for its site wants a pause or no reader is free: no attempt.
    """

    code = "fetch_failed"
    WAITING: ClassVar[tuple[str, ...]] = ("crawl_delay", "no_reader")

    def __init__(
        self, message: str, *, why: str, permanent: bool, retry_after_s: float | None = None, status: int | None = None
    ) -> None:
        super().__init__(message, code=f"{self.code}:{why}")
        self.permanent = permanent
        self.retry_after_s = retry_after_s
        self.status = status
        self.is_waiting = why in self.WAITING


class SourceRefused(PressroomError):
    """Raised when what came cannot be read; code is `<feed, article, audio or picture>_refused:<why>`."""

    code = "source_refused"
