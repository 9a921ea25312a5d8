"""What the writer writes."""

import itertools
import json
import re
from typing import Any

import pytest

from sandbox.calls import Ask, Kind
from sandbox.topics import read_topic
from sandbox.writer import write

TOPICS = (
    "5 pricing mistakes freelancers make", "How to learn Rust", "Remote onboarding for engineers",
    "Why remote teams fail", "Sleep for shift workers", "7 ways to save money on groceries",
    "Kubernetes cost control", "What is quantum computing", "When to hire your first employee",
    "Build a habit that sticks", "The art of saying no", "Email deliverability: what nobody tells you",
    "AI in Pakistani textile factories", "Growing tomatoes on a balcony", "Postgres vs MySQL for startups",
    "Why your startup needs a content calendar", "Public speaking", "Negotiating your salary",
    "How solar panels work", "Marathon training for busy parents",
)  # fmt: skip
TONES = ("educational", "punchy", "story", "promo")


def post(topic: str, tone: str = "educational", slides: int = 11, key: str = "k") -> dict[str, Any]:
    prompt = f"Write the post.\nTopic: {topic}\nTone: {tone}\nSlides: {slides}\n"
    ask = Ask("m", Kind.JSON, "You write carousels.", prompt, "full_post_content")
    content: dict[str, Any] = json.loads(write(ask, key + topic))
    return content


def sentences(content: dict[str, Any], topic: str) -> set[str]:
    """Return the deck's sentences with the topic masked, so that only the wording counts."""
    article = content["article"]
    texts = [text for slide in content["slides"] for text in (slide["title"], slide["body"])]
    texts += [article["intro"], article["conclusion"], *(section["body"] for section in article["sections"])]
    forms = read_topic(topic)
    text = "\n".join(texts)
    for form in (forms.subject, forms.short):
        text = re.sub(re.escape(form), "TOPIC", text, flags=re.IGNORECASE)
    return {part.strip().lower() for part in re.split(r"(?<=[.?!])\s+|\n", text) if part.strip()}


@pytest.mark.parametrize("slides", [1, 2, 5, 11, 12, 24])
def test_a_post_has_the_slides_asked_for_within_their_limits(slides: int) -> None:
    for topic, tone in itertools.product((*TOPICS, "x" * 200, "word " * 40), TONES):
        content = post(topic, tone, slides)
        assert len(content["slides"]) == slides
        for slide in content["slides"]:
            assert 1 <= len(slide["title"].split()) <= 8
            assert 5 <= len(slide["body"].split()) <= 30
            assert 1 <= len(slide["image_theme"].split()) <= 6
        assert len(content["quote"]["text"]) <= 200 or len(topic) > 150


def test_every_article_is_600_words_long_within_a_tenth() -> None:
    for topic, tone in itertools.product(TOPICS, TONES):
        article = post(topic, tone)["article"]
        text = " ".join([article["intro"], *(part["body"] for part in article["sections"]), article["conclusion"]])
        assert 540 <= len(text.split()) <= 660
        assert len(article["sections"]) >= 3


def test_posts_are_about_their_topic() -> None:
    for topic in TOPICS:
        content = json.dumps(post(topic), ensure_ascii=False).lower()
        assert content.count(read_topic(topic).short.lower()) >= 8


def test_no_two_decks_share_a_fifth_of_their_sentences_even_with_the_topic_masked() -> None:
    decks = [sentences(post(topic, TONES[n % 4]), topic) for n, topic in enumerate(TOPICS)]
    shares = [len(a & b) / min(len(a), len(b)) for a, b in itertools.combinations(decks, 2)]
    assert max(shares) < 0.2


def test_no_placeholder_or_choice_is_left_in_a_text() -> None:
    for topic, key in itertools.product(TOPICS, "abc"):
        assert not re.search(r"[{}\[\]|]|  ", " ".join(sentences(post(topic, key=key), topic)))


def test_the_same_key_writes_the_same_post_and_another_key_another() -> None:
    assert post("Home roasting", key="1") == post("Home roasting", key="1") != post("Home roasting", key="2")


@pytest.mark.parametrize(
    ("topic", "subject"),
    [
        ("How to learn Rust", "learning Rust"),
        ("7 ways to save money on groceries", "saving money on groceries"),
        ("Why remote teams fail", "remote teams"),
        ("The Ultimate Guide to Home Coffee Roasting", "home coffee roasting"),
        ("Kubernetes cost control", "Kubernetes cost control"),
        ("Stop losing customers at checkout", "not losing customers at checkout"),
        ("   ", "this topic"),
        ("اردو خطاطی", "اردو خطاطی"),
    ],
)
def test_a_topic_becomes_a_phrase_that_fits_into_a_sentence(topic: str, subject: str) -> None:
    assert read_topic(topic).subject == subject


def test_an_image_prompt_directs_every_decision_and_keeps_the_continuity_word_for_word() -> None:
    continuity = "one thin amber line runs through every frame, matte paper grain"
    brief = (
        "Title: Name the finish line first\nImage theme: flag on a distant ridge\n"
        f"Brand style: deep navy, electric blue and amber\nContinuity: {continuity}\nAspect ratio: 4:5"
    )
    texts = {write(Ask("m", Kind.TEXT, "You are an art director.", brief), str(n)) for n in range(40)}
    assert len(texts) == 40
    for text in texts:
        assert 60 <= len(text.split()) <= 110
        assert "\n" not in text
        for part in (continuity, "deep navy", "ridge", "No text, no letters, no logos"):
            assert part in text


def test_a_plain_question_gets_a_paragraph_on_it() -> None:
    text = write(Ask("m", Kind.TEXT, "", "Growing tomatoes on a balcony"), "k")
    assert "tomatoes" in text
    assert len(text.split()) > 30
