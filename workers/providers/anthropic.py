"""Anthropic: text and vision. No pictures, and never a sampling parameter: newer versions and models refuse them.

Wire format: anthropic 2.11 and platform.claude.com/docs/en/api (messages, errors, versioning), read 2026-11.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.domain.capabilities import PROVIDER_CAPABILITIES
from app.domain.prices import Usage
from app.domain.provider_errors import ModelRetired, ProviderAccount, ProviderBusy
from workers.providers import pictures, replies, schemas
from workers.providers.http import need_access, post
from workers.providers.provider import Answer, Call, Message, Schema
from workers.providers.refusals import Rule, cannot, no_reply, reply_of

NAME = "anthropic"
KEY_SETTING = "ANTHROPIC_API_KEY"
VERSION = "2023-06-01"  # the option anthropic_version may say 2026-10-21; nothing that we send differs
RULES = (
    Rule(
        ProviderAccount,
        frozenset(
            {
                "authentication_error",
                "billing_error",
                "permission_error",
                "enforced_spend_limit_reached",
                "contract_spend_limit_reached",
                "linked_organization_spend_limit_reached",
                "organization_on_hold",
            }
        ),
        ("credit balance is too low",),  # has long been a 400 invalid_request_error
    ),
    Rule(ModelRetired, frozenset({"not_found_error"})),
    Rule(ProviderBusy, frozenset({"rate_limit_error", "overloaded_error"})),
)


class Anthropic:
    """Anthropic's own API."""

    name = NAME
    can = PROVIDER_CAPABILITIES[NAME]

    def chat(self, call: Call, messages: Sequence[Message], *, schema: Schema | None, max_tokens: int) -> Answer:
        """Return a text reply. Raises ProviderError."""
        body: dict[str, Any] = {
            "model": call.model,
            "max_tokens": max_tokens,
            "messages": [
                {"role": message.role, "content": _content(message)} for message in messages if message.role != "system"
            ],
        }
        if system := "\n\n".join(message.content for message in messages if message.role == "system"):
            body["system"] = system
        if schema is not None:
            body["output_config"] = {"format": {"type": "json_schema", "schema": schemas.strict(schema.schema)}}
        access = need_access(NAME, KEY_SETTING)
        headers = {
            "x-api-key": access.key,
            "anthropic-version": str(call.options.get("anthropic_version", VERSION)),
        }
        received = post(NAME, f"{access.base_url}/messages", body, headers=headers, timeout_s=call.timeout_s)
        return _answer(reply_of(NAME, received, RULES), received.status)

    def picture(
        self,
        call: Call,
        prompt: str,  # noqa: ARG002 - as every provider's
        *,
        aspect_ratio: str,  # noqa: ARG002 - as every provider's
        reference: bytes | None = None,  # noqa: ARG002 - as every provider's
        note_ref: Callable[[str], None] = lambda _: None,  # noqa: ARG002 - as every provider's
    ) -> Answer:
        """Not for Anthropic: no model of it makes pictures. Raises ProviderRejected."""
        raise cannot(NAME, f"makes no pictures, {call.model} neither")

    def resume(self, call: Call, ref: str) -> Answer:
        """Not for Anthropic: it has no jobs. Raises ProviderRejected."""
        raise cannot(NAME, f"has no job {ref} of {call.model} to wait for")


def _content(message: Message) -> str | list[dict[str, Any]]:
    """Return a turn's content; pictures go before the words about them, as Anthropic advises."""
    if not message.pictures:
        return message.content
    images = [
        {
            "type": "image",
            "source": {
                "type": "base64",
                "media_type": pictures.media_type(picture),
                "data": pictures.in_base64(picture),
            },
        }
        for picture in message.pictures
    ]
    return [*images, {"type": "text", "text": message.content}]


def _answer(reply: Mapping[str, Any], status: int) -> Answer:
    if not isinstance(reply.get("content"), list):
        raise no_reply(NAME, status, "a body that is no message")
    blocks = [block for block in reply["content"] if replies.at(block, "type") == "text"]
    return Answer(
        text="".join(replies.text(block.get("text")) for block in blocks),
        picture=None,
        usage=_usage(reply.get("usage")),
        cost_micro_usd=None,
        ref=replies.ref(reply.get("id")),
        status=status,
        is_blocked=reply.get("stop_reason") == "refusal",
    )


def _usage(told: Any) -> Usage | None:
    """Return the tokens. Anthropic counts what came from its cache and what went there beside the input, not in it."""
    cached = replies.count(replies.at(told, "cache_read_input_tokens"))
    written = replies.count(replies.at(told, "cache_creation_input_tokens"))
    return replies.usage(
        replies.count(replies.at(told, "input_tokens")) + cached + written,
        replies.count(replies.at(told, "output_tokens")),
        cached_in=cached,
    )
