"""What each provider can do, and which options of a route it knows: for start-up, `doctor` and the API.

The provider classes read their `can` from here, so that nobody has to import worker code to know it.
"""

from __future__ import annotations

from enum import StrEnum


class Capability(StrEnum):
    """One thing that a provider can do. What it does not declare is never asked of it."""

    TEXT = "text"
    """Answer in words, or in JSON that fits a schema."""
    VISION = "vision"
    """Look at pictures that are shown to it."""
    IMAGE = "image"
    """Make a picture from words."""
    EDIT = "edit"
    """Change a picture as the words say."""
    RESEARCH = "research"
    """Answer with sources."""
    MODERATION = "moderation"
    """Judge whether a text or a picture may be shown."""
    TRANSCRIPTION = "transcription"
    """Write down what is said in a recording."""
    JOBS = "jobs"
    """Make pictures as jobs with an id, which can be waited for again instead of paying again."""


PROVIDER_CAPABILITIES: dict[str, frozenset[Capability]] = {
    "gateway": frozenset({Capability.TEXT, Capability.VISION, Capability.IMAGE, Capability.EDIT, Capability.RESEARCH}),
    "gemini": frozenset({Capability.TEXT, Capability.VISION, Capability.IMAGE, Capability.EDIT}),
    "anthropic": frozenset({Capability.TEXT, Capability.VISION}),
    "openai": frozenset(
        {
            Capability.TEXT,
            Capability.VISION,
            Capability.IMAGE,
            Capability.EDIT,
            Capability.MODERATION,
            Capability.TRANSCRIPTION,
        }
    ),
    "leonardo": frozenset({Capability.IMAGE, Capability.JOBS}),
}

OPTIONS: dict[str, frozenset[str]] = {
    "gateway": frozenset({"quality", "background", "output_format", "imageSize", "order", "only", "sort"}),
    "gemini": frozenset({"imageSize"}),
    "anthropic": frozenset({"anthropic_version"}),
    "openai": frozenset({"quality", "background", "output_format", "moderation"}),
    "leonardo": frozenset({"contrast", "alchemy", "styleUUID", "negative_prompt", "poll_s", "polls"}),
}
"""Names that a route's `options` may hold, by provider; they are the vendor's own words but for `poll_s`, `polls`."""
