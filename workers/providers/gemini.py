"""Google's Gemini API: text, vision, pictures and edits, all through generateContent.

Wire format: google-genai 3.4 types and ai.google.dev/gemini-api, read 2026-11. The version is part of the base url.
"""

from __future__ import annotations

import math
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.domain.capabilities import PROVIDER_CAPABILITIES
from app.domain.prices import Usage
from app.domain.provider_errors import ModelRetired, ProviderAccount
from workers.providers import pictures, replies, safety, schemas
from workers.providers.http import Received, bounded_wait_s, need_access, post
from workers.providers.provider import Answer, Call, Message, Schema
from workers.providers.refusals import Rule, cannot, no_reply, refusal

NAME = "gemini"
KEY_SETTING = "GOOGLE_AI_KEY"
TOO_MANY = frozenset({429})
RULES = (
    # A wrong key is a 400; a region or a project without billing is FAILED_PRECONDITION.
    Rule(
        ProviderAccount,
        frozenset(
            {
                "API_KEY_INVALID",
                "API_KEY_EXPIRED",
                "API_KEY_SERVICE_BLOCKED",
                "PERMISSION_DENIED",
                "UNAUTHENTICATED",
                "FAILED_PRECONDITION",
            }
        ),
    ),
    # Used up for today, or by the spending cap: no wait of ours helps. Other 429s say when to come back.
    Rule(
        ProviderAccount,
        phrases=("perday", "spend cap", "spending cap", "spend limit", "spending limit"),
        statuses=TOO_MANY,
    ),
    Rule(ModelRetired, frozenset({"NOT_FOUND"})),
)


class Gemini:
    """The Gemini API."""

    name = NAME
    can = PROVIDER_CAPABILITIES[NAME]

    def chat(self, call: Call, messages: Sequence[Message], *, schema: Schema | None, max_tokens: int) -> Answer:
        """Return a text reply; one that ran into `max_tokens` comes as far as it got. Raises ProviderError."""
        config: dict[str, Any] = {"maxOutputTokens": max_tokens}
        if schema is not None:
            config["responseMimeType"] = "application/json"
            config["responseJsonSchema"] = schemas.for_gemini(schema.schema)
        body: dict[str, Any] = {
            "contents": [
                {
                    "role": "model" if message.role == "assistant" else "user",
                    "parts": _parts(message.content, message.pictures),
                }
                for message in messages
                if message.role != "system"
            ],
            "generationConfig": config,
        }
        if system := [{"text": message.content} for message in messages if message.role == "system"]:
            body["systemInstruction"] = {"parts": system}
        return _ask(call, body)

    def picture(
        self,
        call: Call,
        prompt: str,
        *,
        aspect_ratio: str,
        reference: bytes | None = None,
        note_ref: Callable[[str], None] = lambda _: None,  # noqa: ARG002 - Gemini has no jobs
    ) -> Answer:
        """Return a picture, or the reference changed as the prompt says. Raises ProviderError."""
        image = {"aspectRatio": aspect_ratio, **call.options}
        shown = () if reference is None else (reference,)
        body = {
            "contents": [{"role": "user", "parts": _parts(prompt, shown)}],
            "generationConfig": {"responseModalities": ["TEXT", "IMAGE"], "imageConfig": image},
        }
        return _ask(call, body)

    def resume(self, call: Call, ref: str) -> Answer:
        """Not for Gemini: it has no jobs. Raises ProviderRejected."""
        raise cannot(NAME, f"has no job {ref} of {call.model} to wait for")


def _parts(text: str, shown: Sequence[bytes]) -> list[dict[str, Any]]:
    images = [
        {"inlineData": {"mimeType": pictures.media_type(picture), "data": pictures.in_base64(picture)}}
        for picture in shown
    ]
    return [{"text": text}, *images]


def _ask(call: Call, body: Mapping[str, Any]) -> Answer:
    access = need_access(NAME, KEY_SETTING)
    url = f"{access.base_url}/models/{urllib.parse.quote(call.model, safe='')}:generateContent"
    received = post(NAME, url, body, headers={"x-goog-api-key": access.key}, timeout_s=call.timeout_s)
    data = replies.parsed(received.body)
    if received.status != 200 or not isinstance(data, dict) or data.get("error"):  # noqa: PLR2004 - HTTP's own number
        raise _refusal(received, data)
    return _answer(data, received.status)


def _refusal(received: Received, data: Any) -> Exception:
    """Return the error; how long to wait stands in the body's RetryInfo, not in a header."""
    error = refusal(NAME, received, data, RULES)
    for detail in replies.items(replies.at(data, "error", "details")):
        told = replies.text(replies.at(detail, "retryDelay"))
        if (wait := bounded_wait_s(_seconds(told))) is not None:
            error.retry_after_s = wait
    return error


def _seconds(duration: str) -> float:
    """Return the seconds of a Duration such as "34.4s"; NaN when it is none."""
    try:
        return float(duration.removesuffix("s"))
    except ValueError:
        return math.nan


def _answer(reply: Mapping[str, Any], status: int) -> Answer:
    """Return what a reply holds. Thoughts are left out; candidates and parts may be missing from a stopped reply."""
    candidate = replies.at(reply, "candidates", 0)
    block_reason = replies.at(reply, "promptFeedback", "blockReason")
    if not isinstance(candidate, dict) and not block_reason and not isinstance(reply.get("usageMetadata"), dict):
        raise no_reply(NAME, status, "a body that is no generated content")
    said = [
        part
        for part in replies.items(replies.at(candidate, "content", "parts"))
        if isinstance(part, dict) and part.get("thought") is not True
    ]
    inline = [part.get("inlineData") or part.get("inline_data") for part in said]
    shown = next((blob for blob in inline if replies.text(replies.at(blob, "data"))), None)
    packed = replies.text(replies.at(shown, "data"))
    return Answer(
        text="".join(replies.text(part.get("text")) for part in said),
        picture=pictures.from_base64(packed) if packed else None,
        usage=_usage(reply.get("usageMetadata")),
        cost_micro_usd=None,
        ref=replies.ref(reply.get("responseId")),
        status=status,
        is_blocked=safety.is_blocked(replies.at(candidate, "finishReason"), block_reason),
        declared_type=pictures.declared_type(
            replies.text(replies.at(shown, "mimeType")) or replies.text(replies.at(shown, "mime_type"))
        ),
    )


def _usage(told: Any) -> Usage | None:
    """Return the tokens; thinking is billed as output, and a picture's tokens have their own price."""
    image = sum(
        replies.count(replies.at(detail, "tokenCount"))
        for detail in replies.items(replies.at(told, "candidatesTokensDetails"))
        if replies.at(detail, "modality") == "IMAGE"
    )
    return replies.usage(
        replies.count(replies.at(told, "promptTokenCount")),
        replies.count(replies.at(told, "candidatesTokenCount")) + replies.count(replies.at(told, "thoughtsTokenCount")),
        cached_in=replies.count(replies.at(told, "cachedContentTokenCount")),
        image_out=image,
    )
