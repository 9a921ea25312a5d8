"""linkedin-post: which replies are taken, and which pages are sources. All pure."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from app.pipelines import sources
from app.pipelines.linkedin_text import (
    Brief,
    Copy,
    Found,
    Research,
    Trend,
    Trends,
    Verdict,
    cited,
    problems_of_brief,
    problems_of_copy,
    problems_of_research,
    problems_of_trends,
    problems_of_verdict,
    without_marks,
)

BRIEF = Brief(hook="Do 70 % of firms wait?", key_points=["One.", "Two.", "Three."], cta="Tell us below.")
PAGES = [Found(url=f"https://example.com/{n}", title=f"Page {n}") for n in (1, 2, 3)]
APPROVED = Verdict(approved=True, facts=[], culture=[], grammar=[])


def say(count: int) -> str:
    return " ".join(["word"] * count)


def trend(topic: str = "AI at work", **changes: Any) -> Trend:
    usual: dict[str, Any] = {"topic": topic, "score": 90, "why": "A report came out.", "facts": ["70 %."], "cites": [1]}
    return Trend.model_validate(usual | changes)


@pytest.mark.parametrize("score", [-1, 101])
def test_a_score_is_within_0_and_100(score: int) -> None:
    with pytest.raises(ValidationError):
        trend(score=score)


@pytest.mark.parametrize(
    ("topics", "told"),
    [
        ([trend()], "topics: 1 instead of 2"),
        ([trend("AI at work"), trend("ai  at Work [2]")], "topics: two are the same"),
        ([trend(), trend(say(21))], "topic 2: 21 words"),
        ([trend(), trend("Other", facts=[say(91)])], "topic 2 facts: 91 words"),
    ],
)
def test_topics_that_break_a_rule_are_told_why(topics: list[Trend], told: str) -> None:
    (problem,) = problems_of_trends(Trends(topics=topics), 2)

    assert problem.startswith(told)


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        (["1 a", "2 b"], "facts: 2 instead of 3"),
        (["1 a", "b", "3 c"], "fact 2: there is no number in it"),
        (["1 a", "b [2]", "3 c"], "fact 2: there is no number in it"),  # the mark of a source is none
        (["1 " + say(148), "2", "3"], "facts: 151 words"),
    ],
)
def test_facts_that_break_a_rule_are_told_why(facts: list[str], told: str) -> None:
    (problem,) = problems_of_research(Research(facts=facts))

    assert problem.startswith(told)


def test_facts_of_150_words_with_a_number_each_have_no_problem() -> None:
    assert problems_of_research(Research(facts=["1 " + say(147), "2", "۳"])) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"hook": say(31)}, "hook: 31 words"),
        ({"hook": "One.\nTwo."}, "hook: more than one line"),
        ({"cta": say(31)}, "cta: 31 words"),
        ({"key_points": ["a", "b"]}, "key_points: 2 instead of 3"),
        ({"key_points": ["a", say(41), "c"]}, "key point 2: 41 words"),
        ({"key_points": ["a", " ", "c"]}, "key point 2: it is empty"),
    ],
)
def test_a_brief_that_breaks_a_rule_is_told_why(change: dict[str, Any], told: str) -> None:
    (problem,) = problems_of_brief(BRIEF.model_copy(update=change), "en")

    assert problem.startswith(told)


@pytest.mark.parametrize(("count", "is_good"), [(254, False), (255, True), (300, True), (345, True), (346, False)])
def test_a_post_has_300_words_within_15_percent(count: int, *, is_good: bool) -> None:
    assert (problems_of_copy(Copy(post_text=say(count)), "en") == []) is is_good


def test_chinese_words_are_counted_by_their_characters() -> None:
    assert problems_of_copy(Copy(post_text="字" * 600), "zh") == []


def test_a_post_in_other_letters_than_those_of_its_language_is_refused() -> None:
    (problem,) = problems_of_copy(Copy(post_text=say(300)), "ur")

    assert "not written in ur (Urdu)" in problem
    assert "the brief" in problems_of_brief(BRIEF, "hi")[0]


def test_a_refusal_has_to_say_what_to_change() -> None:
    assert problems_of_verdict(Verdict(approved=False, facts=[" "], culture=[], grammar=[]))
    assert not problems_of_verdict(APPROVED)


def test_notes_are_few_and_short() -> None:
    assert problems_of_verdict(Verdict(approved=False, facts=["a"] * 4, culture=[], grammar=[]))
    assert problems_of_verdict(Verdict(approved=False, facts=["a" * 241], culture=[], grammar=[]))


# ---- sources


def test_a_topic_has_the_pages_that_it_cites_by_number_or_by_mark() -> None:
    found = cited(trend(cites=[3, 9, 0, -1], why="A report[1].", facts=["70 % [3]."]), PAGES)

    assert [page["url"] for page in found] == ["https://example.com/3", "https://example.com/1"]


def test_addresses_that_a_model_writes_are_no_sources() -> None:
    assert cited(trend(facts=["70 %, says https://invented.example/report"], cites=[]), PAGES) == []


def test_marks_are_taken_out_of_texts() -> None:
    assert without_marks("70 % wait [1][2],\nsays one [12].") == "70 % wait, says one."


def test_the_pages_that_the_provider_names_stand_in_the_place_of_those_that_the_model_writes() -> None:
    said = '{"facts": ["1", "2", "3"], "search_results": [{"url": "https://invented.example", "title": ""}]}'

    filled = Research.model_validate_json(sources.within(said, [sources.Source("https://example.com/1", "Page 1")]))

    assert filled.search_results == PAGES[:1]
    assert Research.model_validate_json(sources.within(said, [])).search_results == []


def test_a_reply_that_is_no_json_object_is_left_as_it_is() -> None:
    assert sources.within("Sure!", []) == "Sure!"
    assert sources.within("[1]", []) == "[1]"
