"""The Anthropic Messages API's wire format.

Base url: `/anthropic/v1`, so that the official SDK works with `base_url` ending in `/anthropic` (it adds
`/v1/messages`); the same calls are answered at `/v1/messages`. Wire format: anthropic 2.11.0 and
platform.claude.com, 2026-11.
"""

from __future__ import annotations

from flask import Blueprint, Request, Response, request

from sandbox.calls import Answer, Ask, Json, Kind, RefusedError, RetryForm, Trouble, Vendor, fingerprint
from sandbox.chat_body import REFUSED_KEY, bearer, dig, read_json, read_model
from sandbox.desk import Desk
from sandbox.encoding import bytes_of
from sandbox.exchange import respond
from sandbox.fault_names import SPEND_LIMITS
from sandbox.reply_ids import request_id
from sandbox.schema_rules import check_anthropic

VERSIONS = ("2023-06-01", "2026-10-21")
SAMPLING = ("temperature", "top_p", "top_k")  # a 400 since 2026-10-21
LOW_CREDIT = (
    "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or "
    "purchase credits."
)
RATE = "This request would exceed your organization's rate limit of 50 requests per minute."
WHY_REFUSED = "This request triggered restrictions and was blocked under Anthropic's Usage Policy."
ERRORS: dict[tuple[Trouble, str], tuple[int, str, str]] = {
    (Trouble.INVALID_REQUEST, ""): (400, "invalid_request_error", "Invalid request"),
    (Trouble.UNAUTHORIZED, ""): (401, "authentication_error", "invalid x-api-key"),
    (Trouble.UNAUTHORIZED, "forbidden"): (403, "permission_error", "Your API key does not have permission."),
    (Trouble.INSUFFICIENT_FUNDS, ""): (402, "billing_error", "Your payment method was declined."),
    (Trouble.INSUFFICIENT_FUNDS, "low_credit"): (400, "invalid_request_error", LOW_CREDIT),
    (Trouble.MODEL_NOT_FOUND, ""): (404, "not_found_error", "model not found"),
    (Trouble.RATE_LIMITED, ""): (429, "rate_limit_error", RATE),
    (Trouble.INTERNAL_ERROR, ""): (500, "api_error", "Internal server error"),
    (Trouble.OVERLOADED, ""): (529, "overloaded_error", "Overloaded"),
    (Trouble.OVERLOADED, "500"): (500, "api_error", "Internal server error"),
    (Trouble.OVERLOADED, "504"): (504, "timeout_error", "Request timed out"),
} | {
    (Trouble.INSUFFICIENT_FUNDS, limit): (429, "rate_limit_error", "You have reached your specified API usage limits.")
    for limit in SPEND_LIMITS
}
TYPE_OF_STATUS = {status: error_type for (_, variant), (status, error_type, _) in ERRORS.items() if not variant} | {
    403: "permission_error",
    409: "conflict_error",
    413: "request_too_large",
    504: "timeout_error",
}
RESET = "2026-11-21T09:01:00Z"
LIMITS = {"requests": 50, "tokens": 40_000, "input-tokens": 30_000, "output-tokens": 8_000}


class AnthropicWire:
    """Reads and renders `POST /v1/messages`."""

    vendor = Vendor.ANTHROPIC
    retry_form = RetryForm.SECONDS
    retry_after: str | None = "1"

    def read(self, request: Request) -> Ask:
        """Return what a messages request asks. Raises: RefusedError."""
        key = request.headers.get("x-api-key", "") or bearer(request)
        if key in ("", REFUSED_KEY):
            raise RefusedError(Trouble.UNAUTHORIZED)
        body = read_json(request)
        _check_version(request.headers.get("anthropic-version"), body)
        model = read_model(body)
        if type(body.get("max_tokens")) is not int or body["max_tokens"] < 1:
            raise RefusedError(Trouble.INVALID_REQUEST, "max_tokens: Field required")
        prompt, pictures, shown = _read_messages(body.get("messages"))
        kind, schema = _read_format(body)
        return Ask(
            model=model,
            kind=kind,
            system=_text_of(body.get("system")),
            prompt=prompt,
            schema=schema,
            input_images=shown,
            fingerprint=fingerprint([body.get(name) for name in ("model", "system", "messages", "output_config")]),
            vendor=Vendor.ANTHROPIC,
            pictures=pictures,
        )

    def render(self, ask: Ask, answer: Answer) -> Json:
        """Return a `message`."""
        is_refused = answer.finish_reason == "content_filter"
        reasons = {"length": "max_tokens", "content_filter": "refusal"}
        reply: Json = {
            "model": ask.model,
            "id": answer.id,
            "type": "message",
            "role": "assistant",
            "content": [{"type": "text", "text": answer.text}] if answer.text else [],
            "stop_reason": reasons.get(answer.finish_reason, "end_turn"),
            "stop_sequence": None,
            "usage": {
                "input_tokens": answer.prompt_tokens,
                "cache_creation_input_tokens": 0,
                "cache_read_input_tokens": 0,
                "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
                "output_tokens": answer.completion_tokens,
                "service_tier": "standard",
                "inference_geo": "not_available",
            },
        }
        if is_refused:
            reply["stop_details"] = {"type": "refusal", "category": "cyber", "explanation": WHY_REFUSED}
        return reply

    def render_error(self, refused: RefusedError, ask: Ask | None) -> tuple[int, Json]:
        """Return status and error envelope; the request id is that of the header."""
        usual = ERRORS.get((refused.trouble, ""), ERRORS[Trouble.INVALID_REQUEST, ""])
        status, error_type, message = ERRORS.get((refused.trouble, refused.variant), usual)
        if refused.status is not None:
            status, error_type = refused.status, TYPE_OF_STATUS.get(refused.status, "api_error")
            message = f"HTTP {status}"
        if refused.trouble is Trouble.MODEL_NOT_FOUND and ask is not None:
            message = f"model: {ask.model}"
        error: Json = {"type": refused.error_type or error_type, "message": refused.message or message}
        if refused.variant in (*SPEND_LIMITS, "ramp_limit_exceeded"):
            error["details"] = {"error_code": refused.variant}
        if refused.retry_after is not None and refused.retry_form is RetryForm.BODY:
            error["message"] += f" Please try again in {refused.retry_after}s."
        return status, {"type": "error", "error": error, "request_id": request_id(refused.seed)}

    def headers(self, refused: RefusedError | None, key: str) -> dict[str, str]:
        """Return the request's id and the limits."""
        is_limited = refused is not None and refused.trouble is Trouble.RATE_LIMITED
        headers = {"request-id": request_id(key)}
        for name, limit in LIMITS.items():
            headers[f"anthropic-ratelimit-{name}-limit"] = str(limit)
            headers[f"anthropic-ratelimit-{name}-remaining"] = str(0 if is_limited else limit - 1)
            headers[f"anthropic-ratelimit-{name}-reset"] = RESET
        return headers


def blueprint(desk: Desk) -> Blueprint:
    """Return the endpoint at both its places."""
    anthropic = Blueprint("anthropic", __name__)
    wire = AnthropicWire()

    @anthropic.post("/v1/messages")
    @anthropic.post("/anthropic/v1/messages")
    def messages() -> Response:
        return respond(desk, wire, request)

    return anthropic


def _check_version(version: str | None, body: Json) -> None:
    if version is None:
        raise RefusedError(Trouble.INVALID_REQUEST, "anthropic-version: header is required")
    if version not in VERSIONS:
        raise RefusedError(Trouble.INVALID_REQUEST, f"anthropic-version: {version!r} is not a valid version")
    for name in SAMPLING:
        if version != VERSIONS[0] and body.get(name) is not None:
            message = f"{name}: not supported with anthropic-version {version}"
            raise RefusedError(Trouble.INVALID_REQUEST, message)


def _read_messages(messages: object) -> tuple[str, tuple[bytes, ...], int]:
    """Return the user's text, the pictures whose bytes came along, and how many were shown."""
    if not isinstance(messages, list) or not messages:
        raise RefusedError(Trouble.INVALID_REQUEST, "messages: at least one message is required")
    texts, pictures, shown = [], [], 0
    for message in messages:
        if not isinstance(message, dict) or message.get("role") not in ("user", "assistant"):
            raise RefusedError(Trouble.INVALID_REQUEST, "messages: role must be user or assistant")
        if message["role"] != "user":
            continue
        texts.append(_text_of(message.get("content")))
        for block in message["content"] if isinstance(message.get("content"), list) else ():
            match block:
                case {"type": "image", "source": {"type": "base64", "media_type": str(), "data": str(data)}}:
                    pictures.append(bytes_of(data))
                    shown += 1
                case {"type": "image", "source": {"type": "url", "url": str()}}:
                    shown += 1
                case {"type": "text"}:
                    pass
                case _:
                    raise RefusedError(Trouble.INVALID_REQUEST, "messages: unknown content block")
    return "\n".join(texts), tuple(pictures), shown


def _text_of(content: object) -> str:
    """Return the text of a string or of a list of blocks."""
    if not isinstance(content, list):
        return str(content or "")
    return "\n".join(str(block.get("text", "")) for block in content if block.get("type") == "text")


def _read_format(body: Json) -> tuple[Kind, Json]:
    match dig(body, "output_config", "format"):
        case None:
            return Kind.TEXT, {}
        case {"type": "json_schema", "schema": dict(schema)}:
            check_anthropic(schema)
            return Kind.JSON, schema
        case _:
            raise RefusedError(Trouble.INVALID_REQUEST, "output_config.format: expected json_schema with a schema")
