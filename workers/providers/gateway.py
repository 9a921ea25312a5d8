"""The AI Gateway: text, vision, research, and pictures through chat or, for image-only models, through `/images`.

Wire format: vercel.com/docs/ai-gateway/sdks-and-apis/openai-chat-completions and modalities/image-generation, read
2026-09; error types: @ai-sdk/gateway 4.0.146, create-gateway-error.ts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from app.domain.capabilities import PROVIDER_CAPABILITIES
from app.domain.provider_errors import ModelRetired, ProviderAccount, ProviderBlocked, ProviderBusy
from app.settings import settings
from workers.providers import chat_completions, citations, images_api, pictures, replies, safety
from workers.providers.http import need_access, post
from workers.providers.provider import Answer, Call, Message, Schema
from workers.providers.refusals import Rule, cannot, reply_of

NAME = "gateway"
KEY_SETTING = "AI_GATEWAY_API_KEY"
IMAGE_ONLY = (  # slugs of @ai-sdk/gateway 4.0.146; these refuse chat
    "openai/gpt-image-", "bfl/", "bytedance/seedream-", "recraft/", "spacexai/grok-imagine-image",
    "microsoft/mai-image-", "meta/muse-image-", "minimax/minimax-h3-image", "prodia/", "topaz/",
)  # fmt: skip
RESEARCHERS = ("perplexity/",)
LABEL = "pressroom:{}"
"""Tag of a call, with its id in the journal: its name in the gateway's reports when no answer told another."""
ROUTING = ("order", "only", "sort")  # options for the gateway itself; the others are for who is behind it
SPELLED = {"output_format": "outputFormat"}  # AI-SDK names within providerOptions
RULES = (
    Rule(ModelRetired, frozenset({"model_not_found", "no_providers_available"})),
    Rule(
        ProviderAccount,
        frozenset(
            {
                "authentication_error",
                "insufficient_funds",
                "quota_for_entity_exceeded",
                "customer_verification_required",
                "forbidden",
                "permission_error",
                "insufficient_quota",
            }
        ),
    ),
    # A vendor's own words may come through from behind the gateway.
    Rule(ProviderBlocked, frozenset({"moderation_blocked", "content_policy_violation"}), ("safety system",)),
    Rule(ProviderBusy, frozenset({"rate_limit_exceeded", "service_unavailable_error"})),
)


class Gateway:
    """The AI Gateway, or the sandbox in its place."""

    name = NAME
    can = PROVIDER_CAPABILITIES[NAME]

    def chat(self, call: Call, messages: Sequence[Message], *, schema: Schema | None, max_tokens: int) -> Answer:
        """Return a text reply, with the sources of a research model. Raises ProviderError."""
        body = {**chat_completions.body(call.model, messages, schema), "max_tokens": max_tokens}
        reply, answer = _chat(body, call)
        if call.model.startswith(RESEARCHERS):
            answer = replace(answer, sources=citations.sources(reply, answer.text))
        return answer

    def picture(
        self,
        call: Call,
        prompt: str,
        *,
        aspect_ratio: str,
        reference: bytes | None = None,
        note_ref: Callable[[str], None] = lambda _: None,  # noqa: ARG002 - the gateway has no jobs
    ) -> Answer:
        """Return a picture. The ratio stands in the prompt too: that REST passes the option on is not confirmed."""
        asked = f"{prompt}\n\nAspect ratio {aspect_ratio}."
        if call.model.startswith(IMAGE_ONLY):
            return _image(call, asked, aspect_ratio, reference)
        shown = () if reference is None else (reference,)
        body = {
            "model": call.model,
            "messages": [{"role": "user", "content": chat_completions.content(asked, shown)}],
            "modalities": ["text", "image"],
            "stream": False,
        }
        return _chat(body, call, {"google": {"imageConfig": {"aspectRatio": aspect_ratio}}})[1]

    def resume(self, call: Call, ref: str) -> Answer:
        """Not for the gateway: it has no jobs. Raises ProviderRejected."""
        raise cannot(NAME, f"has no job {ref} of {call.model} to wait for")


@cache
def gateway() -> Gateway:
    """Return this process' gateway."""
    return Gateway()


def _image(call: Call, prompt: str, aspect_ratio: str, reference: bytes | None) -> Answer:
    """Return the picture of a model that only makes pictures."""
    width, height = pictures.openai_size_px(NAME, call.model.partition("/")[2], aspect_ratio)
    body: dict[str, Any] = {"model": call.model, "prompt": prompt, "n": 1, "size": f"{width}x{height}"}
    if reference is None:
        body["response_format"] = "b64_json"
    else:
        body["images"] = [{"image_url": pictures.data_url(reference)}]
    reply, status = _send("images/generations" if reference is None else "images/edits", body, call, {})
    answer = replace(images_api.answer(NAME, reply, status), asked_px=(width, height))
    return _with_metadata(answer, reply)


def _chat(
    body: dict[str, Any], call: Call, provider_options: Mapping[str, Any] | None = None
) -> tuple[dict[str, Any], Answer]:
    reply, status = _send("chat/completions", body, call, provider_options or {})
    return reply, _with_metadata(chat_completions.answer(NAME, reply, status), reply)


def _send(
    path: str, body: dict[str, Any], call: Call, provider_options: Mapping[str, Any]
) -> tuple[dict[str, Any], int]:
    access = need_access(NAME, KEY_SETTING)
    if options := _options(call, provider_options):
        body = {**body, "providerOptions": options}
    headers = {"Authorization": f"Bearer {access.key}"}
    received = post(NAME, f"{access.base_url}/{path}", body, headers=headers, timeout_s=call.timeout_s)
    return reply_of(NAME, received, RULES), received.status


def _options(call: Call, provider_options: Mapping[str, Any]) -> dict[str, Any]:
    """Return `providerOptions`: the route's options, under the name of whom they are for."""
    made: dict[str, Any] = {name: dict(value) for name, value in provider_options.items()}
    for name, value in call.options.items():
        if name in ROUTING:
            made.setdefault("gateway", {})[name] = value
        elif name == "imageSize":
            google = made.setdefault("google", {})
            google["imageConfig"] = {**google.get("imageConfig", {}), name: value}
        else:
            made.setdefault(call.model.partition("/")[0], {})[SPELLED.get(name, name)] = value
    if call.label is not None and settings().gateway_labels:
        made.setdefault("gateway", {})["tags"] = [LABEL.format(call.label)]
    return made


def _with_metadata(answer: Answer, reply: Mapping[str, Any]) -> Answer:
    """Return the answer with what the gateway's metadata adds: cost, the generation's id, Google's own refusal.

    `cost` can be "0" under promotions or own keys: then `marketCost` says what it would cost. The metadata stands in
    the message or beside it, and a cost also in `usage`, as a number or, from Perplexity, as an object.
    """
    inner = replies.at(reply, "choices", 0, "message", "provider_metadata")
    outer = reply.get("provider_metadata")
    stated = [replies.at(place, "gateway", name) for place in (inner, outer) for name in ("cost", "marketCost")]
    usage_cost = replies.at(reply, "usage", "cost")
    held = any(
        safety.is_blocked(
            replies.at(place, "google", "finishReason"), replies.at(place, "google", "promptFeedback", "blockReason")
        )
        for place in (inner, outer)
    )
    return replace(
        answer,
        cost_micro_usd=replies.cost(*stated, usage_cost, replies.at(usage_cost, "total_cost")),
        ref=replies.ref(
            *(replies.at(place, "gateway", "generationId") for place in (inner, outer)),
            reply.get("generationId"),
            answer.ref,
        ),
        is_blocked=answer.is_blocked or held,
    )
