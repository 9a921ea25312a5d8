"""Writes image prompts the way an art director would: one paragraph, every decision made."""

from __future__ import annotations

import re

from sandbox.topics import read_topic
from sandbox.voice import Voice, word_count

WORDS = range(60, 111)
BRIEF_WORDS = 12
_SETTINGS = (
    "a spacious studio with a [plaster|limewashed] wall and a bare floor", "a [misty|quiet] valley at the edge of day",
    "a tall room with one [open|narrow] window", "an endless horizon above [still|dark] water",
    "a [stone|concrete] courtyard with deep shadows", "a table covered in [washed linen|raw paper]",
    "a [slope|ridge] of soft dunes under a wide sky", "an abstract space of [folded|curving] planes",
)  # fmt: skip
_LIGHTS = (
    "low golden light from the left", "cool light from a north-facing window", "a single warm key light with a gentle fall-off",
    "backlight that draws a thin bright rim", "diffuse dawn light and long soft shadows", "late sun breaking through haze",
)  # fmt: skip
_CAMERAS = (
    "eye level, 50 mm, shallow depth of field", "slightly from above, 35 mm, generous negative space",
    "low angle, wide lens, strong diagonal", "frontal and symmetrical, medium format", "three-quarter view, 85 mm, layered depth",
)  # fmt: skip
_MOODS = (
    "calm and resolute", "quietly optimistic", "focused and warm", "curious and spacious", "confident but unhurried",
    "intimate and reflective",
)  # fmt: skip
_TEXTURES = (
    "fine film grain and tactile surfaces", "matte paper texture and clean edges", "soft haze between the layers",
    "subtle dust in the light", "hand-made imperfections in every material",
)  # fmt: skip
_EXTRAS = (
    "Keep the upper third calm so that a headline could be set over it.", "One clear focal point, placed off centre on a third.",
    "Large simple shapes first, detail only near the focal point.", "Let the background fall into tone-on-tone shapes.",
    "Balance the heavy form with an equal area of empty space.",
)  # fmt: skip


def is_art_direction(system: str, prompt: str) -> bool:
    """Tell whether a chat asks for an image prompt."""
    words = f"{system}\n{prompt}".lower()
    return "art director" in words or "art-direct" in words or ("image" in words and "prompt" in words)


def _subject(fields: dict[str, str]) -> str:
    """Return what a brief for one picture is about: its product and first words; nothing of one in other letters."""
    told = " ".join(re.split(r"[.;!?]\s", fields.get("brief", ""))[0].split()[:BRIEF_WORDS])
    product = fields.get("product", "")
    subject = f"{product}: {told}" if product and told else product or told
    return subject if subject.isascii() else ""


def direct(brief: str, key: str) -> str:
    """Return one paragraph of 60 to 110 words; the continuity phrase of the brief stands in it word for word."""
    lines = dict(re.findall(r"^\s*([A-Za-z ]+?)\s*:\s*(\S.*?)\s*$", brief, re.MULTILINE))
    fields = {name.lower(): value for name, value in lines.items()}
    title, theme = fields.get("title", ""), fields.get("image theme", "") or _subject(fields)
    voice = Voice(f"art:{key}", read_topic(title or theme or "an idea taking shape"))
    pick = voice.pick
    subject = theme or title or "an idea taking shape"
    # A title in another language stays out: the prompt is English, and a painter might letter what it cannot read.
    meaning = f", a metaphor for “{title.rstrip('.')}”" if theme and title.isascii() and title else ""
    style = fields.get("brand style", "") or "muted, two colours and one accent"
    ratio = fields.get("aspect ratio", "")
    continuity = fields.get("continuity", "")
    parts = [
        f"{subject[:1].upper() + subject[1:]}{meaning}, set in {pick(_SETTINGS)}.",
        f"Lighting: {pick(_LIGHTS)}. Camera: {pick(_CAMERAS)}.",
        f"Mood: {pick(_MOODS)}. Palette and style: {style.rstrip('.')}.",
        f"Continuity: {continuity}" + ("" if continuity.endswith(".") else ".") if continuity else "",
        f"Finish: {pick(_TEXTURES)}." + (f" Composed for {ratio}." if ratio else ""),
        "No text, no letters, no logos.",
    ]
    for extra in voice.shuffled(_EXTRAS):
        if (
            word_count(" ".join(parts)) + word_count(extra) <= WORDS.stop - 5
            and word_count(" ".join(parts)) < WORDS.start + 15
        ):
            parts.insert(-1, extra)
    return " ".join(filter(None, parts))
