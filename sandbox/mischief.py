"""Faults that alter an answer: broken JSON, texts out of bounds, missing parts and prices; pictures next door."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

from sandbox import verdicts
from sandbox.answers import without_output
from sandbox.calls import Answer, Ask, Json, Kind, Picture, RefusedError, RetryForm, Trouble, Vendor
from sandbox.fault_names import Fault
from sandbox.mischief_pictures import spoil_pictures

LONG_BODY_WORDS = 90
_TROUBLES = {
    Fault.AUTH: Trouble.UNAUTHORIZED,
    Fault.RATE_LIMITED: Trouble.RATE_LIMITED,
    Fault.MODEL_RETIRED: Trouble.MODEL_NOT_FOUND,
    Fault.NO_MONEY: Trouble.INSUFFICIENT_FUNDS,
    Fault.INSUFFICIENT_FUNDS: Trouble.INSUFFICIENT_FUNDS,
    Fault.OVERLOADED: Trouble.OVERLOADED,
    Fault.INTERNAL_ERROR: Trouble.INTERNAL_ERROR,
}


def refusal(fault: Fault, params: Json, ask: Ask) -> RefusedError | None:
    """Return the error that a fault stands for, or None when the fault is of another sort."""
    trouble = _TROUBLES.get(fault)
    if fault is Fault.HTTP_STATUS:
        trouble = Trouble.INTERNAL_ERROR
    elif fault is Fault.BLOCKED and _is_refused_when_blocked(ask, str(params.get("variant", ""))):
        trouble = Trouble.BLOCKED
    if trouble is None:
        return None
    retry_after, error_type = params.get("retry_after"), params.get("type")
    return RefusedError(
        trouble,
        str(params.get("message", "")),
        status=int(params["status"]) if fault is Fault.HTTP_STATUS else None,
        error_type=None if error_type is None else str(error_type),
        retry_after=None if retry_after is None else str(retry_after),
        retry_form=RetryForm(str(params.get("retry_form", RetryForm.VENDOR))),
        variant=str(params.get("variant", "")),
    )


def _is_refused_when_blocked(ask: Ask, variant: str) -> bool:
    """Tell whether the vendor blocks such a call with an error; the others answer 200 without the thing."""
    match ask.vendor:
        case Vendor.GATEWAY:
            return variant == "forbidden" or "images" in ask.options
        case Vendor.OPENAI:
            return ask.kind is Kind.IMAGE
        case Vendor.LEONARDO:
            return variant != "nsfw"
        case _:
            return False


def spoil(answer: Answer, ask: Ask, fault: Fault, params: Json, key: str, last: Picture | None = None) -> Answer:
    """Return the answer as the fault leaves it, `last` being the picture made before.

    The gateway bills what was made, whatever it hands out; the others bill what their usage says.
    """
    answer = replace(answer, fault=fault.value, variant=_variant(params))
    if fault in _HOLDS_BACK:
        return _hold_back(answer, ask, fault)
    if fault is Fault.BAD_VERDICT:
        reason = str(params.get("reason", verdicts.REASON))
        is_review = ask.kind is Kind.JSON and bool(ask.schema)
        return replace(answer, text=verdicts.verdict(ask, key, is_good=False, reason=reason)) if is_review else answer
    if fault in _TEXTS:
        reason = "length" if fault is Fault.TRUNCATED_JSON else answer.finish_reason
        words = int(params.get("words", LONG_BODY_WORDS))
        return replace(answer, text=_TEXTS[fault](answer.text, words), finish_reason=reason)
    return spoil_pictures(answer, ask, fault, key, last)


def _variant(params: Json) -> str:
    """Return the word that says which way: a variant, a place, or categories parted by commas."""
    categories = params.get("categories")
    if isinstance(categories, list):
        return ",".join(map(str, categories))
    return str(params.get("variant") or params.get("place") or "")


_HOLDS_BACK = frozenset({Fault.UNPRICED, Fault.BLOCKED, Fault.NO_IMAGE, Fault.EMPTY})


def _hold_back(answer: Answer, ask: Ask, fault: Fault) -> Answer:
    """Return the answer without its price, without anything, or without its picture."""
    if fault is Fault.UNPRICED:
        return replace(answer, priced=False)
    if fault is Fault.NO_IMAGE and ask.kind is not Kind.IMAGE:
        return answer
    if ask.vendor is not Vendor.GATEWAY and not ask.is_job:
        answer = without_output(answer, ask)
    match fault:
        case Fault.BLOCKED:
            return replace(answer, text="", pictures=(), finish_reason="content_filter")
        case Fault.EMPTY:
            return replace(answer, text="", pictures=(), finish_reason="empty")
        case _:
            return replace(answer, text="I can describe the picture, but I did not make one.", pictures=())


def _truncated(text: str, _words: int) -> str:
    return text[: len(text) * 2 // 3]


def _not_json(_text: str, _words: int) -> str:
    return "Sure! Here are some thoughts on what you asked for, in no particular order."


def _fenced(text: str, _words: int) -> str:
    return f"Here you go:\n\n```json\n{text}\n```\n"


def _too_few_slides(text: str, _words: int) -> str:
    """Return the content with a slide missing."""
    try:
        content = json.loads(text)
        content["slides"].pop()
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        return text  # not a carousel: there is nothing of the sort to spoil
    return json.dumps(content, ensure_ascii=False)


def _too_long_body(text: str, words: int) -> str:
    """Return the content with the first slide's body far over its length."""
    try:
        content = json.loads(text)
        content["slides"][0]["body"] = _lengthened(content["slides"][0]["body"], words)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        return text
    return json.dumps(content, ensure_ascii=False)


def _too_long_strings(text: str, words: int) -> str:
    """Return JSON of the same shape with every sentence in it that long; a plain text is lengthened as a whole."""
    try:
        content = json.loads(text)
    except ValueError:
        return _lengthened(text, words)
    return json.dumps(_with_long_strings(content, words), ensure_ascii=False)


def _with_long_strings(value: object, words: int) -> object:
    match value:
        case dict():
            return {name: _with_long_strings(member, words) for name, member in value.items()}
        case list():
            return [_with_long_strings(item, words) for item in value]
        case str() if " " in value:  # a single word may be one of an enum
            return _lengthened(value, words)
        case _:
            return value


def _lengthened(text: str, words: int) -> str:
    return " ".join((text.split() * words)[:words])


_TEXTS: dict[Fault, Callable[[str, int], str]] = {
    Fault.TRUNCATED_JSON: _truncated,
    Fault.NOT_JSON: _not_json,
    Fault.FENCED_JSON: _fenced,
    Fault.TOO_FEW_SLIDES: _too_few_slides,
    Fault.TOO_LONG_BODY: _too_long_body,
    Fault.TOO_LONG_STRINGS: _too_long_strings,
}
