"""Faults that alter an answer: broken JSON, broken pictures, missing prices."""

from __future__ import annotations

import io
import json
from dataclasses import replace

from PIL import Image

from sandbox import painter
from sandbox.calls import Answer, Ask, Picture, RefusedError, Trouble
from sandbox.faults import Fault

TINY_PNG_SIZE = (1, 1)
LONG_BODY_WORDS = 90
_TROUBLES = {
    Fault.RATE_LIMITED: Trouble.RATE_LIMITED,
    Fault.MODEL_RETIRED: Trouble.MODEL_NOT_FOUND,
    Fault.INSUFFICIENT_FUNDS: Trouble.INSUFFICIENT_FUNDS,
    Fault.OVERLOADED: Trouble.OVERLOADED,
    Fault.INTERNAL_ERROR: Trouble.INTERNAL_ERROR,
}


def refusal(fault: Fault, params: dict[str, object]) -> RefusedError | None:
    """Return the error that a fault stands for, or None when the fault is of another sort."""
    retry_after = params.get("retry_after")
    header = None if retry_after is None else str(retry_after)
    if fault is Fault.HTTP_STATUS:
        error_type = params.get("type")
        return RefusedError(
            Trouble.INTERNAL_ERROR,
            str(params.get("message", "")),
            status=int(str(params["status"])),
            error_type=None if error_type is None else str(error_type),
            retry_after=header,
        )
    trouble = _TROUBLES.get(fault)
    return None if trouble is None else RefusedError(trouble, retry_after=header)


def spoil(answer: Answer, ask: Ask, fault: Fault, key: str) -> Answer:
    """Return the answer as the fault leaves it; the bill stays what it was."""
    if fault in (Fault.UNPRICED, Fault.BLOCKED, Fault.NO_IMAGE):
        return _hold_back(answer, fault)
    if fault in (Fault.TRUNCATED_JSON, Fault.NOT_JSON, Fault.FENCED_JSON, Fault.TOO_FEW_SLIDES, Fault.TOO_LONG_BODY):
        reason = "length" if fault is Fault.TRUNCATED_JSON else answer.finish_reason
        return replace(answer, text=_spoil_text(answer.text, fault), finish_reason=reason)
    return _spoil_picture(answer, ask, fault, key)


def _hold_back(answer: Answer, fault: Fault) -> Answer:
    """Return the answer without its price, without anything, or without its picture."""
    match fault:
        case Fault.UNPRICED:
            return replace(answer, priced=False)
        case Fault.BLOCKED:
            return replace(answer, text="", picture=None, finish_reason="content_filter")
        case _:
            return replace(answer, text="I can describe the picture, but I did not make one.", picture=None)


def _spoil_text(text: str, fault: Fault) -> str:
    match fault:
        case Fault.TRUNCATED_JSON:
            return text[: len(text) * 2 // 3]
        case Fault.NOT_JSON:
            return "Sure! Here are some thoughts on what you asked for, in no particular order."
        case Fault.FENCED_JSON:
            return f"Here you go:\n\n```json\n{text}\n```\n"
        case _:
            return _spoil_slides(text, fault)


def _spoil_slides(text: str, fault: Fault) -> str:
    """Return the content with a slide missing, or with a body far over its length."""
    try:
        content = json.loads(text)
        slides = content["slides"]
        if fault is Fault.TOO_FEW_SLIDES:
            slides.pop()
        else:
            words = slides[0]["body"].split()
            slides[0]["body"] = " ".join((words * LONG_BODY_WORDS)[:LONG_BODY_WORDS])
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        return text  # not a carousel: there is nothing of the sort to spoil
    return json.dumps(content, ensure_ascii=False)


def _spoil_picture(answer: Answer, ask: Ask, fault: Fault, key: str) -> Answer:
    picture = answer.picture
    if picture is None:
        return answer
    match fault:
        case Fault.TRUNCATED_IMAGE:
            # A multiple of three bytes, so that the base64 text stays well formed.
            picture = replace(picture, data=picture.data[: len(picture.data) // 6 * 3])
        case Fault.JPEG_LABELLED_PNG:
            picture = Picture(_encode(Image.open(io.BytesIO(picture.data)).convert("RGB"), "JPEG"), "image/png")
        case Fault.WRONG_ASPECT:
            other = "16:9" if ask.aspect_ratio != "16:9" else "9:16"
            picture = painter.paint(ask.prompt, other, key)
        case Fault.TINY_IMAGE:
            picture = Picture(_encode(Image.new("RGB", TINY_PNG_SIZE, (40, 40, 40)), "PNG"), "image/png")
        case _:
            pass
    return replace(answer, picture=picture)


def _encode(image: Image.Image, name: str) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, name)
    return buffer.getvalue()
