"""full-post: one topic becomes a carousel, an article, a quote and all their pictures.

Two models split the work (the brief's steps 2-4): a fast one writes the structured content, one that phrases
pictures well drafts an art-directed prompt per picture, and an image model renders them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import Field

from app.domain.states import PieceState, QuotaUnit
from app.pipelines.captions import KIND as CAPTION
from app.pipelines.captions import caption_of, caption_piece, caption_stage
from app.pipelines.languages import counting, in_words, words
from app.pipelines.order import Order, locale_line
from app.pipelines.pictures import picture_stages
from app.pipelines.pipeline import AspectRatio, Done, Fits, Layout, NewPiece, Pipeline, Prompt, Work
from app.pipelines.post_content import (
    BODY_WORDS,
    QUOTE_CHARACTERS,
    THEME_WORDS,
    TITLE_WORDS,
    Content,
    problems_of,
    problems_of_letters,
)
from app.pipelines.stages import composing_stage, drafting_stage, text_stage

PROMPT_WORDS = (25, 220)
SIZES_PX: dict[AspectRatio, tuple[int, int]] = {
    "4:5": (1080, 1350),
    "1:1": (1080, 1080),
    "16:9": (1920, 1080),
    "9:16": (1080, 1920),
}
ARTICLE_COVER_PX = (1200, 630)  # the size that link previews show


class FullPostRequest(Order):
    """What is ordered."""

    topic: str = Field(min_length=3, max_length=200, description="What the post is about.")
    tone: Literal["educational", "punchy", "story", "promo"] = "educational"
    slides: int = Field(11, ge=5, le=12, description="Slides of the carousel; the last one is a call to action.")
    format: AspectRatio = Field("4:5", description="Aspect ratio of the slides.")
    pictures: Literal["jpeg", "png"] = Field("jpeg", description="File type of the slides; PNG is five times as big.")
    caption: bool = Field(
        False,
        description="Have the cheapest model write caption, hashtags, alt text and SEO texts; else the caption is put"
        " together from the slides.",
    )


def problems_of_fit(content: Content, request: FullPostRequest, fits: Fits) -> list[str]:
    """Return which texts are too long for their slide, the quote's card or the article's cover, and by how much."""
    parts = [
        *(("slide", n, slide.model_dump()) for n, slide in enumerate(content.slides[: request.slides])),
        ("quote", 0, content.quote.model_dump()),
        ("article", 0, content.article.model_dump()),
    ]
    found = []
    for kind, position, data in parts:
        if told := fits(layout(request, kind, position, data)):
            found.append(f"{f'slide {position + 1}' if kind == 'slide' else kind}: {told}")
    return found


def content_prompt(request: FullPostRequest, voice: str) -> Prompt:
    """Return what the writing model is asked."""
    return Prompt(
        system=(
            "You write for professionals who scroll fast and stay for substance. Every slide teaches one concrete"
            " thing that a reader can use today; no slide repeats another; no empty phrases. Reply with JSON only."
        ),
        user=(
            f"Write a carousel, an article and a quote about one topic.\n"
            f"Topic: {request.topic}\n"
            f"Tone: {request.tone}\n"
            f"Slides: {request.slides}\n"
            f"{locale_line(request)}"
            f"Language: {request.language}\n"
            f"Voice: {voice}\n\n"
            f"- hook: the line that makes people stop; slide 1 opens with it.\n"
            f"- slides: exactly {request.slides}. title at most {TITLE_WORDS} words; body one or two sentences, at"
            f" most {BODY_WORDS} words; image_theme a visual idea in at most {THEME_WORDS} words. The last slide"
            f" calls the reader to act.\n"
            f"- article: 600 words in all, with a title, an intro, three or more headed sections and a conclusion.\n"
            f"- quote: at most {QUOTE_CHARACTERS} characters, with its author.\n"
            f"- Every text is in {in_words(request.language)} and its own letters, only image_theme is in English."
            f"{f' {how}' if (how := counting(request.language)) else ''}"
        ),
    )


CONTINUITY = (
    "one soft key light from the upper left, fine film grain, a single accent colour repeated in every frame",
    "35 mm lens look, low warm side light, one recurring thread of the accent colour",
    "wide calm negative space, gentle haze, the accent colour only on the hero object",
    "shallow depth of field, cool ambient light, one glowing edge in the accent colour",
)


def continuity(topic: str) -> str:
    """Return the phrase that every image prompt of a post repeats word for word, so that its pictures belong together."""
    return CONTINUITY[hashlib.sha256(topic.encode()).digest()[0] % len(CONTINUITY)]


def drawing_prompt(work: Work) -> Prompt:
    """Return what the model is asked that phrases the picture of one piece."""
    request: FullPostRequest = work.request
    return Prompt(
        system=(
            "You are an art director. You write one image prompt for an image model: a single paragraph that names"
            " the subject, the setting, the lighting, the camera angle, the mood and the colour palette."
            " Photoreal or stylised, never cartoonish. No text, letters, numbers, logos or watermarks in the"
            " picture. Write in English, whatever language the title has. Reply with the paragraph only."
        ),
        user=(
            f"Title: {work.data['title']}\n"
            f"Image theme: {work.data['image_theme']}\n"
            f"{locale_line(request)}"
            f"Brand style: {work.brand.visual_style}\n"
            f"Continuity: {work.data['continuity']}\n"
            f"Aspect ratio: {aspect_ratio(request, work.kind)}"
        ),
    )


def aspect_ratio(request: FullPostRequest, kind: str) -> AspectRatio:
    """Return the aspect ratio of a kind of piece: the slide's own, so that nothing is cropped away later."""
    return "16:9" if kind == "article" else request.format


def problems_of_prompt(text: str) -> list[str]:
    """Return what is wrong with a drafted image prompt."""
    found = []
    if "\n\n" in text.strip():
        found.append("more than one paragraph")
    if re.match(r"(?i)\s*(here is|here's|sure|prompt:)", text):
        found.append("it starts with a preamble; give only the prompt")
    if not PROMPT_WORDS[0] <= words(text) <= PROMPT_WORDS[1]:
        found.append(f"{words(text)} words instead of {PROMPT_WORDS[0]} to {PROMPT_WORDS[1]}")
    return found


def write_content(work: Work) -> Done:
    """Ask for all texts at once, and open the pieces that need pictures."""
    request: FullPostRequest = work.request
    content = work.ask.structured(
        "write_content",
        content_prompt(request, work.brand.voice),
        Content,
        name="full_post_content",
        check=lambda reply: [
            *problems_of(reply, request.slides),
            *problems_of_letters(reply, request.language),
            *problems_of_fit(reply, request, work.fits),
        ],
    )
    thread = continuity(request.topic)
    slides = [
        NewPiece("slide", n, {**slide.model_dump(), "continuity": thread}) for n, slide in enumerate(content.slides)
    ]
    article = content.article.model_dump() | {"image_theme": content.slides[0].image_theme, "continuity": thread}
    quote = content.quote.model_dump() | {
        "title": content.quote.text,
        "image_theme": "a quiet scene that carries the thought",
        "continuity": thread,
    }
    captions = [captioned(request, content)] if request.caption else []
    return Done(
        data={"hook": content.hook},
        opens=[*slides, NewPiece("article", 0, article), NewPiece("quote", 0, quote), *captions],
    )


def captioned(request: FullPostRequest, content: Content) -> NewPiece:
    """Return the piece that becomes the caption: it knows the headlines, and nothing of what stands below them."""
    about = {
        "Topic": request.topic,
        "Tone": request.tone,
        "Hook": content.hook,
        "Slides": " / ".join(slide.title for slide in content.slides),
        "Article": content.article.title,
    }
    return caption_piece(about, {"article-cover": content.slides[0].image_theme})


def draft_prompt(work: Work) -> Done:
    """Have one picture's prompt phrased."""
    return Done(prompt=work.ask.text("draft_prompt", drawing_prompt(work), check=problems_of_prompt).strip())


def compose(work: Work) -> Done:
    """Put the text on the picture."""
    return Done(composed=work.compose(layout(work.request, work.kind, work.position, work.data)))


def layout(request: FullPostRequest, kind: str, position: int, data: Mapping[str, Any]) -> Layout:
    """Return what stands on the picture of a piece."""
    if kind == "quote":
        return Layout("quote", 0, 1, data["text"], data["author"], SIZES_PX[request.format])
    if kind == "article":
        return Layout("article", 0, 1, data["title"], "", ARTICLE_COVER_PX)
    last = request.slides - 1
    role: Literal["cover", "content", "cta"] = "cover" if position == 0 else "cta" if position == last else "content"
    return Layout(role, position, request.slides, data["title"], data["body"], SIZES_PX[request.format])


def counts(request: FullPostRequest) -> Mapping[str, int]:
    """Return how many pieces of each kind a post has: 13 pictures with the default of 11 slides."""
    return {"content": 1, "slide": request.slides, "article": 1, "quote": 1} | ({CAPTION: 1} if request.caption else {})


def texts(pieces: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, Any]:
    """Return the post's texts for its result."""
    inner = {"continuity", "image_theme"}
    article = next(iter(pieces.get("article", ())), None)
    quote = next(iter(pieces.get("quote", ())), None)
    return {
        "hook": next((p.get("hook") for p in pieces.get("content", ())), None),
        "article": {k: v for k, v in article.items() if k not in inner} if article else None,
        "quote": {"text": quote["text"], "author": quote["author"]} if quote else None,
        "caption": next((caption_of(piece) for piece in pieces.get(CAPTION, ())), None),
    }


PICTURE_TRACK = (
    drafting_stage(draft_prompt, max_tokens_in=1_200, expected_tokens_in=260),
    *picture_stages(lambda work: aspect_ratio(work.request, work.kind), gives=PieceState.RENDERED),
    composing_stage(compose),
)

PIPELINE = Pipeline(
    name="full-post",
    version=1,
    title="A topic becomes a carousel, an article, a quote and all their pictures.",
    request=FullPostRequest,
    charges={QuotaUnit.POSTS: 1},
    opening=lambda *_: [NewPiece("content", 0, {})],
    counts=counts,
    heading=lambda request: request.topic,
    layout=layout,
    carousel="slide",
    tracks={
        "content": (
            text_stage(
                write_content,
                "write_content",
                max_charged_calls=3,
                max_tokens=(12_000, 8_000),
                expected_tokens=(600, 2_200),
                expected_s=4,
            ),
        ),
        "slide": PICTURE_TRACK,
        "article": PICTURE_TRACK,
        "quote": PICTURE_TRACK,
        CAPTION: (caption_stage(),),
    },
    texts=texts,
    optional=frozenset({CAPTION}),
)
