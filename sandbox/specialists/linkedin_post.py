"""Finds topics and facts, plans a post, writes it and reads it again. The numbers are invented; the sources are example.com's.

Words in an order that have the check say no: `guaranteed` once, until the post is written from its notes; `get rich quick`
always. Found topics carry such words of their industry in the first of them only, so that the others can be approved.
`nothing newsworthy` has a topic found without sources.
"""

from __future__ import annotations

import json
import random
import re

from sandbox.calls import Ask, Json
from sandbox.languages.english import ENGLISH
from sandbox.languages.language import Language
from sandbox.specialists.specialist import Specialist
from sandbox.voice import Voice
from sandbox.writer_frames import TONES

PROMISE = "Results are guaranteed, or your money back."
SCHEME = "Everybody who joins will get rich quick."
UNSOURCED = "nothing newsworthy"
_SIGNS = {"guaranteed": PROMISE, "get rich quick": SCHEME}
_ALWAYS = ("get rich quick",)
POST_WORDS = range(280, 321)  # 300 within 15 %, with room for other ways to count
TOPIC_WORDS, POINT_WORDS, HOOK_WORDS, CTA_WORDS = 16, 38, 24, 28
_TRENDS = (
    "AI assistants at work in {S}",
    "Rising energy costs and {S}",
    "Hiring and skills in {S}",
    "Payments that work for {S}",
    "Data privacy rules for {S}",
    "Exports and {S}",
    "What customers now expect of {S}",
)
_WHY = (
    "A [new report|survey] was [widely shared|quoted in the press] this week.",
    "[Two large firms|A regulator] announced [plans|rules] on it, and [many posts|long threads] followed.",
    "[Prices|Figures] came out on [Monday|Tuesday], and people [compare notes|disagree about what they mean].",
)
_FACTS = (
    "{percent} % of firms that were asked about {S} [have begun|plan to begin] within {months} months.",
    "Teams that [started small|measured first] with {S} saved {hours} hours a week on average.",
    "Spending on {S} [grew|rose] by {growth} % in a year, [most of it|two thirds of it] in small firms.",
    "{percent} % name a lack of [skills|time] as what holds {S} back.",
    "One firm in {few} [has a budget|names someone who answers] for {S}.",
)


def _find_trends(ask: Ask, key: str, language: Language) -> Json:
    industry, count = _field(ask, "Industry") or "business", int(_field(ask, "Topics") or 5)
    plain = _without_signs(industry)
    voice, rng = language.voice(f"trends:{key}", plain), random.Random(f"scores:{key}")
    score, topics = 99, []
    for number, name in enumerate(_names(voice, language, plain, count)):
        score -= rng.randint(3, 9)
        sign = next((f": {sign}" for sign in (*_SIGNS, UNSOURCED) if sign in industry.lower() and not number), "")
        english = ENGLISH.voice(f"{key}:{number}", name)
        facts = _facts(english, 2)
        cites = [] if UNSOURCED in sign else sorted(rng.sample((1, 2, 3), 2))
        topics.append({"topic": name + sign, "score": score, "why": english.pick(_WHY), "facts": facts, "cites": cites})
    return {"topics": topics, "search_results": []}


def _names(voice: Voice, language: Language, industry: str, count: int) -> list[str]:
    """Return topics of an industry: in English phrases, in other languages the industry and a piece of advice."""
    if language is ENGLISH:
        return [template.replace("{S}", " ".join(industry.split()[:8])) for template in voice.shuffled(_TRENDS)[:count]]
    advice = [voice.say(idea.do[0]) for idea in voice.shuffled(language.ideas)[:count]]
    named = [f"{industry}: {title}" for title in advice]
    return named if all(language.count(name) <= TOPIC_WORDS for name in named) else advice


def _research(ask: Ask, key: str, _: Language) -> Json:
    return {"facts": _facts(ENGLISH.voice(f"facts:{key}", _field(ask, "Topic")), 3), "search_results": []}


def _facts(voice: Voice, count: int) -> list[str]:
    rng = voice.random
    numbers = {
        "percent": rng.randint(31, 78),
        "months": rng.choice((6, 12, 18)),
        "hours": rng.randint(3, 9),
        "growth": rng.randint(12, 46),
        "few": rng.randint(3, 6),
    }
    said = [voice.say(template) for template in voice.shuffled(_FACTS)[:count]]
    return [re.sub(r"\{(\w+)\}", lambda found: str(numbers[found[1]]), fact) for fact in said]


def _plan(ask: Ask, key: str, language: Language) -> Json:
    topic, tone = _field(ask, "Topic"), _tone(ask)
    voice = language.voice(f"brief:{key}", topic)
    fits = language.at_most(POINT_WORDS)
    facts = re.findall(r"^Fact \d: (.+)$", ask.prompt, re.MULTILINE) if language is ENGLISH else []
    advice = [voice.pick(idea.how, fits) for idea in voice.shuffled(language.ideas)[:3]]
    points = [fact if language.count(fact) <= POINT_WORDS else told for fact, told in zip(facts, advice, strict=False)]
    hook = _cut(voice.pick(language.hooks[tone], language.at_most(HOOK_WORDS)), HOOK_WORDS)
    sign = next((sign for sign in _SIGNS if sign in topic.lower() and sign not in hook.lower()), "")
    return {
        "hook": f"{hook}, {sign}" if sign else hook,
        "key_points": [_cut(point, POINT_WORDS) for point in (points + advice[len(points) :])],
        "cta": _cut(voice.pick([body for _, body in language.calls[tone]], language.at_most(CTA_WORDS)), CTA_WORDS),
    }


def _write(ask: Ask, key: str, language: Language) -> Json:
    """Write the brief out: its hook, a paragraph to each key point, its call; and what an order's bad words add."""
    hook, points, cta = _brief(ask)
    voice = language.voice(f"copy:{key}", hook)
    said = f"{hook} {points} {cta}".lower()
    has_notes = re.search(r"^Notes on draft \d", ask.prompt, re.MULTILINE) is not None
    added = [line for sign, line in _SIGNS.items() if sign in said and (sign in _ALWAYS or not has_notes)]
    lead = voice.pick([line for line in (*language.context, *language.bridges) if not _names_topic(line)])
    bodies = [[point] for point in points] or [[lead]]
    paragraphs = [[hook], *([[lead]] if points else []), *bodies, added, [cta]]
    prose = [line for idea in voice.shuffled(language.ideas) for line in idea.prose if not _names_topic(line)]
    for sentence in map(voice.say, prose):
        total = sum(language.count(line) for paragraph in paragraphs for line in paragraph)
        if total >= POST_WORDS.start:
            break
        if total + language.count(sentence) < POST_WORDS.stop:
            min(bodies, key=lambda body: sum(map(language.count, body))).append(sentence)
    return {"post_text": "\n\n".join(language.gap.join(paragraph) for paragraph in paragraphs if paragraph)}


def _names_topic(template: str) -> bool:
    return any(name in template for name in ("{S}", "{K}", "{T}"))


def _brief(ask: Ask) -> tuple[str, list[str], str]:
    """Return hook, key points and call of the brief in a prompt; a prompt without one gets its first line for a hook."""
    try:
        brief = json.loads(_field(ask, "Brief"))
        return str(brief["hook"]), [str(point) for point in brief["key_points"]], str(brief["cta"])
    except (ValueError, KeyError, TypeError):
        return ask.prompt.strip().partition("\n")[0][:120], [], ""


def _read(ask: Ask, _key: str, _language: Language) -> Json:
    _, _, post = ask.prompt.partition("\nPost: ")
    found = [f"“{line}” promises what nobody can keep: take it out" for line in _SIGNS.values() if line in post]
    return {"approved": not found, "facts": found, "culture": [], "grammar": []}


def _field(ask: Ask, name: str) -> str:
    found = re.search(rf"^{re.escape(name)}: (.+)$", ask.prompt, re.MULTILINE)
    return found[1].strip() if found else ""


def _tone(ask: Ask) -> str:
    tone = _field(ask, "Tone")
    return tone if tone in TONES else TONES[0]


def _without_signs(text: str) -> str:
    for sign in (*_SIGNS, UNSOURCED):
        text = re.sub(rf"(?i)[\s,:;-]*\b{sign}\b", "", text)
    return text.strip() or "business"


def _cut(text: str, words: int) -> str:
    return text if len(text.split()) <= words else " ".join(text.split()[:words]).rstrip(",;:") + "."


SPECIALISTS = (
    Specialist("linkedin_trends", frozenset({"topics", "search_results"}), _find_trends),
    Specialist("linkedin_research", frozenset({"facts", "search_results"}), _research),
    Specialist("linkedin_brief", frozenset({"hook", "key_points", "cta"}), _plan),
    Specialist("linkedin_copy", frozenset({"post_text"}), _write),
    Specialist("linkedin_verdict", frozenset({"approved", "facts", "culture", "grammar"}), _read),
)
