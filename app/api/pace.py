"""How fast a key and its user may ask, and how much at once of what is slow: 429 above it, and headers that say what is left."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from http import HTTPStatus

from flask import Response, g, request

from app import request_rates
from app.api import auth
from app.domain.errors import TooManyRequests
from app.domain.keys import content_digest
from app.request_rates import Allowance

UNCOUNTED = ("/healthz", "/readyz", "/metrics")
MAX_KNOWN = 10_000
WHO = {"key": "this key", "ticket": "this ticket", "user": "all keys of your account together"}
_users: dict[str, str] = {}
"""Whose each bucket is, of keys and tickets that this process found to be good."""
SLOW_AT_ONCE = 3  # of a process' 8 threads: two users who ask for nothing else leave some to all others
SLOW_RETRY_S = 1
LONG_BODY_BYTES = 64 * 1024  # what is shorter is read and checked in some 10 ms
_slow: Counter[str] = Counter()
"""How many slow requests of each user are under way in this process."""
_slow_lock = threading.Lock()


def count() -> None:
    """Count this request, if it has a key or a ticket, whoever's that is. Raises TooManyRequests.

    Before it is looked up: whoever asks too fast takes no database session. So its user is known from the second request
    on, to each process. That suffices, also for tickets, which are renewed: each new one was a request with a key.
    Redis gets a digest, not the key.
    """
    g.allowance = g.bucket = None
    sent = auth.credential()
    if sent is None or request.path in UNCOUNTED:
        return
    kind, text = sent
    g.bucket = content_digest(text.encode())[:32]
    allowance = request_rates.take(g.bucket, _users.get(g.bucket))
    if allowance is None:
        return
    whose = "user" if allowance.is_users else kind
    g.allowance = whose, allowance
    if allowance.retry_after_s is not None:
        raise TooManyRequests(
            f"{WHO[whose]} may send {allowance.limit} requests a minute; go on in {allowance.retry_after_s} s",
            retry_after_s=allowance.retry_after_s,
        )


def tell(response: Response) -> None:
    """Add what is left to an answer: RateLimit-Policy and RateLimit, as the IETF's draft has them. Learn whose key it was."""
    _learn(response)
    counted: tuple[str, Allowance] | None = g.get("allowance")
    if counted is not None:
        whose, allowance = counted
        response.headers["RateLimit-Policy"] = f'"{whose}";q={allowance.limit};w=60'
        response.headers["RateLimit"] = f'"{whose}";r={allowance.left};t={allowance.reset_s}'


@contextmanager
def slow() -> Iterator[None]:
    """Hold one of the few places that the user of this request has for what is slow. Raises TooManyRequests.

    Of what takes a second, far fewer than may be asked hold all threads. Who asks has been found out by now: more keys are
    no more places. Only the making is counted: how long an answer is sent is a matter of `edge` and the proxy in front.
    """
    user_id: str = g.user_id
    with _slow_lock:
        if _slow[user_id] >= SLOW_AT_ONCE:
            raise TooManyRequests(
                f"{SLOW_AT_ONCE} slow requests of your account (plots, downloads, long quotes) are under way here, which"
                " is the most at once; wait until one of them is answered",
                retry_after_s=SLOW_RETRY_S,
                code="too_many_slow_requests",
            )
        _slow[user_id] += 1
    try:
        yield
    finally:
        with _slow_lock:
            _slow[user_id] -= 1
            if not _slow[user_id]:
                del _slow[user_id]


def slow_if_long() -> AbstractContextManager[None]:
    """Be `slow` when this request's body is long. Raises TooManyRequests."""
    return slow() if len(request.get_data(cache=True)) > LONG_BODY_BYTES else nullcontext()


def _learn(response: Response) -> None:
    """Keep whose the bucket of this request is; forget it once its key is revoked: a thief must not use up its user's."""
    bucket = g.get("bucket")
    if bucket is None:
        return
    if response.status_code == HTTPStatus.UNAUTHORIZED:
        _users.pop(bucket, None)
    elif user_id := g.get("user_id"):
        if len(_users) >= MAX_KNOWN:
            _users.clear()  # each is learned again with its next request
        _users[bucket] = user_id
