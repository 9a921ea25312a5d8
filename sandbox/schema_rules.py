"""What the vendors that check schemas do not accept."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.calls import Json, RefusedError, Trouble

# Keywords that Anthropic's structured outputs refuse (platform.claude.com, structured outputs, 2026-11).
ANTHROPIC_REFUSES = frozenset(
    ("minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "maxItems")
)
MOST_MIN_ITEMS = 1


def check_anthropic(schema: Json) -> None:
    """Refuse an open object, and bounds. Raises: RefusedError."""
    for part in _parts(schema):
        if part.get("type") == "object" and part.get("additionalProperties") is not False:
            message = "For 'object' type, 'additionalProperties' must be explicitly set to false"
            raise RefusedError(Trouble.INVALID_REQUEST, f"output_config.format.schema: {message}")
        refused = ANTHROPIC_REFUSES & set(part)
        if refused or part.get("minItems", 0) > MOST_MIN_ITEMS:
            keyword = min(refused, default="minItems")
            message = f"For '{part.get('type')}' type, property '{keyword}' is not supported"
            raise RefusedError(Trouble.INVALID_REQUEST, f"output_config.format.schema: {message}")


def check_openai_strict(name: str, schema: Json) -> None:
    """Refuse an open object, and members that are not required. Raises: RefusedError."""
    for part in _parts(schema):
        if part.get("type") != "object":
            continue
        problem = ""
        if part.get("additionalProperties") is not False:
            problem = "'additionalProperties' is required to be supplied and to be false."
        elif set(part.get("properties", {})) - set(part.get("required", ())):
            problem = "'required' is required to be supplied and to be an array including every key in properties."
        if problem:
            message = f"Invalid schema for response_format '{name}': {problem}"
            raise RefusedError(Trouble.INVALID_REQUEST, message, param="response_format", code="invalid_json_schema")


def _parts(schema: object) -> Iterator[Json]:
    """Return a schema and every schema within it."""
    if not isinstance(schema, dict):
        return
    yield schema
    for name in ("properties", "$defs", "definitions"):
        for child in schema.get(name, {}).values():
            yield from _parts(child)
    for name in ("anyOf", "oneOf", "allOf", "prefixItems"):
        for child in schema.get(name, ()):
            yield from _parts(child)
    yield from _parts(schema.get("items"))
