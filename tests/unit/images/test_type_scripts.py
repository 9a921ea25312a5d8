"""Text of every script: drawn by a font that has it, in the right order, joined, on one baseline."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from bidi import get_display
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.themes import Pairing
from workers.images.compositor import fontstack, runs, setting
from workers.images.compositor.direction import is_rtl, is_rtl_language, levels, visual_order
from workers.images.compositor.fonts import Face, Typeface, characters
from workers.images.compositor.fontstack import cjk_index, nastaliq, prepare, stack_for
from workers.images.compositor.frame import Frame
from workers.images.compositor.graphemes import clean, clusters
from workers.images.compositor.runs import Run, line_runs, spans
from workers.images.compositor.setting import Block, set_at

MIXED = "AI سے PKR 10,000 کمائیں"
LINES = {
    "ur": MIXED,
    "ar": "قوائم الانتظار لا تكذب عليك، ٣ مرات",
    "fa": "صف شما دروغ می‌گوید",
    "he": "הַתּוֹר שלך משקר לך (24/7)",
    "hi": "क्षत्रिय ज्ञान श्री — आपकी कतार।",
    "bn": "আপনার সারি মিথ্যা বলছে",
    "ta": "உங்கள் வரிசை பொய் சொல்கிறது",
    "te": "మీ క్యూ మీకు అబద్ధం చెబుతోంది",
    "th": "คิวของคุณกำลังโกหกคุณ",
    "my": "သင့်တန်းစီသည် လိမ်နေသည်",
    "km": "ជួររបស់អ្នកកំពុងកុហក",
    "am": "ወረፋህ እየዋሸህ ነው",
    "ka": "თქვენი რიგი გატყუებთ",
    "hy": "Ձեր հերթը ստում է",
    "el": "Η ουρά σας λέει ψέματα",
    "ru": "Ваша очередь вам врёт",
    "vi": "Hàng đợi của bạn đang nói dối",
    "zh": "您的队列在骗您，“Redis”也一样……",
    "zh-TW": "您的隊列在騙您。",
    "ja": "あなたのキューは「嘘」をついている。",
    "ko": "당신의 큐는 거짓말을 하고 있습니다",
    "en": "Ship it 🚀 today ❤️ 1️⃣ 🇵🇰 👩🏽‍🚀 ✓ → ★ ₨ ① ½",
}


def block_of(text: str, language: str = "en", fonts: Pairing = Pairing.EDITORIAL, face: Face = Face.DISPLAY) -> Block:
    block = set_at(text, Frame(1080, 1350, fonts, language).style(face, 40), 40, 4000)
    assert block is not None
    return block


def runs_of(text: str, language: str, *, face: Face = Face.TEXT) -> tuple[Run, ...]:
    fonts = stack_for(text, face, Pairing.EDITORIAL, language)
    return line_runs(text, fonts, rtl=is_rtl(text, language))


@pytest.mark.parametrize("fonts", Pairing)
@pytest.mark.parametrize("face", Face)
@pytest.mark.parametrize("language", LINES)
def test_no_glyph_is_missing_in_any_script_or_face(language: str, face: Face, fonts: Pairing) -> None:
    block = block_of(LINES[language], language, fonts, face)
    assert block.missing_glyphs == 0
    drawn = {ord(c): run.typeface for line in block.runs for run in line for c in run.text if c not in "\u200c\u200d"}
    assert [chr(code) for code, face in drawn.items() if code not in characters(face)] == []


def test_a_line_of_urdu_with_latin_words_and_numbers_is_drawn_from_right_to_left() -> None:
    drawn = [run.text.strip() for run in runs_of(MIXED, "ur") if run.text.strip()]
    assert drawn == ["کمائیں", "PKR 10,000", "سے", "AI"]


def test_numbers_and_latin_words_stay_left_to_right_inside_a_line_that_is_not() -> None:
    assert {run.text.strip(): run.is_rtl for run in runs_of(MIXED, "ur") if run.text.strip()} == {
        "AI": False,
        "سے": True,
        "PKR 10,000": False,
        "کمائیں": True,
    }


def test_runs_lie_side_by_side_and_make_up_the_line() -> None:
    block = block_of(MIXED, "ur")
    (line,) = block.runs
    assert block.width == pytest.approx(sum(run.width for run in line) * block.size_px, abs=1)
    assert "".join(run.text for run in sorted(line, key=lambda run: run.start)) == MIXED


def test_arabic_letters_are_joined() -> None:
    (joined,) = runs_of("بيت", "ar")
    apart = sum(run.width for letter in "بيت" for run in runs_of(letter, "ar"))
    assert joined.width < apart * 0.9


def test_devanagari_conjuncts_are_one_cluster_and_one_shape() -> None:
    assert clusters("क्षत्रिय") == ("क्ष", "त्रि", "य")
    (conjunct,) = runs_of("क्ष", "hi")
    assert conjunct.width < sum(run.width for letter in "कष" for run in runs_of(letter, "hi"))


ALPHABET = "abZ אבג شسک 123 ٣٤ ()[]{} .,:/-%+$!?«»“”&"


@settings(max_examples=200, deadline=None)
@given(st.text(ALPHABET, min_size=1, max_size=16).map(str.strip).filter(bool), st.booleans())
def test_the_order_of_drawing_is_that_of_the_unicode_bidirectional_algorithm(text: str, rtl: bool) -> None:  # noqa: FBT001
    order = visual_order(levels(text, rtl=rtl))
    assert "".join(text[place] for place in order) == get_display(text, base_dir="R" if rtl else "L")


def test_the_brackets_around_a_latin_word_in_arabic_face_each_other() -> None:
    for text in ("متن (AI) GPT", "متن (AI) متن", "متن (AI"):
        assert all(run.is_rtl for run in runs_of(text, "ar") if not {"(", ")"}.isdisjoint(run.text))


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("ur", True),
        ("ar-EG", True),
        ("he_IL", True),
        ("ckb", True),
        ("az-Arab", True),
        ("ur-Latn", False),
        ("en", False),
    ],
)
def test_the_language_says_whether_a_page_is_read_from_right_to_left(language: str, expected: bool) -> None:  # noqa: FBT001
    assert is_rtl_language(language) is expected
    assert Frame(1080, 1350, language=language).is_rtl is expected


def test_without_a_word_from_the_language_the_first_letter_decides() -> None:
    assert is_rtl("سلام world", "en")
    assert not is_rtl("AI سے", "en")
    assert is_rtl("AI سے", "ur")
    assert not is_rtl("@pressroom", "ur"), "a handle would lose its @ to the other end"
    assert not is_rtl("3/11", "ar")


@pytest.mark.parametrize(
    ("language", "index"),
    [("ja", 0), ("ko-KR", 1), ("zh", 2), ("zh-Hans", 2), ("zh-Hant", 3), ("zh-TW", 3), ("zh-HK", 4), ("en", 2)],
)
def test_han_letters_have_the_shapes_of_their_language(language: str, index: int) -> None:
    assert cjk_index(language) == index
    assert spans("直", language=language)[0].index == index


def test_marks_are_drawn_by_the_font_of_the_word_that_they_belong_to() -> None:
    (whole,) = runs_of("您的队列，很好。", "zh")
    assert "CJK" in whole.typeface.name
    danda = runs_of("कतार।", "hi")
    assert len(danda) == 1


def test_a_headline_with_a_letter_that_its_face_lacks_is_set_in_one_face_throughout() -> None:
    for text in ("Ваша очередь и Redis", "Η ουρά και το Redis"):
        assert len({run.typeface for line in block_of(text).runs for run in line}) == 1


@pytest.mark.parametrize("sequence", ["🚀", "☂️", "❤️‍🔥", "👩🏽‍🚀", "👨‍👩‍👧‍👦", "🇵🇰", "1️⃣", "#️⃣", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🏳️‍🌈", "☝🏽", "🫡"])
def test_an_emoji_is_one_picture(sequence: str) -> None:
    text = clean(sequence)
    assert len(clusters(text)) == 1
    (run,) = runs_of(text, "en")
    assert run.typeface.is_pictures
    assert run.width == pytest.approx(runs_of("🚀", "en")[0].width)


def test_a_sign_that_the_text_face_has_is_drawn_by_it_whatever_its_selector_asks() -> None:
    for sign in ("❤️", "❤", "→️", "™️"):
        (run,) = runs_of(sign, "en")
        assert not run.typeface.is_pictures


def test_a_sequence_that_has_no_picture_of_its_own_shows_its_first_part() -> None:
    made = block_of("a 🚀\u200d🐢 b")
    assert made.lines == ("a 🚀 b",)
    assert made.missing_glyphs == 0


@pytest.mark.parametrize(
    "debris", ["🏽", "\ufe0f", "\u200d", "\U000e0067", "\u00ad", "\ufeff", "\u202e", "\u2066", "\0"]
)
def test_selectors_and_skin_tones_on_their_own_leave_nothing(debris: str) -> None:
    assert block_of(f"ab{debris}cd").width == block_of("abcd").width


def test_an_emoji_that_no_font_draws_is_left_out_and_counted() -> None:
    unknown = "\U0001faff"
    block = block_of(f"Ship {unknown} it")
    assert block.lines == ("Ship it",)
    assert block.missing_glyphs == 1
    assert block_of(unknown).missing_glyphs == 1


def test_letters_that_no_font_has_are_counted_each_time() -> None:
    assert block_of("ᏣᎳᎩ and ᏣᎳᎩ").missing_glyphs == 6


def test_a_replacement_character_counts_as_missing_and_is_no_pictograph() -> None:
    for fonts, face in ((fonts, face) for fonts in Pairing for face in Face):
        block = block_of("na\ufffdve", fonts=fonts, face=face)
        assert block.missing_glyphs == 1
        assert block.lines == ("na\ufffdve",), "left out it would read as another word"


def test_letters_in_mathematical_styles_become_plain_ones_and_nothing_else_is_folded() -> None:
    assert clean("𝐁𝐨𝐥𝐝 𝟏𝟎 𝛼 x² ½ ﬁ ① ℌ") == "Bold 10 α x² ½ ﬁ ① ℌ"
    assert block_of("𝓢𝓬𝓻𝓲𝓹𝓽").missing_glyphs == 0


def test_balanced_direction_marks_are_kept_and_single_ones_dropped() -> None:
    assert clean("a \u2067b c\u2069 d") == "a \u2067b c\u2069 d"
    assert clean("a \u2067b \u202cc") == "a b c"
    assert "".join(run.text for run in runs_of("a \u2067b c\u2069 d", "en")).count("\u2067") == 0


def test_clean_text_is_composed_and_has_no_control_characters() -> None:
    assert clean("e\u0301\x07\u2028b\td\r\n") == "é\nb d\n"
    assert clean("a\ud800b") == "ab"


def test_spans_name_the_font_file_of_each_piece_in_reading_order() -> None:
    made = spans(MIXED, language="ur")
    assert "".join(span.text for span in made) == MIXED
    assert all(span.path.is_file() for span in made)
    assert len({span.path for span in made}) == 2


def test_the_same_text_is_always_set_the_same_way() -> None:
    first = [block_of(text, language) for language, text in LINES.items()]
    fontstack.stack_for.cache_clear()
    runs.line_runs.cache_clear()
    assert [block_of(text, language) for language, text in LINES.items()] == first


@pytest.fixture
def system_fonts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder in place of the system's; Noto Sans Arabic stands in for the letters of what is put there."""
    caches = (nastaliq, fontstack.stack_for, fontstack._stack, prepare, runs.line_runs, runs.word_width)
    monkeypatch.setattr(fontstack, "SYSTEM_FONTS", (tmp_path, tmp_path / "none"))
    (tmp_path / "noto").mkdir()
    for one in caches:
        one.cache_clear()
    yield tmp_path / "noto"
    for one in caches:
        one.cache_clear()


def put_nastaliq(folder: Path, *weights: str) -> None:
    for name in weights:
        shutil.copy(Typeface("manimgx_fonts", "NotoSansArabic[wght].ttf").path, folder / f"NotoNastaliqUrdu-{name}.ttf")


def test_nastaliq_is_found_in_the_folders_of_the_system_in_the_weight_of_the_face(system_fonts: Path) -> None:
    put_nastaliq(system_fonts, "Regular", "Bold")
    names = [run.typeface.name for face in (Face.TEXT, Face.DISPLAY) for run in runs_of("قطار", "ur", face=face)]
    assert [Path(name).stem for name in names] == ["NotoNastaliqUrdu-Regular", "NotoNastaliqUrdu-Bold"]
    assert "NotoSansArabic" in runs_of("قطار", "ar")[0].typeface.name


def test_urdu_is_set_in_noto_sans_arabic_where_the_system_has_no_nastaliq(system_fonts: Path) -> None:
    assert list(system_fonts.iterdir()) == []
    assert "NotoSansArabic" in runs_of("قطار", "ur")[0].typeface.name


def test_urdu_in_nastaliq_has_twice_the_line_spacing_and_starts_smaller(system_fonts: Path) -> None:
    put_nastaliq(system_fonts, "Regular")
    style = Frame(1080, 1350, language="ur").headline(120)
    block = setting.fit("آپ کی قطار آپ سے جھوٹ بول رہی ہے", style, 500, 1200)
    assert block is not None
    assert block.starts[1] - block.starts[0] >= 1.9 * block.size_px - 1
    assert 80 <= block.size_px <= 96
    arabic = setting.fit("قوائم الانتظار", Frame(1080, 1350, language="ar").headline(120), 900, 900)
    assert arabic is not None
    assert arabic.size_px == 120


def test_preparing_leaves_what_can_be_drawn_as_it_is() -> None:
    for language, line in LINES.items():
        text = clean(line)
        assert prepare(text, stack_for(text, Face.TEXT, Pairing.MODERN, language)).text == text
