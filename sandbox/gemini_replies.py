"""What Gemini says: candidates, blocks (all of them HTTP 200), usage by modality, and errors.

Enums: google-genai 3.4.0, `types.py`. Errors: google.rpc.Status with ErrorInfo, QuotaFailure and RetryInfo.
"""

from __future__ import annotations

from sandbox.calls import Answer, Ask, Json, Kind, RefusedError, RetryForm, Trouble
from sandbox.encoding import base64_text
from sandbox.fault_names import BLOCK_FINISHES

SIGNATURE = "EtoFCtcFAb4="
THOUGHT = "**Planning**\n\nI decide on one clear subject before I begin."
BLOCK_MESSAGE = "The model output could not be generated because it may violate policies. Support code: 1234"
EMPTY_FINISHES = {"no_image": "NO_IMAGE", "image_other": "IMAGE_OTHER", "other": "OTHER",
                  "malformed_response": "MALFORMED_RESPONSE", "no_parts": "STOP"}  # fmt: skip
STATUS_NAMES = {
    400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 402: "FAILED_PRECONDITION", 403: "PERMISSION_DENIED",
    404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED", 499: "CANCELLED", 500: "INTERNAL", 503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}  # fmt: skip
_QUOTA = "You exceeded your current quota, please check your plan."
_CAP = "Your project has exceeded its monthly spending cap. Please raise the cap in AI Studio to continue."
_TIMED_OUT = "Deadline expired before operation could complete."
ERRORS: dict[tuple[Trouble, str], tuple[int, str]] = {
    (Trouble.INVALID_REQUEST, ""): (400, "Request contains an invalid argument."),
    (Trouble.UNAUTHORIZED, ""): (400, "API key not valid. Please pass a valid API key."),
    (Trouble.UNAUTHORIZED, "forbidden"): (403, "Your API key doesn't have permission to use this model."),
    (Trouble.INSUFFICIENT_FUNDS, ""): (429, _QUOTA),
    (Trouble.INSUFFICIENT_FUNDS, "spend_cap"): (429, _CAP),
    (Trouble.MODEL_NOT_FOUND, ""): (404, "The model is not found."),
    (Trouble.RATE_LIMITED, ""): (429, _QUOTA),
    (Trouble.OVERLOADED, ""): (503, "The model is overloaded. Please try again later."),
    (Trouble.OVERLOADED, "500"): (500, "An internal error has occurred. Please retry."),
    (Trouble.OVERLOADED, "504"): (504, _TIMED_OUT),
    (Trouble.INTERNAL_ERROR, ""): (500, "An internal error has occurred. Please retry."),
}
_TYPE = "type.googleapis.com/google.rpc."


def candidates(ask: Ask, answer: Answer) -> Json:
    """Return the part of the reply that holds the content, or says why there is none."""
    match answer.finish_reason:
        case "content_filter":
            return _blocked(ask, answer)
        case "empty":
            return _empty(ask, answer)
        case "length":
            return {"candidates": [_candidate(_parts(ask, answer), "MAX_TOKENS")]}
        case _:
            return {"candidates": [_candidate(_parts(ask, answer), "STOP")]}


def _candidate(parts: list[Json], finish_reason: str) -> Json:
    content: Json = {"parts": parts, "role": "model"} if parts else {"role": "model"}
    return {"content": content, "finishReason": finish_reason, "index": 0}


def _parts(ask: Ask, answer: Answer) -> list[Json]:
    text: Json = {"text": answer.text}
    if answer.thought_tokens and ask.kind is not Kind.IMAGE:
        text["thoughtSignature"] = SIGNATURE
    parts = [{"text": THOUGHT, "thought": True}] if ask.options.get("thoughts") and answer.thought_tokens else []
    parts.append(text)
    for picture in answer.pictures:
        parts.append({"inlineData": {"mimeType": picture.mime, "data": base64_text(answer, picture)}})  # noqa: PERF401
    return parts


def _blocked(ask: Ask, answer: Answer) -> Json:
    """Refuse the prompt, or the result: by default the result of a picture call and the prompt of any other."""
    variant = answer.variant if answer.variant in BLOCK_FINISHES or answer.variant == "prompt" else ""
    if variant == "prompt" or (not variant and ask.kind is not Kind.IMAGE):
        return {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}
    candidate = _candidate([], (variant or "image_safety").upper())
    return {"candidates": [candidate | {"finishMessage": BLOCK_MESSAGE}]}


def _empty(ask: Ask, answer: Answer) -> Json:
    if answer.variant == "no_candidates":
        return {}
    usual = "NO_IMAGE" if ask.kind is Kind.IMAGE else "STOP"
    return {"candidates": [_candidate([], EMPTY_FINISHES.get(answer.variant, usual))]}


def usage(answer: Answer) -> Json:
    """Return `usageMetadata`; counts of what was not made are left out."""
    text_in = answer.prompt_tokens - answer.input_image_tokens
    counts: Json = {
        "promptTokenCount": answer.prompt_tokens,
        "totalTokenCount": answer.prompt_tokens + answer.completion_tokens + answer.thought_tokens,
        "promptTokensDetails": _by_modality(text_in, answer.input_image_tokens),
    }
    if answer.completion_tokens:
        counts["candidatesTokenCount"] = answer.completion_tokens
    if answer.image_tokens:
        text_out = answer.completion_tokens - answer.image_tokens
        counts["candidatesTokensDetails"] = _by_modality(text_out, answer.image_tokens)
    if answer.thought_tokens:
        counts["thoughtsTokenCount"] = answer.thought_tokens
    return counts


def _by_modality(text: int, image: int) -> list[Json]:
    counts = (("TEXT", text), ("IMAGE", image))
    return [{"modality": modality, "tokenCount": count} for modality, count in counts if count]


def error_body(refused: RefusedError) -> tuple[int, Json]:
    """Return status and body; a bad key is a 400, and when to come back stands in the details."""
    code, message = ERRORS.get((refused.trouble, refused.variant), ERRORS.get((refused.trouble, ""), (400, "")))
    if refused.status is not None:
        code, message = refused.status, f"HTTP {refused.status}"
    error: Json = {
        "code": code,
        "message": refused.message or message,
        "status": refused.error_type or STATUS_NAMES.get(code, "UNKNOWN"),
    }
    if details := _details(refused, code):
        error["details"] = details
    return code, {"error": error}


def _details(refused: RefusedError, code: int) -> list[Json]:
    details: list[Json] = []
    if refused.trouble is Trouble.UNAUTHORIZED and refused.variant != "forbidden":
        metadata = {"service": "generativelanguage.googleapis.com"}
        info = {"reason": "API_KEY_INVALID", "domain": "googleapis.com", "metadata": metadata}
        details.append({"@type": f"{_TYPE}ErrorInfo", **info})
    quota = {
        Trouble.RATE_LIMITED: "GenerateRequestsPerMinutePerProjectPerModel-FreeTier",
        Trouble.INSUFFICIENT_FUNDS: "GenerateRequestsPerDayPerProjectPerModel-FreeTier",
    }.get(refused.trouble)
    if quota and refused.variant != "spend_cap":
        details.append({"@type": f"{_TYPE}QuotaFailure", "violations": [{"quotaId": quota}]})
    if refused.retry_after is not None and refused.retry_form is RetryForm.BODY and code >= 429:  # noqa: PLR2004 - HTTP's own
        details.append({"@type": f"{_TYPE}RetryInfo", "retryDelay": f"{refused.retry_after}s"})
    return details
