"""Writes e-mail campaigns: segments, who belongs to which, bodies, subjects, and the check of them.

Words in the order's offer that make a check refuse, so that it can be seen:
- `pyramid scheme`: every time;
- `miracle`: once, for the first body repeats the word and the one that is written anew does not.
"""

from __future__ import annotations

import random
import re
import zlib

from sandbox.calls import Ask
from sandbox.languages.english import ENGLISH
from sandbox.languages.language import Language
from sandbox.specialists.specialist import Specialist

WORDS = range(95, 150)  # of a body: about 120
SUBJECT_CHARACTERS = 60
OVERDONE, FORBIDDEN = "miracle", "pyramid scheme"
_CONTACT = re.compile(r"^(\d+)\. (.*)$", re.MULTILINE)
_SEGMENT = re.compile(r"^\* (.+?)(?:: (.*))?$", re.MULTILINE)
_PROPOSED = {
    "en": (("Regulars", "They buy often and know the shop."), ("Newcomers", "They have not ordered yet, or once."),
           ("Companies", "They order for a business.")),
    "ur": (("پرانے گاہک", "وہ اکثر خریدتے ہیں۔"), ("نئے گاہک", "انہوں نے ابھی تک کم خریدا ہے۔")),
    "de": (("Stammkunden", "Sie kaufen oft."), ("Neue Kunden", "Sie haben noch wenig bestellt.")),
    "es": (("Clientes fieles", "Compran a menudo."), ("Clientes nuevos", "Han comprado poco.")),
    "fr": (("Clients fidèles", "Ils achètent souvent."), ("Nouveaux clients", "Ils ont peu acheté.")),
}  # fmt: skip


def _line(ask: Ask, name: str) -> str:
    found = re.search(rf"^{re.escape(name)}: (.*)$", ask.prompt, re.MULTILINE)
    return found[1].strip() if found else ""


def _segments(ask: Ask, _key: str, _language: Language) -> object:
    proposed = _PROPOSED.get(_line(ask, "Language")[:2], _PROPOSED["en"])
    return {"segments": [{"name": name, "about": about} for name, about in proposed]}


def _assigned(ask: Ask, _key: str, _language: Language) -> object:
    """Put each contact where the words that are known of it say, or else anywhere, but always into the same segment."""
    _, _, listed = ask.prompt.partition("Contacts:")
    segments = [(found[1], found[2] or "") for found in _SEGMENT.finditer(ask.prompt)]

    def segment_of(told: str) -> str:
        words = set(re.findall(r"\w{3,}", told.lower()))
        shared = [len(words & set(re.findall(r"\w{3,}", f"{name} {about}".lower()))) for name, about in segments]
        best = max(shared, default=0)
        at = shared.index(best) if best else zlib.crc32(told.encode()) % max(len(segments), 1)
        return segments[at][0] if segments else ""

    return {"contacts": [{"n": int(found[1]), "segment": segment_of(found[2])} for found in _CONTACT.finditer(listed)]}


_FIRST = (
    "[Thank you|Thanks] for being with us; we thought of {G} when we [planned|prepared] this.",
    "[A short note|One piece of news] for {G}, because it [may|could] be [useful|of use] to you this week.",
    "We have [something|news] that fits {G} well, and [it takes a minute to read|it is quickly told].",
)
_MORE = (
    "[Have a look|Take a look] when you have a quiet minute; [nothing has to be decided today|there is no hurry].",
    "[If you have a question|Whatever you would like to know], just answer this e-mail: a person reads it, [usually|mostly] on the same day.",
    "[Many of our readers|Others] told us what they [missed|needed], and we [changed|improved] exactly that.",
    "[It is simple|Nothing about it is complicated]: choose what you like, tell us where to send it, and [leave the rest to us|we do the rest].",
    "[If it is not for you|Should it not suit you], that is [fine|quite all right]; you can tell us, and we write [less|no more] of it.",
    "[We would rather|We prefer to] send one useful letter than ten loud ones, so this is [all for now|the only one on it].",
    "[Keep this e-mail|Save this note] if you are busy now; everything in it [stays true|holds] for a while.",
    "[You know best|Only you know] what you need, so we have [kept the list short|left out what nobody asked for].",
)
_CLOSINGS = ("See you soon,", "With kind regards,", "Warmly,")
_SUBJECTS = (
    "News for {G}", "A short note for {G}", "Have you seen this yet?", "One thing that may help you this week",
    "Made with {G} in mind", "Worth two minutes of your day",
)  # fmt: skip


def _body(ask: Ask, key: str, language: Language) -> object:
    segment, offer, fields = _line(ask, "Segment"), _line(ask, "Offer"), _line(ask, "Fields")
    voice = language.voice(f"email:{key}", segment or "you")
    name = next((one for one in ("{{first_name}}", "{{name}}") if one in fields), "")
    if language is ENGLISH:
        greeting, closing = f"Dear {name}," if name else "Hello,", voice.random.choice(_CLOSINGS)
        offered = " ".join(offer.split()[:40]).rstrip(".")
        if _line(ask, "Notes"):
            offered = re.sub(OVERDONE, "good", offered, flags=re.IGNORECASE)
        first = voice.pick(_FIRST).replace("{G}", segment or "you")
        sentences = [first, f"{offered}.", *(voice.say(line) for line in voice.shuffled(_MORE))]
    else:
        closing = voice.say(voice.random.choice(language.last_words[next(iter(language.last_words))]))
        greeting = f"{name}{language.gap}…".strip() if name else voice.pick(language.context)
        stock = voice.shuffled([*language.context, *language.bridges, *language.closers])
        sentences = [voice.say(line) for line in stock]
    kept: list[str] = []
    for sentence in sentences:
        if sum(map(language.count, kept)) + language.count(sentence) < WORDS.stop - 25:
            kept.append(sentence)
    half = -(-len(kept) // 2)
    parts = [language.gap.join(part) for part in (kept[:half], kept[half:]) if part]
    return {"greeting": greeting, "paragraphs": [re.sub(r"[{}]", "", part) for part in parts], "closing": closing}


def _subjects(ask: Ask, key: str, language: Language) -> object:
    segment, seeded = _line(ask, "Segment"), random.Random(f"subjects:{key}")
    if language is ENGLISH:
        stock = [line.replace("{G}", segment or "you") for line in _SUBJECTS]
    else:
        voice = language.voice(f"subjects:{key}", segment)
        stock = [voice.say(line) for tone in language.hooks.values() for line in tone]
        stock += [line for idea in language.ideas for line in (*idea.do, *idea.ask)]
    fitting = [line for line in dict.fromkeys(stock) if len(line) <= SUBJECT_CHARACTERS and not set("{}[]") & set(line)]
    first, second = seeded.sample(fitting, 2)
    return {"subject_a": first, "subject_b": second}


def _check(ask: Ask, _key: str, _language: Language) -> object:
    offer, text = _line(ask, "Offer").lower(), _line(ask, "E-mail").lower()
    promises = [f"{OVERDONE}: nobody can promise that; say it soberly"] if OVERDONE in text else []
    manners = [f"{FORBIDDEN}: nothing may be sent for one"] if FORBIDDEN in offer else []
    return {"promises": promises, "manners": manners, "mistakes": []}


SPECIALISTS = (
    Specialist("campaign_segments", frozenset({"segments"}), _segments),
    Specialist("contact_segments", frozenset({"contacts"}), _assigned),
    Specialist("email_body", frozenset({"greeting", "paragraphs", "closing"}), _body),
    Specialist("email_subjects", frozenset({"subject_a", "subject_b"}), _subjects),
    Specialist("email_check", frozenset({"promises", "manners", "mistakes"}), _check),
)
