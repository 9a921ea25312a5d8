"""The AI Gateway: chat with JSON schema, and pictures through chat.

Wire format: vercel.com/docs/ai-gateway/sdks-and-apis/openai-chat-completions, read 2026-09; error types:
@ai-sdk/gateway 4.0.146, create-gateway-error.ts.
"""

from __future__ import annotations

import base64
import binascii
import json
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

from app.domain.errors import (
    ModelRetired,
    ProviderAccount,
    ProviderBusy,
    ProviderDown,
    ProviderError,
    ProviderRejected,
)
from app.domain.prices import Usage, micro_usd
from app.settings import settings
from workers.providers.http import Received, post
from workers.providers.provider import Answer, Message, Schema

NAME = "gateway"
ACCOUNT_TYPES = {
    "authentication_error",
    "insufficient_funds",
    "quota_for_entity_exceeded",
    "customer_verification_required",
    "forbidden",
    "permission_error",
}


class Gateway:
    """The AI Gateway, or the sandbox in its place."""

    name = NAME

    def chat(self, model: str, messages: list[Message], *, schema: Schema | None, max_tokens: int) -> Answer:
        """Return a text reply. Raises ProviderError."""
        body: dict[str, Any] = {
            "model": model,
            "messages": [{"role": message.role, "content": message.content} for message in messages],
            "max_tokens": max_tokens,
            "stream": False,
        }
        if schema is not None:
            body["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": schema.name, "strict": True, "schema": schema.schema},
            }
        return _answer(_send(body, settings().text_timeout.total_seconds()))

    def picture(self, model: str, prompt: str, *, aspect_ratio: str) -> Answer:
        """Return a picture. The ratio stands in the prompt too: that REST passes the option on is not confirmed."""
        body = {
            "model": model,
            "messages": [{"role": "user", "content": f"{prompt}\n\nAspect ratio {aspect_ratio}."}],
            "modalities": ["text", "image"],
            "stream": False,
            "providerOptions": {"google": {"imageConfig": {"aspectRatio": aspect_ratio}}},
        }
        return _answer(_send(body, settings().image_timeout.total_seconds()))


@cache
def gateway() -> Gateway:
    """Return this process' gateway."""
    return Gateway()


def _send(body: dict[str, Any], timeout_s: float) -> Received:
    base_url, key = settings().gateway
    received = post(
        NAME, f"{base_url}/chat/completions", body, headers={"Authorization": f"Bearer {key}"}, timeout_s=timeout_s
    )
    if received.status != 200:  # noqa: PLR2004 - HTTP's own number
        raise _error(received)
    return received


def _error(received: Received) -> ProviderError:
    """Return what an error reply means, by its `type` first and its status second."""
    try:
        error = json.loads(received.body)["error"]
        kind, message = str(error.get("type")), str(error.get("message"))
    except (ValueError, KeyError, TypeError, AttributeError):
        # Something between us and the gateway answered: the request may have been carried out behind it.
        return ProviderDown(
            f"the gateway answered {received.status} without a readable error",
            provider=NAME,
            charged=None,
            status=received.status,
            retry_after_s=received.retry_after_s,
        )
    return _kind_of(kind, received.status)(
        f"the gateway answered {received.status} {kind}: {message}"[:300],
        provider=NAME,
        status=received.status,
        retry_after_s=received.retry_after_s,
    )


def _kind_of(kind: str, status: int) -> type[ProviderError]:
    if kind in ACCOUNT_TYPES or status in (401, 402):
        return ProviderAccount
    if kind in ("model_not_found", "no_providers_available") or status == 404:  # noqa: PLR2004 - HTTP's own number
        return ModelRetired
    if status in (429, 503):
        return ProviderBusy
    if status >= 500 or status == 424:  # noqa: PLR2004 - HTTP's own numbers
        return ProviderDown
    return ProviderRejected


def _answer(received: Received) -> Answer:
    """Read a 200. What cannot be read may have been charged."""
    try:
        reply = json.loads(received.body)
        choice = reply["choices"][0]
        message = choice["message"]
        text = message.get("content") or ""
        images = message.get("images") or []
        metadata = message.get("provider_metadata") or reply.get("provider_metadata") or {}
        finish = choice.get("finish_reason")
        return Answer(
            text=text if isinstance(text, str) else "",
            picture=_picture(images[0]["image_url"]["url"]) if images else None,
            usage=_usage(reply.get("usage")),
            cost_micro_usd=_cost(metadata.get("gateway") or {}, reply.get("usage")),
            ref=(metadata.get("gateway") or {}).get("generationId") or reply.get("id"),
            status=received.status,
            is_blocked=finish == "content_filter",
        )
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as exc:
        raise ProviderDown(
            "the gateway answered 200 with a body that is no chat completion",
            provider=NAME,
            charged=None,
            status=received.status,
        ) from exc


def _picture(url: str) -> bytes:
    """Return the bytes of a data URL; what is not base64 comes back as it is, for the gates to refuse by name."""
    _, _, payload = url.partition(",")
    try:
        return base64.b64decode(payload or url, validate=True)
    except (binascii.Error, ValueError):
        return (payload or url).encode()


def _usage(usage: dict[str, Any] | None) -> Usage | None:
    """Return the token counts; chat replies do not tell image tokens apart, so `image_out` stays 0."""
    if not usage:
        return None
    details = usage.get("prompt_tokens_details") or {}
    return Usage(
        tokens_in=int(usage.get("prompt_tokens") or 0),
        tokens_out=int(usage.get("completion_tokens") or 0),
        cached_in=int(details.get("cached_tokens") or 0),
    )


def _cost(gateway_metadata: dict[str, Any], usage: dict[str, Any] | None) -> int | None:
    """Return the cost in micro-USD that the reply states; None when it states none.

    `cost` can be "0" under promotions or own keys: then `marketCost` says what it would cost.
    """
    for value in (gateway_metadata.get("cost"), gateway_metadata.get("marketCost"), (usage or {}).get("cost")):
        try:
            amount = Decimal(str(value))
        except InvalidOperation:
            continue
        if amount > 0:
            return micro_usd(amount)
    return None
