"""full-post: lengths, prompts, layout. All pure."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from app.domain.brand import DEFAULT_BRAND
from app.domain.states import PieceState
from app.pipelines import full_post
from app.pipelines.full_post import PIPELINE, FullPostRequest
from app.pipelines.pipeline import Change, Done, Layout, NewPiece, Prompt, Work
from app.pipelines.post_content import Article, Content, Quote, Section, SlideText, problems_of

REQUEST = FullPostRequest(topic="DevOps for Junior Engineers")


def say(count: int) -> str:
    return " ".join(["word"] * count)


def content(slides: int = 11) -> Content:
    """Return content in which everything is exactly at its limit."""
    return Content(
        hook="Stop.",
        slides=[SlideText(title=say(8), body=say(30), image_theme=say(6)) for _ in range(slides)],
        article=Article(
            title="A",
            intro=say(90),
            sections=[Section(heading="H", body=say(200)), *[Section(heading="H", body=say(150))] * 2],
            conclusion=say(100),
        ),
        quote=Quote(text="q" * 200, author="A"),
    )


def test_content_at_every_limit_has_no_problem() -> None:
    assert problems_of(content(), 11) == []


def with_slide(**text: str) -> Content:
    made = content()
    made.slides[2] = made.slides[2].model_copy(update=text)
    return made


def with_article(**text: Any) -> Content:
    made = content()
    return made.model_copy(update={"article": made.article.model_copy(update=text)})


PROBLEMS: list[tuple[Content, str]] = [
    (content(10), "slides: 10 instead of 11"),
    (content(12), "slides: 12 instead of 11"),
    (with_slide(title=say(9)), "slide 3 title: 9 words instead of at most 8"),
    (with_slide(body=say(31)), "slide 3 body: 31 words instead of at most 30"),
    (with_slide(image_theme=say(7)), "slide 3 image_theme: 7 words instead of at most 6"),
    (with_article(intro=say(91)), "article: 691 words instead of 510 to 690"),
    (with_article(sections=[Section(heading="H", body=say(319))] * 1), "article sections: 1 instead of at least 3"),
    (with_article(conclusion="x", intro="x"), "article: 502 words instead of 510 to 690"),
    (content().model_copy(update={"quote": Quote(text="q" * 201, author="A")}), "quote: 201 characters"),
]


@pytest.mark.parametrize(("wrong", "told"), PROBLEMS, ids=[told[:30] for _, told in PROBLEMS])
def test_each_length_that_is_broken_is_told(wrong: Content, told: str) -> None:
    (problem, *more) = problems_of(wrong, 11)

    assert problem.startswith(told)
    assert len(more) <= 1


def test_all_problems_are_told_at_once() -> None:
    wrong = with_slide(title=say(9), body=say(31))

    assert len(problems_of(wrong, 12)) == 3


@pytest.mark.parametrize("field", ["title", "body", "image_theme"])
def test_an_empty_text_is_refused_by_the_schema(field: str) -> None:
    with pytest.raises(ValidationError):
        SlideText(**{"title": "a", "body": "b", "image_theme": "c", field: ""})


def test_more_than_was_asked_for_is_refused_by_the_schema() -> None:
    with pytest.raises(ValidationError):
        Content.model_validate({**content().model_dump(), "hashtags": []})


@pytest.mark.parametrize(
    ("prompt", "told"),
    [
        (say(24), "24 words"),
        (say(221), "221 words"),
        (say(30) + "\n\n" + say(30), "more than one paragraph"),
        ("Here is your prompt: " + say(30), "preamble"),
        ("Sure! " + say(30), "preamble"),
        ("Prompt: " + say(30), "preamble"),
    ],
)
def test_a_drafted_prompt_that_breaks_the_rules_is_told_why(prompt: str, told: str) -> None:
    assert any(told in problem for problem in full_post.problems_of_prompt(prompt))


@pytest.mark.parametrize("prompt", [say(25), say(220), "A hero shot. " + say(40) + "\n"])
def test_a_drafted_prompt_within_the_rules_has_no_problem(prompt: str) -> None:
    assert full_post.problems_of_prompt(prompt) == []


@pytest.mark.parametrize(
    ("kind", "position", "role"),
    [
        ("slide", 0, "cover"),
        ("slide", 1, "content"),
        ("slide", 9, "content"),
        ("slide", 10, "cta"),
        ("quote", 0, "quote"),
        ("article", 0, "article"),
    ],
)
def test_the_role_of_a_slide_is_decided_by_its_place(kind: str, position: int, role: str) -> None:
    data = {"title": "T", "body": "B", "text": "Q", "author": "A"}

    assert full_post.layout(REQUEST, kind, position, data).role == role


def test_a_slide_shows_its_texts_and_its_place() -> None:
    assert full_post.layout(REQUEST, "slide", 3, {"title": "T", "body": "B"}) == Layout(
        "content", 3, 11, "T", "B", (1080, 1350)
    )


def test_a_quote_shows_its_author() -> None:
    made = full_post.layout(REQUEST, "quote", 0, {"text": "Q", "author": "A"})

    assert (made.title, made.body) == ("Q", "A")


@pytest.mark.parametrize(
    ("format_", "size"), [("4:5", (1080, 1350)), ("1:1", (1080, 1080)), ("16:9", (1920, 1080)), ("9:16", (1080, 1920))]
)
def test_slides_and_quote_have_the_ordered_format(format_: str, size: tuple[int, int]) -> None:
    request = FullPostRequest(topic="abc", format=format_)
    data = {"title": "T", "body": "B", "text": "Q", "author": "A"}

    assert {full_post.layout(request, kind, 0, data).size_px for kind in ("slide", "quote")} == {size}


@pytest.mark.parametrize("format_", ["4:5", "1:1", "9:16"])
def test_the_article_cover_is_wide_whatever_the_slides_are(format_: str) -> None:
    request = FullPostRequest(topic="abc", format=format_)

    assert full_post.aspect_ratio(request, "article") == "16:9"
    assert full_post.layout(request, "article", 0, {"title": "T"}).size_px == (1200, 630)


@pytest.mark.parametrize("format_", ["4:5", "1:1", "16:9", "9:16"])
def test_a_picture_is_rendered_in_the_ratio_of_its_slide(format_: str) -> None:
    request = FullPostRequest(topic="abc", format=format_)

    assert full_post.aspect_ratio(request, "slide") == format_


def test_the_same_topic_has_the_same_continuity() -> None:
    assert full_post.continuity("Sleep") == full_post.continuity("Sleep")


def test_topics_do_not_all_look_the_same() -> None:
    assert {full_post.continuity(f"topic {n}") for n in range(60)} == set(full_post.CONTINUITY)


class Scripted:
    """An `ask` that gives what it was given, and notes what it was asked."""

    def __init__(self, reply: Any) -> None:
        self.reply = reply
        self.asked: list[Any] = []

    def structured(self, purpose: str, prompt: Prompt, schema: Any, *, name: str, check: Any) -> Any:
        self.asked.append((purpose, prompt, schema, name))
        assert check(self.reply) == []
        return self.reply

    def text(self, purpose: str, prompt: Prompt, *, check: Any) -> str:
        self.asked.append((purpose, prompt, check))
        return str(self.reply)

    def picture(self, purpose: str, prompt: str, aspect_ratio: str, *, change: Change | None = None) -> dict[str, Any]:
        self.asked.append((purpose, prompt, aspect_ratio, change))
        return dict(self.reply)


def work(
    ask: Any, kind: str = "slide", position: int = 0, data: dict[str, Any] | None = None, prompt: str = "p"
) -> Work:
    return Work(REQUEST, DEFAULT_BRAND, kind, position, data or {}, prompt, ask, lambda layout: {"layout": layout})


def test_the_content_opens_one_piece_for_each_picture() -> None:
    done = full_post.write_content(work(Scripted(content())))

    assert [(piece.kind, piece.position) for piece in done.opens] == [
        *(("slide", n) for n in range(11)),
        ("article", 0),
        ("quote", 0),
    ]


def test_every_piece_of_a_post_carries_the_same_continuity() -> None:
    done = full_post.write_content(work(Scripted(content())))

    assert {piece.data["continuity"] for piece in done.opens} == {full_post.continuity(REQUEST.topic)}


def test_every_piece_has_what_its_image_prompt_needs() -> None:
    done = full_post.write_content(work(Scripted(content())))

    for piece in done.opens:
        made = full_post.drawing_prompt(work(None, piece.kind, piece.position, piece.data))
        assert str(piece.data["image_theme"]) in made.user


def test_the_image_prompt_names_brand_continuity_and_ratio() -> None:
    data = {"title": "Ship small", "image_theme": "a small boat", "continuity": "one key light"}

    made = full_post.drawing_prompt(work(None, data=data)).user

    for part in ("Ship small", "a small boat", DEFAULT_BRAND.visual_style, "one key light", "4:5"):
        assert part in made


def test_the_image_prompt_forbids_text_in_the_picture() -> None:
    made = full_post.drawing_prompt(work(None, data={"title": "T", "image_theme": "x", "continuity": "y"}))

    assert "No text, letters, numbers, logos or watermarks" in made.system


@pytest.mark.parametrize("part", ["DevOps for Junior Engineers", "educational", "exactly 11", "Language: en", "warm"])
def test_the_content_prompt_says(part: str) -> None:
    assert part in full_post.content_prompt(REQUEST, "warm").user


def test_a_drafted_prompt_loses_the_space_around_it() -> None:
    data = {"title": "T", "image_theme": "x", "continuity": "y"}

    assert full_post.draft_prompt(work(Scripted("  a boat \n"), data=data)).prompt == "a boat"


def test_the_picture_track_is_draft_render_review_compose() -> None:
    for kind in ("slide", "article", "quote"):
        assert [(stage.step, stage.gives) for stage in PIPELINE.tracks[kind]] == [
            ("draft_prompt", PieceState.PROMPTED),
            ("render_image", PieceState.RENDERED),
            ("review_image", PieceState.RENDERED),
            ("compose", PieceState.READY),
        ]


@pytest.mark.parametrize(("kind", "ratio"), [("slide", "4:5"), ("quote", "4:5"), ("article", "16:9")])
def test_a_picture_is_rendered_from_the_drafted_prompt_in_its_kinds_ratio(kind: str, ratio: str) -> None:
    ask = Scripted({"key": "k"})

    done = PIPELINE.stage(kind, "render_image").act(work(ask, kind, prompt="a boat at dusk"))

    assert ask.asked == [("render_image", "a boat at dusk", ratio, None)]
    assert done == Done(picture={"key": "k"})


def test_the_texts_of_the_result_leave_out_what_is_inner() -> None:
    done = full_post.write_content(work(Scripted(content())))
    pieces: dict[str, list[dict[str, Any]]] = {"content": [{"hook": "Stop."}]}
    for piece in done.opens:
        pieces.setdefault(piece.kind, []).append(piece.data)

    made = full_post.texts(pieces)

    assert made["hook"] == "Stop."
    assert set(made["article"]) == {"title", "intro", "sections", "conclusion"}
    assert made["quote"] == {"text": "q" * 200, "author": "A"}


def test_the_texts_of_a_run_without_content_are_empty() -> None:
    assert full_post.texts({}) == {"hook": None, "article": None, "quote": None, "caption": None}


@pytest.mark.parametrize("slides", [5, 11, 12])
def test_as_many_pieces_are_opened_as_were_counted(slides: int) -> None:
    request = FullPostRequest(topic="abc", slides=slides)

    assert PIPELINE.counts(request) == {"content": 1, "slide": slides, "article": 1, "quote": 1}
    assert PIPELINE.opening(request, DEFAULT_BRAND) == [NewPiece("content", 0, {})]
