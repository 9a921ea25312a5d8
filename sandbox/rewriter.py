"""Rewrites a prompt to be safer, as a model that is asked to would: without what gets it refused."""

from __future__ import annotations

import json
import re

from sandbox.calls import Ask, Json, Kind
from sandbox.instances import DEPTH, Walk
from sandbox.topics import read_topic
from sandbox.voice import Voice

_ASKS = ("rewrite", "rephrase", "reword", "soften")
_WHY = ("safe", "safety", "policy", "policies", "refused", "moderation", "blocked")
_OPENINGS = (
    "A [calm|quiet] and [tasteful|restrained] scene.", "A [peaceful|gentle] editorial picture.",
    "A [composed|serene] photograph for a general audience.",
)  # fmt: skip
_ENDINGS = (
    "Everything is seen from a respectful distance, in soft [morning|evening] light.",
    "The mood is [hopeful|calm], the colours are natural, and nothing in it is distressing.",
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")


def is_rewrite(system: str) -> bool:
    """Tell whether the system text speaks of rewriting a prompt to be safer."""
    words = system.lower()
    return "prompt" in words and any(word in words for word in _ASKS) and any(word in words for word in _WHY)


def rewrite(ask: Ask, key: str, avoid: tuple[str, ...]) -> str:
    """Return the rewritten prompt, alone or in the schema asked for.

    It never holds a word to avoid: the sentences with one are dropped.
    """
    text = _rewritten(_draft(ask.prompt), key, avoid)
    if ask.kind is not Kind.JSON:
        return text
    return json.dumps(_Form(ask.schema, text, key).value(ask.schema, "", DEPTH), ensure_ascii=False)


def _draft(prompt: str) -> str:
    """Return what is to be rewritten: what stands after `Prompt:`, or everything."""
    found = re.search(r"^\s*(?:image |original )?prompt\s*:\s*(.+)", prompt, re.IGNORECASE | re.MULTILINE | re.DOTALL)
    return found[1] if found else prompt


def _rewritten(draft: str, key: str, avoid: tuple[str, ...]) -> str:
    def is_harmless(sentence: str) -> bool:
        return not any(word.lower() in sentence.lower() for word in avoid)

    voice = Voice(f"rewrite:{key}", read_topic("the scene"))
    frame = [voice.pick(_OPENINGS), voice.pick(_ENDINGS)]
    kept = [part.strip() for part in _SENTENCE.split(draft) if part.strip() and is_harmless(part)]
    return " ".join(filter(is_harmless, [frame[0], *kept, frame[1]])) or "Soft shapes and light."


class _Form(Walk):
    """A schema whose texts are the rewritten prompt."""

    def __init__(self, schema: Json, text: str, key: str) -> None:
        super().__init__(schema, "the scene", key)
        self._rewritten = text

    def _text(self, schema: Json, name: str) -> str:
        del name
        return self._rewritten[: schema.get("maxLength")]
