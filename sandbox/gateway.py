"""The AI Gateway's wire format: chat completions and pictures; its lists and accounts are next door.

Base url: `/v1`. Wire format: Vercel AI Gateway documentation (openai-chat-completions, image-generation, rest-api,
provider-options), 2026-09, and `@ai-sdk/gateway` 4.0.146 for error types.
"""

from __future__ import annotations

from flask import Blueprint, Request, Response, request

from sandbox.calls import Answer, Ask, Json, Kind, RefusedError, RetryForm, Trouble, Vendor, fingerprint
from sandbox.catalogue import MODELS
from sandbox.chat_body import Said, authorize, dig, read_format, read_json, read_messages, read_model
from sandbox.citations import place_sources
from sandbox.desk import Desk
from sandbox.encoding import base64_text, data_url
from sandbox.exchange import respond
from sandbox.gateway_account import add_account, add_catalogue, metadata
from sandbox.images_body import FORMATS, read_wish
from sandbox.painter import ratio_nearest
from sandbox.retoucher import size_of

BLOCKED = "Your request was rejected by the safety system."
NO_FUNDS = (
    "Insufficient funds. Please add credits to your account to continue using AI services. Visit "
    "https://vercel.com/d?to=%2F%5Bteam%5D%2F%7E%2Fai%3Fmodal%3Dtop-up to top up your credits."
)
QUOTA = 'Quota limit exceeded for "api-key". Current spend: $50.00, limit: $50.00.'
UNAVAILABLE = "Service temporarily unavailable. Please try again shortly."
TERMS = "The request was refused as a violation of provider Terms Of Service."

# Status, type and message of each kind of trouble (gateway error table; the 402 text was seen in a real reply).
ERRORS: dict[tuple[Trouble, str], tuple[int, str, str]] = {
    (Trouble.INVALID_REQUEST, ""): (400, "invalid_request_error", "Invalid request"),
    (Trouble.UNAUTHORIZED, ""): (401, "authentication_error", "Invalid API key"),
    (Trouble.UNAUTHORIZED, "forbidden"): (403, "forbidden", "Forbidden"),
    (Trouble.INSUFFICIENT_FUNDS, ""): (402, "insufficient_funds", NO_FUNDS),
    (Trouble.INSUFFICIENT_FUNDS, "quota_for_entity_exceeded"): (402, "quota_for_entity_exceeded", QUOTA),
    (Trouble.MODEL_NOT_FOUND, ""): (404, "model_not_found", "Model not found"),
    (Trouble.RATE_LIMITED, ""): (429, "rate_limit_exceeded", "Rate limit exceeded"),
    (Trouble.RATE_LIMITED, "upstream"): (429, "AI_APICallError", "Resource exhausted, please try again later."),
    (Trouble.INTERNAL_ERROR, ""): (500, "internal_server_error", "Internal server error"),
    (Trouble.OVERLOADED, ""): (503, "service_unavailable_error", UNAVAILABLE),
    (Trouble.OVERLOADED, "500"): (500, "internal_server_error", "Internal server error"),
    (Trouble.OVERLOADED, "424"): (424, "failed_dependency", "The provider failed to answer."),
    (Trouble.BLOCKED, ""): (400, "invalid_request_error", BLOCKED),
    (Trouble.BLOCKED, "forbidden"): (403, "forbidden", TERMS),
}
TYPE_OF_STATUS = {status: error_type for (_, variant), (status, error_type, _) in ERRORS.items() if not variant} | {
    400: "invalid_request_error",
    403: "forbidden",
    424: "failed_dependency",
}


class GatewayWire:
    """Reads and renders `POST /v1/chat/completions`."""

    vendor = Vendor.GATEWAY
    retry_form = RetryForm.SECONDS
    retry_after: str | None = None

    def read(self, request: Request) -> Ask:
        """Return what a chat request asks. Raises: RefusedError."""
        authorize(request)
        body = read_json(request)
        model = read_model(body)
        said = read_messages(body.get("messages"))
        kind, schema_name, schema = read_format(body)
        if model in MODELS and MODELS[model].image_only:
            raise RefusedError(Trouble.INVALID_REQUEST, f"Model '{model}' does not support chat completions")
        if kind is Kind.IMAGE and model in MODELS and not MODELS[model].paints:
            raise RefusedError(Trouble.INVALID_REQUEST, f"Model '{model}' does not support image output")
        same = {name: body.get(name) for name in ("model", "messages", "modalities", "response_format")}
        aspect_ratio = str(_ratio(body, said, kind))
        return Ask(
            model=model,
            kind=kind,
            system=said.system,
            prompt=said.prompt,
            schema_name=schema_name,
            schema=schema,
            aspect_ratio=aspect_ratio,
            input_images=said.input_images,
            fingerprint=fingerprint(same | {"aspect_ratio": aspect_ratio}),
            pictures=said.pictures,
            options=_labels(body),
        )

    def render(self, ask: Ask, answer: Answer) -> Json:
        """Return a `chat.completion`."""
        message: Json = {"role": "assistant", "content": answer.text}
        if answer.pictures:
            message["images"] = [
                {"type": "image_url", "image_url": {"url": data_url(answer, picture)}} for picture in answer.pictures
            ]
        if answer.priced and answer.cost_micro_usd is not None:
            message["provider_metadata"] = metadata(MODELS[ask.model], answer, answer.cost_micro_usd)
        finish_reason = "stop" if answer.finish_reason == "empty" else answer.finish_reason
        reply: Json = {
            "id": answer.id,
            "object": "chat.completion",
            "created": answer.created_at,
            "model": ask.model,
            "choices": [{"index": 0, "message": message, "finish_reason": finish_reason}],
            "usage": {
                "prompt_tokens": answer.prompt_tokens,
                "completion_tokens": answer.completion_tokens,
                "total_tokens": answer.prompt_tokens + answer.completion_tokens,
                "prompt_tokens_details": {"cached_tokens": 0},
                "completion_tokens_details": {"reasoning_tokens": 0},
            },
        }
        if ask.model.startswith("perplexity/"):
            place_sources(reply, ask, answer)
        return reply

    def render_error(self, refused: RefusedError, ask: Ask | None) -> tuple[int, Json]:
        """Return status and error envelope."""
        usual = ERRORS[refused.trouble, ""]
        status, error_type, message = ERRORS.get((refused.trouble, refused.variant), usual)
        if refused.status is not None:
            status = refused.status
            error_type = TYPE_OF_STATUS.get(status, "internal_server_error")
            message = next((text for code, _, text in ERRORS.values() if code == status), message)
        error: Json = {"message": refused.message or message, "type": refused.error_type or error_type}
        if error["type"] == "model_not_found" and ask is not None:
            error["message"] = refused.message or f"Model '{ask.model}' not found"
            error["param"] = {"modelId": ask.model}
        return status, {"error": error}

    def headers(self, refused: RefusedError | None, key: str) -> dict[str, str]:
        """Return nothing: the gateway sends neither limits nor a request id."""
        del refused, key
        return {}


class GatewayImagesWire(GatewayWire):
    """Reads and renders `POST /v1/images/generations` and `/v1/images/edits`."""

    def __init__(self, *, is_edit: bool) -> None:
        """Know which of the two."""
        self._is_edit = is_edit

    def read(self, request: Request) -> Ask:
        """Return what an images request asks. Raises: RefusedError."""
        authorize(request)
        wish = read_wish(request, is_edit=self._is_edit)
        model = MODELS.get(wish.model)
        if model is not None and not (model.image_only or model.paints):
            raise RefusedError(Trouble.INVALID_REQUEST, f"Model '{wish.model}' does not support image generation")
        counts_quality = model is not None and model.creator == "openai"
        return Ask(
            model=wish.model,
            kind=Kind.IMAGE,
            system="",
            prompt=wish.prompt,
            input_images=len(wish.pictures),
            fingerprint=fingerprint(["images", wish.model, wish.prompt, wish.size, wish.quality, len(wish.pictures)]),
            pictures=wish.pictures,
            size=wish.size,
            count=wish.count,
            mime=FORMATS[wish.output_format],
            image_tokens=wish.image_tokens if counts_quality else None,
            options=_labels(wish.body) | {"images": True},
        )

    def render(self, ask: Ask, answer: Answer) -> Json:
        """Return an images response."""
        reply: Json = {
            "created": answer.created_at,
            "data": [{"b64_json": base64_text(answer, picture)} for picture in answer.pictures],
        }
        if answer.priced and answer.cost_micro_usd is not None:
            model = MODELS[ask.model]
            shown = answer.input_image_tokens
            reply["usage"] = {
                "input_tokens": answer.prompt_tokens,
                "output_tokens": answer.completion_tokens,
                "total_tokens": answer.prompt_tokens + answer.completion_tokens,
                "input_tokens_details": {"text_tokens": answer.prompt_tokens - shown, "image_tokens": shown},
            }
            reply["provider_metadata"] = metadata(model, answer, answer.cost_micro_usd)
            reply["provider_metadata"][model.creator] = {"images": [{} for _ in answer.pictures]}
        return reply


def blueprint(desk: Desk) -> Blueprint:
    """Return the gateway's endpoints, mounted at `/v1`."""
    gateway = Blueprint("gateway", __name__, url_prefix="/v1")
    wire = GatewayWire()
    generations, edits = GatewayImagesWire(is_edit=False), GatewayImagesWire(is_edit=True)

    @gateway.post("/chat/completions")
    def chat_completions() -> Response:
        return respond(desk, wire, request)

    @gateway.post("/images/generations")
    def images_generations() -> Response:
        return respond(desk, generations, request)

    @gateway.post("/images/edits")
    def images_edits() -> Response:
        return respond(desk, edits, request)

    def denied() -> tuple[Json, int] | None:
        try:
            authorize(request)
        except RefusedError as refused:
            status, body = wire.render_error(refused, None)
            return body, status
        return None

    add_catalogue(gateway)
    add_account(gateway, desk, denied)
    return gateway


def _labels(body: Json) -> Json:
    """Return what reports are grouped by."""
    options = dig(body, "providerOptions", "gateway") or {}
    tags = options.get("tags") if isinstance(options, dict) else None
    user = options.get("user") if isinstance(options, dict) else None
    return {"user": str(user or ""), "tags": tags if isinstance(tags, list) else []}


def _ratio(body: Json, said: Said, kind: Kind) -> object:
    """Return the aspect ratio asked for; without one an edit keeps that of its picture."""
    ratio = dig(body, "providerOptions", "google", "imageConfig", "aspectRatio")
    if not ratio and kind is Kind.IMAGE and said.pictures:
        return ratio_nearest(size_of(said.pictures[0]))
    return ratio or "1:1"
