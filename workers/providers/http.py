"""One exchange with a provider, with a deadline for all of it and a limit on the reply's size.

The question that decides about money: did the request leave us? Before that nothing is charged; after it, an answer
that never comes may have been. A GET creates nothing and so is never charged.
"""

from __future__ import annotations

import email.utils
import json
import math
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from app.deadline import DeadlineTransport, until
from app.domain.provider_errors import ProviderAccount, ProviderDown
from app.settings import Access, settings

MAX_REPLY_BYTES = 40 * 1024 * 1024  # a 4K PNG in base64 is about 30 MB
CONNECT_S = 5.0
MAX_RETRY_AFTER_S = 6 * 3600.0  # a run that waits longer is ended by the watchdog anyway
# The request did not leave us, or not whole: what a server cannot read it cannot carry out.
NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.WriteTimeout,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
    httpx.InvalidURL,
)


@dataclass(frozen=True, slots=True)
class Received:
    """A whole HTTP reply."""

    status: int
    body: bytes
    retry_after_s: float | None
    content_type: str | None = None


@dataclass(frozen=True, slots=True)
class File:
    """A file of a form."""

    field: str
    name: str
    data: bytes
    media_type: str


def need_access(provider: str, key_setting: str) -> Access:
    """Return how to reach a provider. Raises ProviderAccount when it has no key, or none that a header can carry."""
    access = settings().access(provider)
    if access is None:
        raise ProviderAccount(
            f"{key_setting} is not set; set it, or take {provider} out of the routes", provider=provider
        )
    if not (access.key.isascii() and access.key.isprintable()):
        raise ProviderAccount(f"{key_setting} holds characters that no key has; copy it again", provider=provider)
    return access


def post(provider: str, url: str, body: Mapping[str, Any], *, headers: Mapping[str, str], timeout_s: float) -> Received:
    """POST JSON and read the whole reply within `timeout_s` seconds. Raises ProviderDown."""
    # Escaped to ASCII: half of a surrogate pair, which models do produce, has no UTF-8.
    sent = {"content": json.dumps(body).encode(), "headers": {**headers, "Content-Type": "application/json"}}
    return _exchange(provider, "POST", url, sent, timeout_s)


def post_form(
    provider: str,
    url: str,
    fields: Mapping[str, str],
    files: list[File],
    *,
    headers: Mapping[str, str],
    timeout_s: float,
) -> Received:
    """POST a multipart form and read the whole reply within `timeout_s` seconds. Raises ProviderDown."""
    sent = {
        "data": {name: value.encode("utf-8", "replace").decode() for name, value in fields.items()},
        "files": [(file.field, (file.name, file.data, file.media_type)) for file in files],
        "headers": dict(headers),
    }
    return _exchange(provider, "POST", url, sent, timeout_s)


def get(
    provider: str, url: str, *, headers: Mapping[str, str], timeout_s: float, max_bytes: int = MAX_REPLY_BYTES
) -> Received:
    """GET a whole reply of at most `max_bytes` within `timeout_s` seconds; redirects are not followed. Raises ProviderDown."""
    return _exchange(provider, "GET", url, {"headers": dict(headers)}, timeout_s, max_bytes)


_lock = threading.Lock()
_clients: dict[str, httpx.Client] = {}


def client(provider: str) -> httpx.Client:
    """Return the provider's own pool: one that hangs cannot use up another's connections."""
    with _lock:
        if provider not in _clients:
            _clients[provider] = httpx.Client(
                transport=DeadlineTransport(),
                headers={"User-Agent": "pressroom"},
                follow_redirects=False,
                trust_env=False,
            )
        return _clients[provider]


def close_connections() -> None:
    """Close this process' connections to all providers; the next request opens new ones."""
    with _lock:
        while _clients:
            _clients.popitem()[1].close()


def _exchange(
    provider: str, method: str, url: str, sent: Mapping[str, Any], timeout_s: float, max_bytes: int = MAX_REPLY_BYTES
) -> Received:
    ends = time.monotonic() + timeout_s
    charged = None if method == "POST" else False
    timeout = httpx.Timeout(timeout_s, connect=min(CONNECT_S, timeout_s), pool=min(CONNECT_S, timeout_s))
    try:
        with until(ends), client(provider).stream(method, url, timeout=timeout, **sent) as response:
            data = bytearray()
            for part in response.iter_bytes():
                data += part
                if len(data) > max_bytes:
                    raise ProviderDown(
                        f"{provider} sent more than {max_bytes} bytes", provider=provider, charged=charged
                    )
            headers = response.headers
            return Received(response.status_code, bytes(data), retry_after_s(headers), headers.get("content-type"))
    except NEVER_SENT as exc:
        raise ProviderDown(
            f"{provider} cannot be reached: {type(exc).__name__}", provider=provider, charged=False
        ) from exc
    except httpx.TimeoutException as exc:
        raise ProviderDown(
            f"{provider} took longer than {timeout_s:.0f} s", provider=provider, charged=charged
        ) from exc
    except httpx.HTTPError as exc:
        raise ProviderDown(f"{provider} broke off: {type(exc).__name__}", provider=provider, charged=charged) from exc


def retry_after_s(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Return the seconds that a reply's headers ask us to wait; None when they ask nothing that can be read.

    `retry-after-ms` goes first (OpenAI); Retry-After may be a number or a date (RFC 9110, 10.2.3). Never more than
    MAX_RETRY_AFTER_S.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if not math.isnan(milliseconds):
        return bounded_wait_s(milliseconds / 1000)
    value = headers.get("retry-after")
    if value is None:
        return None
    seconds = _number(value)
    return bounded_wait_s(_seconds_until(value, now or datetime.now(UTC)) if math.isnan(seconds) else seconds)


def bounded_wait_s(seconds: float) -> float | None:
    """Return a wait that somebody asked for, between 0 and MAX_RETRY_AFTER_S; None for NaN."""
    return None if math.isnan(seconds) else min(max(seconds, 0.0), MAX_RETRY_AFTER_S)


def _number(value: str | None) -> float:
    """Return a header's number; NaN when it is none."""
    try:
        return float(value) if value is not None else math.nan
    except ValueError:
        return math.nan


def _seconds_until(date: str, now: datetime) -> float:
    """Return the seconds from `now` to an HTTP date; NaN when it is none."""
    try:
        moment = email.utils.parsedate_to_datetime(date)
    except (ValueError, OverflowError):
        return math.nan
    if moment.tzinfo is None:  # "-0000" says UTC without saying where
        moment = moment.replace(tzinfo=UTC)
    return (moment - now).total_seconds()
