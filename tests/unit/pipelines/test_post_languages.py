"""Words of languages with and without spaces, and the letters that a language is written in."""

from __future__ import annotations

import pytest

from app.pipelines.languages import counting, in_words, is_in_its_script, scripts_of, words

COUNTS = [
    ("", 0),
    ("  \n ", 0),
    ("Ship small changes", 3),
    ("Ship — small", 3),  # as a reader of English counts, and as it was counted before there were other languages
    ("چھوٹی تبدیلیاں کریں", 3),
    ("छोटे बदलाव करें", 3),
    ("작은 변경을 자주", 3),
    ("Меняйте понемногу", 2),
    ("小步快跑", 2),
    ("小步快跑。", 2),
    ("小步 快跑", 2),  # a space that nobody needs makes no word
    ("小さく始める", 3),
    ("小", 1),
    ("AI人工智能", 3),
    ("人工智能 is here", 4),
    ("CI/CD を始める", 3),
    ("กขคง", 1),
    ("เริ่มจากเล็กๆ", 3),
    ("你好 🎉", 2),
]


@pytest.mark.parametrize(("text", "count"), COUNTS)
def test_words_are_counted_with_and_without_spaces(text: str, count: int) -> None:
    assert words(text) == count


def test_a_long_chinese_text_has_half_as_many_words_as_characters() -> None:
    assert words("工" * 1200) == words("工 " * 1200) == 600


def test_words_never_become_fewer_when_text_is_added() -> None:
    text = "AI人工智能 is 始める。กข word —"

    counts = [words(text[:end]) for end in range(len(text) + 1)]

    assert counts == sorted(counts)


SCRIPTS = [
    ("en", ()),
    ("pt-BR", ()),
    ("ur", ("Arab",)),
    ("ur-PK", ("Arab",)),
    ("ur-Latn", ()),
    ("ur-Latn-PK", ()),
    ("zh", ("Hani",)),
    ("zh-Hant-TW", ("Hani",)),
    ("ja", ("Hani", "Kana")),
    ("ko", ("Hang", "Hani")),
    ("sr-Cyrl", ("Cyrl",)),
    ("sr", ()),
    ("qaa", ()),
    ("pa-guru", ("Guru",)),
]


@pytest.mark.parametrize(("language", "scripts"), SCRIPTS)
def test_a_tags_own_script_goes_before_its_languages(language: str, scripts: tuple[str, ...]) -> None:
    assert scripts_of(language) == scripts


IN_SCRIPT = [
    ("DevOps کا پہلا قدم", "ur"),
    ("پہلا قدم", "ur-PK"),
    ("Pehla qadam", "ur-Latn"),
    ("Das ist so", "de"),
    ("Первый шаг в Docker", "ru"),
    ("第一步：部署 AWS EKS", "zh"),
    ("はじめの一歩", "ja"),
    ("첫 걸음", "ko"),
    ("הצעד הראשון", "he"),
    ("पहला कदम", "hi"),
    ("2026: 100 %", "ur"),  # nothing in it tells
    ("whatever", "qaa"),
]


@pytest.mark.parametrize(("text", "language"), IN_SCRIPT)
def test_a_text_in_its_letters_passes_with_foreign_names_in_it(text: str, language: str) -> None:
    assert is_in_its_script(text, language)


@pytest.mark.parametrize("language", ["ar", "ur", "hi", "zh", "ja", "ko", "ru", "he"])
def test_a_text_in_latin_letters_is_not_what_was_asked_for(language: str) -> None:
    assert not is_in_its_script("The first step towards small changes", language)


def test_one_word_in_its_letters_does_not_make_a_text() -> None:
    assert not is_in_its_script("The first step towards small changes, یعنی this one and many others", "ur")


@pytest.mark.parametrize(("language", "told"), [("ur", "ur (Urdu)"), ("pt-BR", "pt-BR (Portuguese)"), ("qaa", "qaa")])
def test_a_tag_is_told_with_its_languages_name(language: str, told: str) -> None:
    assert in_words(language) == told


@pytest.mark.parametrize(
    ("language", "told"),
    [("zh", "Count 2 characters as a word."), ("ja", "Count 2 characters as a word."), ("th", "Count 4 characters as a word.")],
)  # fmt: skip
def test_a_writer_without_spaces_is_told_how_to_count(language: str, told: str) -> None:
    assert counting(language) == told


@pytest.mark.parametrize("language", ["en", "ur", "ko", "qaa"])
def test_a_writer_with_spaces_is_told_nothing_of_it(language: str) -> None:
    assert counting(language) is None
