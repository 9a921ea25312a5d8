"""One POST to a provider with a deadline for all of it and a limit on the reply's size.

The question that decides about money: did the request leave us? Before that nothing is charged; after it, an answer
that never comes may have been.
"""

from __future__ import annotations

import email.utils
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

import httpx

from app.domain.errors import ProviderDown

MAX_REPLY_BYTES = 40 * 1024 * 1024  # a 4K PNG in base64 is about 30 MB
CONNECT_S = 5.0


@dataclass(frozen=True, slots=True)
class Received:
    """A whole HTTP reply."""

    status: int
    body: bytes
    retry_after_s: float | None


@cache
def _client(_provider: str) -> httpx.Client:
    """Return the provider's own pool: one that hangs cannot use up another's connections."""
    return httpx.Client(
        timeout=httpx.Timeout(30, connect=CONNECT_S),
        limits=httpx.Limits(max_connections=200, max_keepalive_connections=50, keepalive_expiry=20),
        headers={"User-Agent": "pressroom"},
        follow_redirects=False,
        trust_env=False,
    )


def post(
    provider: str, url: str, body: Mapping[str, Any], *, headers: Mapping[str, str], timeout_s: float
) -> Received:
    """POST JSON and read the whole reply within `timeout_s` seconds. Raises ProviderDown."""
    ends = time.monotonic() + timeout_s
    try:
        with _client(provider).stream(
            "POST", url, json=body, headers=dict(headers), timeout=httpx.Timeout(timeout_s, connect=CONNECT_S)
        ) as response:
            data = bytearray()
            for part in response.iter_bytes():
                data += part
                if len(data) > MAX_REPLY_BYTES:
                    raise ProviderDown(f"{provider} sent more than {MAX_REPLY_BYTES} bytes", provider=provider, charged=None)
                if time.monotonic() > ends:
                    raise ProviderDown(f"{provider} took longer than {timeout_s:.0f} s", provider=provider, charged=None)
            return Received(response.status_code, bytes(data), retry_after_s(response.headers))
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as exc:
        raise ProviderDown(f"{provider} cannot be reached", provider=provider, charged=False) from exc
    except httpx.HTTPError as exc:
        raise ProviderDown(
            f"{provider} broke off: {type(exc).__name__}", provider=provider, charged=None
        ) from exc


def retry_after_s(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Return the seconds of a Retry-After header, which may be a number or a date (RFC 9110, 10.2.3)."""
    value = headers.get("retry-after")
    if value is None:
        return None
    try:
        return max(float(value), 0.0)
    except ValueError:
        pass
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    return max((moment - (now or datetime.now(UTC))).total_seconds(), 0.0)
