"""The replies that a LinkedIn post is made of, and what must hold of each. All pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from app.pipelines.checked_copy import notes_of
from app.pipelines.languages import in_words, is_in_its_script, words
from app.pipelines.order import on_one_line

POST_WORDS = (255, 345)  # 300 words, 15 % either way
KEY_FACTS, FACT_WORDS = 3, 150  # the brief's step 1
TREND_FACT_WORDS = 90
TOPIC_WORDS, HOOK_WORDS, POINT_WORDS, CTA_WORDS, POINTS = 20, 30, 40, 30, 3
NOTES, NOTE_CHARACTERS = 3, 240  # of each kind, and of each
MOST_SOURCES = 5  # of one topic
_MARK = re.compile(r"\s*\[(\d{1,2})\]")  # a search model points to its n-th result like this, also within JSON


class Found(BaseModel):
    """A page that a search found."""

    model_config = ConfigDict(extra="ignore")
    url: str
    title: str = ""


class Trend(BaseModel):
    """A topic that people talk about."""

    model_config = ConfigDict(extra="forbid")
    topic: str = Field(min_length=3)
    score: int = Field(ge=0, le=100, description="How much it is talked about.")
    why: str = Field(min_length=1, description="Why now, in one sentence.")
    facts: list[str] = Field(max_length=KEY_FACTS)
    cites: list[int] = Field(description="Numbers of the search results that it comes from; the first is 1.")


class Trends(BaseModel):
    """The topics of one search."""

    model_config = ConfigDict(extra="forbid")
    topics: list[Trend]
    search_results: list[Found] = Field(default_factory=list, description="Leave it empty.")


class Research(BaseModel):
    """The facts of one search about a given topic."""

    model_config = ConfigDict(extra="forbid")
    facts: list[str]
    search_results: list[Found] = Field(default_factory=list, description="Leave it empty.")


class Brief(BaseModel):
    """The plan of one post."""

    model_config = ConfigDict(extra="forbid")
    hook: str = Field(min_length=1)
    key_points: list[str]
    cta: str = Field(min_length=1)


class Copy(BaseModel):
    """One post."""

    model_config = ConfigDict(extra="forbid")
    post_text: str = Field(min_length=1)


class Verdict(BaseModel):
    """What the last reader says of a post; the notes of an approved one are remarks."""

    model_config = ConfigDict(extra="forbid")
    approved: bool
    facts: list[str]
    culture: list[str]
    grammar: list[str]


def problems_of_trends(said: Trends, count: int) -> list[str]:
    """Return what is wrong with the topics of a search, in words that the model can act on."""
    found = [] if len(said.topics) == count else [f"topics: {len(said.topics)} instead of {count}"]
    names = [without_marks(trend.topic).casefold() for trend in said.topics]
    if len(set(names)) < len(names):
        found.append("topics: two are the same")
    for number, trend in enumerate(said.topics, start=1):
        found += _too_long(f"topic {number}", trend.topic, TOPIC_WORDS)
        found += _too_long(f"topic {number} facts", " ".join(map(without_marks, trend.facts)), TREND_FACT_WORDS)
    return found


def problems_of_research(said: Research) -> list[str]:
    """Return what is wrong with the facts about a topic."""
    facts = [without_marks(fact) for fact in said.facts]
    found = [] if len(facts) == KEY_FACTS else [f"facts: {len(facts)} instead of {KEY_FACTS}"]
    found += [
        f"fact {number}: there is no number in it"
        for number, fact in enumerate(facts, start=1)
        if not any(character.isdigit() for character in fact)
    ]
    return found + _too_long("facts", " ".join(facts), FACT_WORDS)


def problems_of_brief(said: Brief, language: str) -> list[str]:
    """Return what is wrong with a brief."""
    found = _too_long("hook", said.hook, HOOK_WORDS) + _too_long("cta", said.cta, CTA_WORDS)
    if len(said.key_points) != POINTS:
        found.append(f"key_points: {len(said.key_points)} instead of {POINTS}")
    for number, point in enumerate(said.key_points, start=1):
        found += _too_long(f"key point {number}", point, POINT_WORDS)
        found += [] if point.strip() else [f"key point {number}: it is empty"]
    if len(said.hook.splitlines()) > 1:
        found.append("hook: more than one line")
    return found + _foreign("the brief", " ".join((said.hook, *said.key_points, said.cta)), language)


def problems_of_copy(said: Copy, language: str) -> list[str]:
    """Return what is wrong with a post."""
    count, (least, most) = words(said.post_text), POST_WORDS
    found = [] if least <= count <= most else [f"post_text: {count} words instead of {least} to {most}"]
    return found + _foreign("post_text", said.post_text, language)


def problems_of_verdict(said: Verdict) -> list[str]:
    """Return what is wrong with a verdict: a refusal that names nothing helps nobody."""
    notes = (said.facts, said.culture, said.grammar)
    found = [] if said.approved or notes_of(said) else ["it is not approved: say what has to be changed"]
    if any(len(kind) > NOTES for kind in notes):
        found.append(f"more than {NOTES} notes of a kind: keep what matters most")
    if any(len(note) > NOTE_CHARACTERS for kind in notes for note in kind):
        found.append(f"a note is longer than {NOTE_CHARACTERS} characters")
    return found


def without_marks(text: str) -> str:
    """Return a text of a search model on one line, without the numbers that point to its results."""
    return on_one_line(_MARK.sub("", text))


def cited(trend: Trend, results: Sequence[Found]) -> list[dict[str, Any]]:
    """Return the pages that a topic comes from, by the numbers that it names; addresses that a model writes are none."""
    marks = [int(number) for text in (trend.topic, trend.why, *trend.facts) for number in _MARK.findall(text)]
    numbers = dict.fromkeys(number for number in (*trend.cites, *marks) if 1 <= number <= len(results))
    return [results[number - 1].model_dump() for number in list(numbers)[:MOST_SOURCES]]


def _too_long(name: str, text: str, most: int) -> list[str]:
    return [f"{name}: {count} words instead of at most {most}"] if (count := words(text)) > most else []


def _foreign(name: str, text: str, language: str) -> list[str]:
    if is_in_its_script(text, language):
        return []
    return [f"{name}: not written in {in_words(language)}; write it in that language and its letters"]
