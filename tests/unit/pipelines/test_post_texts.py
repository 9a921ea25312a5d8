"""full-post: texts that fit their slides and are in the language asked for; else they are asked again, in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from app.domain.brand import DEFAULT_BRAND
from app.pipelines import full_post
from app.pipelines.full_post import FullPostRequest
from app.pipelines.pipeline import Layout, Work
from app.pipelines.post_content import Article, Content, Quote, Section, SlideText, problems_of, problems_of_letters

URDU = "چھوٹی تبدیلیاں جلد کریں"


def content(word: str = "word", slides: int = 5) -> Content:
    """Return content that is as long as it should be, all of one word."""
    part = " ".join([word] * 120)
    return Content(
        hook=word,
        slides=[SlideText(title=word, body=f"{word} {n}", image_theme="a small boat") for n in range(slides)],
        article=Article(
            title=word, intro=part, sections=[Section(heading=word, body=part) for _ in range(3)], conclusion=part
        ),
        quote=Quote(text=word, author=word),
    )


@dataclass
class Scripted:
    """An `ask` that replies once, and notes what it was asked and what is wrong with its reply."""

    reply: Content
    problems: list[str] = field(default_factory=list)
    asked: str = ""

    def structured(self, _purpose: str, prompt: Any, _schema: Any, *, name: str, check: Any) -> Content:
        assert name == "full_post_content"
        self.asked, self.problems = prompt.user, check(self.reply)
        return self.reply


def written(reply: Content, request: FullPostRequest, **more: Any) -> Scripted:
    ask = Scripted(reply)
    full_post.write_content(Work(request, DEFAULT_BRAND, "content", 0, {}, None, ask, None, **more))  # type: ignore[arg-type]
    return ask


def five(**changes: Any) -> FullPostRequest:
    return FullPostRequest.model_validate({"topic": "Sleep", "slides": 5, **changes})


def test_every_text_that_gets_a_slide_is_measured_against_its_own_layout() -> None:
    measured: list[Layout] = []
    made = content()

    written(made, five(format="1:1"), fits=measured.append)

    assert [(one.role, one.index, one.total, one.title) for one in measured] == [
        ("cover", 0, 5, "word"),
        *(("content", n, 5, "word") for n in (1, 2, 3)),
        ("cta", 4, 5, "word"),
        ("quote", 0, 1, "word"),
        ("article", 0, 1, "word"),
    ]
    assert [one.body for one in measured] == ["word 0", "word 1", "word 2", "word 3", "word 4", "word", ""]
    assert [one.size_px for one in measured] == [(1080, 1080)] * 6 + [(1200, 630)]


def test_what_does_not_fit_is_told_with_its_place() -> None:
    def fits(layout: Layout) -> str | None:
        return "much too long" if layout.role in ("cta", "quote", "article") else None

    assert written(content(), five(), fits=fits).problems == [
        "slide 5: much too long",
        "quote: much too long",
        "article: much too long",
    ]


def test_slides_that_nobody_asked_for_are_not_measured() -> None:
    measured: list[Layout] = []

    ask = written(content(slides=8), five(), fits=measured.append)

    assert len([one for one in measured if one.role not in ("quote", "article")]) == 5
    assert ask.problems == ["slides: 8 instead of 5"]


def test_without_a_measure_everything_fits() -> None:
    assert written(content(), five()).problems == []


def test_a_reply_in_the_language_that_was_asked_for_has_no_problem() -> None:
    assert problems_of_letters(content(URDU), "ur") == []


def test_a_reply_in_latin_letters_is_sent_back_when_urdu_was_asked_for() -> None:
    problems = written(content("Word"), five(language="ur")).problems

    assert [problem.partition(":")[0] for problem in problems] == ["slides", "article", "quote"]
    assert all("ur (Urdu)" in problem for problem in problems)


def test_only_the_part_in_other_letters_is_told() -> None:
    mixed = content(URDU).model_copy(update={"quote": Quote(text="Done is better than perfect", author=URDU)})

    (problem,) = problems_of_letters(mixed, "ur")

    assert problem.startswith("quote: not written in ur (Urdu)")


def test_latin_letters_are_what_roman_urdu_is_written_in() -> None:
    assert problems_of_letters(content("chhoti tabdeeliyan"), "ur-Latn") == []


def test_chinese_texts_are_measured_by_their_characters() -> None:
    made = content("小步快跑")
    made.slides[0] = SlideText(title="工" * 17, body="工" * 61, image_theme="a small boat")
    made.slides[1] = SlideText(title="工" * 16, body="工" * 60, image_theme="a small boat")

    found = problems_of(made, 5)

    assert found[:2] == [
        "slide 1 title: 9 words instead of at most 8",
        "slide 1 body: 31 words instead of at most 30",
    ]
    assert all("article" in problem for problem in found[2:])


def test_a_chinese_article_of_1200_characters_is_long_enough() -> None:
    made = content("小步快跑")
    part = "工" * 240
    article = made.article.model_copy(
        update={"intro": part, "conclusion": part, "sections": [Section(heading="工", body=part)] * 3}
    )

    assert problems_of(made.model_copy(update={"article": article}), 5) == []


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "\nLanguage: en\n"),
        ("ur", "\nLanguage: ur\n"),
        ("ur", "is in ur (Urdu) and its own letters"),
        ("zh", "Count 2 characters as a word"),
    ],
)
def test_the_writer_is_told_the_language(language: str, told: str) -> None:
    asked = written(content("小"), five(language=language)).asked

    assert told in asked
    assert "only image_theme is in English" in asked


def test_an_image_prompt_is_in_english_whatever_the_title_is_in() -> None:
    data = {"title": URDU, "image_theme": "x", "continuity": "y"}
    work = Work(five(language="ur"), DEFAULT_BRAND, "slide", 0, data, None, None, None)  # type: ignore[arg-type]

    assert "Write in English, whatever language the title has" in full_post.drawing_prompt(work).system
