"""The AI Gateway's wire format: chat completions, models, credits, generations.

Wire format: Vercel AI Gateway documentation (openai-chat-completions, rest-api, provider-options), 2026-09, and
`@ai-sdk/gateway` 4.0.146 for error types.
"""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Request, Response, request

from sandbox.calls import Answer, Ask, Json, Kind, RefusedError, Trouble, fingerprint
from sandbox.catalogue import MICRO_USD, MODELS, Model, usd
from sandbox.desk import Desk
from sandbox.exchange import respond

REFUSED_KEY = "wrong"

# Status, type and message of each kind of trouble (gateway error table; the 402 text was seen in a real reply).
ERRORS: dict[Trouble, tuple[int, str, str]] = {
    Trouble.INVALID_REQUEST: (400, "invalid_request_error", "Invalid request"),
    Trouble.UNAUTHORIZED: (401, "authentication_error", "Invalid API key"),
    Trouble.INSUFFICIENT_FUNDS: (
        402,
        "insufficient_funds",
        (
            "Insufficient funds. Please add credits to your account to continue using AI services. Visit "
            "https://vercel.com/d?to=%2F%5Bteam%5D%2F%7E%2Fai%3Fmodal%3Dtop-up to top up your credits."
        ),
    ),
    Trouble.MODEL_NOT_FOUND: (404, "model_not_found", "Model not found"),
    Trouble.RATE_LIMITED: (429, "rate_limit_exceeded", "Rate limit exceeded"),
    Trouble.INTERNAL_ERROR: (500, "internal_server_error", "Internal server error"),
    Trouble.OVERLOADED: (
        503,
        "service_unavailable_error",
        "Service temporarily unavailable. Please try again shortly.",
    ),
}
TYPE_OF_STATUS = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "insufficient_funds",
    403: "forbidden",
    404: "model_not_found",
    424: "failed_dependency",
    429: "rate_limit_exceeded",
    500: "internal_server_error",
    503: "service_unavailable_error",
}


class GatewayWire:
    """Reads and renders `POST /v1/chat/completions`."""

    vendor = "gateway"

    def read(self, request: Request) -> Ask:
        """Return what a chat request asks. Raises: RefusedError."""
        _authorize(request)
        body = _read_body(request)
        model = body.get("model")
        if not isinstance(model, str) or not model:
            raise RefusedError(Trouble.INVALID_REQUEST, "model: expected a non-empty string")
        system, prompt, input_images = _read_messages(body.get("messages"))
        kind, schema_name, schema = _read_format(body)
        if model in MODELS and MODELS[model].image_only:
            raise RefusedError(Trouble.INVALID_REQUEST, f"Model '{model}' does not support chat completions")
        if kind is Kind.IMAGE and model in MODELS and not MODELS[model].paints:
            raise RefusedError(Trouble.INVALID_REQUEST, f"Model '{model}' does not support image output")
        same = {name: body.get(name) for name in ("model", "messages", "modalities", "response_format")}
        aspect_ratio = _dig(body, "providerOptions", "google", "imageConfig", "aspectRatio") or "1:1"
        return Ask(
            model=model,
            kind=kind,
            system=system,
            prompt=prompt,
            schema_name=schema_name,
            schema=schema,
            aspect_ratio=str(aspect_ratio),
            input_images=input_images,
            fingerprint=fingerprint(same | {"aspect_ratio": aspect_ratio}),
        )

    def render(self, ask: Ask, answer: Answer) -> Json:
        """Return a `chat.completion`."""
        message: Json = {"role": "assistant", "content": answer.text}
        if answer.picture is not None:
            url = f"data:{answer.picture.mime};base64,{base64.b64encode(answer.picture.data).decode('ascii')}"
            message["images"] = [{"type": "image_url", "image_url": {"url": url}}]
        if answer.priced and answer.cost_micro_usd is not None:
            message["provider_metadata"] = _metadata(MODELS[ask.model], answer, answer.cost_micro_usd)
        reply: Json = {
            "id": answer.id,
            "object": "chat.completion",
            "created": answer.created_at,
            "model": ask.model,
            "choices": [{"index": 0, "message": message, "finish_reason": answer.finish_reason}],
            "usage": {
                "prompt_tokens": answer.prompt_tokens,
                "completion_tokens": answer.completion_tokens,
                "total_tokens": answer.prompt_tokens + answer.completion_tokens,
                "prompt_tokens_details": {"cached_tokens": 0},
                "completion_tokens_details": {"reasoning_tokens": 0},
            },
        }
        if ask.model.startswith("perplexity/"):
            reply["citations"] = ["https://example.com/report", "https://example.org/survey"]
        return reply

    def render_error(self, refused: RefusedError, ask: Ask | None) -> tuple[int, Json]:
        """Return status and error envelope."""
        status, error_type, message = ERRORS[refused.trouble]
        if refused.status is not None:
            status = refused.status
            error_type = TYPE_OF_STATUS.get(status, "internal_server_error")
            message = next((text for code, _, text in ERRORS.values() if code == status), message)
        error: Json = {"message": refused.message or message, "type": refused.error_type or error_type}
        if error["type"] == "model_not_found" and ask is not None:
            error["message"] = refused.message or f"Model '{ask.model}' not found"
            error["param"] = {"modelId": ask.model}
        return status, {"error": error}


def blueprint(desk: Desk) -> Blueprint:
    """Return the gateway's endpoints, mounted at `/v1`."""
    gateway = Blueprint("gateway", __name__, url_prefix="/v1")
    wire = GatewayWire()

    @gateway.post("/chat/completions")
    def chat_completions() -> Response:
        return respond(desk, wire, request)

    @gateway.get("/models")
    def models() -> Json:
        return {"object": "list", "data": [_model_row(model) for model in MODELS.values()]}

    @gateway.get("/credits")
    def credits_left() -> Json | tuple[Json, int]:
        if denied := _denied(wire):
            return denied
        balance, used = desk.credits()
        return {"balance": balance, "total_used": used}

    @gateway.get("/generation")
    def generation() -> Json | tuple[Json, int]:
        if denied := _denied(wire):
            return denied
        charge = desk.find_charge(request.args.get("id", ""))
        if charge is None:
            return {"error": {"message": "Usage event not found"}}, 404
        return {"data": _generation_row(charge.model, charge.answer)}

    return gateway


def _denied(wire: GatewayWire) -> tuple[Json, int] | None:
    try:
        _authorize(request)
    except RefusedError as refused:
        status, body = wire.render_error(refused, None)
        return body, status
    return None


def _authorize(request: Request) -> None:
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or key.strip() in ("", REFUSED_KEY):
        raise RefusedError(Trouble.UNAUTHORIZED)


def _read_body(request: Request) -> Json:
    try:
        body = json.loads(request.get_data(cache=True))
    except ValueError:
        raise RefusedError(Trouble.INVALID_REQUEST, "The request body is not valid JSON") from None
    if not isinstance(body, dict):
        raise RefusedError(Trouble.INVALID_REQUEST, "The request body must be a JSON object")
    if body.get("stream"):
        raise RefusedError(Trouble.INVALID_REQUEST, "stream: the sandbox answers without streaming only")
    return body


def _read_messages(messages: object) -> tuple[str, str, int]:
    """Return the system text, the text of all user messages, and the number of pictures shown."""
    if not isinstance(messages, list) or not messages:
        raise RefusedError(Trouble.INVALID_REQUEST, "messages: expected a non-empty array")
    system, prompt, images = [], [], 0
    for message in messages:
        role = message.get("role") if isinstance(message, dict) else None
        if role not in ("system", "developer", "user", "assistant", "tool"):
            raise RefusedError(Trouble.INVALID_REQUEST, f"messages: unknown role {role!r}")
        text, shown = _read_content(message.get("content"))
        images += shown
        if role in ("system", "developer"):
            system.append(text)
        elif role == "user":
            prompt.append(text)
    return "\n".join(system), "\n".join(prompt), images


def _read_content(content: object) -> tuple[str, int]:
    """Return the text and the number of pictures of one message: a string, or a list of parts."""
    if content is None or isinstance(content, str):
        return content or "", 0
    if not isinstance(content, list):
        raise RefusedError(Trouble.INVALID_REQUEST, "messages: content must be a string or an array of parts")
    texts, images = [], 0
    for part in content:
        match part:
            case {"type": "text", "text": str(text)}:
                texts.append(text)
            case {"type": "image_url", "image_url": {"url": str()}}:
                images += 1
            case _:
                raise RefusedError(Trouble.INVALID_REQUEST, "messages: unknown content part")
    return "\n".join(texts), images


def _read_format(body: Json) -> tuple[Kind, str, Json]:
    """Return the kind of call and, for JSON, the schema's name and the schema."""
    modalities = body.get("modalities")
    if isinstance(modalities, list) and "image" in modalities:
        return Kind.IMAGE, "", {}
    match body.get("response_format"):
        case {"type": "json_schema", "json_schema": {"name": str(name), "schema": dict(schema)}}:
            return Kind.JSON, name, schema
        case {"type": "json", "name": str(name), "schema": dict(schema)}:  # the gateway's older shape
            return Kind.JSON, name, schema
        case {"type": "json_object" | "json"}:
            return Kind.JSON, "", {}
        case None | {"type": "text"}:
            return Kind.TEXT, "", {}
        case _:
            raise RefusedError(Trouble.INVALID_REQUEST, "response_format: expected json_schema with name and schema")


def _dig(value: Any, *names: str) -> Any:
    """Return a nested member, or None where the path ends early."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _metadata(model: Model, answer: Answer, cost_micro_usd: int) -> Json:
    """Return `provider_metadata` as the gateway sends it."""
    provider, api_model = model.creator, model.slug.partition("/")[2].replace(".", "-")
    internal = f"{provider}:{api_model}"
    attempt = {
        "provider": provider, "internalModelId": internal, "providerApiModelId": api_model,
        "credentialType": "system", "success": True, "startTime": 458753.407267, "endTime": 459891.705775,
    }  # fmt: skip
    model_attempt = {"modelId": model.slug, "canonicalSlug": model.slug, "success": True, "providerAttemptCount": 1}
    routing = {
        "originalModelId": model.slug,
        "resolvedProvider": provider,
        "resolvedProviderApiModelId": api_model,
        "internalResolvedModelId": internal,
        "fallbacksAvailable": [],
        "internalReasoning": f"Selected {provider} as preferred provider",
        "planningReasoning": "System credentials planned",
        "canonicalSlug": model.slug,
        "finalProvider": provider,
        "attempts": [attempt],
        "modelAttemptCount": 1,
        "modelAttempts": [model_attempt],
        "totalProviderAttemptCount": 1,
    }
    cost = usd(cost_micro_usd)
    return {
        provider: {},
        "gateway": {"routing": routing, "cost": cost, "marketCost": cost, "generationId": answer.id},
    }


def _model_row(model: Model) -> Json:
    row: Json = {
        "id": model.slug,
        "object": "model",
        "created": 1755815280,
        "released": 1772064000,
        "owned_by": model.creator,
        "name": model.name,
        "description": f"{model.name}, played by the sandbox.",
        "context_window": 131072,
        "max_tokens": 32768,
        "type": "image" if model.image_only else "language",
        "tags": ["vision", "image-generation"] if model.paints else [] if model.image_only else ["vision"],
    }
    if model.price is not None:
        # Dollars per token; the picture's price is not in the real list either.
        row["pricing"] = {
            "input": _per_token(model.price.input_nano_usd),
            "output": _per_token(model.price.output_nano_usd),
        }
    return row


def _per_token(nano_usd: int) -> str:
    return f"{nano_usd / 10**9:.12f}".rstrip("0").rstrip(".")


def _generation_row(slug: str, answer: Answer) -> Json:
    cost = float((answer.cost_micro_usd or 0) / MICRO_USD)
    return {
        "id": answer.id,
        "total_cost": cost,
        "upstream_inference_cost": 0,
        "usage": cost,
        "created_at": datetime.fromtimestamp(answer.created_at, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "model": slug,
        "is_byok": False,
        "provider_name": MODELS[slug].creator,
        "streamed": False,
        "finish_reason": answer.finish_reason,
        "latency": 200,
        "generation_time": 1500,
        "tokens_prompt": answer.prompt_tokens,
        "tokens_completion": answer.completion_tokens,
        "native_tokens_prompt": answer.prompt_tokens,
        "native_tokens_completion": answer.completion_tokens,
        "native_tokens_reasoning": 0,
        "native_tokens_cached": 0,
        "native_tokens_cache_creation": 0,
        "billable_web_search_calls": 0,
    }
