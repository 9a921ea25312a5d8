"""How fast a key may ask: 429 above it, and headers that say how much is left."""

from __future__ import annotations

from flask import Response, g, request

from app import request_rates
from app.api import auth
from app.domain.errors import TooManyRequests
from app.domain.keys import content_digest
from app.request_rates import Allowance

UNCOUNTED = ("/healthz", "/readyz", "/metrics")


def count() -> None:
    """Count this request, if it has a key, whoever's that is. Raises TooManyRequests.

    Before the key is looked up: whoever asks too fast takes no database session. Redis gets a digest, not the key.
    """
    g.allowance = None
    key = auth.sent_key()
    if key is None or request.path in UNCOUNTED:
        return
    allowance = request_rates.take(content_digest(key.encode())[:32])
    g.allowance = allowance
    if allowance is not None and allowance.retry_after_s is not None:
        raise TooManyRequests(
            f"this key may send {allowance.limit} requests a minute; go on in {allowance.retry_after_s} s",
            retry_after_s=allowance.retry_after_s,
        )


def tell(response: Response) -> None:
    """Add what is left to an answer: RateLimit-Policy and RateLimit, as the IETF's draft has them."""
    allowance: Allowance | None = g.get("allowance")
    if allowance is not None:
        response.headers["RateLimit-Policy"] = f'"key";q={allowance.limit};w=60'
        response.headers["RateLimit"] = f'"key";r={allowance.left};t={allowance.reset_s}'
