"""JSON schemas as each vendor takes them. What is taken out stands in the description: a hint, checked by us later.

OpenAI's strict mode and Anthropic: every object closed and every property required, no lengths, no ranges, no
defaults (platform.claude.com structured-outputs; openai `lib/_pydantic.py`). Gemini: a list of keywords that it knows
(ai.google.dev, responseJsonSchema).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

LIMITS = (
    "minLength", "maxLength", "pattern", "format", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
    "multipleOf", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties",
)  # fmt: skip
NOT_STRICT = frozenset({*LIMITS, "default", "title", "examples", "discriminator", "deprecated", "readOnly"})
GEMINI = frozenset(
    {
        "$defs", "$ref", "type", "format", "description", "enum", "items", "prefixItems", "minItems", "maxItems",
        "minimum", "maximum", "anyOf", "properties", "additionalProperties", "required",
    }
)  # fmt: skip
Json = dict[str, Any]


def strict(schema: Json) -> Json:
    """Return the schema for strict OpenAI, for Anthropic, and for the gateway, behind which either may answer."""

    def keep(node: Json) -> Json:
        kept = {name: value for name, value in node.items() if name not in NOT_STRICT}
        if "properties" in node or node.get("type") == "object":
            kept["properties"] = node.get("properties", {})
            kept["required"] = list(kept["properties"])
            kept["additionalProperties"] = False
        return kept

    return _node(_inlined(schema), keep, NOT_STRICT)


def for_gemini(schema: Json) -> Json:
    """Return the schema with the keywords that Gemini knows."""

    def keep(node: Json) -> Json:
        return {name: value for name, value in node.items() if name in GEMINI}

    return _node(_inlined(schema), keep, frozenset(LIMITS) - GEMINI)


def _walked(value: Any, keep: Callable[[Json], Json], dropped: frozenset[str]) -> Any:
    return _node(value, keep, dropped) if isinstance(value, dict) else value


def _node(schema: Json, keep: Callable[[Json], Json], dropped: frozenset[str]) -> Json:
    """Return a schema with `keep` done to each of its nodes, and dropped limits told in the description."""
    node = dict(schema)
    if "const" in node:
        node["enum"] = [node.pop("const")]
    if "oneOf" in node:
        node["anyOf"] = node.pop("oneOf")
    kept = keep(node)
    told = [f"{name} {node[name]}" for name in LIMITS if name in node and name in dropped]
    if told and "$ref" not in kept:
        kept["description"] = " ".join(
            (*([kept["description"]] if "description" in kept else []), f"({', '.join(told)})")
        )
    for name, value in kept.items():
        if name in ("properties", "$defs") and isinstance(value, dict):
            kept[name] = {key: _walked(inner, keep, dropped) for key, inner in value.items()}
        elif name in ("items", "additionalProperties"):
            kept[name] = _walked(value, keep, dropped)
        elif name in ("anyOf", "allOf", "prefixItems") and isinstance(value, list):
            kept[name] = [_walked(inner, keep, dropped) for inner in value]
    return kept


def _inlined(schema: Json) -> Json:
    """Return the schema with its references put in place: vendors refuse a description beside a `$ref`.

    A schema that contains itself keeps its references, alone.
    """
    definitions = schema.get("$defs", {})
    recursive = False

    def put(node: Any, inside: tuple[str, ...]) -> Any:
        nonlocal recursive
        if isinstance(node, list):
            return [put(inner, inside) for inner in node]
        if not isinstance(node, dict):
            return node
        name = str(node.get("$ref", "")).removeprefix("#/$defs/")
        if name in inside:
            recursive = True
            return {"$ref": node["$ref"]}
        if name in definitions:
            beside = {key: value for key, value in node.items() if key != "$ref"}
            return {**put(definitions[name], (*inside, name)), **put(beside, inside)}
        return {key: put(value, inside) for key, value in node.items() if key != "$defs"}

    made: Json = put(schema, ())
    return {**made, "$defs": definitions} if recursive else made
