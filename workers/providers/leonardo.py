"""Leonardo: pictures as jobs. 1. submit, 2. note the job's id, 3. poll until it ends, 4. download from its CDN.

From 2 on the picture is being made and paid for: nothing but `resume` with the id can bring it without paying again.
Wire format: leonardo-ai-sdk 7.0 and docs.leonardo.ai/v1.0, read 2026-11. Errors are known by their words: a key of
the wrong shape is a 500, and the status of most others is not documented.
"""

from __future__ import annotations

import time
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.domain.capabilities import PROVIDER_CAPABILITIES
from app.domain.provider_errors import ModelRetired, ProviderAccount, ProviderBlocked, ProviderDown, ProviderError
from app.settings import Access
from workers.providers import pictures, replies
from workers.providers.http import Received, get, need_access, post
from workers.providers.provider import Answer, Call, Message, Schema
from workers.providers.refusals import SERVER_ERROR, Rule, cannot, no_reply, refusal, reply_of

NAME = "leonardo"
KEY_SETTING = "LEONARDO_API_KEY"
CDN_HOSTS = frozenset({"cdn.leonardo.ai"})
MAX_PICTURE_BYTES = 25 * 1024 * 1024
PROMPT_CHARACTERS = 1500
CONTRAST = 3.5  # required by Phoenix: 3, 3.5 or 4
POLLS, POLL_S = 30, 1.0  # the brief's rhythm
REQUEST_S = 10.0  # most that one poll may take, so that a lost one leaves time for the next
RULES = (
    Rule(ProviderBlocked, phrases=("content moderation filter",)),
    Rule(ProviderAccount, phrases=("not enough api tokens", "authentication hook", "authorization hook")),
    Rule(ModelRetired, phrases=("not supported within the production api",)),
)


class Leonardo:
    """Leonardo's production API, version 1."""

    name = NAME
    can = PROVIDER_CAPABILITIES[NAME]

    def chat(
        self,
        call: Call,
        messages: Sequence[Message],  # noqa: ARG002 - as every provider's
        *,
        schema: Schema | None,  # noqa: ARG002 - as every provider's
        max_tokens: int,  # noqa: ARG002 - as every provider's
    ) -> Answer:
        """Not for Leonardo: it makes pictures only. Raises ProviderRejected."""
        raise cannot(NAME, f"writes no texts, {call.model} neither")

    def picture(
        self,
        call: Call,
        prompt: str,
        *,
        aspect_ratio: str,
        reference: bytes | None = None,
        note_ref: Callable[[str], None] = lambda _: None,
    ) -> Answer:
        """Return a picture; `note_ref` is told the job's id before it is waited for. Raises ProviderError."""
        ends = time.monotonic() + call.timeout_s
        if reference is not None:
            raise cannot(NAME, "changes no pictures here")
        rhythm = _rhythm(call)
        width, height = pictures.size_px(NAME, aspect_ratio)
        access = need_access(NAME, KEY_SETTING)
        body = {
            "modelId": call.model,
            "prompt": _cut(prompt),
            "num_images": 1,
            "width": width,
            "height": height,
            "contrast": CONTRAST,
            "enhancePrompt": False,
            "public": False,
            **{name: value for name, value in call.options.items() if name not in ("poll_s", "polls")},
        }
        job = _submit(access, body, call.timeout_s)
        ref = replies.ref(job.get("generationId"))
        if ref is None:
            raise no_reply(NAME, 200, "no id of a generation")
        note_ref(ref)
        answer = _wait(access, ref, rhythm, ends, _cost(job.get("cost")))
        return replace(answer, asked_px=pictures.asked_px(f"{body['width']}x{body['height']}"))

    def resume(self, call: Call, ref: str) -> Answer:
        """Wait on for a job that was submitted before. Raises ProviderError."""
        ends = time.monotonic() + call.timeout_s
        return _wait(need_access(NAME, KEY_SETTING), ref, _rhythm(call), ends, None)


def _submit(access: Access, body: Mapping[str, Any], timeout_s: float) -> dict[str, Any]:
    received = post(NAME, f"{access.base_url}/generations", body, headers=_bearer(access), timeout_s=timeout_s)
    try:
        job = replies.at(reply_of(NAME, received, RULES), "sdGenerationJob")
    except ProviderError as exc:
        if received.status >= SERVER_ERROR and not exc.permanent:
            exc.charged = None  # the job may be running behind a failed reply, and there is no idempotency key
        raise
    return job if isinstance(job, dict) else {}


def _wait(access: Access, ref: str, rhythm: tuple[float, float], ends: float, cost: int | None) -> Answer:
    """Poll until the job has ended, then return its picture. What fails on the way is tried again while there is time."""
    polls, poll_s = rhythm
    last: ProviderError | None = None
    polled = 0
    while polled < polls and (left := ends - time.monotonic()) > 0:
        if polled:
            time.sleep(min(poll_s, left))
        polled += 1
        try:
            job = _polled(access, ref, min(max(ends - time.monotonic(), 0.01), REQUEST_S))
            if job.get("status") in ("COMPLETE", "FAILED"):
                return _result(access, job, ref, ends, cost)
        except ProviderError as exc:
            last = exc
    why = f": {last}" if last else ""
    raise ProviderDown(
        f"leonardo's job {ref} has not ended after {polled} polls; resume it, do not submit again{why}"[:300],
        provider=NAME,
        charged=None,
    ) from last


def _polled(access: Access, ref: str, timeout_s: float) -> dict[str, Any]:
    url = f"{access.base_url}/generations/{urllib.parse.quote(ref, safe='')}"
    received = get(NAME, url, headers=_bearer(access), timeout_s=timeout_s)
    job = replies.at(reply_of(NAME, received, RULES), "generations_by_pk")
    if not isinstance(job, dict):
        raise no_reply(NAME, received.status, "a body that is no generation")
    return job


def _result(access: Access, job: Mapping[str, Any], ref: str, ends: float, cost: int | None) -> Answer:
    """Return a job that has ended. A failed one, one without a picture, and one that was held back are paid all the same."""
    image = replies.at(job, "generated_images", 0)
    is_blocked = replies.at(image, "nsfw") is True
    url = replies.text(replies.at(image, "url"))
    answer = Answer("", None, None, cost, ref, 200, is_blocked)
    if not url or is_blocked or job["status"] != "COMPLETE":
        return answer
    received = _downloaded(access, url, ends)
    return replace(answer, picture=received.body, declared_type=pictures.declared_type(received.content_type))


def _downloaded(access: Access, url: str, ends: float) -> Received:
    """Return the reply that is the picture. The key stays here; redirects, other hosts and plain HTTP are refused."""
    if not _is_allowed(url, access.base_url):
        raise ProviderDown(f"leonardo's picture lies at a host that is not its own: {url[:100]}", provider=NAME)
    left = max(ends - time.monotonic(), 0.01)
    received = get(NAME, url, headers={}, timeout_s=left, max_bytes=MAX_PICTURE_BYTES)
    if received.status != 200:  # noqa: PLR2004 - HTTP's own number
        raise refusal(NAME, received, None)
    return received


def _is_allowed(url: str, base_url: str) -> bool:
    """Return whether a picture may be fetched from there: HTTPS from the CDN, or the very origin of the API.

    Plain HTTP therefore only where the API itself is spoken to in plain HTTP: the sandbox.
    """
    try:
        asked, own = urllib.parse.urlsplit(url), urllib.parse.urlsplit(base_url)
        origin, home = (asked.scheme, asked.hostname, asked.port), (own.scheme, own.hostname, own.port)
    except ValueError:
        return False
    is_cdn = asked.scheme == "https" and asked.hostname in CDN_HOSTS and asked.port in (None, 443)
    return "@" not in asked.netloc and (is_cdn or origin == home)


def _cost(told: Any) -> int | None:
    """Return what the job costs in micro-USD; None for credits, whose worth is the plan's affair."""
    return replies.cost(replies.at(told, "amount")) if replies.at(told, "unit") == "DOLLARS" else None


def _cut(prompt: str) -> str:
    """Return the prompt at the length that Leonardo takes, cut between words."""
    return prompt if len(prompt) <= PROMPT_CHARACTERS else prompt[:PROMPT_CHARACTERS].rpartition(" ")[0]


def _rhythm(call: Call) -> tuple[float, float]:
    """Return how often to poll, and the seconds between. Known before the submit: after it, nothing may be refused."""
    return _number(call, "polls", POLLS), _number(call, "poll_s", POLL_S)


def _number(call: Call, name: str, default: float) -> float:
    value = call.options.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise cannot(NAME, f"needs a number for {name}, not {value!r}")
    return value


def _bearer(access: Access) -> dict[str, str]:
    return {"Authorization": f"Bearer {access.key}"}
