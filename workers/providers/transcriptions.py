"""The requests and answers of OpenAI's `/audio/transcriptions`.

Wire format: openai 3.52 types/audio (TranscriptionCreateParams, TranscriptionVerbose, Transcription), 2026-08.
Only `whisper-1` tells when something is said (`verbose_json` with segments); it ends on 2027-02-26
(developers.openai.com/api/docs/deprecations). Its successor `gpt-transcribe` answers in `json` alone, without times.
Both are billed by the second: `usage` is {type: duration, seconds}.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from app.domain.prices import Usage
from workers.providers import replies
from workers.providers.provider import Answer
from workers.providers.refusals import no_reply

WITH_TIMES = ("whisper",)
PROMPT_CHARACTERS = 300  # whisper-1 reads the last 224 tokens of it
MOST_SECONDS = 7 * 24 * 3600  # a figure above it is a misunderstanding


def fields(model: str, about: str) -> dict[str, str]:
    """Return a form's fields beside the file."""
    asked = {"model": model, "response_format": "json"}
    if model.startswith(WITH_TIMES):
        asked |= {"response_format": "verbose_json", "timestamp_granularities[]": "segment"}
    prompt = " ".join(about.split())[:PROMPT_CHARACTERS]
    return asked | ({"prompt": prompt} if prompt else {})


def answer(provider: str, reply: Mapping[str, Any], status: int) -> Answer:
    """Return what was heard; its text is the JSON that `heard` reads. Raises ProviderDown when the reply is none."""
    if not isinstance(reply.get("text"), str):
        raise no_reply(provider, status, "a body that is no transcription")
    told = {"text": replies.text(reply["text"]).strip(), "segments": _segments(reply)}
    return Answer(
        text=json.dumps(told, ensure_ascii=False),
        picture=None,
        usage=_usage(reply),
        cost_micro_usd=None,
        ref=None,
        status=status,
    )


def heard(text: str) -> dict[str, Any]:
    """Return {text, segments: [{start, end, text}]} from the text of an answer, as the journal keeps it."""
    told: dict[str, Any] = json.loads(text)
    return told


def _segments(reply: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what is said from when to when; what has no such times is left out."""
    found = []
    for one in replies.items(reply.get("segments")):
        start, end = _seconds(replies.at(one, "start")), _seconds(replies.at(one, "end"))
        said = " ".join(replies.text(replies.at(one, "text")).split())
        if said and start is not None and end is not None and end > start:
            found.append({"start": start, "end": end, "text": said})
    return found


def _seconds(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 <= value <= MOST_SECONDS else None


def _usage(reply: Mapping[str, Any]) -> Usage | None:
    """Return the seconds that are billed, each begun one in full; None where the reply does not tell."""
    told = (_seconds(replies.at(reply, "usage", "seconds")), _seconds(reply.get("duration")))
    seconds = next((one for one in told if one), None)
    return None if seconds is None else Usage(0, 0, audio_s=math.ceil(seconds))
