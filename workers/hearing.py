"""How one recording is transcribed: by what was paid already, else by the first provider that answers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.pipelines.pipeline import Stage
from app.pipelines.recordings import PADDING_S
from app.routes import routes_for, timeout_of
from app.runs.claims import Claim
from app.storage import storage
from workers import audio
from workers.calls import Caller, Paid, Question
from workers.providers import provider, transcriptions
from workers.providers.provider import Recording
from workers.providers.registry import transcriber_named


def transcript(
    held: Claim, stage: Stage, ends: float, purpose: str, given: Mapping[str, Any], about: str
) -> dict[str, Any]:
    """Return what is said in a stored recording; see app.pipelines.pipeline.Ask.transcript.

    A call's worst case is the price of the length that was measured, not of the longest that could be ordered.
    """
    measured = replace(stage, max_audio_s=math.ceil(given["seconds"]) + PADDING_S)
    caller = Caller(held, measured, ends)
    content = [str(given["sha256"]), about]
    questions = [
        caller.question(route, "text", purpose, content, timeout_of(purpose, route)) for route in routes_for(purpose)
    ]
    if (call := caller.earlier(questions)) and call.reply is not None:
        return transcriptions.heard(call.reply)
    kind = str(given["format"])
    recording = Recording(f"recording.{kind}", storage().get(given["key"]), audio.MIME[kind])

    def ask(question: Question) -> Paid:
        route = question.route
        how = provider.Call(route.model, question.timeout_s, route.options)
        asked = transcriber_named(route.provider)
        return caller.call(question, lambda _: asked.transcribe(how, recording, about=about))

    return transcriptions.heard(caller.first_good(questions, ask).answer.text)
