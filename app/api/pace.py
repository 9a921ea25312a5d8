"""How fast a key and its user may ask: 429 above it, and headers that say how much is left."""

from __future__ import annotations

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
