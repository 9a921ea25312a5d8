"""Writes the words around posts: from their hook, their titles and their topic.

A topic that has the words `unwritable caption` gets captions that are always too long, so that a post without one can be
seen; `long caption` only the first time.
"""

from __future__ import annotations

import re
import unicodedata

from sandbox.calls import Ask, Json
from sandbox.languages.english import ENGLISH
from sandbox.languages.language import Language
from sandbox.specialists.specialist import Specialist
from sandbox.topics import title_case

_TAGS = ("#SmallSteps", "#WorthSaving", "#LearnEveryDay")
MOST_TAGS, TAG_LETTERS, LEAST_LETTERS = 6, 24, 4
HOOK, ALT, TITLE, DESCRIPTION = 150, 250, 60, 155


def _write(ask: Ask, key: str, language: Language) -> Json:
    lines = dict(re.findall(r"^(\w[\w ]*): (\S.*?)\s*$", ask.prompt, re.MULTILINE))
    topic = lines.get("Topic", "")
    voice = language.voice(key, topic or lines.get("Hook", ""))
    call_title, call_body = voice.random.choice([one for calls in language.calls.values() for one in calls])
    hook = _cut(lines.get("Hook") or voice.pick(language.quotes), HOOK)
    points = [part.strip() for part in lines.get("Slides", "").split(" / ") if part.strip()]
    parts = [hook, "\n".join(f"• {point}" for point in points[:5]), f"{voice.say(call_title)}\n{voice.say(call_body)}"]
    caption = "\n\n".join(part for part in parts if part)
    told = topic.lower()
    if "unwritable caption" in told or ("long caption" in told and "breaks these rules" not in ask.prompt):
        caption += "\n" + "—" * 2_200
    title = lines.get("Article") or hook
    pictures = re.findall(
        r"^- ([\w-]+): (\S.*?)\s*$", ask.prompt.partition("Pictures to describe:")[2].partition("\n\n")[0], re.MULTILINE
    )
    return {
        "caption": caption,
        "hashtags": _hashtags([topic, title, *points], language),
        "alt_texts": [{"name": name, "text": _alt(shows, title, language)} for name, shows in pictures],
        "seo_title": _cut(title, TITLE),
        "seo_description": _cut(f"{hook} {voice.say(call_title)}", DESCRIPTION),
    }


def _hashtags(texts: list[str], language: Language) -> list[str]:
    """Return the first tag of the whole topic, the others of single words."""
    found: dict[str, str] = {}
    for n, text in enumerate(texts):
        words = [word for part in text.split() if (word := _letters(part))]
        whole = "".join(title_case(word) for word in words)
        candidates = [whole] if n == 0 and len(whole) <= TAG_LETTERS else []
        candidates += [title_case(word) for word in words if LEAST_LETTERS <= len(word) <= TAG_LETTERS]
        for word in candidates:
            if not word[0].islower() and not word.isdecimal():
                found.setdefault(word.casefold(), f"#{word}")
    tags = [*found.values()][: MOST_TAGS - (1 if language is ENGLISH else 0)]
    return [*tags, *_TAGS[: max(1 if language is ENGLISH else 0, 3 - len(tags))]]


def _letters(text: str) -> str:
    return "".join(one for one in text if unicodedata.category(one)[0] in "LMN")


def _alt(shows: str, title: str, language: Language) -> str:
    """Return what a picture shows; what is told of it is English, so that other languages have the post's own words."""
    return _cut(f"A picture of {shows}." if language is ENGLISH else title, ALT)


def _cut(text: str, most: int) -> str:
    line = " ".join(text.split())
    return (
        line
        if len(line) <= most
        else line[: most - 1].rpartition(" ")[0].rstrip(" ,;:") + "…"
        if " " in line[:most]
        else line[:most]
    )


SPECIALISTS = (
    Specialist("post_caption", frozenset({"caption", "hashtags", "alt_texts", "seo_title", "seo_description"}), _write),
)
