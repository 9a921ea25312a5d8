"""Answers questions: judges them, replies in a few sentences, splits them for research, writes the report.

Words in the question that decide, so that each way can be seen:
- `ignore all previous instructions`, `build a bomb`, `steal passwords`: malicious;
- `what is the weather`, `play a song`: off-topic;
- `compare`, `versus`, `pros and cons`, `impact`, `strategy`, `why`, or more than 18 words: complex; else simple;
- `today`, `latest`, `price`: the short reply is not certain.
"""

from __future__ import annotations

import json
import re

from sandbox.calls import Ask, Json
from sandbox.languages.english import ENGLISH
from sandbox.languages.language import Language
from sandbox.specialists.specialist import Specialist
from sandbox.topics import title_case
from sandbox.writer import field

QUICK_WORDS, SUMMARY_WORDS, CLAIM_WORDS, TITLE_WORDS = 115, 110, 75, 13
SUB_QUESTIONS = 3
MOST_CLAIMS = 6

_SIGNS = {
    "malicious": ("ignore all previous instructions", "build a bomb", "steal passwords"),
    "off_topic": ("what is the weather", "play a song"),
}
_REASONS = {
    "ok": "It can be answered.",
    "malicious": "It asks for something harmful.",
    "off_topic": "This is not what questions are answered about here.",
}
_COMPLEX = re.compile(r"\b(?:compare|versus|vs|pros and cons|impact|strategy|why)\b", re.IGNORECASE)
_DATED = re.compile(r"\b(?:today|latest|price)\b", re.IGNORECASE)
_SIMPLE_WORDS = 18
_TOLD = re.compile(r"^(?:please )?(?:compare|explain|describe|tell me about|discuss)\s+", re.IGNORECASE)
_PARTS = (
    "{S}: what is known, and since when?",
    "{S}: what [does it cost|are the costs] in practice?",
    "{S}: which [risks|limits] are reported?",
    "{S}: who has tried it, and with what result?",
)
_SENTENCE = re.compile(r"[^.!?。！？۔।؟]+[.!?。！？۔।؟]+(?:\s*\[\d+\])*")
_NUMBER = re.compile(r"\s*\[(\d+)\]")
_AGAIN = "Your reply breaks these rules"


def question_of(ask: Ask) -> str:
    """Return what the prompt asks; empty when it asks nothing."""
    told = field(ask.prompt, "Question")
    try:
        return str(json.loads(told))
    except ValueError:
        return told


def _subject_of(ask: Ask) -> str:
    """Return the question without the word that says what to do with its subject."""
    question = question_of(ask)
    return _TOLD.sub("", question) or question


def _judge(ask: Ask, _key: str, _language: Language) -> object:
    question = question_of(ask)
    told = question.lower()
    verdict = next((name for name, signs in _SIGNS.items() if any(sign in told for sign in signs)), "ok")
    is_complex = _COMPLEX.search(question) or len(question.split()) > _SIMPLE_WORDS
    return {
        "verdict": verdict,
        "complexity": "complex" if is_complex else "simple",
        "reason": _REASONS[verdict],
    }


def _reply(ask: Ask, key: str, language: Language) -> object:
    question = question_of(ask)
    voice = language.voice(key, question)
    leads = [lead for tone in language.leads.values() for lead in tone]
    said = [voice.pick(leads), voice.pick(language.context), *map(voice.say, voice.shuffled(language.bridges)[:2])]
    return {"answer": _within(said, QUICK_WORDS, language), "is_certain": not _DATED.search(question)}


def _split(ask: Ask, key: str, language: Language) -> object:
    voice = language.voice(key, _subject_of(ask))
    if language is ENGLISH:
        return {"sub_questions": [voice.say(part)[:290] for part in voice.shuffled(_PARTS)[:SUB_QUESTIONS]]}
    ideas = voice.shuffled(language.ideas)
    return {"sub_questions": list(dict.fromkeys(voice.say(idea.ask[0])[:290] for idea in ideas))[:SUB_QUESTIONS]}


def _report(ask: Ask, key: str, language: Language) -> object:
    found = ask.prompt.partition("\nFindings:\n")[2].partition(_AGAIN)[0]
    blocks = [block.partition("\n") for block in re.split(r"^## ", found, flags=re.MULTILINE) if block.strip()]
    sections: list[Json] = [
        {"heading": title_case(head.strip()), "claims": claims}
        for head, _, text in blocks
        if (claims := [_claim(part) for part in _sentences(text) if language.count(part) <= CLAIM_WORDS][:MOST_CLAIMS])
    ]
    said = [str(claim["text"]) for section in sections for claim in section["claims"][:1]]
    title = language.voice(key, _subject_of(ask)).topic.short
    return {
        "title": title_case(title if language.count(title) <= TITLE_WORDS else " ".join(title.split()[:TITLE_WORDS])),
        "summary": _within(said, SUMMARY_WORDS, language) or "…",
        "sections": sections,
        "left_open": "How this will change in the coming years is not told." if language is ENGLISH else "",
    }


def _sentences(text: str) -> list[str]:
    return [part.strip() for part in _SENTENCE.findall(text)] or [text.strip()]


def _claim(part: str) -> Json:
    return {"text": _NUMBER.sub("", part).strip(), "sources": sorted({int(n) for n in _NUMBER.findall(part)})}


def _within(said: list[str], most: int, language: Language) -> str:
    """Return as many of the sentences as fit into so many words; at least the first."""
    kept = said[:1]
    for text in said[1:]:
        if language.count(language.gap.join([*kept, text])) > most:
            break
        kept.append(text)
    return language.gap.join(kept)


SPECIALISTS = (
    Specialist("question_verdict", frozenset({"verdict", "complexity", "reason"}), _judge),
    Specialist("quick_answer", frozenset({"answer", "is_certain"}), _reply),
    Specialist("research_plan", frozenset({"sub_questions"}), _split),
    Specialist("answer_report", frozenset({"title", "summary", "sections", "left_open"}), _report),
)
