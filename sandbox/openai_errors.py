"""OpenAI's errors and limits. Two things are a 429: too fast, and out of money; the code tells which."""

from __future__ import annotations

from sandbox.calls import Ask, Json, RefusedError, RetryForm, Trouble
from sandbox.reply_ids import request_id

_QUOTA = (
    "You exceeded your current quota, please check your plan and billing details. For more information on this error, "
    "read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors."
)
_KEY = "Incorrect API key provided: sk-ab***wxyz. You can find your API key at https://platform.openai.com/account/api-keys."
_BLOCKED = (
    "Your request was rejected by the safety system. If you believe this is an error, contact us at help.openai.com and "
    "include the request ID {}. safety_violations=[violence]."
)
_RATE = "Rate limit reached for {} in organization org-x on {} per min: Limit 5, Used 5, Requested 1."
# Status, type, code and message.
ERRORS: dict[tuple[Trouble, str], tuple[int, str, str | None, str]] = {
    (Trouble.INVALID_REQUEST, ""): (400, "invalid_request_error", None, "Invalid request"),
    (Trouble.UNAUTHORIZED, ""): (401, "invalid_request_error", "invalid_api_key", _KEY),
    (Trouble.UNAUTHORIZED, "forbidden"): (403, "invalid_request_error", "unsupported_country_region_territory",
                                          "Country, region, or territory not supported"),
    (Trouble.INSUFFICIENT_FUNDS, ""): (429, "insufficient_quota", "insufficient_quota", _QUOTA),
    (Trouble.INSUFFICIENT_FUNDS, "credit_balance_exhausted"): (429, "insufficient_quota", "credit_balance_exhausted",
                                                              "Your credit balance is exhausted."),
    (Trouble.MODEL_NOT_FOUND, ""): (404, "invalid_request_error", "model_not_found", ""),
    (Trouble.RATE_LIMITED, ""): (429, "rate_limit_error", "rate_limit_exceeded", _RATE),
    (Trouble.INTERNAL_ERROR, ""): (500, "server_error", "server_error",
                                   "The server had an error while processing your request. Sorry about that!"),
    (Trouble.OVERLOADED, ""): (503, "service_unavailable_error", "server_is_overloaded",
                               "The server is currently overloaded with other requests. Please try again later."),
    (Trouble.OVERLOADED, "500"): (500, "server_error", "server_error",
                                  "The server had an error while processing your request. Sorry about that!"),
    (Trouble.BLOCKED, ""): (400, "image_generation_user_error", "moderation_blocked", _BLOCKED),
}  # fmt: skip
TYPE_OF_STATUS = {401: "invalid_request_error", 429: "rate_limit_error", 503: "service_unavailable_error"}
LIMITS = {"requests": 500, "tokens": 200_000}


def error_body(refused: RefusedError, ask: Ask | None) -> tuple[int, Json]:
    """Return status and error envelope."""
    status, error_type, code, message = ERRORS.get((refused.trouble, refused.variant), ERRORS[refused.trouble, ""])
    if refused.status is not None:
        status, code, message = refused.status, None, f"HTTP {refused.status}"
        error_type = TYPE_OF_STATUS.get(status, "server_error" if status >= 500 else "invalid_request_error")  # noqa: PLR2004 - HTTP's own
    error = {
        "message": refused.message or _message(message, refused, ask),
        "type": refused.error_type or error_type,
        "param": refused.param,
        "code": refused.code or code,
    }
    return status, {"error": error}


def _message(message: str, refused: RefusedError, ask: Ask | None) -> str:
    """Return the usual message with its blanks filled."""
    model = ask.model if ask else "this model"
    match refused.trouble:
        case Trouble.MODEL_NOT_FOUND:
            return f"The model `{model}` does not exist or you do not have access to it."
        case Trouble.BLOCKED:
            return message.format(request_id(refused.seed))
        case Trouble.RATE_LIMITED:
            when = refused.retry_after if refused.retry_form is not RetryForm.NONE else None
            wait = f" Please try again in {when}s." if when is not None else ""
            return message.format(model, refused.variant or "requests") + wait
        case _:
            return message


def limit_headers(*, is_limited: bool) -> dict[str, str]:
    """Return what every reply says of the limits."""
    headers = {}
    for name, limit in LIMITS.items():
        headers[f"x-ratelimit-limit-{name}"] = str(limit)
        headers[f"x-ratelimit-remaining-{name}"] = str(0 if is_limited else limit - 1)
        headers[f"x-ratelimit-reset-{name}"] = "1s" if is_limited else "120ms"
    return headers
