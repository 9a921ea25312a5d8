"""What the sandbox says of a picture it is shown: it likes it, unless a rule says otherwise."""

from __future__ import annotations

import json

from sandbox.calls import Ask, Json, Kind
from sandbox.instances import DEPTH, Walk

SCHEMA = "picture_verdict"
REASON = "The picture does not show what was asked for, and there is lettering in it."
PRAISE = "It shows what was asked for."
_GOOD = ("match", "ok", "approve", "safe", "accept", "pass", "clean", "good", "valid", "usable")
_BAD = (
    "has_",
    "contains_",
    "is_bad",
    "flag",
    "is_blocked",
    "unsafe",
    "blocked",
    "nsfw",
    "violat",
    "reject",
    "mismatch",
)
_LOW, _HIGH = 0.1, 0.95  # of a score's range


def is_review(ask: Ask) -> bool:
    """Tell whether a call asks for a verdict: by name, or by its booleans where the wire format has no names."""
    if ask.kind is not Kind.JSON or not ask.schema:
        return False
    if ask.schema_name:
        return ask.schema_name == SCHEMA
    members = ask.schema.get("properties", {}).values()
    return ask.input_images > 0 and any(str(member.get("type")).lower() == "boolean" for member in members)


def verdict(ask: Ask, key: str, *, is_good: bool = True, reason: str = REASON) -> str:
    """Return a verdict as JSON text: booleans, lists of problems, scores and words all say the same."""
    walk = _Opinion(ask.schema, key, is_good=is_good, reason=PRAISE if is_good else reason)
    return json.dumps(walk.value(ask.schema, "", DEPTH), ensure_ascii=False)


class _Opinion(Walk):
    """A descent that is of one mind."""

    def __init__(self, schema: Json, key: str, *, is_good: bool, reason: str) -> None:
        """Decide what to think."""
        super().__init__(schema, "the picture", key)
        self._is_good = is_good
        self._reason = reason

    def _pick(self, options: list[object], name: str) -> object:
        """Return the first option, or the last, as schemas list what is welcome first."""
        del name
        return options[0] if self._is_good else options[-1]

    def _boolean(self, name: str) -> bool:
        words = name.lower()
        is_bad_news = any(part in words for part in _BAD) and not words.startswith(("no_", "is_safe"))
        is_welcome = not is_bad_news or any(words.startswith(part) for part in _GOOD)
        return is_welcome is self._is_good

    def _array(self, schema: Json, name: str, depth: int) -> list[object]:
        """Return as few items as allowed; one at least where something is wrong."""
        least = max(schema.get("minItems", 0), 0 if self._is_good else 1)
        return [self.value(schema.get("items", {}), name, depth - 1) for _ in range(least)]

    def _number(self, schema: Json, *, is_whole: bool) -> float:
        low, high = float(schema.get("minimum", 0)), float(schema.get("maximum", 1))
        value = low + (high - low) * (_HIGH if self._is_good else _LOW)
        return round(value) if is_whole else round(value, 3)

    def _text(self, schema: Json, name: str) -> str:
        del name
        most = schema.get("maxLength")
        return self._reason if most is None else self._reason[:most]
