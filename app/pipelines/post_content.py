"""The texts of a post as the writing model returns them, and what must hold of them whatever their slides look like."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from app.pipelines.languages import in_words, is_in_its_script, words

TITLE_WORDS, BODY_WORDS, THEME_WORDS = 8, 30, 6  # the brief's step 2
ARTICLE_WORDS = (510, 690)  # 600 words, 15 % either way
MIN_SECTIONS = 3
QUOTE_CHARACTERS = 200


class SlideText(BaseModel):
    """One slide."""

    model_config = ConfigDict(extra="forbid")
    title: str = Field(min_length=1, description=f"At most {TITLE_WORDS} words.")
    body: str = Field(min_length=1, description=f"One or two sentences, at most {BODY_WORDS} words.")
    image_theme: str = Field(min_length=1, description=f"A visual idea in at most {THEME_WORDS} words.")


class Section(BaseModel):
    """A headed part of the article."""

    model_config = ConfigDict(extra="forbid")
    heading: str = Field(min_length=1)
    body: str = Field(min_length=1)


class Article(BaseModel):
    """The article that goes with the carousel."""

    model_config = ConfigDict(extra="forbid")
    title: str = Field(min_length=1)
    intro: str = Field(min_length=1)
    sections: list[Section] = Field(description="At least three.")
    conclusion: str = Field(min_length=1)


class Quote(BaseModel):
    """A line worth a card of its own."""

    model_config = ConfigDict(extra="forbid")
    text: str = Field(min_length=1, description=f"At most {QUOTE_CHARACTERS} characters.")
    author: str = Field(min_length=1)


class Content(BaseModel):
    """All texts of a post, as the model returns them."""

    model_config = ConfigDict(extra="forbid")
    hook: str = Field(min_length=1, description="The first line that makes people stop.")
    slides: list[SlideText]
    article: Article
    quote: Quote


def problems_of(content: Content, slides: int) -> list[str]:
    """Return what in `content` breaks a length, in words that the model can act on.

    Provider schemas do not enforce lengths, so that this is the only check.
    """
    found = []
    if len(content.slides) != slides:
        found.append(f"slides: {len(content.slides)} instead of {slides}")
    for number, slide in enumerate(content.slides, start=1):
        for name, text, most in (
            ("title", slide.title, TITLE_WORDS),
            ("body", slide.body, BODY_WORDS),
            ("image_theme", slide.image_theme, THEME_WORDS),
        ):
            if words(text) > most:
                found.append(f"slide {number} {name}: {words(text)} words instead of at most {most}")
    article = content.article
    if len(article.sections) < MIN_SECTIONS:
        found.append(f"article sections: {len(article.sections)} instead of at least {MIN_SECTIONS}")
    total = sum(words(text) for text in (article.intro, *(s.body for s in article.sections), article.conclusion))
    if not ARTICLE_WORDS[0] <= total <= ARTICLE_WORDS[1]:
        found.append(f"article: {total} words instead of {ARTICLE_WORDS[0]} to {ARTICLE_WORDS[1]}")
    if len(content.quote.text) > QUOTE_CHARACTERS:
        found.append(f"quote: {len(content.quote.text)} characters instead of at most {QUOTE_CHARACTERS}")
    return found


def problems_of_letters(content: Content, language: str) -> list[str]:
    """Return which texts are in other letters than those of the language that was asked for."""
    article = content.article
    texts = {
        "slides": [text for slide in content.slides for text in (slide.title, slide.body)],
        "article": [article.title, article.intro, *(part.body for part in article.sections), article.conclusion],
        "quote": [content.quote.text],
    }
    return [
        f"{name}: not written in {in_words(language)}; write every text but image_theme in that language and its letters"
        for name, parts in texts.items()
        if not is_in_its_script(" ".join(parts), language)
    ]
