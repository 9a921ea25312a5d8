"""The answers of `/images/generations` and `/images/edits`, which OpenAI and the gateway share.

Wire format: openai 3.52 ImagesResponse; vercel.com/docs/ai-gateway/modalities/image-generation, 2026-08.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.domain.prices import Usage
from workers.providers import pictures, replies
from workers.providers.provider import Answer
from workers.providers.refusals import no_reply


def answer(provider: str, reply: Mapping[str, Any], status: int) -> Answer:
    """Return what an images reply holds: the first picture, or none. Raises ProviderDown when it is no such reply."""
    if not isinstance(reply.get("data"), list):
        raise no_reply(provider, status, "a body that is no images reply")
    first = replies.at(reply, "data", 0)
    packed = replies.text(replies.at(first, "b64_json"))
    url = replies.text(replies.at(first, "url"))
    picture = pictures.from_base64(packed) if packed else pictures.from_data_url(url) if url else None
    return Answer(
        text=replies.text(replies.at(first, "revised_prompt")),
        picture=picture,
        usage=_usage(reply.get("usage")),
        cost_micro_usd=None,
        ref=replies.ref(reply.get("id")),
        status=status,
        declared_type=pictures.type_of_url(url),
    )


def _usage(told: Any) -> Usage | None:
    """Return the tokens; where the reply does not split the output, all of it is the picture."""
    tokens_out = replies.count(replies.at(told, "output_tokens"))
    details = replies.at(told, "output_tokens_details")
    usage = replies.usage(
        replies.count(replies.at(told, "input_tokens")),
        tokens_out,
        image_out=replies.count(replies.at(details, "image_tokens")) if details else tokens_out,
    )
    shown = replies.count(replies.at(told, "input_tokens_details", "image_tokens"))
    return None if usage is None else replace(usage, image_in=min(shown, usage.tokens_in))
