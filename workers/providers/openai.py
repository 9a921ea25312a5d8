"""OpenAI: text, vision, pictures, edits, moderation, and transcription.

Wire format: openai 3.52 and openai-openapi f85dbe2 (2026-08). The gateway speaks nearly the same; the differences:
`max_completion_tokens`, no `response_format` for pictures, edits as a form, and a 429 that can mean two things.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.domain.capabilities import PROVIDER_CAPABILITIES
from app.domain.provider_errors import ModelRetired, ProviderAccount, ProviderBlocked, ProviderBusy
from workers.providers import chat_completions, images_api, pictures, replies, transcriptions
from workers.providers.http import File, Received, need_access, post, post_form
from workers.providers.provider import Answer, Call, Message, Recording, Schema, Verdict
from workers.providers.refusals import Rule, cannot, no_reply, reply_of

NAME = "openai"
KEY_SETTING = "OPENAI_API_KEY"
RULES = (
    Rule(
        ProviderAccount,
        frozenset(
            {
                "insufficient_quota",
                "credit_balance_exhausted",
                "billing_hard_limit_reached",
                "invalid_api_key",
                "unsupported_country_region_territory",
            }
        ),
    ),
    Rule(ModelRetired, frozenset({"model_not_found"})),
    Rule(
        ProviderBlocked,
        frozenset({"moderation_blocked", "content_policy_violation", "image_content_policy_violation"}),
        ("rejected by the safety system",),
    ),
    Rule(ProviderBusy, frozenset({"rate_limit_exceeded", "server_is_overloaded", "service_unavailable_error"})),
)


class OpenAI:
    """OpenAI's own API."""

    name = NAME
    can = PROVIDER_CAPABILITIES[NAME]

    def chat(self, call: Call, messages: Sequence[Message], *, schema: Schema | None, max_tokens: int) -> Answer:
        """Return a text reply. Raises ProviderError."""
        body = {**chat_completions.body(call.model, messages, schema), "max_completion_tokens": max_tokens}
        received = _send("chat/completions", body, call)
        return chat_completions.answer(NAME, reply_of(NAME, received, RULES), received.status)

    def picture(
        self,
        call: Call,
        prompt: str,
        *,
        aspect_ratio: str,
        reference: bytes | None = None,
        note_ref: Callable[[str], None] = lambda _: None,  # noqa: ARG002 - OpenAI has no jobs
    ) -> Answer:
        """Return a picture, or the reference changed as the prompt says. Raises ProviderError."""
        body: dict[str, Any] = {
            "model": call.model,
            "prompt": prompt,
            "n": 1,
            "size": "{}x{}".format(*pictures.openai_size_px(NAME, call.model, aspect_ratio)),
            **call.options,
        }
        received = _send("images/generations", body, call) if reference is None else _edit(body, reference, call)
        answer = images_api.answer(NAME, reply_of(NAME, received, RULES), received.status)
        return replace(answer, asked_px=pictures.asked_px(body["size"]))

    def moderate(self, call: Call, picture: bytes | None, text: str | None) -> Verdict:
        """Return whether a picture or a text is flagged, and for what. Free. Raises ProviderError.

        Pictures are scored for self-harm, sexual content and violence only; one picture per request.
        """
        parts: list[dict[str, Any]] = []
        if text is not None:
            parts.append({"type": "text", "text": text})
        if picture is not None:
            parts.append({"type": "image_url", "image_url": {"url": pictures.data_url(picture)}})
        received = _send("moderations", {"model": call.model, "input": parts}, call)
        return _verdict(reply_of(NAME, received, RULES), received.status)

    def transcribe(self, call: Call, recording: Recording, *, about: str) -> Answer:
        """Return what is said in a recording, as transcriptions.heard reads it. Raises ProviderError."""
        fields = transcriptions.fields(call.model, about)
        sound = File("file", recording.name, recording.data, recording.media_type)
        reply = _send_form("audio/transcriptions", fields, sound, call)
        return transcriptions.answer(NAME, reply_of(NAME, reply, RULES), reply.status)

    def resume(self, call: Call, ref: str) -> Answer:
        """Not for OpenAI: it has no jobs. Raises ProviderRejected."""
        raise cannot(NAME, f"has no job {ref} of {call.model} to wait for")


def _send(path: str, body: Mapping[str, Any], call: Call) -> Received:
    access = need_access(NAME, KEY_SETTING)
    headers = {"Authorization": f"Bearer {access.key}"}
    return post(NAME, f"{access.base_url}/{path}", body, headers=headers, timeout_s=call.timeout_s)


def _edit(body: Mapping[str, Any], reference: bytes, call: Call) -> Received:
    kind = pictures.media_type(reference)
    file = File("image[]", f"reference.{kind.partition('/')[2]}", reference, kind)
    return _send_form("images/edits", {name: str(value) for name, value in body.items()}, file, call)


def _send_form(path: str, fields: Mapping[str, str], file: File, call: Call) -> Received:
    access = need_access(NAME, KEY_SETTING)
    headers = {"Authorization": f"Bearer {access.key}"}
    return post_form(NAME, f"{access.base_url}/{path}", fields, [file], headers=headers, timeout_s=call.timeout_s)


def _verdict(reply: Mapping[str, Any], status: int) -> Verdict:
    """Return the verdict over all results. Raises ProviderDown when one cannot be read: what is not judged may not pass."""
    results = replies.items(reply.get("results"))
    if not results or not all(isinstance(replies.at(result, "flagged"), bool) for result in results):
        raise no_reply(NAME, status, "a body that is no moderation")
    named = {
        replies.text(name)
        for result in results
        if isinstance(result.get("categories"), dict)
        for name, is_so in result["categories"].items()
        if is_so is True
    }
    return Verdict(any(result["flagged"] for result in results), tuple(sorted(named)))
