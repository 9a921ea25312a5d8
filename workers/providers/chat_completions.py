"""The chat format that OpenAI made and the gateway speaks too: its messages, its structured replies, its answers.

Wire format: openai 3.52 ChatCompletion; vercel.com/docs/ai-gateway/sdks-and-apis/openai-chat-completions, 2026-09.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.domain.prices import Usage
from workers.providers import pictures, replies, schemas
from workers.providers.provider import Answer, Message, Schema
from workers.providers.refusals import no_reply


def body(model: str, messages: Sequence[Message], schema: Schema | None) -> dict[str, Any]:
    """Return a request without its limit of tokens, which the two name differently. Never with sampling parameters."""
    made: dict[str, Any] = {
        "model": model,
        "messages": [
            {"role": message.role, "content": content(message.content, message.pictures)} for message in messages
        ],
        "stream": False,
    }
    if schema is not None:
        made["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": schema.name, "strict": True, "schema": schemas.strict(schema.schema)},
        }
    return made


def content(text: str, shown: Sequence[bytes]) -> str | list[dict[str, Any]]:
    """Return a message's content: plain text, or parts when it shows pictures."""
    if not shown:
        return text
    images = [{"type": "image_url", "image_url": {"url": pictures.data_url(picture)}} for picture in shown]
    return [{"type": "text", "text": text}, *images]


def answer(provider: str, reply: Mapping[str, Any], status: int) -> Answer:
    """Return what a chat completion says. Raises ProviderDown when it is none."""
    message = replies.at(reply, "choices", 0, "message")
    if not isinstance(message, dict):
        raise no_reply(provider, status, "a body that is no chat completion")
    refused = replies.text(message.get("refusal"))
    shown = replies.text(replies.at(message, "images", 0, "image_url", "url"))
    return Answer(
        text=_words(message.get("content")) or refused,
        picture=pictures.from_data_url(shown) if shown else None,
        usage=_usage(reply.get("usage")),
        cost_micro_usd=None,
        ref=replies.ref(reply.get("id")),
        status=status,
        is_blocked=bool(refused) or replies.at(reply, "choices", 0, "finish_reason") == "content_filter",
        declared_type=pictures.type_of_url(shown),
    )


def _words(value: Any) -> str:
    """Return a reply's text, which is one string, or parts of which some are text."""
    return replies.text(value) or "".join(replies.text(replies.at(part, "text")) for part in replies.items(value))


def _usage(told: Any) -> Usage | None:
    return replies.usage(
        replies.count(replies.at(told, "prompt_tokens")),
        replies.count(replies.at(told, "completion_tokens")),
        cached_in=replies.count(replies.at(told, "prompt_tokens_details", "cached_tokens")),
        image_out=replies.count(replies.at(told, "completion_tokens_details", "image_tokens")),
    )
