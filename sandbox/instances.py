"""Generates a value that satisfies a JSON schema, with words from a topic."""

from __future__ import annotations

from sandbox.calls import Json
from sandbox.languages.english import ENGLISH
from sandbox.languages.language import Language

DEPTH = 12  # of nested schemas; a recursive one ends here with nothing optional
ITEMS = 3  # in an array that does not say how many
_VERDICTS = frozenset({"verdict", "decision", "status", "outcome", "result", "rating"})
_FOR_PAINTERS = ("image", "visual", "prompt")  # members with such names are English, whatever the language
_BAD_NEWS = ("has_", "contains_", "is_blocked", "is_unsafe", "flagged", "blocked", "unsafe", "nsfw", "violates")
_FORMATS = {
    "date": "2026-11-21", "date-time": "2026-11-21T09:00:00Z", "time": "09:00:00Z", "email": "editor@example.com",
    "uri": "https://example.com/notes", "url": "https://example.com/notes", "hostname": "example.com",
    "uuid": "6f1c2b3a-4d5e-4f60-8a7b-9c0d1e2f3a4b", "ipv4": "192.0.2.1", "duration": "P1D",
}  # fmt: skip


def instance(schema: Json, topic: str, key: str, language: Language = ENGLISH) -> object:
    """Return a value for the schema, its texts in the language; the same key gives the same value.

    Enums are picked by seed, but a verdict takes its first value; booleans are the good news. `pattern`,
    `not`, `if` and `multipleOf` are not looked at. Type names may be in upper case, as in Gemini's `responseSchema`.
    """
    if not schema:
        return {"summary": language.voice(key, topic).pick(language.context)}
    return Walk(schema, topic, key, language).value(schema, "", DEPTH)


class Walk:
    """One descent through one schema."""

    def __init__(self, root: Json, topic: str, key: str, language: Language = ENGLISH) -> None:
        """Take all later choices from this key."""
        self._root = root
        self._language = language
        self._voice = language.voice(f"instance:{key}", topic)

    def value(self, schema: object, name: str, depth: int) -> object:
        """Return a value for the schema of a member."""
        if not isinstance(schema, dict):
            return self._text({}, name)
        schema = self._resolve(schema)
        if branches := schema.get("anyOf") or schema.get("oneOf"):
            return self.value(self._likeliest(branches), name, depth - 1)
        if options := [schema["const"]] if "const" in schema else schema.get("enum"):
            return self._pick(options, name)
        match self._type(schema):
            case "object":
                return self._object(schema, depth)
            case "array":
                return self._array(schema, name, depth)
            case kind:
                return self._scalar(schema, kind, name)

    def _pick(self, options: list[object], name: str) -> object:
        return options[0] if name in _VERDICTS else self._voice.random.choice(options)

    def _boolean(self, name: str) -> bool:
        return not name.startswith(_BAD_NEWS)

    def _scalar(self, schema: Json, kind: str, name: str) -> object:
        match kind:
            case "integer" | "number":
                return self._number(schema, is_whole=kind == "integer")
            case "boolean":
                return self._boolean(name)
            case "null":
                return None
            case _:
                return self._text(schema, name)

    def _resolve(self, schema: Json) -> Json:
        """Follow `$ref` inside the document and merge `allOf`."""
        for _ in range(DEPTH):
            reference = schema.get("$ref")
            if not isinstance(reference, str):
                break
            target: object = self._root
            for part in reference.removeprefix("#").strip("/").split("/"):
                target = target.get(part, {}) if isinstance(target, dict) else {}
            rest = {name: value for name, value in schema.items() if name != "$ref"}
            schema = (target if isinstance(target, dict) else {}) | rest
        for branch in schema.get("allOf", ()):
            other = self._resolve(branch)
            properties = schema.get("properties", {}) | other.get("properties", {})
            required = [*schema.get("required", ()), *other.get("required", ())]
            schema = other | schema | {"properties": properties, "required": required}
        return schema

    def _likeliest(self, branches: list[object]) -> object:
        """Return the first branch that is not null."""
        return next((branch for branch in branches if branch != {"type": "null"}), branches[0])

    def _type(self, schema: Json) -> str:
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = next((one for one in kind if one != "null"), "null")
        return str(kind or ("object" if "properties" in schema else "array" if "items" in schema else "string")).lower()

    def _object(self, schema: Json, depth: int) -> Json:
        required = set(schema.get("required", ()))
        return {
            name: self.value(child, name, depth - 1)
            for name, child in schema.get("properties", {}).items()
            if depth > 0 or name in required
        }

    def _array(self, schema: Json, name: str, depth: int) -> list[object]:
        least, most = schema.get("minItems", 0), schema.get("maxItems")
        count = least if depth <= 0 else max(least, ITEMS if most is None else min(ITEMS, most))
        prefix = schema.get("prefixItems", [])
        items = [self.value(child, name, depth - 1) for child in prefix]
        items += [self.value(schema.get("items", {}), name, depth - 1) for _ in range(count - len(items))]
        if schema.get("uniqueItems"):
            items = [item for index, item in enumerate(items) if item not in items[:index]]
        return items

    def _number(self, schema: Json, *, is_whole: bool) -> float:
        """Return a number in the upper part of its range, as a contented reviewer would give."""
        low = schema.get("minimum", schema.get("exclusiveMinimum"))
        high = schema.get("maximum", schema.get("exclusiveMaximum"))
        low = low if low is not None else (min(0, high) if high is not None else 1)
        high = high if high is not None else low + 10
        value = low + (high - low) * self._voice.random.uniform(0.7, 0.95)
        return max(round(value), -int(-low // 1)) if is_whole else round(value, 3)

    def _text(self, schema: Json, name: str) -> str:
        """Return a sentence, or a few words for a short field, within minLength and maxLength."""
        if schema.get("format") in _FORMATS:
            return _FORMATS[schema["format"]]
        if self._language is not ENGLISH and any(part in name.lower() for part in _FOR_PAINTERS):
            return str(Walk(schema, self._voice.topic.full, name, ENGLISH).value(schema, "", DEPTH))
        least, most = schema.get("minLength", 0), schema.get("maxLength")
        is_label = any(part in name.lower() for part in ("title", "name", "heading", "keyword", "tag", "label"))
        language = self._language
        text = self._label() if is_label else self._voice.pick((*language.context, *language.bridges))
        while len(text) < least:
            text += language.gap + self._voice.pick(language.bridges)
        if most is not None and len(text) > most:
            text = self._cut(text, most, least)
        return text

    def _label(self) -> str:
        """Return a few words: of the topic, or in another language than English a title."""
        topic = self._voice.topic
        if self._language is not ENGLISH:
            return self._voice.pick([title for idea in self._language.ideas for title in idea.do])
        word, short = self._voice.random.choice(topic.words), topic.short
        return self._voice.random.choice((short, word, f"better {short}", f"{short} in practice")).capitalize()

    def _cut(self, text: str, most: int, least: int) -> str:
        """Cut at a space where that leaves enough."""
        cut = text[:most].rpartition(" ")[0].rstrip(" ,;:")
        return cut if len(cut) >= max(least, 1) else text[:most]
