"""Languages that the writer does not know: their post is sample text in their letters, which says so."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from test_sandbox_languages import post, texts

from app.pipelines import languages
from app.pipelines.languages import words
from app.pipelines.post_content import Content, problems_of, problems_of_letters
from sandbox.languages import LANGUAGES
from sandbox.languages.language import reckoned
from sandbox.languages.letters import LETTERS, NOTE, in_letters_of
from sandbox.post_writer import write_post

TOPIC = "Why backups fail"
NAMED = {  # how the names of a script's letters begin
    "th": "THAI", "lo": "LAO", "km": "KHMER", "my": "MYANMAR", "el": "GREEK", "bn": "BENGALI", "ta": "TAMIL",
    "te": "TELUGU", "kn": "KANNADA", "ml": "MALAYALAM", "gu": "GUJARATI", "pa-Guru": "GURMUKHI", "si": "SINHALA",
    "hy": "ARMENIAN", "ka": "GEORGIAN", "am": "ETHIOPIC",
}  # fmt: skip


@pytest.mark.parametrize("slides", [5, 12])
@pytest.mark.parametrize("language", [*languages._LANGUAGES, "pa-Guru", "ti", "as", "yi", "sr-Latn"])
def test_no_language_that_can_be_ordered_is_answered_with_texts_that_the_pipeline_refuses(
    language: str, slides: int
) -> None:
    content = Content.model_validate(post(language, TOPIC, slides=slides))

    assert [*problems_of(content, slides), *problems_of_letters(content, language)] == []


@pytest.mark.parametrize(("language", "name"), NAMED.items(), ids=NAMED)
def test_sample_text_is_in_the_letters_of_its_language_and_keeps_the_topic(language: str, name: str) -> None:
    content = post(language, TOPIC)

    assert any(TOPIC in slide["title"] + slide["body"] for slide in content["slides"])
    slides = "".join(slide["title"] + slide["body"] for slide in content["slides"]).replace(TOPIC, "")
    assert {unicodedata.name(letter).split()[0] for letter in slides if letter.isalpha()} == {name}


@pytest.mark.parametrize("language", NAMED)
def test_sample_text_says_what_it_is(language: str) -> None:
    content = post(language, TOPIC)

    assert content["article"]["intro"].startswith(NOTE)
    assert content["quote"]["author"] == "Sandbox"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_that_is_known_is_no_sample(language: str) -> None:
    assert NOTE not in "".join(texts(post(language, TOPIC)))


@pytest.mark.parametrize("language", NAMED)
def test_what_pictures_show_is_told_in_english_all_the_same(language: str) -> None:
    assert all(slide["image_theme"].isascii() for slide in post(language, TOPIC)["slides"])


@pytest.mark.parametrize("script", LETTERS)
def test_every_letter_stands_by_itself(script: str) -> None:
    assert {unicodedata.category(letter) for letter in LETTERS[script]} <= {"Lo", "Ll"}
    assert len(set(LETTERS[script])) == len(LETTERS[script])


def test_a_script_whose_letters_are_not_here_has_no_sample() -> None:
    assert in_letters_of("java") is None


# ---- topics in other letters than their post


@pytest.mark.parametrize(
    "topic",
    ["如何开始存钱", "远程团队", "リモートチームの運営", "คิวของคุณกำลังโกหก", "Резервное копирование", "النسخ الاحتياطي"],
)
@pytest.mark.parametrize("language", ["en", "de", "fr", "zh", "el", "th"])
def test_a_topic_may_be_in_other_letters_than_its_post(language: str, topic: str) -> None:
    broken = [problems for key in "abcdefgh" if (problems := problems_in(language, topic, key))]

    assert len(broken) <= 2, "now and then the writer has to be asked again, as any model"


def problems_in(language: str, topic: str, key: str) -> list[str]:
    return problems_of(Content.model_validate(post(language, topic, key=key)), 11)


@pytest.mark.parametrize("topic", ["Un an à la mer", "ab cd ef gh ij", "a b c d", "Dormir mieux"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_topic_of_some_short_words_fits_into_a_title_in_every_language(language: str, topic: str) -> None:
    assert [problems_in(language, topic, key) for key in "abcd"] == [[]] * 4


def test_english_does_not_name_in_a_picture_what_it_cannot_read() -> None:
    themes: list[Any] = [slide["image_theme"] for slide in post("en", "如何开始存钱")["slides"]]

    assert all(theme.isascii() for theme in themes)


@pytest.mark.parametrize(
    "text", ["one two", "« a b » : c", "คิว ok, ของคุณ", "如何 开始 a-b — x", "- a ·", "ベランダで3本", "", "ကခ ຂຄງຈ"]
)
def test_the_writer_reckons_words_as_the_pipeline_does(text: str) -> None:
    assert reckoned(text) == words(text)


def test_a_post_may_be_asked_for_without_naming_a_language() -> None:
    assert NOTE not in str(write_post(TOPIC, "story", 5, "k"))
