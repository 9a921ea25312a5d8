"""The writer writes the language it is asked for: a `Language:` line with a BCP 47 tag."""

from __future__ import annotations

import itertools
import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import asdict
from functools import cache
from typing import Any

import pytest

from app.pipelines.full_post import FullPostRequest, content_prompt, problems_of_prompt
from app.pipelines.post_content import Content, problems_of, problems_of_letters
from sandbox.calls import Ask, Kind
from sandbox.languages import LANGUAGES, language_of
from sandbox.languages.french import NARROW
from sandbox.post_writer import BODY_WORDS, TITLE_WORDS
from sandbox.writer import write
from sandbox.writer_frames import TONES

TOPICS = {
    "ar": ("العمل عن بعد", "كيف تتعلم لغة جديدة", "إدارة المال للمبتدئين"),
    "de": ("Schlaf im Schichtdienst", "Warum scheitern Remote-Teams?", "Tomaten auf dem Balkon"),
    "es": ("Aprender a decir que no", "Ahorro para autónomos", "¿Por qué fallan los equipos remotos?"),
    "fa": ("دورکاری", "چطور پس‌انداز را شروع کنیم", "کاشت گوجه در بالکن"),
    "fr": ("Dormir mieux en horaires décalés", "Pourquoi apprendre Rust ?", "L’épargne des indépendants"),
    "he": ("עבודה מהבית", "איך מתחילים לחסוך", "גידול עגבניות במרפסת"),
    "hi": ("घर पर सब्ज़ियाँ उगाना", "छोटे कारोबार के लिए AI", "बचत कैसे शुरू करें"),
    "ja": ("在宅勤務", "リモートチームの運営", "ベランダでトマトを育てる"),
    "ko": ("재택근무", "원격 팀을 이끄는 법", "베란다에서 토마토 키우기"),
    "ru": ("Удалённая работа", "Как начать копить деньги", "Помидоры на балконе"),
    "ur": ("پاکستان میں AI سے کاروبار", "PKR 10,000 سے بچت کیسے شروع کریں", "گھر میں سبزیاں اگانا"),
    "zh": ("远程团队", "如何开始存钱", "阳台种番茄"),
}
FOREIGN = ("SaaS", "How to onboard engineers in remote teams", "x" * 200, "word " * 40, "-")
SCRIPTS: dict[str, str | tuple[str, ...]] = {  # how the names of its letters begin
    "ar": "ARABIC", "fa": "ARABIC", "ur": "ARABIC", "he": "HEBREW", "hi": "DEVANAGARI", "ru": "CYRILLIC",
    "ja": ("CJK", "HIRAGANA", "KATAKANA"), "ko": "HANGUL", "zh": "CJK", "de": "LATIN", "es": "LATIN", "fr": "LATIN",
}  # fmt: skip
OWN_WORDS = {  # by which a reader knows it, and the stops that another language has
    "ar": (" من ", " في ", " أن "), "de": (" und ", " die ", " nicht "), "es": (" que ", " el ", " una "),
    "fa": (" که ", " را ", " است"), "fr": (" les ", " une ", " que "), "he": (" של ", " את ", " לא "),
    "hi": (" है", " और ", " में "), "ja": ("の", "、", "ます"), "ko": ("에서 ", "니다.", " 수 "),
    "ru": (" что ", " не ", " и "), "ur": (" ہے", " اور ", " میں "), "zh": ("的", "，", "不"),
}  # fmt: skip
STOPS = {
    "ar": "؟،.",
    "fa": "؟،؛.«»",
    "ur": "۔؟،",
    "he": "״?,.",
    "hi": "।?,",
    "zh": "。？，",
    "de": "„“.",
    "es": "¿?«»",
    "ja": "。？、「」",
    "ko": "‘’?.,",
    "ru": "«»?.",
    "fr": f"«{NARROW}»?",
}
WRONG_STOPS = {
    "ar": "?;,۔।", "fa": "?;,۔।", "he": "؟،؛«»“”", "hi": ".۔", "ja": ".,?!;，“”", "ko": "。、，？;“”", "ur": "?;.।",
    "zh": ".?!;",
}  # fmt: skip
KEHEH, ARABIC_KAF, FARSI_YEH, ARABIC_YEH = "\u06a9", "\u0643", "\u06cc", "\u064a"


def post(language: str, topic: str, tone: str = "educational", slides: int = 11, key: str = "k") -> dict[str, Any]:
    """Return a post as it is asked for by the pipeline."""
    content: dict[str, Any] = json.loads(_written(language, topic, tone, slides, key))
    return content


@cache
def _written(language: str, topic: str, tone: str, slides: int, key: str) -> str:
    prompt = f"Write a carousel.\nTopic: {topic}\nTone: {tone}\nSlides: {slides}\nLanguage: {language}\nVoice: warm\n"
    return write(Ask("m", Kind.JSON, "", prompt, "full_post_content"), key + topic)


def texts(content: dict[str, Any]) -> list[str]:
    """Return every text that a reader sees."""
    article = content["article"]
    parts = [content["hook"], article["title"], article["intro"], article["conclusion"], *content["quote"].values()]
    parts += [text for slide in content["slides"] for text in (slide["title"], slide["body"])]
    return parts + [text for section in article["sections"] for text in section.values()]


def templates(value: object) -> Iterator[str]:
    """Yield every string of a language's data, themes aside."""
    match value:
        case str():
            yield value
        case dict():
            for name, member in value.items():
                if name not in ("themes", "form", "opening_themes", "closing_themes", "this", "gap"):
                    yield from templates(member)
        case tuple():
            for member in value:
                yield from templates(member)


def sayings(template: str) -> list[str]:
    """Return every text that the choices of a template allow."""
    parts = re.split(r"\[([^\]]*)\]", template)
    options = [part.split("|") if number % 2 else [part] for number, part in enumerate(parts)]
    return ["".join(chosen) for chosen in itertools.product(*options)]


@pytest.mark.parametrize("tone", TONES)
@pytest.mark.parametrize("language", TOPICS)
def test_a_post_keeps_every_length_and_the_letters_that_the_pipeline_asks_for(language: str, tone: str) -> None:
    lengths = (5, 12) if TONES.index(tone) % 2 else (12, 5)  # each topic and each tone meets both
    for topic, slides in zip((*TOPICS[language], *FOREIGN), itertools.cycle(lengths), strict=False):
        content = Content.model_validate(post(f"{language}-XX", topic, tone, slides))
        assert problems_of(content, slides) == []
        assert problems_of_letters(content, language) == []


@pytest.mark.parametrize("language", TOPICS)
def test_a_prompt_of_the_pipeline_is_answered_in_its_language(language: str) -> None:
    request = FullPostRequest(topic=TOPICS[language][0], tone="story", slides=7, language=f"{language}-XX")
    prompt = content_prompt(request, "warm")
    reply = write(Ask("m", Kind.JSON, prompt.system, prompt.user, "full_post_content"), "k")
    assert problems_of(Content.model_validate_json(reply), 7) == []
    assert all(word in " ".join(texts(json.loads(reply))) for word in OWN_WORDS[language])


@pytest.mark.parametrize("language", TOPICS)
def test_a_post_is_written_in_the_script_and_the_words_of_its_language(language: str) -> None:
    for topic, key in itertools.product(TOPICS[language], "abc"):
        text = "\n".join(texts(post(language, topic, slides=12, key=key)))
        letters = [letter for letter in text.replace(topic, "") if letter.isalpha()]
        own = [letter for letter in letters if unicodedata.name(letter).startswith(SCRIPTS[language])]
        assert len(own) >= 0.97 * len(letters)
        assert all(word in text for word in OWN_WORDS[language])
        assert not re.search(r"\b(the|and|with|your)\b", text.replace(topic, ""))


def test_urdu_arabic_and_persian_have_their_own_letters() -> None:
    persian = "".join(templates(asdict(LANGUAGES["fa"])))
    assert {KEHEH, FARSI_YEH, "\u067e", "\u0686", "\u200c"} <= set(persian)
    assert not {ARABIC_KAF, ARABIC_YEH, "\u0629", "\u06c1", "\u06d2", "\u0679"} & set(persian)
    urdu = "".join(templates(asdict(LANGUAGES["ur"])))
    arabic = "".join(templates(asdict(LANGUAGES["ar"])))
    assert KEHEH in urdu
    assert FARSI_YEH in urdu
    assert not {ARABIC_KAF, ARABIC_YEH, "\u0647", "\u0629"} & set(urdu)
    assert not {KEHEH, FARSI_YEH, "\u06c1", "\u06d2", "\u067e", "\u0686", "\u0679"} & set(arabic)
    assert all(term in urdu for term in ("AI", "PKR 10,000", "WhatsApp")), (
        "Latin terms inside a text from right to left"
    )


@pytest.mark.parametrize("language", TOPICS)
def test_a_post_has_the_punctuation_of_its_language(language: str) -> None:
    text = "\n".join(template for template in templates(asdict(LANGUAGES[language])))
    said = re.sub(r"\{\w+\}|PKR 10,000", "", LANGUAGES[language].typeset(text))
    assert all(stop in said for stop in STOPS[language])
    assert not set(WRONG_STOPS.get(language, "")) & set(said)
    assert '"' not in said
    if language == "fr":
        assert not re.search(r" [?!;»:]|« |'", said)


@pytest.mark.parametrize("language", TOPICS)
def test_no_two_slides_of_a_deck_are_alike(language: str) -> None:
    for topic, tone, key in itertools.product(TOPICS[language], TONES, "ab"):
        slides = post(language, topic, tone, slides=12, key=key)["slides"]
        for part in ("title", "body"):
            assert len({slide[part] for slide in slides}) == 12
        assert len({re.sub(r"^\w+ ?\d+ ?: ", "", slide["title"]) for slide in slides}) == 12


@pytest.mark.parametrize("language", TOPICS)
def test_two_decks_on_different_topics_differ(language: str) -> None:
    decks = [{slide["body"] for slide in post(language, f"{TOPICS[language][0]} {n}")["slides"]} for n in range(12)]
    shares = [len(a & b) / len(a) for a, b in itertools.combinations(decks, 2)]
    assert max(shares) <= 0.5
    assert sum(shares) / len(shares) < 0.2


@pytest.mark.parametrize("language", TOPICS)
def test_the_topic_stands_in_the_post_as_it_was_given(language: str) -> None:
    for topic in (*TOPICS[language], "iPhone, e-commerce & co"):
        for tone in TONES:
            content = post(language, topic, tone, slides=12, key="a")
            first = content["slides"][0]
            assert topic in content["hook"]
            assert topic in first["title"] + first["body"]
            assert " ".join(texts(content)).count(topic) >= 5


@pytest.mark.parametrize("language", TOPICS)
def test_image_themes_are_english_and_short_whatever_the_language(language: str) -> None:
    for slide in post(language, TOPICS[language][0])["slides"]:
        assert slide["image_theme"].isascii()
        assert 2 <= len(slide["image_theme"].split()) <= 6


@pytest.mark.parametrize("language", TOPICS)
def test_every_wording_of_a_slide_fits_and_no_choice_is_left_open(language: str) -> None:
    spoken = LANGUAGES[language]
    assert len(spoken.ideas) >= 10
    for idea, angle in itertools.product(spoken.ideas, spoken.angles):
        forms = {"do": idea.do, "trap": idea.trap, "ask": idea.ask}
        for title in itertools.chain.from_iterable(map(sayings, forms[angle.form])):
            assert spoken.count(spoken.typeset(angle.prefix.format(n=22) + title)) <= TITLE_WORDS
        bodies = [[f"{a} {b}" for a in sayings(why) for b in sayings(how)] for why in idea.why for how in idea.how]
        assert any(all(spoken.count(spoken.typeset(body)) <= BODY_WORDS for body in ways) for ways in bodies)
    for template in templates(asdict(spoken)):
        assert template.count("[") == template.count("]")
        assert set(re.findall(r"\{(\w+)\}", template)) <= {"S", "K", "n", "first", "second"}
        assert not re.search(r"[\[\]{}|]|  |^ ", re.sub(r"\{\w+\}", "x", sayings(template)[-1]))
    for tone, calls in spoken.calls.items():
        assert all(spoken.count(title) <= TITLE_WORDS and spoken.count(body) <= BODY_WORDS for title, body in calls)
        assert any("{" not in opener for opener in spoken.openers[tone]), "for a topic that is too long"


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("ur-PK", "ur"), ("UR", "ur"), ("ur-PK (Urdu)", "ur"), ("de_AT", "de"), ("zh-Hant-TW", "zh"), ("en-GB", "en"),
        ("pt-BR", "en"), ("qaa", "en"), ("", "en"), ("??", "en"), ("urd", "en"),
    ],
)  # fmt: skip
def test_a_regional_tag_is_its_language_and_an_unknown_one_english(tag: str, language: str) -> None:
    assert language_of(tag) is LANGUAGES[language]


@pytest.mark.parametrize(
    ("tags", "language"),
    [
        ("uk bg be sr mk kk uk-UA UK sr-Cyrl-RS uz-Cyrl", "ru"), ("ps sd ckb ug ps-AF pa-Arab", "fa"),
        ("mr ne mr-IN", "hi"), ("yue zh-Hant xx-Hant", "zh"), ("yi xx-Hebr", "he"), ("xx-Kore", "ko"), ("xx-Jpan", "ja"),
        ("sr-Latn kk-Latn-KZ el-Latn th-Latn pa xcyrl", "en"), ("ru-Latn ur-Latn-PK", None),
    ],
)  # fmt: skip
def test_an_unknown_language_is_written_in_another_of_its_script(tags: str, language: str | None) -> None:
    for tag in tags.split():
        assert language_of(tag) is LANGUAGES[language or tag[:2]]


@pytest.mark.parametrize("tag", ["uk", "be", "bg", "uz-Cyrl", "ps", "sd", "pa-Arab", "mr", "ne"])
def test_a_post_in_another_language_of_its_script_has_the_letters_that_were_asked_for(tag: str) -> None:
    content = Content.model_validate(post(tag, FOREIGN[1], slides=7))
    assert problems_of(content, 7) == []
    assert problems_of_letters(content, tag) == []


def test_the_same_key_writes_the_same_post_and_another_key_another() -> None:
    first = post("ur", "کام", key="1")
    _written.cache_clear()
    assert first == post("ur", "کام", key="1") != post("ur", "کام", key="2")


# ---- what else is written


def test_texts_of_another_schema_and_plain_answers_are_in_the_language_too() -> None:
    schema = {
        "type": "object",
        "properties": {"title": {"type": "string"}, "note": {"type": "string", "minLength": 300}, "image_prompt": {"type": "string"}},
    }  # fmt: skip
    prompt = "Topic: گھر میں سبزیاں\nLanguage: ur-PK (Urdu)\n"
    reply = json.loads(write(Ask("m", Kind.JSON, "", prompt, "note", schema), "k"))
    paragraph = write(Ask("m", Kind.TEXT, "", prompt), "k")
    for text in (reply["title"], reply["note"], paragraph):
        assert KEHEH in text or FARSI_YEH in text
        assert not re.search(r"\bthe\b", text)
    assert not {KEHEH, FARSI_YEH} & set(reply["image_prompt"].replace("گھر میں سبزیاں", ""))


@pytest.mark.parametrize("language", ["ur", "zh", "de"])
def test_verdicts_and_prompts_for_painters_stay_english(language: str) -> None:
    line = f"\nLanguage: {language}\n"
    schema = {"type": "object", "properties": {"ok": {"type": "boolean"}, "reason": {"type": "string"}}}
    verdict = json.loads(write(Ask("m", Kind.JSON, "", f"Is it good?{line}", "picture_verdict", schema), "k"))
    rewriter = "Rewrite the prompt so that a safety system accepts it."
    rewritten = write(Ask("m", Kind.TEXT, rewriter, f"Prompt: a bloody fight{line}"), "k", ("bloody",))
    slide = post(language, TOPICS[language][0])["slides"][3]
    brief = f"Title: {slide['title']}\nImage theme: {slide['image_theme']}\nAspect ratio: 4:5{line}"
    directed = write(Ask("m", Kind.TEXT, "You are an art director.", brief), "k")
    assert verdict == {"ok": True, "reason": "It shows what was asked for."}
    assert problems_of_prompt(directed) == []
    assert 60 <= len(directed.split()) <= 110
    for text in (rewritten, directed):
        assert not [letter for letter in text if letter.isalpha() and not unicodedata.name(letter).startswith("LATIN")]
