"""Looks at orders: lets everything pass but what says of itself that it should not."""

from __future__ import annotations

from sandbox.calls import Ask
from sandbox.languages.language import Language
from sandbox.specialists.specialist import Specialist

# Words that have the sandbox refuse, so that the refusal can be seen.
_SIGNS = {
    "unsafe": ("ignore all previous instructions", "build a bomb", "steal passwords"),
    "off_topic": ("what is the weather", "play a song"),
    "too_vague": ("asdf", "something about things"),
}
_REASONS = {
    "ok": "It can be worked on.",
    "unsafe": "It asks for something harmful.",
    "off_topic": "This is no order for the service.",
    "too_vague": "Nothing useful can be made of it; say what it is about.",
}


def _look(ask: Ask, _key: str, _language: Language) -> object:
    told = ask.prompt.lower()
    verdict = next((name for name, signs in _SIGNS.items() if any(sign in told for sign in signs)), "ok")
    return {"verdict": verdict, "reason": _REASONS[verdict]}


SPECIALISTS = (Specialist("order_verdict", frozenset({"verdict", "reason"}), _look),)
