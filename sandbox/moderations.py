"""What OpenAI's moderation endpoint reads and says."""

from __future__ import annotations

from sandbox.calls import Answer, Ask, Json, RefusedError, Trouble
from sandbox.encoding import bytes_of_url
from sandbox.fault_names import Fault

# Whether a category looks at pictures too (OpenAI moderation guide, 2026-11).
LOOKS_AT_PICTURES = {
    "harassment": False, "harassment/threatening": False, "sexual": True, "hate": False, "hate/threatening": False,
    "illicit": False, "illicit/violent": False, "self-harm/intent": True, "self-harm/instructions": True,
    "self-harm": True, "sexual/minors": False, "violence": True, "violence/graphic": True,
}  # fmt: skip
USUAL = ("violence",)
HIGH, LOW = 0.97, 0.00001


def read_input(value: object) -> tuple[list[str], tuple[bytes, ...], int]:
    """Return the texts, the pictures and how many results there will be. Raises: RefusedError."""
    if isinstance(value, str):
        return [value], (), 1
    if not isinstance(value, list) or not value:
        raise RefusedError(Trouble.INVALID_REQUEST, "input: expected a string or a non-empty array", param="input")
    if all(isinstance(item, str) for item in value):
        return value, (), len(value)
    texts: list[str] = []
    pictures: list[bytes] = []
    for item in value:
        match item:
            case {"type": "text", "text": str(text)}:
                texts.append(text)
            case {"type": "image_url", "image_url": {"url": str(url)}}:
                pictures.append(bytes_of_url(url) or b"")
            case _:
                raise RefusedError(Trouble.INVALID_REQUEST, "input: unknown part", param="input")
    if len(pictures) > 1:
        raise RefusedError(Trouble.INVALID_REQUEST, "input: at most one image is allowed", param="input")
    return texts, tuple(pictures), 1


def moderation(ask: Ask, answer: Answer) -> Json:
    """Return one result; the categories of a `flagged` rule are true, everything else is false."""
    struck = (answer.variant.split(",") if answer.variant else USUAL) if answer.fault == Fault.FLAGGED else ()
    applied = {
        name: (["text"] if ask.prompt else []) + (["image"] if looks and ask.pictures else [])
        for name, looks in LOOKS_AT_PICTURES.items()
    }
    return {
        "flagged": bool(struck),
        "categories": {name: name in struck for name in LOOKS_AT_PICTURES},
        "category_scores": {name: HIGH if name in struck else LOW for name in LOOKS_AT_PICTURES},
        "category_applied_input_types": applied,
    }
