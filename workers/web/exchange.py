"""One guarded GET: redirects followed by hand and checked anew, with one deadline and one size for all of it."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import Message

import httpcore
import httpx

from app.domain.errors import FetchFailed, UrlRefused
from app.settings import settings
from workers.providers.http import retry_after_s
from workers.web import bodies
from workers.web.connections import asked
from workers.web.guard import Target, checked
from workers.web.outside import OUTSIDE, Outside

PRODUCT = "Pressroom"
"""Our name in the User-Agent header and in robots.txt."""
MAX_REDIRECTS = 5  # RFC 9309 asks for at least five, browsers stop at twenty
REDIRECTS = (301, 302, 303, 307, 308)
PACKED_SLACK_BYTES = 64 * 1024  # what packing may add to a body that cannot be packed
RETRYABLE = {408: "timeout", 425: "busy", 429: "busy", 503: "busy"}
PERMANENT = {401: "denied", 402: "denied", 403: "denied", 404: "not_found", 410: "not_found", 451: "denied"}


@dataclass(frozen=True, slots=True)
class Fetched:
    """A whole reply."""

    url: str = field(repr=False)  # may hold secrets, and what is printed is logged
    """Where it came from in the end: after redirects, without a fragment."""
    status: int
    content_type: str
    """Media type in lower case without parameters; empty when the server said none."""
    body: bytes = field(repr=False)
    """Unpacked."""
    charset: str | None
    """Python's name of the charset that the server named; None when it named none that is known."""
    fetched_at: datetime

    @property
    def text(self) -> str:
        """The body as text."""
        return bodies.as_text(self.body, self.charset)


def follow(
    url: str,
    *,
    accept: Collection[str],
    max_bytes: int,
    ends: float,
    permit: Callable[[Target], None] | None = None,
    is_cut: bool = False,
    outside: Outside = OUTSIDE,
) -> Fetched:
    """GET a url that a user named, through the guard at each redirect.

    accept: media types that are taken; none = any. max_bytes: of the unpacked body; is_cut: what is longer is cut there
    instead of refused. ends: moment of the monotonic clock at which names, redirects and body have to be there.
    permit: may refuse each target before it is asked.
    Raises UrlRefused and FetchFailed.
    """
    before: Target | None = None
    for _ in range(MAX_REDIRECTS + 1):
        target = checked(url, timeout_s=ends - time.monotonic(), outside=outside)
        if before and (before.scheme, target.scheme) == ("https", "http"):
            raise UrlRefused(f"{before.host} leads from https to http", why="downgrade")
        if permit:
            permit(target)
        answer = _answer(target, accept, max_bytes, ends, outside, is_cut=is_cut)
        if isinstance(answer, Fetched):
            return answer
        before, url = target, answer
    raise FetchFailed(f"more than {MAX_REDIRECTS} redirects", why="redirects", permanent=True)


def user_agent() -> str:
    """Return our name, and where this installation can be reached if it was told."""
    told = settings()
    is_known = "public_url" in told.model_fields_set and told.public_url.isascii() and told.public_url.isprintable()
    return f"{PRODUCT} (+{told.public_url})" if is_known else PRODUCT


def _answer(
    target: Target, accept: Collection[str], max_bytes: int, ends: float, outside: Outside, *, is_cut: bool
) -> Fetched | str:
    """Ask one target; return its reply, or the url that it leads to."""
    sent = {
        "User-Agent": user_agent(),
        "Accept": ", ".join([*accept, "*/*;q=0.1"]),
        "Accept-Encoding": "gzip, deflate",
        "Connection": "close",
    }
    try:
        with asked(target, sent, ends=ends, outside=outside) as response:
            headers = httpx.Headers(response.headers)
            if response.status in REDIRECTS and "location" in headers:
                return _leads_to(target, headers["location"])
            _refuse_status(target, response.status, headers)
            content_type, charset = _content_type(headers)
            if accept and content_type not in accept:
                raise FetchFailed(
                    f"{target.host} sent {content_type or 'no content type'}, not {' or '.join(accept)}"[:300],
                    why="content_type",
                    permanent=True,
                )
            body = _body(target, response, headers, max_bytes, is_cut=is_cut)
            return Fetched(target.url, response.status, content_type, body, charset, datetime.now(UTC))
    except httpcore.TimeoutException as exc:
        raise FetchFailed(f"{target.host} took too long", why="timeout", permanent=False) from exc
    except (httpcore.ProtocolError, bodies.BrokenBody) as exc:
        raise FetchFailed(f"{target.host} sent what is no whole reply", why="broken", permanent=False) from exc
    except httpcore.NetworkError as exc:
        if isinstance(exc.__cause__ or exc.__context__, ssl.SSLCertVerificationError):
            raise FetchFailed(f"{target.host} shows no valid certificate", why="certificate", permanent=True) from exc
        raise FetchFailed(f"{target.host} cannot be reached", why="unreachable", permanent=False) from exc


def _leads_to(target: Target, location: str) -> str:
    try:
        return str(httpx.URL(target.url).join(location))
    except (httpx.InvalidURL, ValueError, TypeError) as exc:
        raise UrlRefused(f"{target.host} leads to a url that cannot be read", why="syntax") from exc


def _refuse_status(target: Target, status: int, headers: Mapping[str, str]) -> None:
    """Raise FetchFailed for every status but those that bring what was asked for."""
    if status in (200, 203):
        return
    fails_itself = httpx.codes.is_server_error(status)
    permanent = not (status in RETRYABLE or fails_itself)
    raise FetchFailed(
        f"{target.host} answered {status}",
        why=RETRYABLE.get(status) or PERMANENT.get(status) or ("server" if fails_itself else "status"),
        permanent=permanent,
        retry_after_s=None if permanent else retry_after_s(headers),
        status=status,
    )


def _content_type(headers: Mapping[str, str]) -> tuple[str, str | None]:
    """Return the media type and the charset, as far as they can be read."""
    told = Message()
    told["content-type"] = headers.get("content-type", "")[:200]
    charset = told.get_param("charset")
    named = bodies.known_charset(charset) if isinstance(charset, str) else None
    return told["content-type"].partition(";")[0].strip().lower(), named


def _body(
    target: Target, response: httpcore.Response, headers: Mapping[str, str], max_bytes: int, *, is_cut: bool
) -> bytes:
    """Return the unpacked body. Raises FetchFailed when it is too large or packed in a way that is not read."""
    encoding = headers.get("content-encoding", "").strip().lower()
    if encoding not in bodies.PACKINGS:
        raise FetchFailed(f"{target.host} packs in a way that was not asked for", why="encoding", permanent=True)
    unpacker, body, received = bodies.Unpacker(encoding), bytearray(), 0
    for part in response.iter_stream():
        received += len(part)
        body += unpacker.unpack(part, max_bytes + 1 - len(body))
        if len(body) > max_bytes or received > max_bytes + PACKED_SLACK_BYTES:
            if is_cut:
                return bytes(body[:max_bytes])
            raise FetchFailed(f"{target.host} sent more than {max_bytes} bytes", why="too_large", permanent=True)
    unpacker.end()
    return bytes(body)
