"""The writer: every text of the sandbox. A post reads like a post; another schema gets a valid instance.

A line `Language: <BCP 47 tag>` decides the language of posts, of other schemas' texts and of plain answers. Image
prompts, rewritten prompts and verdicts are always English: models read them, and nobody else.
"""

from __future__ import annotations

import json
import re

from sandbox.art_director import direct, is_art_direction
from sandbox.calls import Ask, Json, Kind
from sandbox.instances import instance
from sandbox.languages import for_topic, language_of
from sandbox.languages.language import Language
from sandbox.post_writer import write_post
from sandbox.rewriter import is_rewrite, rewrite
from sandbox.specialists import specialist_for
from sandbox.speech import speak
from sandbox.verdicts import is_review, verdict

POST_SCHEMA = "full_post_content"
POST_MEMBERS = frozenset({"hook", "slides", "article", "quote"})
DEFAULT_SLIDES = 11


def write(ask: Ask, key: str, avoid: tuple[str, ...] = ()) -> str:
    """Return the reply text for an ask; the same key gives the same text.

    `avoid` are words that a rewritten prompt must not have.
    """
    if ask.kind is Kind.TRANSCRIPT:
        return speak(ask.prompt or "what we do every day", ask.audio_s, key, language_of(ask.options["language"]))
    if is_rewrite(ask.system):
        return rewrite(ask, key, avoid)
    if is_review(ask):
        return verdict(ask, key)
    if ask.kind is Kind.JSON:
        return json.dumps(_content(ask, key), ensure_ascii=False)
    if is_art_direction(ask.system, ask.prompt):
        return direct(ask.prompt, key)
    return _paragraph(ask, key)


def _content(ask: Ask, key: str) -> object:
    topic, language = field(ask.prompt, "Topic") or _subject_line(ask.prompt), _language(ask)
    if specialist := specialist_for(ask):
        return specialist.write(ask, key, language)
    if not _is_post(ask):
        return instance(ask.schema, topic, key, language)
    slides = field(ask.prompt, "Slides")
    count = int(slides) if slides.isdecimal() and int(slides) > 0 else _least_slides(ask.schema)
    return write_post(topic, field(ask.prompt, "Tone").lower(), count, key, for_topic(language, topic))


def _language(ask: Ask) -> Language:
    return language_of(field(ask.prompt, "Language"))


def _is_post(ask: Ask) -> bool:
    """Tell whether a whole post is asked for: by name, or by its members where the wire format has no names."""
    if ask.schema_name:
        return ask.schema_name == POST_SCHEMA
    return set(ask.schema.get("properties", {})) >= POST_MEMBERS


def field(prompt: str, name: str) -> str:
    """Return what stands after `<name>:` at the start of a line; empty when there is no such line."""
    found = re.search(rf"^\s*{re.escape(name)}\s*:\s*(\S.*?)\s*$", prompt, re.MULTILINE | re.IGNORECASE)
    return found[1] if found else ""


def _least_slides(schema: Json) -> int:
    slides = schema.get("properties", {}).get("slides", {})
    least = slides.get("minItems") if isinstance(slides, dict) else None
    return least if isinstance(least, int) and least > 0 else DEFAULT_SLIDES


def _subject_line(prompt: str) -> str:
    """Return the first line of a prompt that has no `Topic:` line, cut to a topic's length."""
    return " ".join(prompt.strip().partition("\n")[0].split()[:12])


def _paragraph(ask: Ask, key: str) -> str:
    """Return four sentences on whatever was asked."""
    language = _language(ask)
    voice = language.voice(key, field(ask.prompt, "Topic") or _subject_line(ask.prompt))
    leads = [lead for tone in language.leads.values() for lead in tone]
    bridges = [voice.say(bridge) for bridge in voice.shuffled(language.bridges)[:2]]
    return language.gap.join([voice.pick(leads), voice.pick(language.context), *bridges])
